"""Calls that list: a page at a time, each page by the last item of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Generic, TypeVar

import attrs

from letta_async._unset import UNSET
from letta_async.models._operation import Operation

__all__ = ["Listing"]

Item = TypeVar("Item")

_SURELY_FULL: Final = 50
"""A page of fewer items than this, and than were asked for, is the last one. It is the page size of Letta 0.16.8; the
hosted API cuts larger ones, so that a page may be short of a larger `limit` and yet not the last."""


@attrs.frozen(kw_only=True)
class Listing(Operation[list[Item]], Generic[Item]):
    """A call that lists. A subclass has the parameters `limit`, `after` and `order`, and an `id` in each item."""

    method: ClassVar[str] = "GET"
    repeatable: ClassVar[bool] = True

    def arranged(self, page: list[Item]) -> list[Item]:
        """Put a page in the order that was asked for, where the server does not."""
        return page

    def mark(self, item: Item) -> int | None:
        """Return what tells an item from the others of the list, in 64 bits; `None` where nothing does."""
        identifier = getattr(item, "id", None)
        return None if identifier is None else hash(identifier)

    def turned(self, following: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the parameters that lead on from the same item by the other cursor."""
        others = {"after": "before", "before": "after"}
        return {
            key: value for name, item_id in following.items() for key, value in ((others[name], item_id), (name, UNSET))
        }

    def following(self, page: list[Item]) -> Mapping[str, Any]:
        """Give the parameters that lead from a page to the next one; none when it is the last."""
        limit: int | None = self.given().get("limit")  # type: ignore[assignment]  # a field of every subclass
        if len(page) < min(limit or _SURELY_FULL, _SURELY_FULL) or (limit and len(page) > limit):
            return {}
        last: Any = page[-1]
        return {"after": last.id}
