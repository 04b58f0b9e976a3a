"""Limit on the number of recompiles within a minute."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

import attrs

from letta_async.watching.clock import Clock

__all__ = ["RecompileRate"]

_WINDOW: Final = 60.0
"""Length of the window in which recompiles are counted, in seconds."""


@attrs.define(eq=False)
class RecompileRate:
    """Limit on the number of recompiles within any minute.

    A target is compared only when it may be recompiled as well: its place is taken before, and is free again at once if
    it was not stale.
    """

    limit: int | None
    """Maximum number of recompiles within a minute; `None` for no limit."""
    clock: Clock

    _reserved: int = attrs.field(default=0, init=False)
    """Number of places that are taken by targets in flight."""
    _times: deque[float] = attrs.field(factory=deque[float], init=False)
    """Times of the recompiles of the last minute."""
    _closed: bool = attrs.field(default=False, init=False)
    _freed: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)

    async def acquire(self, end: float) -> bool:
        """Take a place; return `False` if none is free before `end`, a time of the monotonic clock.

        After `close` it returns `False` as well.
        """
        while not self._closed:
            now = self.clock.monotonic()
            while self._times and now - self._times[0] >= _WINDOW:
                self._times.popleft()
            if self.limit is None or self._reserved + len(self._times) < self.limit:
                self._reserved += 1
                return True
            if now >= end:
                return False
            self._freed.clear()
            await self.clock.sleep_unless(self._freed, min(end, self._times[0] + _WINDOW if self._times else end) - now)
        return False

    def close(self) -> None:
        """Refuse further places, also to those that wait for one."""
        self._closed = True
        self._freed.set()

    def release(self, *, recompiled: bool) -> None:
        """Give a place back; if the target was recompiled, or perhaps was, it is free only after a minute."""
        self._reserved -= 1
        if recompiled:
            self._times.append(self.clock.monotonic())
        self._freed.set()
