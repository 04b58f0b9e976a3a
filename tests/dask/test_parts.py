"""Unit tests of the parts of a batch on a cluster, for behaviour that a real cluster shows only by chance."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import attrs
import pytest

from letta_async import APITimeoutError, ClusterError, Outcome
from letta_async.batch.runner import Batch
from letta_async.dask._cluster import GRACE_PERIOD, Cluster
from letta_async.dask._driver import ClusterBatch
from letta_async.dask._outcome_iterator import Outcomes
from letta_async.dask._payload import Payload, unsendable_problems
from letta_async.dask._recompile_many import _chunks
from letta_async.dask._worker import _IDLE_TIMEOUT, _BatchRun, end_run
from tests.clock import Loop
from tests.ids import CONVERSATION
from tests.mocked import MockedResponse, aioresponses

BASE = "http://letta.example:1"


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


# --- the cluster ------------------------------------------------------------------------------------------------------


@attrs.define
class Failing:
    """Stub of a `distributed.Client` that loses its scheduler on the first request."""

    error: Exception
    status: str = "running"
    requests: list[str] = attrs.field(factory=list[str])

    async def nthreads(self) -> Any:
        raise self.error

    def submit(self, *_: object, **__: object) -> Any:
        raise self.error

    async def run(self, *_: object, **__: object) -> Any:
        self.requests.append("run")
        raise self.error


@pytest.mark.parametrize("error", [OSError("closed"), RuntimeError("no loop")])
async def test_a_scheduler_that_goes_away_meanwhile_is_said_so(error: Exception) -> None:
    client = Failing(error)
    cluster = Cluster(client)  # type: ignore[arg-type]
    with pytest.raises(ClusterError, match="scheduler is gone") as caught:
        await cluster.threads()
    assert caught.value.__cause__ is error
    with pytest.raises(ClusterError, match="scheduler is gone") as caught:
        cluster.submit("key", Payload.pack("run"), b"")
    assert caught.value.__cause__ is error
    await cluster.end_run("run")  # no worker can be reached
    assert client.requests == ["run"]


async def test_a_scheduler_that_is_gone_is_asked_for_nothing() -> None:
    client = Failing(OSError("closed"), status="closed")
    cluster = Cluster(client)  # type: ignore[arg-type]
    with pytest.raises(ClusterError, match="scheduler is gone"):
        await cluster.threads()
    await cluster.end_run("run")
    assert client.requests == []


# --- the driver -------------------------------------------------------------------------------------------------------


@attrs.define
class Silent:
    """Stub of a `Cluster` whose workers never return, not even when the run is ended."""

    calls: list[tuple[str, float]] = attrs.field(factory=list[tuple[str, float]])

    async def threads(self) -> list[int]:
        return [1]

    def submit(self, key: str, _: Payload, targets: bytes) -> Any:
        self._record(f"submit {len(pickle.loads(targets))}")
        return key

    async def result(self, _: Any) -> Any:
        await asyncio.Event().wait()

    async def cancel(self, sent: Iterator[Any]) -> None:
        if cancelled := list(sent):
            self._record(f"cancel {len(cancelled)}")

    async def end_run(self, _: str) -> None:
        self._record("end")

    def _record(self, call: str) -> None:
        self.calls.append((call, asyncio.get_running_loop().time() - 1000))


def outcomes_of(loop: Loop, cluster: Silent, targets: Any) -> list[Outcome]:
    async def run() -> list[Outcome]:
        batch = Batch(
            targets=targets,
            call=lambda *_: pytest.fail("the driver does nothing itself"),
            concurrency=lambda: 1,
            dry_run=False,
            deadline=3,
            stop_on_error=False,
            on_progress=None,
            open_journal=None,
        )
        driver = ClusterBatch(batch=batch, cluster=cluster, payload=Payload.pack("run"), partition_size=2)  # type: ignore[arg-type]
        return [outcome async for several in driver.run() for outcome in several]

    return loop.run_until_complete(run())


def test_workers_that_do_not_come_back_at_the_deadline_are_not_waited_for_for_ever(loop: Loop) -> None:
    cluster = Silent()
    outcomes = outcomes_of(loop, cluster, ["a", "b", "c"])
    assert [outcome.target for outcome in outcomes] == ["a", "b", "c"]
    assert all(isinstance(outcome.error, APITimeoutError) for outcome in outcomes)
    assert cluster.calls[:4] == [("submit 2", 0), ("submit 1", 0), ("end", 3), ("cancel 2", 3 + GRACE_PERIOD)]
    assert loop.time() == 1000 + 3 + GRACE_PERIOD


def test_a_deadline_before_the_first_target_came_concerns_no_worker(loop: Loop) -> None:
    async def late() -> AsyncIterator[str]:
        await asyncio.sleep(4)
        yield "a"

    cluster = Silent()
    (outcome,) = outcomes_of(loop, cluster, late())
    assert isinstance(outcome.error, APITimeoutError)
    assert cluster.calls == []
    assert loop.time() == 1004


def test_targets_are_yielded_in_lists_none_of_them_empty() -> None:
    assert list(_chunks(iter("abcd"), 2)) == [["a", "b"], ["c", "d"]]
    assert list(_chunks(iter("abc"), 2)) == [["a", "b"], ["c"]]
    assert list(_chunks(iter(()), 2)) == []


def test_what_is_no_proxy_has_no_password_that_must_stay() -> None:
    assert list(unsendable_problems({"proxy": "http://[::1"}, None, send_secrets=False)) == []


# --- the outcomes -----------------------------------------------------------------------------------------------------


def test_outcomes_of_a_client_that_was_closed_say_so(loop: Loop) -> None:
    async def lists() -> Any:
        yield []

    outcomes = Outcomes(lists(), loop)  # which does not run
    with pytest.raises(ClusterError, match="the cluster's client was closed"):
        next(outcomes)
    outcomes.close()
    assert list(outcomes) == []


# --- the worker -------------------------------------------------------------------------------------------------------


async def test_a_worker_that_had_no_partition_has_no_run_to_end() -> None:
    class Worker:
        plugins: dict[str, object] = {}  # noqa: RUF012 - never changed

    await end_run("run", dask_worker=Worker())  # type: ignore[arg-type]
    assert Worker.plugins == {}


def run_on_worker(
    loop: Loop, block: Callable[[_BatchRun, Callable[[], Coroutine[Any, Any, Any]]], Coroutine[Any, Any, None]]
) -> None:
    """Run a test on a worker's state of a run, with a server that takes 5 s to respond."""

    async def respond(*_: object, **__: object) -> None:
        await asyncio.sleep(5)

    async def play() -> None:
        run = _BatchRun()
        payload = Payload.pack("run", options={"base_url": BASE}, parameters={}, prompts=True)
        await block(run, lambda: run.recompile_partition("key", payload, [CONVERSATION]))
        await run.stop()

    with aioresponses() as wire:
        wire.add(
            f"{BASE}/v1/conversations/{CONVERSATION}/recompile",
            "POST",
            callback=respond,
            payload="prompt",
            repeat=True,
            response_class=MockedResponse,
        )
        loop.run_until_complete(play())


def test_the_client_of_a_run_whose_driver_is_gone_is_closed_after_a_while(loop: Loop) -> None:
    async def block(run: _BatchRun, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        ((place, outcome),) = await work()
        assert (place, outcome.status) == (0, "recompiled")
        client = run.client
        assert client is not None
        await asyncio.sleep(_IDLE_TIMEOUT - 1)
        assert not client.is_closed
        await asyncio.sleep(2)
        assert client.is_closed
        assert run.client is None

    run_on_worker(loop, block)


def test_a_partition_that_comes_at_the_last_moment_finds_the_client_open(loop: Loop) -> None:
    async def block(run: _BatchRun, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        await work()
        client, ended = run.client, loop.time()
        await asyncio.sleep(1)
        begun: list[asyncio.Task[Any]] = []
        # In the same turn of the loop as the end of the while, and before it.
        loop.call_at(ended + _IDLE_TIMEOUT - 1e-10, lambda: begun.append(loop.create_task(work())))
        await asyncio.sleep(_IDLE_TIMEOUT)
        ((_, outcome),) = await begun[0]
        assert outcome.status == "recompiled"
        assert run.client is client

    run_on_worker(loop, block)
