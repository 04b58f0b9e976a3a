"""A timeout takes effect in time, ends nothing but its block, and gives back the time in which the loop was blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from letta_async._http.timeouts import TimeoutScheduler, Timer
from tests.clock import Loop


@pytest.fixture
def loop() -> Any:
    loop = Loop()
    yield loop
    loop.close()


def in_time(loop: Loop, seconds: float | None, block: Callable[[TimeoutScheduler], Any]) -> float:
    """Run a block within a timer; return its duration."""

    async def run() -> None:
        watch = TimeoutScheduler(loop)
        try:
            with Timer(watch, seconds):
                await block(watch)
        finally:
            watch.end(AssertionError)  # as on closing a client: until then the loop's handle waits for the next timer

    began = loop.time()
    try:
        loop.run_until_complete(run())
    finally:
        assert not [handle for handle in loop._scheduled if not handle.cancelled()], "a timer was left behind"
    return loop.time() - began


def test_a_block_that_ends_in_time_is_left_alone(loop: Loop) -> None:
    assert in_time(loop, 5, lambda _: asyncio.sleep(4.9)) == pytest.approx(4.9)


def test_a_block_that_does_not_is_ended(loop: Loop) -> None:
    began = loop.time()
    with pytest.raises(TimeoutError):
        in_time(loop, 5, lambda _: asyncio.sleep(5.1))
    assert loop.time() - began == pytest.approx(5)


def test_without_a_time_there_is_no_bound(loop: Loop) -> None:
    assert in_time(loop, None, lambda _: asyncio.sleep(1e6)) == pytest.approx(1e6)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_one_watch_serves_timers_of_any_length(loop: Loop, order: tuple[float, ...]) -> None:
    ended: dict[float, float] = {}

    async def wait(watch: TimeoutScheduler, seconds: float) -> None:
        try:
            with Timer(watch, seconds):
                await asyncio.sleep(100)
        except TimeoutError:
            ended[seconds] = loop.time() - 1000

    async def run() -> None:
        watch = TimeoutScheduler(loop)
        await asyncio.gather(*(wait(watch, seconds) for seconds in order))

    loop.run_until_complete(run())
    assert ended == pytest.approx({1: 1, 2: 2, 3: 3})


def test_the_inner_of_two_timers_ends_only_its_own_block(loop: Loop) -> None:
    async def block(watch: TimeoutScheduler) -> None:
        with pytest.raises(TimeoutError), Timer(watch, 1):
            await asyncio.sleep(10)
        await asyncio.sleep(1)

    assert in_time(loop, 5, block) == pytest.approx(2)


def test_a_cancellation_stays_one_though_the_time_ran_out_as_well(loop: Loop) -> None:
    async def block(_: TimeoutScheduler) -> None:
        task = asyncio.current_task()
        assert task is not None
        loop.call_at(loop.time() + 5, task.cancel)
        await asyncio.sleep(10)

    with pytest.raises(asyncio.CancelledError):
        in_time(loop, 5, block)


def test_an_error_of_the_block_passes(loop: Loop) -> None:
    async def block(_: TimeoutScheduler) -> None:
        await asyncio.sleep(1)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        in_time(loop, 5, block)


def test_ending_all_gives_each_block_an_error_of_its_own(loop: Loop) -> None:
    errors: list[BaseException] = []

    async def wait(watch: TimeoutScheduler) -> None:
        try:
            with Timer(watch, None):
                await asyncio.sleep(100)
        except KeyError as error:
            errors.append(error)

    async def run() -> None:
        watch = TimeoutScheduler(loop)
        loop.call_later(1, watch.end, lambda: KeyError("closed"))
        await asyncio.gather(wait(watch), wait(watch))

    loop.run_until_complete(run())
    assert len(errors) == 2
    assert errors[0] is not errors[1]
    assert loop.time() == pytest.approx(1001)


def test_time_in_which_the_loop_was_blocked_is_given_back(loop: Loop) -> None:
    async def block(_: TimeoutScheduler) -> None:
        loop.now += 8  # the caller's own code, say
        await asyncio.sleep(2)

    assert in_time(loop, 5, block) == pytest.approx(10)


def test_no_more_time_is_given_back_than_there_was(loop: Loop) -> None:
    async def block(_: TimeoutScheduler) -> None:
        loop.now += 1000
        await asyncio.sleep(5.1)

    began = loop.time()
    with pytest.raises(TimeoutError):
        in_time(loop, 5, block)
    assert loop.time() - began == pytest.approx(1005)


def test_a_loop_that_is_late_again_and_again_does_not_thrive(loop: Loop) -> None:
    async def block(_: TimeoutScheduler) -> None:
        while True:
            loop.now += 6
            await asyncio.sleep(0)

    began = loop.time()
    with pytest.raises(TimeoutError):
        in_time(loop, 5, block)
    assert loop.time() - began < 60


def test_a_duration_can_count_from_before_the_block(loop: Loop) -> None:
    async def run() -> None:
        began = loop.time()
        await asyncio.sleep(2)
        with pytest.raises(TimeoutError), Timer(TimeoutScheduler(loop), 5, began):
            await asyncio.sleep(6)
        assert loop.time() - began == pytest.approx(5)

    loop.run_until_complete(run())


def test_the_first_who_ends_a_block_says_why(loop: Loop) -> None:
    async def run() -> None:
        timer = Timer(TimeoutScheduler(loop), 5)
        with timer:
            timer.end(KeyError("first"))
            timer.end(KeyError("second"))
            await asyncio.sleep(1)

    with pytest.raises(KeyError, match="first"):
        loop.run_until_complete(run())


def test_timers_one_after_the_other_share_one_handle_of_the_loop(loop: Loop) -> None:
    async def run() -> None:
        watch = TimeoutScheduler(loop)
        for _ in range(10):
            with Timer(watch, 5):
                await asyncio.sleep(1)
        assert len(loop._scheduled) == 1
        began = loop.time()
        with pytest.raises(TimeoutError), Timer(watch, 5):
            await asyncio.sleep(6)
        assert loop.time() - began == pytest.approx(5)

    loop.run_until_complete(run())
