"""Watcher behind `client.watch`: holds the lock of the state, and scans again and again."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Final

import attrs

from letta_async._utils.logging_setup import log
from letta_async.batch.outcome import Outcome
from letta_async.errors import (
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    InvalidArgumentError,
    LettaError,
    NotFoundError,
    PermissionDeniedError,
    UnprocessableEntityError,
    WatchLockedError,
    WatchStateError,
)
from letta_async.types.watch import Scan
from letta_async.watching.clock import Clock
from letta_async.watching.scanner import Report, Scanner
from letta_async.watching.state import WatchState
from letta_async.watching.state_file import StateFile

__all__ = ["Watcher", "interval_after"]

_FINAL: Final = (
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnprocessableEntityError,
    WatchStateError,
)
"""Errors of a scan that would be the same the next time."""
_LONGEST_INTERVAL: Final = 300.0
"""Maximum interval between scans that fail, in seconds, unless the usual one is longer."""
_SHORTEST_WAIT: Final = 0.1
"""Minimum time between two attempts of a standby, in seconds."""
_MAX_DOUBLINGS: Final = 30


def interval_after(failures: int, every: float) -> float:
    """Return the interval between the beginnings of two scans, in seconds, after a number of failed ones in a row."""
    doublings = min(max(failures - 1, 0), _MAX_DOUBLINGS)
    return min(every * 2.0**doublings, max(every, _LONGEST_INTERVAL))


@attrs.define(eq=False, kw_only=True)
class Watcher:
    """A watch: scans at an interval, while it has the lock of the state."""

    scanner: Scanner
    state: WatchState
    clock: Clock
    header: Mapping[str, str]
    """What the state belongs to."""
    every: float
    """Interval between the beginnings of two scans, in seconds."""
    once: bool
    """Whether to end after one scan."""
    standby: bool
    """Whether to wait for the lock."""
    on_scan: Callable[[Scan], object] | None

    _keeper: asyncio.Task[None] | None = attrs.field(default=None, init=False)
    """Renews the lease; `None` for a state in memory."""
    _stopping: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)

    async def run(self) -> AsyncGenerator[Outcome, None]:
        """Yield the outcomes of all scans; closing the generator cancels what is in flight and releases the lock."""
        try:
            await self.state.open(self.header)
            if not await self._acquire():
                return
            if self.state.file.path is not None:
                self._keeper = asyncio.create_task(self.state.keep_locked(), name="letta-async-lease")
                self._keeper.add_done_callback(lambda task: task.cancelled() or task.exception())  # else it is logged
            failures = 0
            while not self._stopping.is_set():
                began = self.clock.monotonic()
                report = Report(at=self.clock.wall())
                async with aclosing(self._scan(report)) as outcomes:
                    async for outcome in outcomes:
                        yield outcome
                if self.once or self._stopping.is_set():
                    return
                failures = failures + 1 if report.error is not None else 0
                await self._wait(began + interval_after(failures, self.every) - self.clock.monotonic())
        finally:
            try:
                if self._keeper is not None:
                    self._keeper.cancel()
                    await asyncio.wait([self._keeper])
            finally:  # also when a second cancellation arrives
                await self.state.close()

    def stop(self) -> None:
        """End the watch once the targets in flight have their outcomes; start no further one."""
        self._stopping.set()
        self.scanner.rate.close()

    async def _acquire(self) -> bool:
        """Acquire the lock; in a standby, wait for it. Return `False` if the watch was stopped before."""
        while not self._stopping.is_set():
            report = Report(at=self.clock.wall())
            try:
                await self.state.write(StateFile.acquire)
            except WatchLockedError as error:
                if not self.standby:
                    raise
                report.error = error
                log.info("standby: %s", error)
                await self._tell(report, 0.0)
                left = error.until.timestamp() - self.clock.wall()
                await self._wait(max(min(left, self.every), _SHORTEST_WAIT))
            else:
                return True
        return False

    async def _scan(self, report: Report) -> AsyncGenerator[Outcome, None]:
        """Scan once, yield the outcomes, and report.

        Raises:
            LettaError: The scan failed, and another one would as well, or no other one follows.

        """
        began = self.clock.monotonic()
        raised: LettaError | None = None
        try:
            async with aclosing(self.scanner.run(report)) as outcomes:
                async for outcome in outcomes:
                    yield outcome
        except LettaError as error:
            raised = report.error = error
        if not isinstance(raised, WatchStateError):
            report.pending = await self.state.read(StateFile.count_pending)
        await self._tell(report, self.clock.monotonic() - began)
        if report.error is None:
            return
        if isinstance(raised, _FINAL) or self.once:
            raise report.error
        log.warning("a scan failed, and another one follows: %s", report.error)

    async def _tell(self, report: Report, seconds: float) -> None:
        """Call the user's function with the report of a scan."""
        if self.on_scan is not None:
            result = self.on_scan(report.finished(seconds))
            if inspect.isawaitable(result):
                await result

    async def _wait(self, seconds: float) -> None:
        """Sleep, but not after the watch was stopped.

        Raises:
            WatchStateError: The lock was lost, or the state cannot be written.

        """
        others = () if self._keeper is None else (self._keeper,)
        await self.clock.sleep_unless(self._stopping, seconds, *others)
