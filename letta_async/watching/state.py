"""State of a watch, whose file is read and written on a thread, so that the event loop never waits for the disk."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Callable, Mapping
from typing import Final, Self, TypeVar

import attrs

from letta_async._utils.threads import WorkerThread
from letta_async.watching.clock import Clock
from letta_async.watching.state_file import StateFile

__all__ = ["WatchState"]

T = TypeVar("T")

_RENEWALS: Final = 3
"""Number of times that a lease is renewed before it expires."""


@attrs.define(eq=False)
class WatchState:
    """State of a watch, for the event loop."""

    file: StateFile
    clock: Clock

    _thread: WorkerThread = attrs.field(factory=lambda: WorkerThread("letta-async-watch"), init=False)
    _renewed_until: float = attrs.field(default=0.0, init=False)
    """Time until which the lock surely is this watcher's."""

    @classmethod
    def at(cls, path: str | None, lease: float, clock: Clock) -> Self:
        """Create the state of a watcher with a name of its own."""
        owner = f"{socket.gethostname()}, process {os.getpid()}, {uuid.uuid4().hex[:8]}"
        return cls(StateFile(path, owner, lease), clock)

    async def open(self, header: Mapping[str, str]) -> None:
        """Open the file; see `StateFile.open`."""
        await self._thread.run(lambda: self.file.open(header))

    async def read(self, function: Callable[[StateFile], T]) -> T:
        """Run a function that reads, on the thread."""
        return await self._thread.run(lambda: function(self.file))

    async def write(self, function: Callable[[StateFile, float], None]) -> None:
        """Run a function that writes, on the thread; it gets the time, and renews the lease.

        Raises:
            WatchLockedError: Another watcher has the lock.
            WatchStateError: The state cannot be written.

        """
        now = self.clock.wall()
        await self._thread.run(lambda: function(self.file, now))
        self._renewed_until = now + self.file.lease

    async def ensure_locked(self) -> None:
        """Renew the lease if it may have expired, as after the computer was suspended.

        Raises:
            WatchLockedError: Another watcher has the lock.
            WatchStateError: The state cannot be written.

        """
        if self.file.path is not None and self.clock.wall() >= self._renewed_until:
            await self.write(StateFile.renew)

    async def keep_locked(self) -> None:
        """Renew the lease again and again, until it is cancelled or fails as `ensure_locked` does."""
        while True:
            await self.clock.sleep(self.file.lease / _RENEWALS)
            await self.write(StateFile.renew)

    async def close(self) -> None:
        """Release the lock and close the file; the thread does both even if the wait is cancelled."""
        closing = self._thread.run(self.file.close)
        await asyncio.wait([closing])
        closing.exception()  # the file is closed all the same, and the lease expires
        self._thread.close()
