"""A timeout that does not blame the server for a loop that was blocked."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

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
        TimeoutError: the time ran out.

    """

    __slots__ = ("_among", "_cancels", "_error", "_handle", "_loop", "_returns", "_span", "_task", "_when")

    def __init__(self, loop: asyncio.AbstractEventLoop, when: float | None, among: set[Timer] | None = None) -> None:
        """Take the time.

        Args:
            loop: The running loop.
            when: When the time runs out, on its clock; `None`: never.
            among: Where the timer is to be found while its block runs, for those who may have to end that.

        """
        self._loop = loop
        self._when = when
        self._among = among
        self._returns = 0
        self._error: Exception | None = None
        self._handle: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101 - coroutines run in tasks
        self._task = task
        self._cancels = task.cancelling()
        if self._when is not None:
            self._span = self._when - self._loop.time()
            self._handle = self._loop.call_at(self._when, self._due, self._when)
        if self._among is not None:
            self._among.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.cancel()
        if self._among is not None:
            self._among.discard(self)
        # As long as somebody else wants the task cancelled, too, it stays cancelled.
        if self._error is not None and self._task.uncancel() <= self._cancels and kind is asyncio.CancelledError:
            raise self._error from error

    def end(self, error: Exception) -> None:
        """End the block now, with this error."""
        if self._error is None:
            self._error = error
            self._task.cancel()

    def _due(self, when: float) -> None:
        now = self._loop.time()
        late = now - when
        if late < _LATE or self._returns == _MAX_RETURNS:
            self.end(TimeoutError())
        else:
            self._returns += 1
            again = now + min(late, self._span)
            self._handle = self._loop.call_at(again, self._due, again)
