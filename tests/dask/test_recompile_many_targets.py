"""Tests of the targets of a batch on a cluster: where they may come from, and how far ahead they are taken."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from distributed import Client, LocalCluster

from letta_async import Outcome
from letta_async.dask import recompile_many
from letta_async.testing import EmbeddedServer
from tests.cli.held import HeldServer
from tests.conversations import make_conversations
from tests.dask.batches import held, sent, statuses
from tests.dask.conftest import LOOPBACK
from tests.ids import CONVERSATION

__all__ = ["held"]


def test_targets_are_taken_only_as_the_cluster_works(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            yield ids[taken % len(ids)] if taken < len(ids) else f"conv-{taken}"
            taken += 1

    outcomes = recompile_many(endless(), cluster_client=cluster_client, partition_size=10)
    for _ in range(200):
        next(outcomes)
    assert taken <= 200 + 10 * (2 + 2 + 1 + 1)  # on the threads, ahead, being cut, on their way back
    outcomes.close()


def test_workers_that_come_later_have_their_share(held: HeldServer) -> None:
    ids = make_conversations(held.base_url, 40)
    held.hold_after(0)
    local = LocalCluster(n_workers=0, threads_per_worker=1, processes=False, **LOOPBACK)
    with local as cluster, Client(cluster) as client:
        outcomes = recompile_many(ids, cluster_client=client, partition_size=5)
        first: list[Outcome] = []
        waiting = threading.Thread(target=lambda: first.append(next(outcomes)))
        waiting.start()
        cluster.scale(2)
        held.wait_until_holding()
        with_work: set[str] = set()
        while len(with_work) < 2:
            with_work = {address for address, registry in client.run(runs_of).items() if any(r.tasks for r in registry)}
        held.release()
        waiting.join()
        assert set(statuses([*first, *outcomes])) == set(ids)


def runs_of(dask_worker: Any) -> list[Any]:
    registry = dask_worker.plugins.get("letta-async")
    return [] if registry is None else list(registry._runs.values())


def test_a_thousand_repetitions_of_one_target_hold_nothing_up(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    outcomes = list(recompile_many(ids[:1] * 5000, cluster_client=cluster_client))
    assert [outcome.repeated for outcome in outcomes] == [False] + [True] * 4999
    assert sent(server) == ids[:1]


def test_an_iterator_may_wait_for_what_it_will(cluster_client: Client, server: EmbeddedServer, ids: list[str]) -> None:
    threads: set[str] = set()

    def nested() -> Iterator[str]:
        for outcome in recompile_many(ids[:5], cluster_client=cluster_client, dry_run=True):
            threads.add(threading.current_thread().name)
            yield str(outcome.target)

    assert set(statuses(recompile_many(nested(), cluster_client=cluster_client))) == set(ids[:5])
    assert threads == {"letta-async-iterator"}


def test_targets_may_come_from_an_async_iterable(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    async def slowly() -> AsyncIterator[str]:
        for each in ids:
            await asyncio.sleep(0)
            yield each

    assert set(statuses(recompile_many(slowly(), cluster_client=cluster_client))) == set(ids)


@pytest.mark.parametrize("taken", [0, 3, 10])
def test_a_source_that_fails_ends_the_batch_after_what_was_taken(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], taken: int
) -> None:
    def broken() -> Iterator[str]:
        yield from ids[:taken]
        raise OSError("the file is gone")

    seen: list[Any] = []
    with pytest.raises(OSError, match="the file is gone"):
        for outcome in recompile_many(broken(), cluster_client=cluster_client, partition_size=4):
            seen.append(outcome.target)
    assert sorted(seen) == sorted(ids[:taken])


@pytest.mark.parametrize("error", [asyncio.CancelledError(), ExceptionGroup("both", [OSError()])], ids=repr)
def test_whatever_a_source_raises_reaches_the_caller_after_what_was_taken(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], error: BaseException
) -> None:
    async def source() -> AsyncIterator[str]:
        for each in ids[:10]:
            yield each
        raise error

    seen: list[Any] = []
    with pytest.raises(type(error)):
        for outcome in recompile_many(source(), cluster_client=cluster_client, partition_size=4):
            seen.append(outcome.target)
    assert sorted(seen) == sorted(ids[:10])


def test_one_task_in_one_context_advances_a_source_and_closes_it(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    variable: ContextVar[int] = ContextVar("variable")
    tasks: list[Any] = []

    async def source() -> AsyncIterator[str]:
        token = variable.set(1)
        async with asyncio.TaskGroup(), asyncio.timeout(60):
            try:
                for each in [CONVERSATION, *ids, *ids]:
                    tasks.append(asyncio.current_task())
                    yield each
            finally:
                tasks.append(asyncio.current_task())
        variable.reset(token)

    assert len(statuses_of(source(), cluster_client)) == 2 * len(ids) + 1
    assert len(set(tasks)) == 1
    assert 1 <= len(statuses_of(source(), cluster_client, stop_on_error=True)) < len(ids)
    assert len(set(tasks)) == 2
    outcomes = recompile_many(source(), cluster_client=cluster_client, partition_size=5)
    next(outcomes)
    outcomes.close()
    assert len(set(tasks)) == 3


def statuses_of(targets: Any, cluster_client: Client, **options: Any) -> list[str]:
    outcomes = recompile_many(targets, cluster_client=cluster_client, partition_size=5, **options)
    return [outcome.status for outcome in outcomes]
