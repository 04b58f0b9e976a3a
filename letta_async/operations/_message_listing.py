"""What all lists of messages share: how their pages are ordered, and what leads from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from letta_async.operations._listing import Listing
from letta_async.operations._operation import operation

__all__ = ["MessageListing"]

Item = TypeVar("Item")


@operation
class MessageListing(Listing[Item], Generic[Item]):
    """A call that lists messages. A subclass has the parameters `limit`, `after`, `before` and `order`."""

    def arranged(self, page: list[Item]) -> list[Item]:
        """Return the newest first, unless the oldest are requested first.

        Letta 0.16.8 returns the messages of agents the oldest first in both orders.
        """
        order: Any = getattr(self, "order", None)
        messages: Any = page
        first, last = (messages[0].date, messages[-1].date) if page else (None, None)
        if order == "asc" or self._keeps_order() or not (first and last and first <= last):
            return page
        return page[::-1]

    def _keeps_order(self) -> bool:
        """Return whether the server returns a page in the requested order."""
        return False

    def mark(self, item: Item) -> int | None:
        """Return what tells messages apart, also those with one ID: several can be made of one that is stored."""
        message: Any = item
        return None if message.id is None else hash((message.id, message.message_type, getattr(message, "otid", None)))

    def following(self, page: list[Item]) -> Mapping[str, Any]:
        """Return the parameters that lead on: `after` and `before` mean later and earlier, whatever the order.

        A short page is not the last one: the server counts what is stored, of which one can be listed as several
        messages, and another as none.
        """
        if not page:
            return {}
        order: Any = getattr(self, "order", None)
        last: Any = page[-1]
        return {"after" if order == "asc" else "before": last.id}
