"""What feeds a loop may block, may belong to a thread, and may be left at any moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import aclosing
from contextvars import ContextVar
from queue import SimpleQueue

import pytest

from letta_async._feeder import _serve, advance
from tests.waiting import PATIENCE


async def test_each_item_comes_in_turn_and_none_is_taken_before_it_is_wanted() -> None:
    taken: list[int] = []
    items = (taken.append(number) or number for number in range(4))
    async with aclosing(advance(items)) as fed:
        async for item in fed:
            assert taken == list(range(item + 1))
    assert taken == [0, 1, 2, 3]


async def test_one_thread_advances_from_first_to_last_and_it_is_not_the_loops() -> None:
    async with aclosing(advance(threading.current_thread() for _ in range(20))) as fed:
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

    async with aclosing(advance(blocking())) as fed:
        waiting = asyncio.ensure_future(anext(fed))
        await asyncio.sleep(0)
        released.set()
        assert await waiting == "item"


@pytest.mark.parametrize("error", [ZeroDivisionError(), StopAsyncIteration(), KeyError("x")])
async def test_an_error_comes_where_the_item_would(error: Exception) -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise error

    async with aclosing(advance(failing())) as fed:
        assert await anext(fed) == 1
        with pytest.raises((type(error), RuntimeError)) as caught:
            await anext(fed)
    assert error in (caught.value, caught.value.__cause__)


async def test_leaving_ends_the_thread_and_leaves_the_rest_untaken() -> None:
    items = iter([1, 2, 3])
    async with aclosing(advance(items)) as fed:
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
    async with aclosing(advance(generator)) as fed:
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

    fed = advance(blocking())
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
    async with aclosing(advance(variable.get() for _ in range(1))) as fed:
        assert [item async for item in fed] == ["set"]


def test_an_item_that_nobody_waits_for_any_more_is_not_taken() -> None:
    given_up: Future[list[int]] = Future()
    assert given_up.cancel()
    wanted: SimpleQueue[Future[list[int]] | None] = SimpleQueue()
    for asked in (given_up, answer := Future[list[int]](), None):
        wanted.put(asked)
    _serve(iter([1, 2]), wanted)
    assert answer.result(0) == [1]
