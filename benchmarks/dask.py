"""Benchmark of a batch on a Dask cluster of local worker processes, beside the same batch in one process.

The server costs next to nothing; in one run a worker is killed. Measured are whether each target has one outcome,
outcomes per second, and the processor time of each part, which is decisive on few cores. With `--real URL`, a small
batch against a real server: whether all outcomes are right, and the number of attempts that the server refused.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import attrs
from distributed import Client, LocalCluster

import letta_async.dask
from benchmarks.process import Process
from benchmarks.report import Section, Table, Target, render, say
from letta_async import AsyncLetta, Letta, Outcome

__all__ = ["measure", "measure_real"]

_WORKERS: Final = 2
_ONE: Final = "one process"
_CLUSTER: Final = f"{_WORKERS} workers"
_BARE: Final = f"{_WORKERS} workers, prompts=False"
_KILL: Final = f"{_WORKERS} workers, prompts=False, one killed in the middle"


@attrs.define
class Run:
    """Results of a run of one way."""

    way: str
    targets: int
    seconds: float
    statuses: Counter[str]
    each_once: bool
    retries: int
    cpu: dict[str, float]
    """Processor time of each part, in seconds."""

    @property
    def rate(self) -> float:
        """Return outcomes per second."""
        return self.targets / self.seconds

    @property
    def right(self) -> bool:
        """Return whether each target has one outcome, without an error."""
        return self.each_once and self.statuses == {"recompiled": self.targets}

    def row(self) -> list[str]:
        """Return the run as a row of a table."""
        right = f"{self.statuses['recompiled']} of {self.targets}{'' if self.each_once else ', not each once'}"
        cpu = [f"{self.cpu.get(part, 0) / self.targets * 1e3:.3f}" for part in ("driver", "workers", "server")]
        return [self.way, right, f"{self.seconds:.1f}", f"{self.rate:.0f}", str(self.retries), *cpu]


class Tally:
    """Counts outcomes without keeping them."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._left = set(ids)
        self._surplus = 0
        self.statuses: Counter[str] = Counter()
        self.retries = 0

    def add(self, outcome: Outcome) -> int:
        """Count an outcome; return the number of outcomes so far."""
        self._surplus += str(outcome.target) not in self._left
        self._left.discard(str(outcome.target))
        self.statuses[outcome.status] += 1
        self.retries += max(0, outcome.tries - 1)
        return self.statuses.total()

    @property
    def each_once(self) -> bool:
        """Return whether there was one outcome per target."""
        return not self._left and not self._surplus


@contextmanager
def _cluster() -> Iterator[Client]:
    loopback = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}
    with (
        LocalCluster(n_workers=_WORKERS, threads_per_worker=1, processes=True, **loopback) as cluster,
        Client(cluster) as client,
    ):
        yield client


async def _outcomes_here(url: str, ids: Sequence[str]) -> AsyncIterator[Outcome]:
    async with AsyncLetta(base_url=url) as client:
        async for outcome in client.conversations.recompile_many(ids):
            yield outcome


def _one_process(url: str, ids: Sequence[str]) -> Run:
    tally = Tally(ids)

    async def run() -> None:
        async for outcome in _outcomes_here(url, ids):
            tally.add(outcome)

    cpu, began = time.process_time(), time.perf_counter()
    asyncio.run(run())
    seconds = time.perf_counter() - began
    spent = {"driver": time.process_time() - cpu}
    return Run(_ONE, len(ids), seconds, tally.statuses, tally.each_once, tally.retries, spent)


def _on_cluster(client: Client, way: str, url: str, ids: Sequence[str], *, kill: bool = False, **options: Any) -> Run:
    tally = Tally(ids)
    workers_cpu: dict[str, float] = client.run(time.process_time)
    cpu, began = time.process_time(), time.perf_counter()
    for outcome in letta_async.dask.recompile_many(
        ids, cluster_client=client, client_options={"base_url": url}, **options
    ):
        if tally.add(outcome) == len(ids) // 2 and kill:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    spent = client.run(time.process_time)
    known = {worker: now - workers_cpu.get(worker, 0.0) for worker, now in spent.items()}
    cpus = {"driver": cpu, "workers": sum(known.values())}  # the scheduler runs beside the driver, in its process
    return Run(way, len(ids), seconds, tally.statuses, tally.each_once, tally.retries, cpus)


def measure(*, short: bool = False) -> Section:
    """Measure against a stub: in turn one process and the cluster, and at the end with a death."""
    many, fewer = (10_000, 5_000) if short else (100_000, 20_000)
    ids = [f"conv-00000000-0000-4000-8000-{number:012x}" for number in range(many)]
    runs: list[Run] = []
    with Process("stub", own_core=False) as stub, _cluster() as client:
        letta_async.dask.recompile_many(ids[:200], cluster_client=client, client_options={"base_url": stub.url}).close()
        ways: list[tuple[str, Any]] = [
            (_ONE, lambda: _one_process(stub.url, ids[:fewer])),
            (_CLUSTER, lambda: _on_cluster(client, _CLUSTER, stub.url, ids[:fewer])),
            (_BARE, lambda: _on_cluster(client, _BARE, stub.url, ids[:fewer], prompts=False)),
            (_KILL, lambda: _on_cluster(client, _KILL, stub.url, ids, prompts=False, kill=True)),
        ]
        for way, run in ways:
            say(f"--- {way}", error=True)
            served = stub.cpu_seconds()
            runs.append(run())
            runs[-1].cpu["server"] = stub.cpu_seconds() - served
    return _section(runs)


def _section(runs: Sequence[Run]) -> Section:
    by_way = {run.way: run for run in runs}
    one, bare, kill = by_way[_ONE], by_way[_BARE], by_way[_KILL]
    cores = os.cpu_count() or 1
    bound = cores * bare.targets / sum(bare.cpu.values())
    return Section(
        "A batch on a Dask cluster",
        f"A `LocalCluster` of {_WORKERS} worker processes and a stub server, all on this machine of {cores} cores; the"
        " last columns are the processor time an outcome took in each part, the scheduler's with the driver's. In the"
        f" way with `prompts=False` a call takes {sum(bare.cpu.values()) / bare.targets * 1e3:.3f} ms of processor time"
        f" in all, so that {cores} cores can do no more than {bound:.0f} a second, whatever runs on them. Of a worker"
        " that was killed, the processor time is not known.",
        [
            Target(
                "outcomes, a worker killed in the middle",
                "one for each, all right",
                f"{kill.statuses['recompiled']} of {kill.targets} right",
                kill.right,
            ),
            Target(
                "rate, to one process",
                "at least 1.6 where there are cores for it",
                f"{bare.rate / one.rate:.2f}",
                bare.rate / one.rate >= 1.6 if cores >= _WORKERS + 2 else None,
            ),
        ],
        [_table(runs)],
    )


def _table(runs: Iterable[Run]) -> Table:
    columns = ("way", "right", "seconds", "outcomes/s", "retries", "driver, ms", "workers, ms", "server, ms")
    return Table("", columns, [run.row() for run in runs])


def measure_real(url: str, *, count: int = 200) -> Section:
    """Measure against a real server, in turn; the conversations are made for it and deleted."""
    with Letta(base_url=url) as letta:
        agent = letta.agents.create(name="benchmark", model="letta/letta-free", embedding="letta/letta-free")
        try:
            ids = [letta.conversations.create(agent_id=agent.id).id for _ in range(count)]
            with _cluster() as client:
                runs = [_one_process(url, ids), _on_cluster(client, _CLUSTER, url, ids)]
        finally:
            letta.agents.delete(agent.id)
    one, both = runs
    return Section(
        "A batch on a Dask cluster against a real server",
        f"{count} conversations, each way once. A retry is a try that the server refused, or did not answer in time.",
        [
            Target("outcomes", "all right", f"{both.statuses['recompiled']} of {count}", both.right),
            Target(
                "retries", f"no more than in one process, {one.retries}", f"{both.retries}", both.retries <= one.retries
            ),
        ],
        [_table(runs)],
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dask", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a quick form")
    parser.add_argument("--real", metavar="URL", help="a real server, instead of the stub")
    options = parser.parse_args()
    section = measure_real(options.real) if options.real else measure(short=options.short)
    say(render(section))
    return 0 if section.met else 1


if __name__ == "__main__":
    sys.exit(main())
