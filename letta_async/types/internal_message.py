"""Messages as the server stores them, in the form of requests to models."""

from __future__ import annotations

from datetime import datetime

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.content import Content, ContentPart
from letta_async.types.message import ApprovalReturn

__all__ = ["InternalMessage", "InternalToolCall", "InternalToolCallFunction", "InternalToolReturn"]


@attrs.frozen(kw_only=True)
class InternalToolCallFunction(WireObject):
    """Function that a model calls."""

    name: str | None = None
    """Name of the tool."""
    arguments: str | None = None
    """Arguments as the model wrote them: a JSON object as text, if the model made no mistake."""


@attrs.frozen(kw_only=True)
class InternalToolCall(WireObject):
    """A call of a tool, in the form of requests to models."""

    id: str | None = None
    """ID of the call."""
    type: str | None = None
    """Kind of the call, `function`."""
    function: InternalToolCallFunction | None = None
    """Function that the model calls."""


@attrs.frozen(kw_only=True)
class InternalToolReturn(WireObject):
    """Return of a tool, as the server stores it."""

    status: str | None = None
    """Whether the tool succeeded: `success` or `error`."""
    tool_call_id: str | None = None
    """ID of the call."""
    func_response: Content | None = attrs.field(default=None, hash=False)
    """What the tool returned, as text or parts."""
    stdout: list[str] | None = attrs.field(default=None, hash=False)
    """Lines that the tool printed."""
    stderr: list[str] | None = attrs.field(default=None, hash=False)
    """Lines that the tool printed as errors."""


@attrs.frozen(kw_only=True)
class InternalMessage(WireObject):
    """A message as the server stores it. Source: `Message` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`message-<uuid4>`."""
    role: str | None = None
    """Role of the participant, such as `user`, `assistant`, `tool` or `system`."""
    content: list[ContentPart] | None = attrs.field(default=None, hash=False)
    """Parts of the message."""
    name: str | None = None
    """Name of the participant, or of the tool."""
    tool_calls: list[InternalToolCall] | None = attrs.field(default=None, hash=False)
    """Tool calls of the model."""
    tool_call_id: str | None = None
    """ID of the call that the message is the return of."""
    tool_returns: list[InternalToolReturn] | None = attrs.field(default=None, hash=False)
    """Returns of tools."""
    approvals: list[ApprovalReturn | InternalToolReturn] | None = attrs.field(default=None, hash=False)
    """Decisions about tool calls, or returns of tools that the client ran."""
    approve: bool | None = None
    """Decision about all tool calls."""
    approval_request_id: str | None = None
    """ID of the message that asked for the approval."""
    denial_reason: str | None = None
    """Reason for the decision."""
    agent_id: str | None = None
    """ID of the agent, `agent-<uuid4>`."""
    conversation_id: str | None = None
    """ID of the conversation, `conv-<uuid4>`; `None` for the agent's own messages."""
    run_id: str | None = None
    """ID of the run, `run-<uuid4>`."""
    step_id: str | None = None
    """ID of the step, `step-<uuid4>`."""
    model: str | None = None
    """Name of the model."""
    otid: str | None = None
    """Offline threading ID of the message."""
    group_id: str | None = None
    """ID of the group of agents."""
    sender_id: str | None = None
    """ID of the sender: an agent or an identity."""
    batch_item_id: str | None = None
    """ID of the item of a batch that the message belongs to."""
    is_err: bool | None = None
    """Whether the message is part of a step that failed."""
    created_by_id: str | None = None
    """ID of the user who created the message."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the message last."""
    created_at: datetime | None = None
    """Time of creation."""
    updated_at: datetime | None = None
    """Time of the last change."""
