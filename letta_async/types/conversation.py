"""Conversations."""

from __future__ import annotations

from datetime import datetime

import attrs

from letta_async._schema.fields import WireObject
from letta_async.types.providers import ModelSettings

__all__ = ["CompactResponse", "Conversation"]


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
