"""A timeout that does not blame the server for a loop that was blocked."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final

__all__ = ["Timer"]

_LATE: Final = 0.05
"""From how late on, in seconds, a timer that fires says that the loop was blocked."""
_MAX_RETURNS: Final = 3
"""How often blocked time is given back; a server that floods the loop makes every timer late, and must not thrive."""


class Timer:
    """Bound a block of code like `asyncio.timeout`, on the loop's monotonic clock.

    A loop that was blocked (by the caller's own code, say) finds the timer due and the answer arrived at the same
    moment. Time in which the loop did not run is therefore given back before the timer takes effect, though no more at
    once than was given in the first place.

    Raises:
        TimeoutError: the time ran out, or `expire` was called.

    """

    __slots__ = ("_handle", "_loop", "_returns", "_span", "_timeout", "_when")

    def __init__(self, loop: asyncio.AbstractEventLoop, when: float | None) -> None:
        self._loop = loop
        self._when = when
        self._span = 0.0 if when is None else when - loop.time()
        self._returns = 0
        self._timeout = asyncio.timeout(None)
        self._handle: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Timer:
        await self._timeout.__aenter__()
        if self._when is not None:
            self._handle = self._loop.call_at(self._when, self._due, self._when)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.cancel()
        await self._timeout.__aexit__(kind, error, traceback)

    def expire(self) -> None:
        """End the block now."""
        if not self._timeout.expired():
            self._timeout.reschedule(self._loop.time())

    def _due(self, when: float) -> None:
        now = self._loop.time()
        late = now - when
        if late < _LATE or self._returns == _MAX_RETURNS:
            self.expire()
        else:
            self._returns += 1
            again = now + min(late, self._span)
            self._handle = self._loop.call_at(again, self._due, again)
