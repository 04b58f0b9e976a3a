"""Base class of all errors that the package raises."""

from __future__ import annotations

from typing import Any

from letta_async.errors._details import restore

__all__ = ["LettaError"]


class LettaError(Exception):
    """Base class of all errors that the package raises; catch it to catch them all."""

    def __reduce__(self) -> tuple[Any, ...]:
        return restore, (type(self), self.args, self.__dict__)
