"""Input of a turn: messages to an agent, and the tools and skills that the client offers.

Source: `LettaRequest` in the OpenAPI description of Letta 0.16.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import attrs

from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject
from letta_async.types.content import Content
from letta_async.types.message import ApprovalReturn, ToolReturn

__all__ = [
    "ApprovalCreate",
    "ClientSkill",
    "ClientTool",
    "MessageCreate",
    "MessageType",
    "ToolReturnCreate",
    "TurnMessage",
]

MessageType = Literal[
    "system_message",
    "user_message",
    "assistant_message",
    "reasoning_message",
    "hidden_reasoning_message",
    "tool_call_message",
    "tool_return_message",
    "approval_request_message",
    "approval_response_message",
    "summary_message",
    "event_message",
]
"""Type of a message."""


@attrs.frozen(kw_only=True)
class MessageCreate(WireObject):
    """A message to an agent."""

    tag_is_optional: ClassVar[bool] = True

    type: Literal["message"] = "message"
    role: Literal["user", "system", "assistant"]
    """Role of the participant."""
    content: Content = attrs.field(hash=False)
    """Text, or parts such as `TextContent` and `ImageContent`."""
    name: str | Unset | None = UNSET
    """Name of the participant."""
    otid: str | Unset | None = UNSET
    """Offline threading ID, unique for each message: by it the server recognizes a message that is sent again."""
    sender_id: str | Unset | None = UNSET
    """ID of the sender: an agent or an identity."""
    group_id: str | Unset | None = UNSET
    """ID of the group of agents."""
    batch_item_id: str | Unset | None = UNSET
    """ID of the item of a batch that the message belongs to."""


@attrs.frozen(kw_only=True)
class ApprovalCreate(WireObject):
    """Decisions about the tool calls of an `ApprovalRequestMessage`, or the returns of tools that the client ran."""

    type: Literal["approval"] = "approval"
    approvals: list[ApprovalReturn | ToolReturn] | Unset | None = attrs.field(default=UNSET, hash=False)
    """Decision about each call, or the return of the tool where the client ran it."""
    approve: bool | Unset | None = UNSET
    """Decision about all calls; deprecated by the API in favor of `approvals`, as the fields below."""
    approval_request_id: str | Unset | None = UNSET
    """ID of the message that asked for the approval."""
    reason: str | Unset | None = UNSET
    """Reason for the decision; the agent reads it."""
    otid: str | Unset | None = UNSET
    """Offline threading ID, unique for each message: by it the server recognizes a message that is sent again."""
    group_id: str | Unset | None = UNSET
    """ID of the group of agents."""


@attrs.frozen(kw_only=True)
class ToolReturnCreate(WireObject):
    """Returns of tools that the client ran."""

    type: Literal["tool_return"] = "tool_return"
    tool_returns: list[ToolReturn] = attrs.field(hash=False)
    """Return of each tool."""
    otid: str | Unset | None = UNSET
    """Offline threading ID, unique for each message: by it the server recognizes a message that is sent again."""
    group_id: str | Unset | None = UNSET
    """ID of the group of agents."""


TurnMessage = MessageCreate | ApprovalCreate | ToolReturnCreate
"""A message to an agent, told apart by `type`; without one it is a `MessageCreate`."""


@attrs.frozen(kw_only=True)
class ClientTool(WireObject):
    """A tool that the client runs: a call of it ends the turn, and the client sends what the tool returned."""

    name: str
    """Name of the tool."""
    description: str | Unset | None = UNSET
    """Description of the tool, for the model."""
    parameters: Mapping[str, Any] | Unset | None = attrs.field(default=UNSET, hash=False)
    """JSON Schema of the arguments, an object."""


@attrs.frozen(kw_only=True)
class ClientSkill(WireObject):
    """A skill of the client's environment; the system prompt lists it."""

    name: str
    """Name of the skill."""
    description: str
    """Description of the skill, for the model."""
    location: str
    """Path or hint where the skill is, such as `skills/my-skill/SKILL.md`."""
