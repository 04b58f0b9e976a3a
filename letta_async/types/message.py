"""Messages of a conversation, one class a type, told apart by `message_type`.

Source: `LettaMessageUnion` in the OpenAPI description of Letta 0.16.8. What a newer server says besides is kept: fields
in `extra_fields`, messages of a type not known here in `UnknownMessage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from letta_async._schema.fields import WireObject

__all__ = [
    "ApprovalRequestMessage",
    "ApprovalResponseMessage",
    "ApprovalReturn",
    "AssistantMessage",
    "CompactionStats",
    "EventMessage",
    "HiddenReasoningMessage",
    "Message",
    "ReasoningMessage",
    "SummaryMessage",
    "SystemMessage",
    "ToolCall",
    "ToolCallMessage",
    "ToolReturn",
    "ToolReturnMessage",
    "UnknownMessage",
    "UserMessage",
]

Content = str | list[Mapping[str, Any]]
"""Text, or parts such as `{"type": "text", "text": …}` and `{"type": "image", "source": …}`."""


# --- parts ----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ToolCall(WireObject):
    """A tool that an agent wants to use."""

    name: str | None = None
    """The tool's name."""
    arguments: str | None = None
    """What it is given, as JSON in a string."""
    tool_call_id: str | None = None
    """Which call this is; the return names it, too."""


@attrs.frozen(kw_only=True)
class ToolReturn(WireObject):
    """What a tool gave back."""

    type: Literal["tool"] = "tool"
    tool_return: Content | None = attrs.field(default=None, hash=False)
    """What it gave back, as text or parts."""
    status: str | None = None
    """`success` or `error`."""
    tool_call_id: str | None = None
    """The call that this is the return of."""
    stdout: list[str] | None = attrs.field(default=None, hash=False)
    """What it printed."""
    stderr: list[str] | None = attrs.field(default=None, hash=False)
    """What it printed as errors."""


@attrs.frozen(kw_only=True)
class ApprovalReturn(WireObject):
    """What somebody decided about a tool call that needs approval."""

    type: Literal["approval"] = "approval"
    tool_call_id: str | None = None
    """The call that was decided about."""
    approve: bool | None = None
    """Whether the tool may be used."""
    reason: str | None = None
    """Why, or why not."""


@attrs.frozen(kw_only=True)
class CompactionStats(WireObject):
    """What a compaction did."""

    trigger: str | None = None
    """What led to it, such as `context_window_exceeded`."""
    context_window: int | None = None
    """Size of the model's context window, in tokens."""
    context_tokens_before: int | None = None
    """Tokens in the context before."""
    context_tokens_after: int | None = None
    """Tokens in the context after, without the definitions of tools."""
    messages_count_before: int | None = None
    """Messages before."""
    messages_count_after: int | None = None
    """Messages after."""


# --- messages -------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Message(WireObject):
    id: str
    """`message-<uuid4>`; what one step of an agent leaves can be several messages with the same id."""
    date: datetime | None = None
    """When it was made, to the second on Letta 0.16.8; recompiling a system message leaves it as it is."""
    name: str | None = None
    """Who speaks, where that has a name."""
    otid: str | None = None
    """An id that a client gave the message, or that the server made of its own."""
    sender_id: str | None = None
    """Who sent it: an agent or an identity."""
    step_id: str | None = None
    """The step of the agent that it belongs to."""
    is_err: bool | None = None
    """Whether that step failed."""
    seq_id: int | None = None
    """Its number in a run that is streamed."""
    run_id: str | None = None
    """The run that it belongs to."""


@attrs.frozen(kw_only=True)
class SystemMessage(_Message):
    """A message of the system; the first of a conversation is the compiled system prompt."""

    message_type: Literal["system_message"] = "system_message"
    content: str
    """The text."""


@attrs.frozen(kw_only=True)
class UserMessage(_Message):
    """A message of the user."""

    message_type: Literal["user_message"] = "user_message"
    content: Content = attrs.field(hash=False)
    """Text, or parts such as `{"type": "text", "text": …}` and `{"type": "image", "source": …}`."""


@attrs.frozen(kw_only=True)
class AssistantMessage(_Message):
    """An agent's answer."""

    message_type: Literal["assistant_message"] = "assistant_message"
    content: Content = attrs.field(hash=False)
    """Text, or parts as a user's message has them."""


@attrs.frozen(kw_only=True)
class ReasoningMessage(_Message):
    """An agent's thoughts."""

    message_type: Literal["reasoning_message"] = "reasoning_message"
    reasoning: str
    """The thoughts."""
    source: str | None = None
    """`reasoner_model`, or `non_reasoner_model` that was told to think aloud."""
    signature: str | None = None
    """The provider's signature of the thoughts."""


@attrs.frozen(kw_only=True)
class HiddenReasoningMessage(_Message):
    """Thoughts that the model's provider hides."""

    message_type: Literal["hidden_reasoning_message"] = "hidden_reasoning_message"
    state: str | None = None
    """`redacted` or `omitted`."""
    hidden_reasoning: str | None = None
    """The thoughts, encrypted."""


@attrs.frozen(kw_only=True)
class ToolCallMessage(_Message):
    """An agent uses tools."""

    message_type: Literal["tool_call_message"] = "tool_call_message"
    tool_calls: list[ToolCall] | ToolCall | None = attrs.field(default=None, hash=False)
    """The calls; in a stream, a part of one."""
    tool_call: ToolCall | None = None
    """The first of them; deprecated by the API."""


@attrs.frozen(kw_only=True)
class ToolReturnMessage(_Message):
    """Tools gave something back."""

    message_type: Literal["tool_return_message"] = "tool_return_message"
    tool_returns: list[ToolReturn] | None = attrs.field(default=None, hash=False)
    """What each gave back."""
    tool_return: str | None = None
    """What the first gave back; deprecated by the API, as the fields that follow."""
    status: str | None = None
    """Whether the first went well: `success` or `error`."""
    tool_call_id: str | None = None
    """The call that the first is the return of."""
    stdout: list[str] | None = attrs.field(default=None, hash=False)
    """What the first printed."""
    stderr: list[str] | None = attrs.field(default=None, hash=False)
    """What the first printed as errors."""


@attrs.frozen(kw_only=True)
class ApprovalRequestMessage(_Message):
    """An agent asks whether it may use tools."""

    message_type: Literal["approval_request_message"] = "approval_request_message"
    tool_calls: list[ToolCall] | ToolCall | None = attrs.field(default=None, hash=False)
    """The calls; in a stream, a part of one."""
    tool_call: ToolCall | None = None
    """The first of them; deprecated by the API."""


@attrs.frozen(kw_only=True)
class ApprovalResponseMessage(_Message):
    """Somebody answers whether an agent may use tools."""

    message_type: Literal["approval_response_message"] = "approval_response_message"
    approvals: list[ApprovalReturn | ToolReturn] | None = attrs.field(default=None, hash=False)
    """What was decided about each call, or what the tool gave back that the client ran itself."""
    approve: bool | None = None
    """The decision; deprecated by the API, as the fields that follow."""
    approval_request_id: str | None = None
    """The message that asked."""
    reason: str | None = None
    """Why, or why not."""


@attrs.frozen(kw_only=True)
class SummaryMessage(_Message):
    """What compaction made of earlier messages."""

    message_type: Literal["summary_message"] = "summary_message"
    summary: str
    """What stands for the earlier messages."""
    compaction_stats: CompactionStats | None = None
    """How much that saved."""


@attrs.frozen(kw_only=True)
class EventMessage(_Message):
    """Something happened that no model is told of, such as a compaction."""

    message_type: Literal["event_message"] = "event_message"
    event_type: str | None = None
    """What happened, such as `compaction`."""
    event_data: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """What there is to say about it."""


@attrs.frozen(kw_only=True)
class UnknownMessage(WireObject):
    """A message of a type that this version has no class for; its other fields are in `extra_fields`."""

    message_type: str
    """What the API calls such messages."""
    id: str | None = None
    """`message-<uuid4>`."""
    date: datetime | None = None
    """When it was made."""


Message = (
    SystemMessage
    | UserMessage
    | ReasoningMessage
    | HiddenReasoningMessage
    | ToolCallMessage
    | ToolReturnMessage
    | AssistantMessage
    | ApprovalRequestMessage
    | ApprovalResponseMessage
    | SummaryMessage
    | EventMessage
    | UnknownMessage
)
"""A message of any type, told apart by `message_type`."""
