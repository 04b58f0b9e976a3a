"""Means of a watch to tell the time and to sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

__all__ = ["Clock"]


@attrs.frozen
class Clock:
    """Clocks, and a way to sleep."""

    wall: Callable[[], float] = time.time
    """Returns the time in seconds since 1970, which leases and delays in the state are compared with."""
    monotonic: Callable[[], float] = time.monotonic
    """Returns the time that durations are measured with, in seconds."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def sleep_unless(self, event: asyncio.Event, seconds: float, *others: asyncio.Task[None]) -> None:
        """Sleep until the time is over, an event is set, or one of other tasks ends; raise what that task raised."""
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(event.wait()), asyncio.create_task(self._sleep(seconds))]
        try:
            done, _ = await asyncio.wait([*waits, *others], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _sleep(self, seconds: float) -> None:
        if seconds == float("inf"):
            await asyncio.Event().wait()
        await self.sleep(max(0.0, seconds))
