"""Timeouts that do not blame the server for an event loop that was blocked."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

__all__ = ["TimeoutScheduler", "Timer"]

_LATE: Final = 0.05
"""From how late on, in seconds, a timer that fires says that the loop was blocked."""
_MAX_RETURNS: Final = 3
"""How often blocked time is given back; a server that floods the loop makes every timer late, and must not thrive."""


class TimeoutScheduler:
    """Look after the timers of a loop with one timer of the loop's, since to set one for each try would cost more.

    A few hundred run at once at most, so that looking through them all whenever one may be due is cheap.
    """

    __slots__ = ("_at", "_handle", "_timers", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._timers: set[Timer] = set()
        self._handle: asyncio.TimerHandle | None = None
        self._at = math.inf
        """When the loop's timer goes off."""

    def add(self, timer: Timer) -> None:
        """Look after a timer."""
        self._timers.add(timer)
        if timer.when < self._at:
            self._wake(timer.when)

    def discard(self, timer: Timer) -> None:
        """Look after a timer no more."""
        self._timers.discard(timer)
        if not self._timers:
            self._wake(math.inf)

    def end(self, error: Callable[[], Exception]) -> None:
        """End the blocks of all timers now, each with an error of its own."""
        for timer in list(self._timers):
            timer.end(error())

    def _wake(self, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._at = when
        self._handle = None if when == math.inf else self.loop.call_at(when, self._check)

    def _check(self) -> None:
        now = max(self._at, self.loop.time())  # a loop may be a little early
        for timer in list(self._timers):
            timer.check(now)
        self._wake(min((timer.when for timer in self._timers), default=math.inf))


class Timer:
    """Bound a block of code like `asyncio.timeout`, on the loop's monotonic clock.

    A loop that was blocked (by the caller's own code, say) finds the timer due and the answer arrived at the same
    moment. Time in which the loop did not run is therefore given back before the timer takes effect, though no more at
    once than was given in the first place.

    Raises:
        TimeoutError: the time ran out.

    """

    __slots__ = ("_cancels", "_error", "_returns", "_seconds", "_task", "_watch", "when")

    def __init__(self, watch: TimeoutScheduler, seconds: float | None) -> None:
        """Store the time, from entering the block on; `None`: no bound, but `TimeoutScheduler.end` ends it."""
        self._watch = watch
        self._seconds = math.inf if seconds is None else seconds
        self._returns = 0
        self._error: Exception | None = None

    @property
    def expired(self) -> bool:
        """Whether it has ended its block."""
        return self._error is not None

    def __enter__(self) -> Self:
        watch = self._watch
        task = asyncio.current_task(watch.loop)
        assert task is not None  # noqa: S101 - coroutines run in tasks
        self._task = task
        self._cancels = task.cancelling()
        self.when = watch.loop.time() + self._seconds
        watch.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._watch.discard(self)
        # As long as somebody else wants the task cancelled, too, it stays cancelled.
        if self._error is not None and self._task.uncancel() <= self._cancels and kind is asyncio.CancelledError:
            raise self._error from error

    def end(self, error: Exception) -> None:
        """End the block now, with this error."""
        self._watch.discard(self)
        if self._error is None:
            self._error = error
            self._task.cancel()

    def check(self, now: float) -> None:
        """End the block if its time has run out."""
        late = now - self.when
        if late < 0:
            return
        if late < _LATE or self._returns == _MAX_RETURNS:
            self.end(TimeoutError())
        else:
            self._returns += 1
            self.when = now + min(late, self._seconds)
