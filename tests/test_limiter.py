"""Queue for slots: fair, cancelled cleanly, and paused when the server asks for it."""

from __future__ import annotations

import asyncio
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letta_async._http.limit import ConfiguredLimit
from letta_async._http.limiter import Limiter
from letta_async.errors import ClientClosedError


async def enter(limiter: Limiter) -> None:
    if not limiter.try_acquire():
        await limiter.acquire()


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_comes_first_is_served_first() -> None:
    limiter = Limiter(ConfiguredLimit(1))
    served: list[int] = []

    async def use(number: int) -> None:
        await enter(limiter)
        served.append(number)
        await turns(2)
        limiter.release()

    await asyncio.gather(*(use(number) for number in range(50)))
    assert served == list(range(50))
    assert (limiter.in_flight, limiter.waiting) == (0, 0)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks before Python 3.12")
async def test_a_pause_that_is_over_before_its_task_is_in_hand_is_over() -> None:
    async def at_once(_: float) -> None:
        return

    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    limiter = Limiter(ConfiguredLimit(1), at_once)
    limiter.pause(1)
    await asyncio.wait_for(enter(limiter), 5)
    assert limiter.in_flight == 1


async def test_nobody_overtakes_the_line_although_a_slot_is_free() -> None:
    limiter = Limiter(ConfiguredLimit(1))
    assert limiter.try_acquire()
    first = asyncio.create_task(limiter.acquire())
    await turns()
    limiter.release()
    assert not limiter.try_acquire()
    await first
    assert limiter.in_flight == 1


async def test_a_cancelled_wait_leaves_the_line_and_holds_no_slot() -> None:
    limiter = Limiter(ConfiguredLimit(1))
    await enter(limiter)
    waits = [asyncio.create_task(limiter.acquire()) for _ in range(3)]
    await turns()
    assert limiter.waiting == 3
    waits[0].cancel()
    await turns()
    limiter.release()
    waits[1].cancel()  # at the very moment in which its turn has come
    await turns()
    assert waits[2].done()
    assert not waits[2].cancelled()
    assert (limiter.in_flight, limiter.waiting) == (1, 0)
    for wait in waits[:2]:
        with pytest.raises(asyncio.CancelledError):
            await wait


async def test_a_pause_lets_nobody_through_until_it_is_over() -> None:
    over = asyncio.Event()
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)
        await over.wait()

    limiter = Limiter(ConfiguredLimit(5), sleep)
    limiter.pause(30)
    limiter.pause(10)  # within the first
    assert not limiter.try_acquire()
    wait = asyncio.create_task(limiter.acquire())
    await turns()
    assert asked == [30]
    assert not wait.done()
    limiter.pause(60)  # beyond it
    await turns()
    assert asked == [30, 60]
    over.set()
    await wait
    assert limiter.try_acquire()
    assert limiter.in_flight == 2


async def test_closing_ends_a_pause_and_its_task() -> None:
    limiter = Limiter(ConfiguredLimit(1))
    limiter.pause(1000)
    limiter.close("closed")
    await turns()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert limiter.try_acquire()


async def test_closing_sends_home_who_waits() -> None:
    limiter = Limiter(ConfiguredLimit(1))
    await enter(limiter)
    waits = [asyncio.create_task(limiter.acquire()) for _ in range(2)]
    await turns()
    waits[0].cancel()
    limiter.close("closed")
    await turns()
    assert waits[0].cancelled()
    with pytest.raises(ClientClosedError, match="(?m)^closed$"):
        await waits[1]
    assert (limiter.in_flight, limiter.waiting) == (1, 0)


async def test_a_limit_that_grows_calls_the_next_in_line() -> None:
    limit = ConfiguredLimit(1)
    limiter = Limiter(limit)
    await enter(limiter)
    waits = [asyncio.create_task(limiter.acquire()) for _ in range(4)]
    await turns()
    limit.value = 3
    limiter.release()
    await turns()
    assert [wait.done() for wait in waits] == [True, True, True, False]
    limiter.release()
    await waits[3]


@given(st.lists(st.tuples(st.sampled_from(["enter", "leave", "cancel", "turn", "shrink", "grow"]), st.integers(0, 9))))
@settings(deadline=None)
def test_slots_are_never_lost_nor_made_up(steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        limit = ConfiguredLimit(3)
        limiter = Limiter(limit)
        inside: list[asyncio.Task[None]] = []
        for step, number in steps:
            if step == "enter":
                inside.append(asyncio.create_task(enter(limiter)))
            elif step == "turn":
                await turns(2)
            elif step in ("shrink", "grow"):
                limit.value = max(1, limit.value + (1 if step == "grow" else -1))
            elif inside:
                task = inside[number % len(inside)]
                if step == "cancel":
                    task.cancel()
                elif task.done():
                    inside.remove(task)
                    if not task.cancelled():
                        limiter.release()
        await turns(20)
        entered = [task for task in inside if task.done() and not task.cancelled()]
        waiting = [task for task in inside if not task.done()]
        assert limiter.in_flight == len(entered)
        assert limiter.waiting == len(waiting)
        while entered:
            entered.pop()
            limiter.release()
            await turns(3)
            fresh = [task for task in waiting if task.done() and not task.cancelled()]
            waiting = [task for task in waiting if not task.done()]
            entered += fresh
        await turns(20)
        assert not waiting
        assert (limiter.in_flight, limiter.waiting) == (0, 0)

    asyncio.run(play())
