"""Conversations, and the calls about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

import attrs

from letta_async._unset import UNSET, Unset
from letta_async.models._direct import Direct
from letta_async.models._fields import Count, PageSize, WireObject
from letta_async.models._listing import Listing
from letta_async.models._operation import PATH, QUERY, AgentId, MessageId, Operation, OwnConversationId
from letta_async.models.compaction import CompactionSettings
from letta_async.models.providers import ModelSettings

__all__ = [
    "CancelConversation",
    "Compact",
    "CompactResponse",
    "Conversation",
    "CreateConversation",
    "DeleteConversation",
    "ForkConversation",
    "ListConversations",
    "Recompile",
    "RetrieveConversation",
    "UpdateConversation",
]


# --- answers --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Conversation(WireObject):
    """A thread of messages of an agent, with a system prompt of its own.

    Source: `Conversation` in the OpenAPI description of Letta 0.16.8, and what the official client knows besides of the
    hosted API. What the server does not say is `None`.
    """

    id: str
    """`conv-<uuid4>`."""
    agent_id: str
    """The agent that it belongs to."""
    summary: str | None = None
    """What it is about."""
    description: str | None = None
    """What it is about, for searching; hosted API."""
    in_context_message_ids: list[str] | None = attrs.field(default=None, hash=False)
    """The messages in its context, the system message first; 0.16.8 tells them where it is retrieved alone."""
    isolated_block_ids: list[str] | None = attrs.field(default=None, hash=False)
    """Blocks of its own."""
    model: str | None = None
    """Model to use instead of the agent's, `provider/model-name`."""
    model_settings: ModelSettings | None = None
    """Settings of that model."""
    context_window_limit: int | None = None
    """Size of the context window to use instead of the agent's, in tokens; hosted API."""
    archived: bool | None = None
    """Whether it was put away; `None` where the server knows of no archiving."""
    archived_at: datetime | None = None
    """When it was put away; hosted API."""
    last_message_at: datetime | None = None
    """When the last message was sent to it."""
    created_at: datetime | None = None
    """When it was made."""
    updated_at: datetime | None = None
    """When it was changed; recompiling changes nothing here."""
    created_by_id: str | None = None
    """Who made it."""
    last_updated_by_id: str | None = None
    """Who changed it last."""


@attrs.frozen(kw_only=True)
class CompactResponse(WireObject):
    """What compacting a conversation came to."""

    summary: str
    """What stands for the messages that were summed up."""
    num_messages_before: int
    """Messages in the context before."""
    num_messages_after: int
    """Messages in the context after."""


# --- calls ----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Recompile(Direct[str]):
    """Compile a conversation's system prompt anew."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/v1/conversations/{conversation_id}/recompile"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = str

    dry_run: bool | Unset = attrs.field(default=UNSET, metadata=QUERY)
    compaction_settings: CompactionSettings | Unset | None = UNSET


@attrs.frozen(kw_only=True)
class Compact(Direct[CompactResponse]):
    """Sum up a conversation's messages. Done twice it sums up the summary, and costs twice."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/v1/conversations/{conversation_id}/compact"
    repeatable: ClassVar[bool] = False
    answer: ClassVar[Any] = CompactResponse

    compaction_settings: CompactionSettings | Unset | None = UNSET


@attrs.frozen(kw_only=True)
class ForkConversation(Direct[Conversation]):
    """Make a conversation that shares another's messages."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/v1/conversations/{conversation_id}/fork"
    repeatable: ClassVar[bool] = False
    answer: ClassVar[Any] = Conversation

    agent_id: AgentId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    hidden: bool | Unset = attrs.field(default=UNSET, metadata=QUERY)
    message_id: MessageId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)


@attrs.frozen(kw_only=True)
class CancelConversation(Direct[dict[str, Any]]):
    """End a conversation's runs. Done twice it may end a run that began in between."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/v1/conversations/{conversation_id}/cancel"
    repeatable: ClassVar[bool] = False
    answer: ClassVar[Any] = dict

    agent_id: AgentId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)


@attrs.frozen(kw_only=True)
class CreateConversation(Operation[Conversation]):
    """Make a conversation."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/v1/conversations/"
    repeatable: ClassVar[bool] = False
    answer: ClassVar[Any] = Conversation

    agent_id: AgentId = attrs.field(metadata=QUERY)
    summary: str | Unset | None = UNSET
    isolated_block_labels: list[str] | Unset | None = attrs.field(default=UNSET, hash=False)
    model: str | Unset | None = UNSET
    model_settings: ModelSettings | Unset | None = UNSET
    context_window_limit: Count | Unset | None = UNSET
    description: str | Unset | None = UNSET
    hidden: bool | Unset = UNSET


@attrs.frozen(kw_only=True)
class ListConversations(Listing[Conversation]):
    """List conversations."""

    path: ClassVar[str] = "/v1/conversations/"
    answer: ClassVar[Any] = list[Conversation]

    agent_id: AgentId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    limit: PageSize | Unset = attrs.field(default=UNSET, metadata=QUERY)
    after: OwnConversationId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    order: Literal["asc", "desc"] | Unset = attrs.field(default=UNSET, metadata=QUERY)
    order_by: Literal["created_at", "last_run_completion", "last_message_at"] | Unset = attrs.field(
        default=UNSET, metadata=QUERY
    )
    summary_search: str | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    archive_status: Literal["unarchived", "archived", "all"] | Unset = attrs.field(default=UNSET, metadata=QUERY)


@attrs.frozen(kw_only=True)
class RetrieveConversation(Operation[Conversation]):
    """Show a conversation."""

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/v1/conversations/{conversation_id}"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = Conversation

    conversation_id: OwnConversationId = attrs.field(metadata=PATH)


@attrs.frozen(kw_only=True)
class UpdateConversation(Operation[Conversation]):
    """Change a conversation."""

    method: ClassVar[str] = "PATCH"
    path: ClassVar[str] = "/v1/conversations/{conversation_id}"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = Conversation
    body_required: ClassVar[bool] = True

    conversation_id: OwnConversationId = attrs.field(metadata=PATH)
    summary: str | Unset | None = UNSET
    model: str | Unset | None = UNSET
    model_settings: ModelSettings | Unset | None = UNSET
    last_message_at: datetime | Unset | None = UNSET
    archived: bool | Unset | None = UNSET
    context_window_limit: Count | Unset | None = UNSET
    description: str | Unset | None = UNSET


@attrs.frozen(kw_only=True)
class DeleteConversation(Operation[object]):
    """Delete a conversation."""

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/v1/conversations/{conversation_id}"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = object

    conversation_id: OwnConversationId = attrs.field(metadata=PATH)
