"""Calls that list: a page at a time, each page by the last item of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Generic, TypeVar

import attrs

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

    def following(self, page: list[Item]) -> Mapping[str, Any]:
        """Give the parameters that lead from a page to the next one; none when it is the last."""
        limit: int | None = self.given().get("limit")  # type: ignore[assignment]  # a field of every subclass
        if len(page) < min(limit or _SURELY_FULL, _SURELY_FULL) or (limit and len(page) > limit):
            return {}
        last: Any = page[-1]
        return {"after": last.id}
