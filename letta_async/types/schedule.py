"""Messages that agents receive at a time, once or again and again; hosted API."""

from __future__ import annotations

from typing import ClassVar, Literal

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.turn_input import MessageCreate

__all__ = [
    "OneTimeSchedule",
    "RecurringSchedule",
    "Schedule",
    "ScheduleCreateResponse",
    "ScheduleDeleteResponse",
    "ScheduleListResponse",
    "ScheduledMessage",
    "ScheduledTurn",
]


@attrs.frozen(kw_only=True)
class OneTimeSchedule(WireObject):
    """Time at which messages are sent once."""

    tag_is_optional: ClassVar[bool] = True

    type: Literal["one-time"] = "one-time"
    scheduled_at: float
    """Time in milliseconds since 1970."""


@attrs.frozen(kw_only=True)
class RecurringSchedule(WireObject):
    """Times at which messages are sent again and again."""

    type: Literal["recurring"] = "recurring"
    cron_expression: str
    """Times as a cron expression, such as `0 9 * * 1`."""


Schedule = OneTimeSchedule | RecurringSchedule
"""Time of messages, told apart by `type`."""


@attrs.frozen(kw_only=True)
class ScheduledTurn(WireObject):
    """What is sent to the agent at the time."""

    messages: list[MessageCreate] | None = attrs.field(default=None, hash=False)
    """The messages."""
    callback_url: str | None = None
    """URL that the server sends a `POST` to when the run ends."""
    include_return_message_types: list[str] | None = attrs.field(default=None, hash=False)
    """Types of messages that the callback carries."""
    max_steps: float | None = None
    """Maximum number of steps of the run."""


@attrs.frozen(kw_only=True)
class ScheduledMessage(WireObject):
    """Messages that an agent is to receive at a time."""

    id: str
    """ID to retrieve and delete it by."""
    agent_id: str | None = None
    """ID of the agent, `agent-<uuid4>`."""
    message: ScheduledTurn | None = None
    """What is sent to the agent."""
    schedule: Schedule | None = None
    """When it is sent."""
    next_scheduled_time: str | None = None
    """Time at which it is sent next."""


@attrs.frozen(kw_only=True)
class ScheduleCreateResponse(WireObject):
    """What is known of messages that were scheduled."""

    id: str
    """ID to retrieve and delete them by."""
    next_scheduled_at: str | None = None
    """Time at which they are sent."""


@attrs.frozen(kw_only=True)
class ScheduleListResponse(WireObject):
    """A page of scheduled messages."""

    scheduled_messages: list[ScheduledMessage] | None = attrs.field(default=None, hash=False)
    """Scheduled messages of the page."""
    has_next_page: bool | None = None
    """Whether there is a next page, which begins after the ID of the last message of this one."""


@attrs.frozen(kw_only=True)
class ScheduleDeleteResponse(WireObject):
    """Result of deleting scheduled messages."""

    success: bool | None = None
    """Whether they were deleted; `True`."""
