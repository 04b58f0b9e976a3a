"""Calls about messages of all agents, under `/v1/messages`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._message_listing import MessageListing, MessageTypeFilter
from letta_async.operations._operation import (
    GET,
    POST,
    AgentId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    MessageId,
    Operation,
    OwnConversationId,
    operation,
)
from letta_async.operations._searching import SearchParameters
from letta_async.types.message import Message
from letta_async.types.message_search import FoundMessage

__all__ = ["ListAllMessages", "RetrieveMessage", "SearchMessages"]


@operation
class ListAllMessages(MessageTypeFilter, MessageListing[Message]):
    """List messages of all agents."""

    http: ClassVar[Endpoint] = GET("/v1/messages/")

    conversation_id: InQuery[OwnConversationId | None] = UNSET
    """List messages of this conversation, `conv-<uuid4>`."""


@operation
class RetrieveMessage(Operation[list[Message]]):
    """Retrieve a message.

    Returns:
        What was made of the stored message: one message or several, such as reasoning and a tool call.

    Raises:
        NotFoundError: There is no such message.

    """

    http: ClassVar[Endpoint] = GET("/v1/messages/{message_id}")

    message_id: InPath[MessageId]
    """`message-<uuid4>`."""


@operation
class SearchMessages(SearchParameters, Operation[list[FoundMessage]]):
    """Search the messages of all agents.

    Returns:
        The messages that were found.

    Raises:
        BadRequestError: The server has no index of messages; a self-hosted Letta 0.16.8 has none by default.

    """

    http: ClassVar[Endpoint] = POST("/v1/messages/search", repeatable=True)

    query: InBody[str]
    """Text to search for."""
    agent_id: InBody[AgentId | None] = UNSET
    """Search messages of this agent, `agent-<uuid4>`."""
    conversation_id: InBody[OwnConversationId | None] = UNSET
    """Search messages of this conversation, `conv-<uuid4>`."""
    start_date: InBody[datetime | None] = UNSET
    """Search messages created after this time."""
    end_date: InBody[datetime | None] = UNSET
    """Search messages created until this time."""
