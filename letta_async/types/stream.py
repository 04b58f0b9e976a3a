"""Events of a stream: messages, whole or in pieces, and those that are about the turn.

Source: the streaming responses in the OpenAPI description of Letta 0.16.8. What a newer server sends besides is kept:
fields in `extra_fields`, events of a type not known here in `UnknownMessage`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.message import (
    ApprovalRequestMessage,
    ApprovalResponseMessage,
    AssistantMessage,
    EventMessage,
    HiddenReasoningMessage,
    ReasoningMessage,
    SummaryMessage,
    SystemMessage,
    ToolCallMessage,
    ToolReturnMessage,
    UnknownMessage,
    UserMessage,
)

__all__ = ["LettaErrorMessage", "LettaPing", "LettaStopReason", "LettaUsageStatistics", "StreamEvent"]


@attrs.frozen(kw_only=True)
class LettaPing(WireObject):
    """An event that keeps the connection alive: the first of a stream, and one every 20 s."""

    message_type: Literal["ping"] = "ping"
    id: str | None = None
    """ID of the event."""
    date: datetime | None = None
    """Time of the event."""
    seq_id: int | None = None
    """Number of the event in a background run, counted from 1."""
    run_id: str | None = None
    """ID of the run."""
    name: str | None = None
    """Always `None`, as the fields below: pings share the fields of messages."""
    otid: str | None = None
    """Offline threading ID."""
    sender_id: str | None = None
    """ID of the sender."""
    step_id: str | None = None
    """ID of the step."""
    is_err: bool | None = None
    """Whether the step failed."""


@attrs.frozen(kw_only=True)
class LettaStopReason(WireObject):
    """Reason for the end of a turn."""

    message_type: Literal["stop_reason"] = "stop_reason"
    stop_reason: str | None = None
    """Reason: `end_turn`, `requires_approval`, `max_steps`, `cancelled`, `llm_api_error`, and others."""


@attrs.frozen(kw_only=True)
class LettaUsageStatistics(WireObject):
    """Number of tokens and steps that a turn took."""

    message_type: Literal["usage_statistics"] = "usage_statistics"
    completion_tokens: int | None = None
    """Number of tokens that were generated."""
    prompt_tokens: int | None = None
    """Number of tokens of the prompts."""
    total_tokens: int | None = None
    """Sum of both."""
    step_count: int | None = None
    """Number of steps of the agent."""
    run_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the background runs."""
    cached_input_tokens: int | None = None
    """Number of input tokens read from the provider's cache; `None` where it does not report them."""
    cache_write_tokens: int | None = None
    """Number of input tokens written to the provider's cache; `None` where it does not report them."""
    reasoning_tokens: int | None = None
    """Number of tokens of reasoning; `None` where the provider does not report them."""
    context_tokens: int | None = None
    """Estimated number of tokens in the context window."""


@attrs.frozen(kw_only=True)
class LettaErrorMessage(WireObject):
    """Failure of a turn after its stream had begun; streams raise it as a `StreamError`."""

    message_type: Literal["error_message"] = "error_message"
    run_id: str | None = None
    """ID of the run."""
    error_type: str | None = None
    """Kind of the failure, such as `llm_error`."""
    message: str | None = None
    """Description of the failure."""
    detail: str | None = None
    """Further description, such as the provider's own."""
    seq_id: int | None = None
    """Number of the event in a background run."""


StreamEvent = (
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
    | LettaPing
    | LettaStopReason
    | LettaUsageStatistics
    | LettaErrorMessage
    | UnknownMessage
)
"""An event of a stream, told apart by `message_type`."""
