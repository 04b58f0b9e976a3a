"""What was worked out of an object once, kept for as long as the object lives."""

from __future__ import annotations

import weakref
from typing import Generic, TypeVar

__all__ = ["WeakIdCache"]

Value = TypeVar("Value")


class WeakIdCache(Generic[Value]):
    """Remember a value for each of some objects.

    It goes by identity: objects that are equal need not be equally right, as `True == 1` shows.
    """

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[object], Value]] = {}

    def get(self, of: object) -> Value | None:
        """Give what is known of an object, if anything is."""
        entry = self._entries.get(id(of))
        return entry[1] if entry is not None and entry[0]() is of else None

    def put(self, of: object, value: Value) -> None:
        """Remember a value until the object is gone."""
        entries, key = self._entries, id(of)
        entries[key] = (weakref.ref(of, lambda _: entries.pop(key, None)), value)
