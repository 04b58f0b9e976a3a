"""Sources of targets: one task advances each, and what it raises reaches whoever runs the batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

import pytest

from letta_async import APIConnectionError, AsyncLetta, Letta
from letta_async.errors import Attempt
from letta_async.testing import EmbeddedServer
from tests.batches import batch, fine, gathered, ids, server

__all__ = ["ids", "server"]


async def test_targets_are_taken_only_as_the_work_goes_on() -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"target {taken}"

    running = batch(endless(), fine).run()
    for _ in range(300):
        await anext(running)
    assert taken <= 300 + 100 + 8 + 4 + 4
    await running.aclose()


async def test_targets_may_come_from_an_async_iterable_that_is_slow() -> None:
    more = asyncio.Event()

    async def slowly() -> AsyncIterator[str]:
        yield "a"
        yield "b"
        await more.wait()
        yield "c"

    running = batch(slowly(), fine).run()
    assert {(await anext(running)).target, (await anext(running)).target} == {"a", "b"}  # although the source waits
    more.set()
    assert [outcome.target async for outcome in running] == ["c"]


async def test_a_source_that_fails_ends_the_batch_after_what_was_taken() -> None:
    def broken() -> Iterator[str]:
        yield "a"
        yield "b"
        raise OSError("the file is gone")

    seen: list[Any] = []
    with pytest.raises(OSError, match="the file is gone"):
        async for outcome in batch(broken(), fine).run():
            seen.append(outcome.target)
    assert sorted(seen) == ["a", "b"]


class _Stop(BaseException):
    """Exception that is not an `Exception`, and not one of asyncio's."""


@pytest.mark.parametrize("error", [asyncio.CancelledError(), _Stop(), ExceptionGroup("both", [OSError()])], ids=repr)
@pytest.mark.parametrize("kind", ["async", "ordinary"])
async def test_whatever_a_source_raises_reaches_the_caller_after_what_was_taken(error: Any, kind: str) -> None:
    def ordinary() -> Iterator[str]:
        yield from map(str, range(10))
        raise error

    async def one_by_one() -> AsyncIterator[str]:
        for item in ordinary():
            yield item

    seen: list[Any] = []
    with pytest.raises(type(error)) as caught:
        async for outcome in batch(one_by_one() if kind == "async" else ordinary(), fine).run():
            seen.append(outcome.target)
    assert caught.value is error
    assert sorted(seen) == sorted(map(str, range(10)))
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("cls", [AsyncLetta, Letta])
async def test_a_source_that_awaits_a_cancelled_task_ends_the_batch_with_that(
    cls: type[Any], server: EmbeddedServer, ids: list[str]
) -> None:
    async def source() -> AsyncIterator[str]:
        for item in ids[:5]:
            yield item
        cancelled = asyncio.create_task(asyncio.sleep(60))
        cancelled.cancel()
        await cancelled

    seen: list[Any] = []
    with pytest.raises(asyncio.CancelledError):
        if cls is Letta:
            with Letta(base_url=server.base_url) as client:
                for outcome in client.conversations.recompile_many(source()):
                    seen.append(outcome.target)
        else:
            async with AsyncLetta(base_url=server.base_url) as aclient:
                async for outcome in aclient.conversations.recompile_many(source()):
                    seen.append(outcome.target)
    assert sorted(seen) == sorted(ids[:5])


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(3), _Stop(), StopAsyncIteration()], ids=repr)
def test_whatever_an_ordinary_source_raises_reaches_the_caller_of_the_facade(
    server: EmbeddedServer, ids: list[str], error: BaseException
) -> None:
    def source() -> Iterator[str]:
        yield from ids[:5]
        raise error

    seen: list[Any] = []
    with Letta(base_url=server.base_url) as client:
        with pytest.raises((type(error), RuntimeError)):  # a generator that raises `StopAsyncIteration` raises this
            for outcome in client.conversations.recompile_many(source()):
                seen.append(outcome.target)
        assert client.conversations.recompile(ids[0])
    assert sorted(seen) == sorted(ids[:5])


async def test_one_task_in_one_context_advances_a_source_and_closes_it() -> None:
    variable: ContextVar[int] = ContextVar("variable")
    tasks: list[Any] = []
    left: list[str] = []

    async def source() -> AsyncIterator[str]:
        tasks.append(asyncio.current_task())
        token = variable.set(1)
        try:
            async with asyncio.TaskGroup() as group, asyncio.timeout(60):
                group.create_task(asyncio.sleep(0))
                for item in range(200):
                    yield str(item)
                    tasks.append(asyncio.current_task())
        finally:
            tasks.append(asyncio.current_task())
            variable.reset(token)
            left.append("left")

    assert len(await gathered(batch(source(), fine))) == 200
    assert len(set(tasks)) == 1
    async with aclosing(batch(source(), fine).run()) as running:
        await anext(running)
    assert len(set(tasks)) == 2
    stopping = batch(source(), _fails_at_5, stop_on_error=True)
    assert 5 < len(await gathered(stopping)) < 200  # the group's `GeneratorExit` is no error
    assert len(set(tasks)) == 3
    assert left == ["left"] * 3


async def _fails_at_5(target: Any, _: list[Attempt]) -> str:
    await asyncio.sleep(0)
    if target == "5":
        raise APIConnectionError("no")
    return "prompt"


@pytest.mark.parametrize("room", [1, 12])
async def test_a_timeout_of_the_sources_own_ends_the_batch_although_it_runs_out_at_a_yield(room: int) -> None:
    timeouts: list[asyncio.Timeout] = []
    taken: list[str] = []

    async def source() -> AsyncIterator[str]:
        async with asyncio.timeout(None) as timeout:
            timeouts.append(timeout)
            for item in range(1000):
                taken.append(str(item))
                yield str(item)

    async def call(target: Any, _: list[Attempt]) -> str:
        if target == "30":
            timeouts[0].reschedule(asyncio.get_running_loop().time())
        for _turn in range(5):
            await asyncio.sleep(0)
        return "prompt"

    seen: list[str] = []
    with pytest.raises(TimeoutError):
        async for outcome in batch(source(), call, concurrency=lambda: room - 4).run():
            seen.append(str(outcome.target))
    assert sorted(seen) == sorted(taken)
    assert 30 < len(taken) < 1000


async def test_a_task_group_of_the_sources_own_ends_the_batch_when_a_task_of_it_fails() -> None:
    failing = asyncio.Event()

    async def fail() -> None:
        await failing.wait()
        raise OSError("the list is gone")

    async def source() -> AsyncIterator[str]:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            for item in range(1000):
                yield str(item)
        raise AssertionError

    seen: list[Any] = []
    with pytest.raises(ExceptionGroup) as caught:
        async for outcome in batch(source(), fine).run():
            seen.append(outcome.target)
            failing.set()
            await asyncio.sleep(0)
    assert caught.group_contains(OSError, match="the list is gone")
    assert sorted(seen, key=lambda each: int(str(each))) == [str(number) for number in range(len(seen))]


async def test_a_source_that_gets_over_a_timeout_of_its_own_goes_on() -> None:
    async def source() -> AsyncIterator[str]:
        for item in range(5):
            try:
                async with asyncio.timeout(0):
                    yield f"{item} in time"
            except TimeoutError:
                yield f"{item} late"

    async def slow(target: Any, _: list[Attempt]) -> str:
        for _turn in range(5):
            await asyncio.sleep(0)
        return "prompt"

    outcomes = await gathered(batch(source(), slow, concurrency=lambda: -3))
    assert {str(outcome.target).split()[0] for outcome in outcomes} == set("01234")
    assert "0 late" in {outcome.target for outcome in outcomes}


async def test_what_closing_a_source_raises_reaches_whoever_leaves() -> None:
    async def source() -> AsyncIterator[str]:
        try:
            while True:
                yield "a"
        finally:
            raise OSError("the list cannot be closed")

    with pytest.raises(OSError, match="cannot be closed"):
        async with aclosing(batch(source(), fine).run()) as running:
            await anext(running)
    with pytest.raises(OSError, match="cannot be closed"):
        await gathered(batch(source(), _fails, stop_on_error=True))


async def _fails(target: Any, _: list[Attempt]) -> str:
    raise APIConnectionError("no")


async def test_an_async_iterator_that_is_no_generator_serves_as_well() -> None:
    class Counting:
        left = 20

        def __aiter__(self) -> AsyncIterator[str]:
            return self

        async def __anext__(self) -> str:
            await asyncio.sleep(0)
            self.left -= 1
            if self.left < 0:
                raise StopAsyncIteration
            return str(self.left)

    assert len(await gathered(batch(Counting(), fine))) == 20


async def test_a_task_of_the_batch_that_somebody_else_cancels_loses_no_target_in_silence() -> None:
    async def call(target: Any, _: list[Attempt]) -> str:
        await asyncio.sleep(0)
        if target == "3":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)
        return "prompt"

    with pytest.raises(asyncio.CancelledError):
        await gathered(batch(map(str, range(20)), call))


def _sources(items: Iterable[str]) -> list[Callable[[], Any]]:
    listed = list(items)

    async def one_by_one() -> AsyncIterator[str]:
        for item in listed:
            yield item

    return [lambda: listed, lambda: tuple(listed), lambda: iter(listed), lambda: set(listed), one_by_one]


@pytest.mark.parametrize("kind", range(5))
async def test_any_iterable_will_do(kind: int) -> None:
    source = _sources(["a", "b", "c"])[kind]
    assert sorted(str(o.target) for o in await gathered(batch(source(), fine))) == ["a", "b", "c"]
