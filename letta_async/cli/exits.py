"""Exit codes with their meanings, as the program, its help and its documentation use them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

__all__ = ["MEANINGS", "Exit"]


class Exit(IntEnum):
    """Exit code of a process."""

    DONE = 0
    UNFINISHED = 1
    USAGE = 2
    UNREACHABLE = 3
    EXTRA = 4
    UNCHECKED = 5
    NOT_FOUND = 6
    LOCKED = 7
    FAULT = 70
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.DONE: "all is done; for status: nothing is stale",
    Exit.UNFINISHED: "for status: something is stale; for migrate --check: something would change; else: something"
    " failed or was busy, or the question was answered with no",
    Exit.USAGE: "an option, every id, the settings or the journal is wrong; nothing was changed",
    Exit.UNREACHABLE: "the server, or the cluster, cannot be reached, or refuses the API key",
    Exit.EXTRA: "an extra is not installed: cli for all, testing for serve and demo, dask for --dask, watch for"
    " --metrics",
    Exit.UNCHECKED: "something could not be listed, read or checked, or the output could not be written",
    Exit.NOT_FOUND: "there is no such agent or memory block (--block) or, for chat, conversation; nothing was changed",
    Exit.LOCKED: "for watch: another watcher has the lock of the state, or took it over",
    Exit.FAULT: "a fault of letta-async itself; LETTA_LOG=debug shows where",
    Exit.HUNG_UP: "the terminal was closed, as by a dropped ssh session (SIGHUP)",
    Exit.INTERRUPTED: "interrupted, as by Ctrl-C",
    Exit.TERMINATED: "terminated (SIGTERM)",
}
