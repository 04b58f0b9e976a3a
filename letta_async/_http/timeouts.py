"""Timeouts that do not count time in which the event loop was blocked."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

__all__ = ["TimeoutScheduler", "Timer"]

_LATE: Final = 0.05
"""Minimum delay of a timer that indicates a blocked loop, in seconds."""
_MAX_EXTENSIONS: Final = 3
"""Maximum number of extensions per timer, because a server that floods the loop delays every timer."""


class TimeoutScheduler:
    """Scheduler of all timers of a loop, with a single timer handle of the loop; one per attempt would cost more.

    A few hundred timers run at once at most, so that checking all of them is cheap.
    """

    __slots__ = ("_due", "_handle", "_timers", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop: asyncio.AbstractEventLoop = loop
        self._timers: set[Timer] = set()
        self._handle: asyncio.TimerHandle | None = None
        self._due = math.inf
        """Time of the loop's timer handle, on the loop's clock; infinite without one."""

    def add(self, timer: Timer) -> None:
        """Add a timer."""
        self._timers.add(timer)
        if timer.when < self._due:
            self._wake(timer.when)

    def discard(self, timer: Timer) -> None:
        """Remove a timer; the loop's handle stays for the next one, which is rarely due earlier."""
        self._timers.discard(timer)

    def end(self, error: Callable[[], Exception]) -> None:
        """End the blocks of all timers now, each with a new error."""
        for timer in list(self._timers):
            timer.end(error())
        self._wake(math.inf)

    def _wake(self, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._due = when
        self._handle = None if when == math.inf else self.loop.call_at(when, self._check)

    def _check(self) -> None:
        now = max(self._due, self.loop.time())  # a loop may be a little early
        for timer in list(self._timers):
            timer.check(now)
        self._wake(min((timer.when for timer in self._timers), default=math.inf))


class Timer:
    """Context manager that limits the time of a block, like `asyncio.timeout`, on the loop's monotonic clock.

    After the loop was blocked (for example by the caller's own code), an expired timer and the response that arrived in
    time appear at the same moment. A timer is therefore extended by the time in which the loop did not run, at most by
    its own duration at once.

    Raises:
        TimeoutError: The time expired.

    """

    __slots__ = ("_began", "_cancels", "_error", "_extensions", "_seconds", "_task", "_watch", "when")

    def __init__(self, watch: TimeoutScheduler, seconds: float | None, began: float | None = None) -> None:
        """Set the time limit.

        Args:
            watch: Scheduler of the loop.
            seconds: Duration of the block; `None` for no limit but `TimeoutScheduler.end`.
            began: Time from which the duration counts, on the loop's clock; `None` for that of entering the block.

        """
        self._watch = watch
        self._seconds = math.inf if seconds is None else seconds
        self._began = began
        self._extensions = 0
        self._error: Exception | None = None

    @property
    def expired(self) -> bool:
        """Whether the timer has ended its block."""
        return self._error is not None

    def __enter__(self) -> Self:
        watch = self._watch
        task = asyncio.current_task(watch.loop)
        assert task is not None  # noqa: S101 - coroutines run in tasks
        self._task = task
        self._cancels = task.cancelling()
        began = self._began
        self.when: float = (watch.loop.time() if began is None else began) + self._seconds
        watch.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._watch.discard(self)
        # A task that was also cancelled by others stays cancelled.
        if self._error is not None and self._task.uncancel() <= self._cancels and kind is asyncio.CancelledError:
            raise self._error from error

    def end(self, error: Exception) -> None:
        """End the block now, and raise this error from it."""
        self._watch.discard(self)
        if self._error is None:
            self._error = error
            self._task.cancel()

    def check(self, now: float) -> None:
        """End the block if its time has expired."""
        late = now - self.when
        if late < 0:
            return
        if late < _LATE or self._extensions == _MAX_EXTENSIONS:
            self.end(TimeoutError())
        else:
            self._extensions += 1
            self.when = now + min(late, self._seconds)
