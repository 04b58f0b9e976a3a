"""Pages of a list that come as an object: the items in one field, the cursor to the next page in another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import attrs

__all__ = ["CursorPage", "ObjectPage"]

Item = TypeVar("Item")


@attrs.frozen
class ObjectPage:
    """Type of a response that is such an object; it is read as a `CursorPage`."""

    items: Any
    """Type of the list of items."""
    items_in: str
    """Name of the field with the items."""
    cursor_in: str
    """Name of the field with the cursor."""
    more_in: str | None
    """Name of the field that says whether a next page exists; `None` where the cursor says it."""


class CursorPage(list[Item]):
    """The items of a page, with what leads to the next one."""

    def __init__(self, items: Iterable[Item], cursor: str | None, *, more: bool) -> None:
        super().__init__(items)
        self.cursor = cursor
        """Cursor of the next page."""
        self.more = more
        """Whether a next page exists."""
