"""Tests of killed processes: a worker's partitions run again; after a scheduler or driver, a new call resumes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import pytest
from distributed import Client, LocalCluster

from letta_async import ClusterError, Outcome
from letta_async.dask import recompile_many
from tests.cli.held import HeldServer
from tests.conversations import make_conversations
from tests.dask.conftest import LOOPBACK
from tests.waiting import PATIENCE

if not hasattr(signal, "SIGKILL"):
    pytest.skip("a kill that cannot be caught is POSIX", allow_module_level=True)

TARGETS = 60
SIZE = 6


@pytest.fixture
def held() -> Iterator[HeldServer]:
    with HeldServer() as running:
        yield running
        running.release()


@pytest.fixture(scope="module")
def processes() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **LOOPBACK) as running:
        yield running


def kill_a_worker(client: Client) -> None:
    """Kill a worker that has a task in progress."""
    busy = [worker for worker, count in client.run(partitions_under_way).items() if count]
    (pid,) = client.run(os.getpid, workers=busy[:1]).values()
    os.kill(pid, signal.SIGKILL)


def statuses_of(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(outcome.status for outcome in outcomes)


def test_a_worker_that_dies_costs_its_partition_a_second_run_and_nothing_else(
    processes: LocalCluster, held: HeldServer, tmp_path: Path
) -> None:
    ids = make_conversations(held.base_url, TARGETS)
    held.hold_after(20)
    options = {"base_url": held.base_url}
    journal = tmp_path / "journal.jsonl"
    with Client(processes) as client:
        outcomes = recompile_many(
            ids, cluster_client=client, client_options=options, journal=journal, partition_size=SIZE
        )
        came = [next(outcomes)]
        held.wait_until_holding()
        kill_a_worker(client)
        held.release()
        came += outcomes
        assert Counter(outcome.target for outcome in came) == Counter(ids)
        assert statuses_of(came) == {"recompiled": TARGETS}
        assert held.recompiled.keys() == set(ids)
        assert held.recompiled.total() <= TARGETS + 2 * SIZE  # the one under way, and one whose result went with it
        lines = journal.read_text().splitlines()
        assert len(lines) == 1 + TARGETS + 1
        with pytest.warns(UserWarning, match="nothing was checked"):
            again = list(recompile_many(ids, cluster_client=client, client_options=options, journal=journal))
        assert statuses_of(again) == {"skipped": TARGETS}
        client.wait_for_workers(2)  # the nanny starts another one


@pytest.mark.parametrize("stop_on_error", [False, True])
def test_a_partition_with_which_workers_die_fails_and_the_others_do_not(held: HeldServer, stop_on_error: bool) -> None:
    ids = make_conversations(held.base_url, TARGETS)
    held.hold_after(20)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **LOOPBACK) as cluster,
        Client(cluster) as client,
    ):
        options = {"base_url": held.base_url}
        outcomes = recompile_many(
            ids, cluster_client=client, client_options=options, partition_size=SIZE, stop_on_error=stop_on_error
        )
        came = [next(outcomes)]
        held.wait_until_holding()
        kill_a_worker(client)
        if not stop_on_error:
            held.release()
        else:
            came += [next(outcomes) for _ in range(SIZE)]
            held.release()
        came += outcomes
    failed = [outcome for outcome in came if not outcome.ok]
    assert 0 < len(failed) <= 2 * SIZE
    assert all(
        type(outcome.error) is ClusterError and "worker after worker died" in str(outcome.error) for outcome in failed
    )
    assert len({outcome.target for outcome in came}) == len(came)
    assert (len(came) < TARGETS) is stop_on_error


@contextmanager
def program(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run one of the programs of `distributed`, as a cluster's administrator would."""
    command = [sys.executable, "-m", f"distributed.cli.{name}", "--host", "127.0.0.1", *arguments]
    command += ["--dashboard-address", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def scheduler_and_worker() -> Iterator[tuple[str, subprocess.Popen[str], subprocess.Popen[str]]]:
    with program("dask_scheduler", "--port", "0") as scheduler:
        assert scheduler.stderr is not None
        address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
        with program("dask_worker", address, "--no-nanny", "--nthreads", "1") as worker:
            yield address, scheduler, worker


def test_a_scheduler_that_dies_is_said_so_and_a_second_call_does_the_rest(held: HeldServer, tmp_path: Path) -> None:
    ids = make_conversations(held.base_url, TARGETS)
    held.hold_after(SIZE + 1)
    options = {"base_url": held.base_url}
    journal = tmp_path / "journal.jsonl"
    came: list[Outcome] = []
    with scheduler_and_worker() as (address, scheduler, worker), Client(address, timeout=10) as client:
        client.wait_for_workers(1)
        outcomes = recompile_many(
            ids, cluster_client=client, client_options=options, journal=journal, partition_size=SIZE
        )
        came.append(next(outcomes))
        held.wait_until_holding()
        scheduler.kill()
        with pytest.raises(ClusterError, match="scheduler is gone.* with a journal the same call goes on"):
            for outcome in outcomes:
                came.append(outcome)  # noqa: PERF402 - those before the error count
        assert list(outcomes) == []
        worker.communicate(timeout=30)  # it ends of itself, and its requests with it
    held.release()
    with scheduler_and_worker() as (address, _, _), Client(address) as client:
        rest = list(recompile_many(ids, cluster_client=client, client_options=options, journal=journal))
    assert statuses_of(rest) == {"skipped": len(came), "recompiled": TARGETS - len(came)}
    assert len(journal.read_text().splitlines()) == 1 + TARGETS + 1
    assert held.recompiled.keys() == set(ids)


DRIVER = """
import sys
from distributed import Client
from letta_async.dask import recompile_many
address, base_url, journal, size, *ids = sys.argv[1:]
with Client(address) as client:
    outcomes = recompile_many(
        ids, cluster_client=client, client_options={"base_url": base_url}, journal=journal, partition_size=int(size)
    )
    for outcome in outcomes:
        print(outcome.status, outcome.target, flush=True)
"""


def test_a_driver_that_dies_leaves_nothing_running_and_a_second_one_does_the_rest(
    processes: LocalCluster, held: HeldServer, tmp_path: Path
) -> None:
    ids = make_conversations(held.base_url, TARGETS)
    held.hold_after(20)
    journal = tmp_path / "journal.jsonl"
    command = [sys.executable, "-c", DRIVER, processes.scheduler_address]
    command += [held.base_url, str(journal), str(SIZE), *ids]
    told: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver, Client(processes) as onlooker:
        assert driver.stdout is not None
        told += driver.stdout.readline().split()[1:]
        held.wait_until_holding()
        driver.kill()
        told += [line.split()[1] for line in driver.stdout if line.endswith("\n")]
        assert len(told) < TARGETS
        given_up = time.monotonic() + PATIENCE
        while any(onlooker.run(partitions_under_way).values()):
            assert time.monotonic() < given_up, "workers go on for a driver that is dead"
    sent = held.recompiled.copy()
    held.release()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    came = [line.split() for line in done.stdout.splitlines()]
    assert Counter(target for _, target in came) == Counter(ids)
    skipped = {target for status, target in came if status == "skipped"}
    assert set(told) <= skipped < set(ids)
    assert all(held.recompiled[target] == sent[target] for target in told)
    assert len(journal.read_text().splitlines()) == 1 + TARGETS + 1


def partitions_under_way(dask_worker: object) -> int:
    registry = dask_worker.plugins.get("letta-async")  # type: ignore[attr-defined]
    return 0 if registry is None else sum(len(run.tasks) for run in registry._runs.values())
