"""Iteration until a stop is requested, at any moment, and signals."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator

import pytest

from letta_async.cli.exits import Exit
from letta_async.cli.stop_signals import Stop, until_stopped


class Source:
    """Source of one item, which then waits for ever and records its end."""

    ended = False

    async def items(self) -> AsyncGenerator[int, None]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            self.ended = True


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_was_to_come_next_is_ended_when_somebody_asks_to_stop() -> None:
    source, stop = Source(), Stop(lambda: None)
    came: list[int] = []

    async def go() -> None:
        async for item in until_stopped(source.items(), stop):
            came.append(item)

    going = asyncio.create_task(go())
    await turns()
    assert (came, source.ended, going.done()) == ([1], False, False)
    stop.asked.set()
    await going
    assert (came, source.ended) == ([1], True)


async def test_nothing_more_is_asked_for_once_somebody_asked_to_stop() -> None:
    async def numbers() -> AsyncGenerator[int, None]:
        for number in range(1000):
            asked.append(number)
            yield number

    asked: list[int] = []
    stop = Stop(lambda: None)
    async for number in until_stopped(numbers(), stop):
        if number == 2:
            stop.asked.set()
            await turns()
    assert asked == [0, 1, 2]


async def test_so_it_is_when_it_is_cancelled_meanwhile() -> None:
    source = Source()
    items = until_stopped(source.items(), Stop(lambda: None))
    assert await anext(items) == 1
    waiting = asyncio.ensure_future(anext(items))
    await turns()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert source.ended
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
async def test_a_hangup_explains_an_output_that_failed_just_before() -> None:
    stop = Stop(lambda: None)
    handled = signal.getsignal(signal.SIGHUP)
    try:
        with stop.listening():
            stop.ask(Exit.UNCHECKED)
            os.kill(os.getpid(), signal.SIGHUP)
            await turns()
            assert stop.code is Exit.HUNG_UP
    finally:
        signal.signal(signal.SIGHUP, handled)
