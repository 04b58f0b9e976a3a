"""Conversations."""

from __future__ import annotations

from datetime import datetime

import attrs

from letta_async import types
from letta_async._schema.wire_object import WireObject

__all__ = ["Conversation"]


@attrs.frozen(kw_only=True)
class Conversation(WireObject):
    """A conversation: a thread of messages with an agent, with its own system prompt.

    Source: `Conversation` in the OpenAPI description of Letta 0.16.8, and the additional fields of the hosted API in
    the official client. A field that the server does not send is `None`.
    """

    id: str
    """ID of the conversation, `conv-<uuid4>`."""
    agent_id: str
    """ID of the agent that the conversation belongs to, `agent-<uuid4>`."""
    summary: str | None = None
    """Summary of the conversation's topic."""
    description: str | None = None
    """Description of the conversation's topic, for searching; hosted API."""
    in_context_message_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the messages in the context, the system message first; Letta 0.16.8 sends them only for a conversation
    that is retrieved alone."""
    isolated_block_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the blocks that belong to this conversation alone."""
    model: str | None = None
    """Handle of the model to use instead of the agent's, `provider/model-name`."""
    model_settings: types.ModelSettings | None = None
    """Settings of the model."""
    context_window_limit: int | None = None
    """Size of the context window to use instead of the agent's, in tokens; hosted API."""
    archived: bool | None = None
    """Whether the conversation is archived; `None` if the server does not support archiving."""
    archived_at: datetime | None = None
    """Time when the conversation was archived; hosted API."""
    last_message_at: datetime | None = None
    """Time when the last message was sent to the conversation."""
    created_at: datetime | None = None
    """Time of creation."""
    updated_at: datetime | None = None
    """Time of the last change; recompiling does not change it."""
    created_by_id: str | None = None
    """ID of the user who created the conversation."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the conversation last."""

    @property
    def api_model_settings(self) -> types.ModelSettings | None:
        """Name of `model_settings` in the official client."""
        return self.model_settings
