"""Pages of a list that are JSON objects, with the items in one field and the cursor of the next page in another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import attrs

__all__ = ["CursorPage", "ObjectPage"]

Item = TypeVar("Item")


@attrs.frozen
class ObjectPage:
    """Type of a response that is a page as a JSON object; `read` converts it to a `CursorPage`."""

    items: Any
    """Type of the list of items."""
    items_in: str
    """Name of the field with the items."""
    cursor_in: str
    """Name of the field with the cursor."""
    more_in: str | None
    """Name of the boolean field that is true if a next page exists; `None` if the cursor shows it."""


class CursorPage(list[Item]):
    """List of the items of a page, with the cursor of the next page."""

    def __init__(self, items: Iterable[Item], cursor: str | None, *, more: bool) -> None:
        super().__init__(items)
        self.cursor = cursor
        """Cursor of the next page."""
        self.more = more
        """Whether a next page exists."""
