"""What all lists of messages share: how their pages are ordered, and what leads from one to the next."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, ClassVar, Generic, Literal, TypeVar

from letta_async._schema.constraints import PageSize
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import InQuery, MessageId, operation, parameters
from letta_async.types.turn_input import MessageType

__all__ = ["MessageListing", "MessageToolParameters", "MessageTypeFilter", "TurnMessageListing"]

Item = TypeVar("Item")


@operation
class MessageListing(IdListing[Item], Generic[Item]):
    """A call that lists messages."""

    item: ClassVar[str] = "message"
    default_limit: ClassVar[int] = 100

    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of messages per page, as they are stored: one can be listed as several, or not at all. Server
    default: {default_limit}."""
    after: InQuery[MessageId | None] = UNSET
    before: InQuery[MessageId | None] = UNSET
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `desc`, but each page of an agent's messages the
    oldest first."""

    def arranged(self, page: list[Item]) -> list[Item]:
        """Return a page in the requested order; without one, as the server returned it.

        Letta 0.16.8 returns the messages of agents the oldest first in both orders.
        """
        return page if self.order is UNSET else self._sorted(page)

    def _in_order(self, page: list[Item]) -> list[Item]:
        """Return a page that `arranged` returned with the newest first, unless the oldest are requested first."""
        return self._sorted(page) if self.order is UNSET else page

    def _sorted(self, page: list[Item]) -> list[Item]:
        """Return a page that the server returned with the newest first, unless the oldest are requested first.

        The times do not tell in which order messages of one second are.
        """
        messages: Any = page
        first, last = (messages[0].date, messages[-1].date) if page else (None, None)
        if self.order == "asc" or self._keeps_order() or not (first and last and first <= last):
            return page
        return page[::-1]

    def _keeps_order(self) -> bool:
        """Return whether the server returns a page in the requested order."""
        return False

    def mark(self, item: Item) -> int | None:
        """Return what tells messages apart, also those with one ID: several can be made of one that is stored."""
        message: Any = item
        return None if message.id is None else hash((message.id, message.message_type, getattr(message, "otid", None)))

    def is_astray(self, page: list[Item], following: Mapping[str, Any], known: Container[int | None]) -> bool:
        """Return whether a page, in the requested order, ends with an item that was returned before."""
        return super().is_astray(self._in_order(page), following, known)

    def following(self, page: list[Item]) -> Mapping[str, Any]:
        """Return the parameters that lead on: `after` and `before` mean later and earlier, whatever the order.

        A short page is not the last one: the server counts what is stored, of which one can be listed as several
        messages, and another as none.
        """
        if not page:
            return {}
        last: Any = self._in_order(page)[-1]
        return {"after" if self.order == "asc" else "before": last.id}


@parameters
class MessageTypeFilter:
    """Parameter of a list that can be limited to some types of messages."""

    include_return_message_types: InQuery[list[MessageType] | None] = UNSET
    """List messages of these types alone, such as `assistant_message`. Default: all."""


@parameters
class MessageToolParameters:
    """Parameters of a list for agents that speak by calling a tool; deprecated by the API."""

    use_assistant_message: InQuery[bool] = UNSET
    """Return calls of the message tool as `AssistantMessage`; deprecated by the API. Server default: `True`."""
    assistant_message_tool_name: InQuery[str] = UNSET
    """Name of the message tool; deprecated by the API. Server default: `send_message`."""
    assistant_message_tool_kwarg: InQuery[str] = UNSET
    """Name of the message tool's argument; deprecated by the API. Server default: `message`."""


@operation
class TurnMessageListing(MessageTypeFilter, CreationOrder, MessageListing[Item], Generic[Item]):
    """A call that lists the messages of an agent or of a conversation, turn by turn."""

    after: InQuery[MessageId | None] = UNSET
    """List messages later than the one with this ID, whatever the order."""
    before: InQuery[MessageId | None] = UNSET
    """List messages earlier than the one with this ID, whatever the order."""
    group_id: InQuery[str | None] = UNSET
    """List messages of this group of agents."""
    include_err: InQuery[bool | None] = UNSET
    """Include messages of failed steps, for debugging."""
