"""Weak cache keyed by object identity."""

from __future__ import annotations

import weakref
from typing import Generic, TypeVar

__all__ = ["WeakIdCache"]

Value = TypeVar("Value")


class WeakIdCache(Generic[Value]):
    """Cache of one value per object, kept as long as the object lives.

    Its keys are identities: equal objects can be different values of JSON, such as `True` and `1`.
    """

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[object], Value]] = {}

    def get(self, obj: object) -> Value | None:
        """Return the cached value of an object; `None` if there is none."""
        entry = self._entries.get(id(obj))
        return entry[1] if entry is not None and entry[0]() is obj else None

    def put(self, obj: object, value: Value) -> None:
        """Cache a value for an object until the object is garbage-collected."""
        entries, key = self._entries, id(obj)
        entries[key] = (weakref.ref(obj, lambda _: entries.pop(key, None)), value)
