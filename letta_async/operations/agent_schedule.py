"""Calls under `/v1/agents/{agent_id}/schedule`, of the hosted API."""

from __future__ import annotations

from typing import ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._operation import (
    DELETE,
    GET,
    POST,
    AgentId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    Segment,
    operation,
)
from letta_async.types.schedule import (
    Schedule,
    ScheduleCreateResponse,
    ScheduleDeleteResponse,
    ScheduledMessage,
    ScheduleListResponse,
)
from letta_async.types.turn_input import MessageCreate, MessageType

__all__ = [
    "CreateScheduledMessage",
    "DeleteScheduledMessage",
    "ListScheduledMessages",
    "RetrieveScheduledMessage",
]


@operation
class CreateScheduledMessage(Operation[ScheduleCreateResponse]):
    """Schedule messages to an agent, once or again and again; hosted API."""

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/schedule")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    messages: InBody[list[MessageCreate]]
    """Messages to send, as `MessageCreate` or mappings of the same fields."""
    schedule: InBody[Schedule]
    """When to send them: `OneTimeSchedule`, `RecurringSchedule`, or a mapping of the same fields with `type`."""
    callback_url: InBody[str] = UNSET
    """URL that the server sends a `POST` to when the run ends."""
    include_return_message_types: InBody[list[MessageType]] = UNSET
    """Types of messages that the callback carries."""
    max_steps: InBody[float] = UNSET
    """Maximum number of steps of the run."""


@operation
class RetrieveScheduledMessage(Operation[ScheduledMessage]):
    """Retrieve scheduled messages; hosted API."""

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/schedule/{scheduled_message_id}")

    scheduled_message_id: InPath[Segment]
    """ID of the scheduled messages."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class ListScheduledMessages(Operation[ScheduleListResponse]):
    """List a page of the scheduled messages of an agent; hosted API."""

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/schedule")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    limit: InQuery[str | int] = UNSET
    """Maximum number of items."""
    after: InQuery[str] = UNSET
    """Start after the item with this ID."""


@operation
class DeleteScheduledMessage(Operation[ScheduleDeleteResponse]):
    """Delete scheduled messages, which are then not sent; hosted API."""

    http: ClassVar[Endpoint] = DELETE("/v1/agents/{agent_id}/schedule/{scheduled_message_id}")

    scheduled_message_id: InPath[Segment]
    """ID of the scheduled messages."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
