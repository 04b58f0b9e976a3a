"""Warn at the user's own line, also when it is another thread's."""

from __future__ import annotations

import sys
import warnings
from contextvars import ContextVar
from typing import Any, Final

import attrs

__all__ = ["CALLER", "Place", "warn"]

_INNER: Final = ("letta_async", "attr", "asyncio", "uvloop")
"""Packages whose frames are not the user's."""


@attrs.frozen
class Place:
    """A line of the user's code. It holds no frame: a connection that is kept keeps the context it was made in."""

    filename: str
    lineno: int
    module: str
    registry: dict[Any, Any] = attrs.field(repr=False)
    """Where the module remembers which warnings were shown."""

    @classmethod
    def here(cls) -> Place:
        """Find the nearest frame that is the user's."""
        frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - `inspect.stack` takes milliseconds
        while frame.f_back is not None and _module(frame.f_globals).partition(".")[0] in _INNER:
            frame = frame.f_back
        return cls(
            frame.f_code.co_filename,
            frame.f_lineno,
            _module(frame.f_globals),
            frame.f_globals.setdefault("__warningregistry__", {}),
        )


CALLER: Final[ContextVar[Place | None]] = ContextVar("letta_async_caller", default=None)
"""Where the facade was called: its calls run on a thread whose stack does not lead back to the user."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points at the user's line."""
    place = CALLER.get() or Place.here()
    warnings.warn_explicit(
        message, category, place.filename, place.lineno, module=place.module, registry=place.registry
    )


def _module(namespace: dict[str, Any]) -> str:
    return str(namespace.get("__name__", "<unknown>"))
