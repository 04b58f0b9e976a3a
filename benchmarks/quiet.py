"""Check that no other program uses the machine during a benchmark, by processor time; Linux only.

A real server takes all the processor time that it gets, so that a neighbour who takes half of it halves every figure.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

__all__ = ["Neighbours"]

_PROC: Final = Path("/proc")
_LOOK: Final = 3.0
_LISTENING: Final = "0A"


class Neighbours:
    """Number of cores that other programs use, besides this process, its children, a local server and its database."""

    def __init__(self, port: int) -> None:
        self._known = [os.getpid(), *_listeners(port)]
        self._before = self._read()

    def cores(self) -> float | None:
        """Return the number of cores used since the last call; `None` if it cannot be determined."""
        before, self._before = self._before, self._read()
        if before is None or self._before is None or self._before[0] <= before[0]:
            return None
        seconds = self._before[0] - before[0]
        return max(0.0, (self._before[1] - before[1]) - (self._before[2] - before[2])) / seconds

    async def wait(self, most: float, longest: float) -> None:
        """Wait until others use at most a number of cores, with a timeout in seconds."""
        gives_up = time.monotonic() + longest
        while time.monotonic() < gives_up:
            self.cores()
            await asyncio.sleep(_LOOK)
            if (self.cores() or 0.0) <= most:
                return

    def _read(self) -> tuple[float, float, float] | None:
        """Return the time, the processor seconds of all processes so far, and those of the known processes."""
        try:
            everybody = (_PROC / "stat").read_text(encoding="ascii").split(maxsplit=9)[1:9]
        except OSError:
            return None
        busy = sum(int(ticks) for number, ticks in enumerate(everybody) if number not in {3, 4})  # idle, waiting
        tick = os.sysconf("SC_CLK_TCK")
        return time.monotonic(), busy / tick, sum(_ticks(self._known)) / tick


def _ticks(known: Iterable[int]) -> Iterator[int]:
    """Yield the processor time of the known processes, of their children, and of databases."""
    known = set(known)
    for folder in _PROC.glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")
        except OSError:
            continue  # it ended
        fields = rest.split()
        if int(folder.name) in known or int(fields[1]) in known or name.endswith("(postgres"):
            yield int(fields[11]) + int(fields[12])


def _listeners(port: int) -> Iterator[int]:
    """Find the processes that listen on a port of this machine."""
    sockets: set[str] = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (_PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{fields[9]}]")
    for folder in _PROC.glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in sockets for link in (folder / "fd").iterdir()):
                yield int(folder.name)
        except OSError:
            continue  # it ended, or is another user's
