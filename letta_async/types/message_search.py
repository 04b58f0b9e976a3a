"""Results of a search for messages."""

from __future__ import annotations

from datetime import datetime

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.content import Content, text_of

__all__ = ["FoundMessage"]


@attrs.frozen(kw_only=True)
class FoundMessage(WireObject):
    """A message that a search found. Source: the `…ListResult` schemas in the OpenAPI description of Letta 0.16.8."""

    message_type: str
    """Type: `system_message`, `user_message`, `assistant_message` or `reasoning_message`."""
    message_id: str
    """`message-<uuid4>`."""
    content: Content | None = attrs.field(default=None, hash=False)
    """Text, or parts such as `TextContent`; `None` for reasoning."""
    reasoning: str | None = None
    """Text of the reasoning; `None` for other messages."""
    agent_id: str | None = None
    """ID of the agent, `agent-<uuid4>`."""
    conversation_id: str | None = None
    """ID of the conversation, `conv-<uuid4>`; `None` for the agent's own messages."""
    created_at: datetime | None = None
    """Time of creation."""

    @property
    def text(self) -> str:
        """The text of the content or of the reasoning."""
        return text_of(self.content) or self.reasoning or ""
