"""Where a traceback ends: at the line of the user's that made the call."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

from letta_async.errors import LettaError

__all__ = ["drop_frames"]

_INNER: Final = ("letta_async", "tenacity", "concurrent")  # tenacity keeps what a try raised in a future
_log: Final = logging.getLogger("letta_async")


def drop_frames(error: BaseException) -> None:
    """Take this package's frames out of an error's traceback; a bare `raise` after it adds none. The cause stays.

    They tell a user nothing, and retrying makes a dozen of them. Where the package logs at the level `DEBUG`, as with
    `LETTA_LOG=debug`, they stay; so do those of any error that is not a `LettaError`, and of whatever is not ours.
    """
    if isinstance(error, LettaError) and not _log.isEnabledFor(logging.DEBUG):
        kept: TracebackType | None = None
        for entry in reversed(_entries(error.__traceback__)):
            if str(entry.tb_frame.f_globals.get("__name__")).partition(".")[0] not in _INNER:
                entry.tb_next = kept
                kept = entry
        error.__traceback__ = kept


def _entries(traceback: TracebackType | None) -> list[TracebackType]:
    entries: list[TracebackType] = []
    while traceback is not None:
        entries.append(traceback)
        traceback = traceback.tb_next
    return entries
