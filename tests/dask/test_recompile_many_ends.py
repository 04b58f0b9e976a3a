"""Tests of the ends of a batch on a cluster before its last target: a deadline, a caller that leaves, an interrupt."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections import Counter
from typing import Any

import pytest
from distributed import Client, LocalCluster

from letta_async import APITimeoutError, ClusterError, InvalidArgumentError
from letta_async.dask import recompile_many
from letta_async.testing import EmbeddedServer
from tests.cli.held import HeldServer
from tests.conversations import make_conversations
from tests.dask.batches import held
from tests.waiting import PATIENCE

__all__ = ["held"]


def test_a_deadline_turns_what_is_left_into_outcomes_that_say_so(cluster_client: Client, held: HeldServer) -> None:
    ids = make_conversations(held.base_url, 40)
    held.hold_after(5)
    outcomes = list(recompile_many(ids, cluster_client=cluster_client, partition_size=4, deadline=3))
    assert Counter(outcome.target for outcome in outcomes) == Counter(ids)
    assert sum(outcome.ok for outcome in outcomes) == 5  # those that were done in partitions that were not
    errors = [outcome.error for outcome in outcomes if not outcome.ok]
    assert all(isinstance(e, APITimeoutError) and "the batch's deadline of 3 s passed" in str(e) for e in errors)


@pytest.mark.parametrize("leave", ["close", "drop", "aclose", "cancel"])
async def test_leaving_ends_what_is_in_flight_on_the_workers(
    cluster: LocalCluster, cluster_client: Client, held: HeldServer, leave: str
) -> None:
    ids = await asyncio.to_thread(make_conversations, held.base_url, 40)
    held.hold_after(8)
    outcomes = recompile_many(ids, cluster_client=cluster_client, partition_size=4)
    await anext(outcomes)
    await asyncio.to_thread(held.wait_until_holding)
    registries = [worker.plugins["letta-async"] for worker in cluster.workers.values()]
    assert any(run.tasks for registry in registries for run in registry._runs.values())
    if leave == "close":
        await asyncio.to_thread(outcomes.close)
    elif leave == "aclose":
        await outcomes.aclose()
    elif leave == "cancel":
        while outcomes._ready:
            await anext(outcomes)
        task = asyncio.create_task(anext(outcomes))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    del outcomes
    async with asyncio.timeout(10):
        while any(run.tasks or run.client for registry in registries for run in registry._runs.values()):
            await asyncio.sleep(0.01)  # what was dropped ends in its own time; what was closed, has
            assert leave in ("drop", "cancel")
    assert not cluster_client.futures


async def test_leaving_while_results_are_fetched_leaves_the_cluster_client_as_it_was(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching, go_on = threading.Event(), asyncio.Event()
    fetch = Client._gather_remote

    async def fetch_later(client: Client, *arguments: Any) -> Any:
        fetching.set()
        await go_on.wait()
        return await fetch(client, *arguments)

    monkeypatch.setattr(Client, "_gather_remote", fetch_later)
    task = asyncio.ensure_future(anext(recompile_many(ids, cluster_client=cluster_client)))
    assert await asyncio.to_thread(fetching.wait, PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(PATIENCE):
        while cluster_client.futures:
            await asyncio.sleep(0.01)
    cluster_client.loop.add_callback(go_on.set)
    assert await asyncio.to_thread(cluster_client.submit(abs, -1).result) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals to threads are POSIX")
def test_an_interrupt_ends_the_batch_and_goes_on_its_way(
    cluster: LocalCluster, cluster_client: Client, held: HeldServer
) -> None:
    main = threading.main_thread().ident
    assert main is not None
    ids = make_conversations(held.base_url, 4)
    held.hold_after(0)
    outcomes = recompile_many(ids, cluster_client=cluster_client)
    interrupting = threading.Thread(
        target=lambda: (held.wait_until_holding(), signal.pthread_kill(main, signal.SIGINT))
    )
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)
    interrupting.join()
    registries = [worker.plugins.get("letta-async") for worker in cluster.workers.values()]
    assert not any(run.tasks for registry in registries if registry for run in registry._runs.values())
    assert list(outcomes) == []


def test_a_closed_cluster_client_is_said_so(server: EmbeddedServer, cluster: LocalCluster, ids: list[str]) -> None:
    client = Client(cluster)
    outcomes = recompile_many(ids, cluster_client=client)
    client.close()
    with pytest.raises(InvalidArgumentError, match=r"cluster_client: is closed, not running"):
        recompile_many(ids, cluster_client=client)
    with pytest.raises(ClusterError):
        next(outcomes)
