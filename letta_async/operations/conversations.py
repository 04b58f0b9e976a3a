"""Calls under `/v1/conversations`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from letta_async import types
from letta_async._schema.constraints import Count, PageSize
from letta_async._schema.unset import UNSET
from letta_async.operations._conversation import CompactionParameters, ConversationOperation, DryRunParameters
from letta_async.operations._listing import Listing
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    AgentId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    MessageId,
    Operation,
    OwnConversationId,
    Query,
    operation,
    parameters,
)
from letta_async.types.compaction import CompactionSettings, CompactResponse
from letta_async.types.conversation import Conversation

__all__ = [
    "CancelConversation",
    "Compact",
    "CreateConversation",
    "DeleteConversation",
    "ForkConversation",
    "ListConversations",
    "Recompile",
    "RetrieveConversation",
    "UpdateConversation",
]


@operation
class Recompile(DryRunParameters, ConversationOperation[str]):
    """Recompile a conversation's system prompt so that edits to memory blocks take effect.

    Returns:
        The compiled system prompt, decoded. For `default` without `dry_run`, Letta 0.16.8 stores the new prompt but
        returns the previous one.

    Raises:
        NotFoundError: There is no such conversation.

    """

    http: ClassVar[Endpoint] = POST("/v1/conversations/{conversation_id}/recompile", repeatable=True)

    compaction_settings: InBody[CompactionSettings | None] = UNSET
    """How the conversation is to be compacted, as a `CompactionSettings` or a mapping of the same fields; both are
    validated. Letta 0.16.8 validates them here but uses them only when it compacts."""


@operation
class Compact(CompactionParameters, ConversationOperation[CompactResponse]):
    """Summarize the messages of a conversation, so that fewer of them stay in its context.

    The server asks a model for the summary. Done twice, it summarizes the summary, and costs twice.

    Raises:
        BadRequestError: There was nothing to summarize.
        NotFoundError: There is no such conversation.
        InternalServerError: The model's provider failed.

    """

    http: ClassVar[Endpoint] = POST("/v1/conversations/{conversation_id}/compact", traffic="model")


@operation
class ForkConversation(ConversationOperation[Conversation]):
    """Create a conversation with the messages of another, and a system prompt compiled from the current memory.

    Raises:
        NotFoundError: There is no such conversation.

    """

    http: ClassVar[Endpoint] = POST("/v1/conversations/{conversation_id}/fork")

    agent_id: InQuery[AgentId | None] = UNSET
    hidden: InQuery[bool] = UNSET
    """Leave the new conversation out of lists; hosted API."""
    message_id: InQuery[MessageId | None] = UNSET
    """`message-<uuid4>`: the last message to copy. Default: all messages; hosted API."""


@operation
class CancelConversation(ConversationOperation[dict[str, Any]]):
    """Cancel the active runs of a conversation. Done twice, it may cancel a run that began in between.

    Returns:
        The result for each run, by its ID: `cancelled` or `failed`.

    Raises:
        ConflictError: No run is active.
        NotFoundError: There is no such conversation.

    """

    http: ClassVar[Endpoint] = POST("/v1/conversations/{conversation_id}/cancel")

    agent_id: InQuery[AgentId | None] = UNSET


@parameters
class ConversationFields:
    """What can be set of a conversation, when it is created or later."""

    summary: InBody[str | None] = UNSET
    """Summary of the conversation."""
    model: InBody[str | None] = UNSET
    """Handle of the model to use instead of the agent's, `provider/model-name`."""
    model_settings: InBody[types.ModelSettings | None] = UNSET
    """Settings of that model, as a class of this package or a mapping of the same fields; both are validated."""
    context_window_limit: InBody[Count | None] = UNSET
    """Size of the context window, in tokens; hosted API."""
    description: InBody[str | None] = UNSET
    """Description of the conversation, for searching; hosted API."""


@operation
class CreateConversation(ConversationFields, Operation[Conversation]):
    """Create a conversation with an agent; its system prompt is compiled from the agent's current memory.

    Raises:
        BadRequestError: The agent has no block with one of `isolated_block_labels`; Letta 0.16.8 leaves a conversation
            without messages behind.
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = POST("/v1/conversations/")

    agent_id: Annotated[AgentId, Query()]
    """`agent-<uuid4>`."""
    isolated_block_labels: InBody[list[str] | None] = UNSET
    """Labels of the agent's blocks that the conversation gets copies of, for itself."""
    hidden: InBody[bool] = UNSET
    """Leave the conversation out of lists; hosted API."""


@operation
class ListConversations(Listing[Conversation]):
    """List conversations. Letta 0.16.8 lists none for an agent that does not exist."""

    http: ClassVar[Endpoint] = GET("/v1/conversations/")

    agent_id: InQuery[AgentId | None] = UNSET
    """List conversations of this agent. Default: those of every agent."""
    limit: InQuery[PageSize] = UNSET
    """Maximum number of conversations per page. Server default: 50."""
    after: InQuery[OwnConversationId | None] = UNSET
    """Start after the conversation with this ID, in the order of the list."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `desc`."""
    order_by: InQuery[Literal["created_at", "last_run_completion", "last_message_at"]] = UNSET
    """Time that the order goes by. Server default: `created_at`. With the other two, `asc` does not work over several
    pages on Letta 0.16.8."""
    summary_search: InQuery[str | None] = UNSET
    """List conversations whose summary contains this text."""
    archive_status: InQuery[Literal["unarchived", "archived", "all"]] = UNSET
    """List conversations in this state of archiving; hosted API."""


@operation
class RetrieveConversation(Operation[Conversation]):
    """Retrieve a conversation.

    Raises:
        NotFoundError: There is no such conversation.

    """

    http: ClassVar[Endpoint] = GET("/v1/conversations/{conversation_id}")

    conversation_id: InPath[OwnConversationId]
    """`conv-<uuid4>`."""


@operation
class UpdateConversation(ConversationFields, Operation[Conversation]):
    """Update a conversation.

    A parameter that is left out keeps its value; on Letta 0.16.8, so does one that is `None`.

    Raises:
        NotFoundError: There is no such conversation.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/conversations/{conversation_id}")

    conversation_id: InPath[OwnConversationId]
    """`conv-<uuid4>`."""
    last_message_at: InBody[datetime | None] = UNSET
    """When the last message was sent: a `datetime`, or a string in ISO 8601, with a time zone."""
    archived: InBody[bool | None] = UNSET
    """Archive the conversation, or restore it; hosted API."""


@operation
class DeleteConversation(Operation[None]):
    """Delete a conversation, and those of its messages that no other conversation shares.

    Raises:
        NotFoundError: There is no such conversation, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/conversations/{conversation_id}")

    conversation_id: InPath[OwnConversationId]
    """`conv-<uuid4>`."""
