"""Base class of lists of passages: their cursors mean newer and older, whatever the order."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Final, Generic, TypeVar

from letta_async.operations._listing import Listing
from letta_async.operations._operation import operation

__all__ = ["PassageListing"]

Item = TypeVar("Item")

_DEFAULT_LIMIT: Final = 100
"""Page size of Letta 0.16.8 where a call has no `limit`."""


@operation
class PassageListing(Listing[Item], Generic[Item]):
    """A call that lists passages."""

    turns = False

    @property
    def is_ascending(self) -> bool:
        """Whether the oldest passages come first."""
        return self.given().get("order", "desc") == "asc"

    def following(self, page: list[Item]) -> Mapping[str, Any]:
        """Return the parameters that request the next page.

        In descending order, Letta 0.16.8 sorts passages of the same time by ascending ID, but takes `before` to mean a
        lower one. The cursor is therefore the first passage of the last time but one, so that those of the last time
        are repeated. If all passages of a page are of one time, a larger page is requested.
        """
        passages: list[Any] = list(page)
        if not super().following(page):
            return {}
        if self.is_ascending:
            return {"after": passages[-1].id}
        first_of_each_time = {each.created_at: each.id for each in reversed(passages)}  # the last time first
        _, *others = first_of_each_time.values()
        if others:
            return {"before": others[0]}
        limit: Any = self.given().get("limit") or _DEFAULT_LIMIT
        return {"limit": 2 * limit} if len(page) >= limit else {}

    def is_astray(self, page: list[Item], following: Mapping[str, Any], known: Container[int | None]) -> bool:
        """Return whether a page ends with a known passage and leads to itself."""
        return bool(page) and self.mark(page[-1]) in known and self.following(page) == following
