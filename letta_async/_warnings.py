"""Warn at the user's own line, also when it is another thread's."""

from __future__ import annotations

import sys
import warnings
from contextvars import ContextVar
from types import FrameType
from typing import Final

__all__ = ["CALLER", "warn"]

CALLER: Final[ContextVar[list[FrameType] | None]] = ContextVar("letta_async_caller", default=None)
"""Where the facade was called: its calls run on a thread whose stack does not lead back to the user.

The list is emptied after the call, since a connection that is kept keeps the context in which it was made.
"""

_INNER: Final = ("letta_async", "attr", "asyncio", "uvloop")
"""Packages whose frames are not the user's."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points at the nearest frame that is the user's."""
    caller = CALLER.get()
    frame = caller[0] if caller else sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in _INNER:
        frame = frame.f_back
    warnings.warn_explicit(
        message,
        category,
        filename=frame.f_code.co_filename,
        lineno=frame.f_lineno,
        module=str(frame.f_globals.get("__name__", "<unknown>")),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )
