"""Removal of this package's frames from tracebacks, so that they end at the user's line."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

from letta_async.errors import LettaError

__all__ = ["drop_frames"]

_INTERNAL_PACKAGES: Final = (
    "letta_async",
    "tenacity",
    "concurrent",
)  # tenacity keeps an attempt's exception in a future
_log: Final = logging.getLogger("letta_async")


def drop_frames(error: BaseException) -> None:
    """Remove this package's frames from an error's traceback; a bare `raise` after it adds none. The cause stays.

    The frames do not help a user, and retrying adds a dozen of them. They stay if the package logs at level `DEBUG`, as
    with `LETTA_LOG=debug`, and if the error is not a `LettaError`. Frames of other packages always stay.
    """
    if isinstance(error, LettaError) and not _log.isEnabledFor(logging.DEBUG):
        kept: TracebackType | None = None
        for entry in reversed(_traceback_entries(error.__traceback__)):
            if str(entry.tb_frame.f_globals.get("__name__")).partition(".")[0] not in _INTERNAL_PACKAGES:
                entry.tb_next = kept
                kept = entry
        error.__traceback__ = kept


def _traceback_entries(traceback: TracebackType | None) -> list[TracebackType]:
    entries: list[TracebackType] = []
    while traceback is not None:
        entries.append(traceback)
        traceback = traceback.tb_next
    return entries
