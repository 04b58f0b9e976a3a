"""Program `letta-async` with a clock that another process moves on: `python -m tests.cli.watch_driver FD NOW …`.

Whenever the watch sleeps, a line with the time is written to the file descriptor FD. A line on standard input is the
number of seconds that then pass, at once.
"""

from __future__ import annotations

import asyncio
import heapq
import os
import sys
from itertools import count

import attrs

from letta_async.cli import main
from letta_async.resources._watching import AsyncWatching
from letta_async.watching.clock import Clock

LEASE_TASK = "letta-async-lease"


@attrs.define(eq=False)
class RemoteTime:
    """Time that passes as another process says."""

    now: float
    report: int
    _sleepers: list[tuple[float, int, bool, asyncio.Future[None]]] = attrs.field(factory=list, init=False)
    _numbers: count[int] = attrs.field(factory=count, init=False)
    _reader: asyncio.Task[None] | None = attrs.field(default=None, init=False)

    async def sleep(self, seconds: float) -> None:
        """Sleep until the time has passed."""
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        task = asyncio.current_task()
        assert task is not None
        is_lease = task.get_name() == LEASE_TASK
        awake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), is_lease, awake))
        if not is_lease:
            self._tell()
        await awake

    def _tell(self) -> None:
        os.write(self.report, f"{self.now}\n".encode())

    async def _read(self) -> None:
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            await self._pass(float(line))

    async def _pass(self, seconds: float) -> None:
        until = self.now + seconds
        watch_woke = False
        while self._sleepers and self._sleepers[0][0] <= until:
            self.now, _, is_lease, awake = heapq.heappop(self._sleepers)
            if awake.done():
                continue
            awake.set_result(None)
            watch_woke = watch_woke or not is_lease
            while is_lease and not any(each[2] for each in self._sleepers):
                await asyncio.sleep(0)  # the lease is renewed on a thread
        self.now = until
        if not watch_woke:
            self._tell()


def run() -> int:
    """Run the program."""
    report, now, *arguments = sys.argv[1:]
    time = RemoteTime(float(now), int(report))
    AsyncWatching._watch_clock = Clock(lambda: time.now, lambda: time.now, time.sleep)  # pyright: ignore[reportPrivateUsage] - an hour is to pass in seconds
    return main(arguments)


if __name__ == "__main__":
    sys.exit(run())
