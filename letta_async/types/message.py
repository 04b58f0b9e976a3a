"""Messages of a conversation: one class per type, told apart by `message_type`.

Source: `LettaMessageUnion` in the OpenAPI description of Letta 0.16.8. What a newer server sends besides is kept:
fields in `extra_fields`, messages of a type not known here in `UnknownMessage`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import attrs

from letta_async._schema.converter import read
from letta_async._schema.json_values import is_array, is_object
from letta_async._schema.record import shortened
from letta_async._schema.wire_object import WireObject, assignable
from letta_async.errors import ToolArgumentsError
from letta_async.types.content import Content, text_of

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

# --- parts ----------------------------------------------------------------------------------------------------------


@assignable("arguments")
@attrs.frozen(kw_only=True)
class ToolCall(WireObject):
    """A call of a tool by an agent; in a stream of tokens, a piece of one.

    `arguments` can be assigned to, for programs that join the pieces by hand.
    """

    name: str | None = None
    """Name of the tool."""
    arguments: str | None = attrs.field(default=None, hash=False)
    """Arguments as the model wrote them: a JSON object as text, if the model made no mistake."""
    tool_call_id: str | None = None
    """ID of the call, which the tool's return names as well."""

    @property
    def parsed_arguments(self) -> dict[str, Any]:
        """The arguments, parsed; empty when the model wrote none.

        Raises:
            ToolArgumentsError: The text is not a JSON object.

        """
        if not (self.arguments or "").strip():
            return {}
        try:
            parsed: object = json.loads(self.arguments or "")
        except (ValueError, RecursionError) as error:
            raise ToolArgumentsError(self.name, self.arguments, str(error)) from None
        if not is_object(parsed):
            raise ToolArgumentsError(self.name, self.arguments, "it is not an object")
        return dict(parsed)


@attrs.frozen(kw_only=True)
class ToolReturn(WireObject):
    """Return of a tool: what the server's tools returned, or what a client sends for a tool of its own."""

    type: Literal["tool"] = "tool"
    tool_return: Content = attrs.field(hash=False)
    """What the tool returned, as text or parts."""
    status: Literal["success", "error"]
    """Whether the tool succeeded."""
    tool_call_id: str
    """ID of the call."""
    stdout: list[str] | None = attrs.field(default=None, hash=False)
    """Lines that the tool printed."""
    stderr: list[str] | None = attrs.field(default=None, hash=False)
    """Lines that the tool printed as errors."""


@attrs.frozen(kw_only=True)
class ApprovalReturn(WireObject):
    """Decision about a tool call that needs approval."""

    type: Literal["approval"] = "approval"
    tool_call_id: str
    """ID of the call."""
    approve: bool
    """Whether the tool may be used."""
    reason: str | None = None
    """Reason for the decision; the agent reads it."""


@attrs.frozen(kw_only=True)
class CompactionStats(WireObject):
    """Statistics of a compaction."""

    trigger: str | None = None
    """Cause of the compaction, such as `context_window_exceeded`."""
    context_window: int | None = None
    """Size of the model's context window in tokens."""
    context_tokens_before: int | None = None
    """Number of tokens in the context before the compaction."""
    context_tokens_after: int | None = None
    """Number of tokens in the context afterwards, without the definitions of tools."""
    messages_count_before: int | None = None
    """Number of messages before the compaction."""
    messages_count_after: int | None = None
    """Number of messages afterwards."""


# --- messages -------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class _Message(WireObject):
    id: str
    """`message-<uuid4>`. Messages of different types can have one ID: they were one step of the agent. In a stream of
    tokens, all pieces of a message have its ID."""
    date: datetime | None = None
    """Time of creation, to the second on Letta 0.16.8; recompiling a system message does not change it."""
    name: str | None = None
    """Name of the participant."""
    otid: str | None = None
    """Offline threading ID: set by the client for a message that it sends, by the server for others."""
    sender_id: str | None = None
    """ID of the sender: an agent or an identity."""
    step_id: str | None = None
    """ID of the step of the agent that the message belongs to."""
    is_err: bool | None = None
    """Whether the step failed."""
    seq_id: int | None = None
    """Number of the event in the stream of a background run, counted from 1; else `None`."""
    run_id: str | None = None
    """ID of the run that the message belongs to."""

    def __attrs_post_init__(self) -> None:
        # Programs that get a message as JSON, from a webhook or a stream of their own, write AssistantMessage(**data).
        given = {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
        del given["extra_fields"]
        if isinstance(self.date, str) or any(map(_has_object, given.values())):
            made = read(type(self), {name: value for name, value in given.items() if value is not None})
            for name in given:
                object.__setattr__(self, name, getattr(made, name))


def _has_object(value: object) -> bool:
    """Return whether a value is a JSON object, or a list with one."""
    return is_object(value) or (is_array(value) and any(map(is_object, value)))


@attrs.frozen(kw_only=True)
class SystemMessage(_Message):
    """A system message; the first one of a conversation is the compiled system prompt."""

    message_type: Literal["system_message"] = "system_message"
    content: str = attrs.field(repr=shortened)
    """Text of the message; the `repr` has its length if it is long."""


@assignable("content")
@attrs.frozen(kw_only=True)
class UserMessage(_Message):
    """A message of the user."""

    message_type: Literal["user_message"] = "user_message"
    content: Content = attrs.field(hash=False)
    """Text, or parts such as `TextContent` and `ImageContent`."""

    @property
    def text(self) -> str:
        """The text of the content, that of its parts joined."""
        return text_of(self.content)


@assignable("content")
@attrs.frozen(kw_only=True)
class AssistantMessage(_Message):
    """A message of the agent to the user; in a stream of tokens, a piece of one.

    `content` can be assigned to, for programs that join the pieces by hand; `stream.collect()` and `accumulate` join
    them as well.
    """

    message_type: Literal["assistant_message"] = "assistant_message"
    content: Content = attrs.field(hash=False)
    """Text, or parts such as `TextContent`."""

    @property
    def text(self) -> str:
        """The text of the content, that of its parts joined."""
        return text_of(self.content)


@assignable("reasoning")
@attrs.frozen(kw_only=True)
class ReasoningMessage(_Message):
    """Reasoning of the agent; in a stream of tokens, a piece of it.

    `reasoning` can be assigned to, for programs that join the pieces by hand.
    """

    message_type: Literal["reasoning_message"] = "reasoning_message"
    reasoning: str = attrs.field(hash=False)
    """Text of the reasoning."""
    source: str | None = None
    """`reasoner_model`, or `non_reasoner_model` for a model that was prompted to reason."""
    signature: str | None = None
    """The provider's signature of the reasoning."""


@attrs.frozen(kw_only=True)
class HiddenReasoningMessage(_Message):
    """Reasoning that the model's provider hides."""

    message_type: Literal["hidden_reasoning_message"] = "hidden_reasoning_message"
    state: str | None = None
    """`redacted` or `omitted`."""
    hidden_reasoning: str | None = None
    """The reasoning, encrypted."""


@attrs.frozen(kw_only=True)
class ToolCallMessage(_Message):
    """Calls of tools by the agent; in a stream of tokens, a piece of one."""

    message_type: Literal["tool_call_message"] = "tool_call_message"
    tool_calls: list[ToolCall] | ToolCall | None = attrs.field(default=None, hash=False)
    """The calls; in a stream of tokens, a piece of one."""
    tool_call: ToolCall | None = None
    """The first call; deprecated by the API in favor of `tool_calls`."""

    @property
    def calls(self) -> list[ToolCall]:
        """The calls as a list, also where there is one, or a piece of one."""
        found = self.tool_calls if self.tool_calls is not None else self.tool_call
        if found is None:
            return []
        return found if isinstance(found, list) else [found]


@attrs.frozen(kw_only=True)
class ToolReturnMessage(_Message):
    """Returns of tools."""

    message_type: Literal["tool_return_message"] = "tool_return_message"
    tool_returns: list[ToolReturn] | None = attrs.field(default=None, hash=False)
    """Return of each tool."""
    tool_return: str | None = None
    """What the first tool returned; deprecated by the API, as the fields below."""
    status: str | None = None
    """Whether the first tool succeeded: `success` or `error`."""
    tool_call_id: str | None = None
    """ID of the first call."""
    stdout: list[str] | None = attrs.field(default=None, hash=False)
    """Lines that the first tool printed."""
    stderr: list[str] | None = attrs.field(default=None, hash=False)
    """Lines that the first tool printed as errors."""


@attrs.frozen(kw_only=True)
class ApprovalRequestMessage(_Message):
    """Tool calls that wait for an approval, or for a client to run the tools; in a stream of tokens, a piece."""

    message_type: Literal["approval_request_message"] = "approval_request_message"
    tool_calls: list[ToolCall] | ToolCall | None = attrs.field(default=None, hash=False)
    """The calls; in a stream of tokens, a piece of one."""
    tool_call: ToolCall | None = None
    """The first call; deprecated by the API in favor of `tool_calls`."""

    @property
    def calls(self) -> list[ToolCall]:
        """The calls as a list, also where there is one, or a piece of one."""
        found = self.tool_calls if self.tool_calls is not None else self.tool_call
        if found is None:
            return []
        return found if isinstance(found, list) else [found]


@attrs.frozen(kw_only=True)
class ApprovalResponseMessage(_Message):
    """Decisions about tool calls, or returns of tools that a client ran."""

    message_type: Literal["approval_response_message"] = "approval_response_message"
    approvals: list[ApprovalReturn | ToolReturn] | None = attrs.field(default=None, hash=False)
    """Decision about each call, or the return of the tool where the client ran it."""
    approve: bool | None = None
    """The decision; deprecated by the API, as the fields below."""
    approval_request_id: str | None = None
    """ID of the message that asked for the approval."""
    reason: str | None = None
    """Reason for the decision."""


@attrs.frozen(kw_only=True)
class SummaryMessage(_Message):
    """Summary that a compaction left of earlier messages."""

    message_type: Literal["summary_message"] = "summary_message"
    summary: str
    """Text of the summary."""
    compaction_stats: CompactionStats | None = None
    """Statistics of the compaction."""


@attrs.frozen(kw_only=True)
class EventMessage(_Message):
    """An event that is not shown to the model, such as a compaction."""

    message_type: Literal["event_message"] = "event_message"
    event_type: str | None = None
    """Kind of the event, such as `compaction`."""
    event_data: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """Details of the event."""


@attrs.frozen(kw_only=True)
class UnknownMessage(WireObject):
    """A message of a type that this version has no class for; its other fields are in `extra_fields`.

    They are attributes as well, of which nothing is known before a program runs. A type checker therefore accepts what
    a comparison of `message_type` leads to: `message.content` where it is `assistant_message`.
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    message_type: str
    """Type of the message."""
    id: str | None = None
    """`message-<uuid4>`."""
    date: datetime | None = None
    """Time of creation."""


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
"""A message, told apart by `message_type`."""
