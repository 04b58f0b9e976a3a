"""Iteration on a worker thread: it may block, may belong to the thread, and may be left at any moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from contextvars import ContextVar

import pytest

from letta_async._utils.threads import WorkerThread, iterate_in_thread
from tests.waiting import PATIENCE


async def test_each_item_comes_in_turn_and_none_is_taken_before_it_is_wanted() -> None:
    taken: list[int] = []
    items = (taken.append(number) or number for number in range(4))
    async with aclosing(iterate_in_thread(items)) as fed:
        async for item in fed:
            assert taken == list(range(item + 1))
    assert taken == [0, 1, 2, 3]


async def test_one_thread_advances_from_first_to_last_and_it_is_not_the_loops() -> None:
    async with aclosing(iterate_in_thread(threading.current_thread() for _ in range(20))) as fed:
        threads = {thread async for thread in fed}
    [thread] = threads
    assert thread is not threading.current_thread()
    assert thread.daemon
    thread.join(PATIENCE)
    assert not thread.is_alive()


async def test_the_loop_runs_while_the_iterator_blocks() -> None:
    released = threading.Event()

    def blocking() -> Iterator[str]:
        assert released.wait(PATIENCE)
        yield "item"

    async with aclosing(iterate_in_thread(blocking())) as fed:
        waiting = asyncio.ensure_future(anext(fed))
        await asyncio.sleep(0)
        released.set()
        assert await waiting == "item"


@pytest.mark.parametrize("error", [ZeroDivisionError(), StopAsyncIteration(), KeyError("x")])
async def test_an_error_comes_where_the_item_would(error: Exception) -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise error

    async with aclosing(iterate_in_thread(failing())) as fed:
        assert await anext(fed) == 1
        with pytest.raises((type(error), RuntimeError)) as caught:
            await anext(fed)
    assert error in (caught.value, caught.value.__cause__)


async def test_leaving_ends_the_thread_and_leaves_the_rest_untaken() -> None:
    items = iter([1, 2, 3])
    async with aclosing(iterate_in_thread(items)) as fed:
        assert await anext(fed) == 1
    assert list(items) == [2, 3]


async def test_leaving_closes_a_generator_on_the_thread_and_in_the_context_that_advanced_it() -> None:
    variable: ContextVar[int] = ContextVar("variable")
    closed: list[threading.Thread] = []

    def items() -> Iterator[threading.Thread]:
        token = variable.set(1)
        try:
            while True:
                yield threading.current_thread()
        finally:
            variable.reset(token)
            closed.append(threading.current_thread())

    generator = items()
    async with aclosing(iterate_in_thread(generator)) as fed:
        thread = await anext(fed)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert closed == [thread]


async def test_it_may_be_cancelled_while_the_iterator_blocks() -> None:
    under_way, released = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def blocking() -> Iterator[str]:
        threads.append(threading.current_thread())
        under_way.set()
        assert released.wait(PATIENCE)
        yield "nobody waits for this"

    fed = iterate_in_thread(blocking())
    waiting = asyncio.ensure_future(anext(fed))
    while not under_way.is_set():
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    released.set()
    threads[0].join(PATIENCE)
    assert not threads[0].is_alive()


async def test_context_variables_reach_the_iterator() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    variable.set("set")
    async with aclosing(iterate_in_thread(variable.get() for _ in range(1))) as fed:
        assert [item async for item in fed] == ["set"]


async def test_functions_run_one_after_the_other_on_one_thread() -> None:
    thread = WorkerThread("name")
    names = [await thread.run(lambda: threading.current_thread().name) for _ in range(3)]
    assert names == ["name"] * 3
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 / 0)


async def test_what_was_cancelled_before_it_began_is_not_done() -> None:
    thread, hold, done = WorkerThread("name"), threading.Event(), list[str]()

    def note(what: str) -> Callable[[], None]:
        return lambda: done.append(what)

    first = thread.run(hold.wait)
    thread.run(note("cancelled")).cancel()
    await asyncio.sleep(0)  # cancelled over there, too
    last = thread.run(note("last"))
    hold.set()
    await first
    await last
    assert done == ["last"]


async def test_the_thread_ends_when_it_is_dropped() -> None:
    worker = WorkerThread("name")
    thread = await worker.run(threading.current_thread)
    del worker
    thread.join(PATIENCE)
    assert not thread.is_alive()
