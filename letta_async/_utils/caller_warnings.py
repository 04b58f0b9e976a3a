"""Warnings that point at the user's line of code, even if it runs on another thread."""

from __future__ import annotations

import sys
import warnings
from contextvars import ContextVar
from typing import Any, Final

import attrs

__all__ = ["CALL_SITE", "CallSite", "warn"]

_INTERNAL_PACKAGES: Final = ("letta_async", "attr", "asyncio", "uvloop")
"""Packages whose frames are skipped in search of the user's."""


@attrs.frozen(eq=False)
class CallSite:
    """Line of the user's code, without its frame, which a pooled connection would keep alive with its context."""

    filename: str
    lineno: int
    module: str
    registry: dict[Any, Any] = attrs.field(repr=False)
    """The module's `__warningregistry__`, which records the warnings that were shown."""

    @classmethod
    def current(cls) -> CallSite:
        """Return the line of the innermost frame that is the user's."""
        frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - `inspect.stack` takes milliseconds
        while frame.f_back is not None and _module_name(frame.f_globals).partition(".")[0] in _INTERNAL_PACKAGES:
            frame = frame.f_back
        return cls(
            frame.f_code.co_filename,
            frame.f_lineno,
            _module_name(frame.f_globals),
            frame.f_globals.setdefault("__warningregistry__", {}),
        )


CALL_SITE: Final[ContextVar[CallSite | None]] = ContextVar("letta_async_caller", default=None)
"""Line that called the sync client, whose calls run on a thread with a stack that does not lead back to the user."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points at the user's line of code."""
    call_site = CALL_SITE.get() or CallSite.current()
    warnings.warn_explicit(
        message, category, call_site.filename, call_site.lineno, module=call_site.module, registry=call_site.registry
    )


def _module_name(namespace: dict[str, Any]) -> str:
    return str(namespace.get("__name__", "<unknown>"))
