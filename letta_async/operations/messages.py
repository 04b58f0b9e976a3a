"""Calls about messages of conversations, under `/v1/conversations/{conversation_id}/messages`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from letta_async._schema.fields import PageSize
from letta_async._schema.unset import UNSET
from letta_async.operations._conversation import ConversationOperation
from letta_async.operations._listing import Listing
from letta_async.operations._operation import (
    GET,
    AgentId,
    Endpoint,
    InQuery,
    MessageId,
    operation,
)
from letta_async.types.message import Message

__all__ = ["ListMessages"]


@operation
class ListMessages(ConversationOperation[list[Message]], Listing[Message]):
    """List the messages of a conversation. Letta 0.16.8 lists none for a conversation that does not exist."""

    http: ClassVar[Endpoint] = GET("/v1/conversations/{conversation_id}/messages")

    agent_id: InQuery[AgentId | None] = UNSET
    """`agent-<uuid4>`, with `conversation_id="default"`; beside another ID it has no effect."""
    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of messages per page, as they are stored: one can be listed as several, or not at all. Server
    default: 100."""
    after: InQuery[MessageId | None] = UNSET
    """List messages later than the one with this ID, whatever the order."""
    before: InQuery[MessageId | None] = UNSET
    """List messages earlier than the one with this ID, whatever the order."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `desc`."""
    group_id: InQuery[str | None] = UNSET
    """List messages of this group of agents."""
    include_err: InQuery[bool | None] = UNSET
    """Include messages of failed steps, for debugging."""

    def arranged(self, page: list[Message]) -> list[Message]:
        """Return the newest first: 0.16.8 returns an agent's own messages the oldest first in both orders."""
        first, last = (page[0].date, page[-1].date) if page else (None, None)
        if self.order == "asc" or self.conversation_id.startswith("conv-") or not (first and last and first <= last):
            return page
        return page[::-1]

    def mark(self, item: Message) -> int | None:
        """Return what tells messages apart, also those with one ID: several can be made of one that is stored."""
        return None if item.id is None else hash((item.id, item.message_type, getattr(item, "otid", None)))

    def following(self, page: list[Message]) -> Mapping[str, Any]:
        """Return the parameters that lead on: `after` and `before` mean later and earlier, whatever the order.

        A short page is not the last one: the server counts what is stored, of which one can be listed as several
        messages, and another as none.
        """
        if not page:
            return {}
        return {"after" if self.order == "asc" else "before": page[-1].id}
