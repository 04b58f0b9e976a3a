"""Calls under `/v1/runs`."""

from __future__ import annotations

from typing import ClassVar, Literal

from letta_async._schema.fields import Count, PageSize, Seconds
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import Listing
from letta_async.operations._operation import (
    GET,
    POST,
    AgentId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    MessageId,
    Operation,
    OwnConversationId,
    RunId,
    operation,
)
from letta_async.operations._streaming import ResumableOperation, StreamOperation
from letta_async.types.message import Message
from letta_async.types.run import Run, RunStatus, StopReason
from letta_async.types.stream import StreamEvent

__all__ = ["ListRunMessages", "ListRuns", "RetrieveRun", "StreamRun"]


@operation
class ListRuns(Listing[Run]):
    """List runs."""

    http: ClassVar[Endpoint] = GET("/v1/runs/")

    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of runs per page, at most 1000. Server default: 100."""
    after: InQuery[RunId | None] = UNSET
    """Start after the run with this ID, in the order of the list."""
    before: InQuery[RunId | None] = UNSET
    """End before the run with this ID, in the order of the list."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `desc`."""
    order_by: InQuery[Literal["created_at"]] = UNSET
    """Field that the order goes by. Server default: `created_at`."""
    agent_id: InQuery[AgentId | None] = UNSET
    """List runs of this agent, `agent-<uuid4>`."""
    agent_ids: InQuery[list[AgentId] | None] = UNSET
    """List runs of these agents; deprecated in favor of `agent_id`."""
    conversation_id: InQuery[OwnConversationId | None] = UNSET
    """List runs of this conversation, `conv-<uuid4>`."""
    statuses: InQuery[list[RunStatus] | None] = UNSET
    """List runs in one of these states."""
    stop_reason: InQuery[StopReason | None] = UNSET
    """List runs that ended for this reason."""
    background: InQuery[bool | None] = UNSET
    """List only runs that go on when their client disconnects, or only others."""
    active: InQuery[bool] = UNSET
    """List only runs that have not ended. Server default: `False`."""
    ascending: InQuery[bool] = UNSET
    """List the oldest first; deprecated in favor of `order`. Server default: `False`."""


@operation
class RetrieveRun(Operation[Run]):
    """Retrieve a run.

    Raises:
        NotFoundError: There is no such run.

    """

    http: ClassVar[Endpoint] = GET("/v1/runs/{run_id}")

    run_id: InPath[RunId]
    """`run-<uuid4>`."""


@operation
class ListRunMessages(Listing[Message]):
    """List the messages of a run.

    Raises:
        NotFoundError: There is no such run.

    """

    http: ClassVar[Endpoint] = GET("/v1/runs/{run_id}/messages")

    run_id: InPath[RunId]
    """`run-<uuid4>`."""
    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of messages per page, as they are stored: one can be listed as several, or not at all. Server
    default: 100."""
    after: InQuery[MessageId | None] = UNSET
    """Start after the message with this ID, in the order of the list."""
    before: InQuery[MessageId | None] = UNSET
    """End before the message with this ID, in the order of the list."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest first, `desc` the newest. Server default: `asc`."""
    order_by: InQuery[Literal["created_at"]] = UNSET
    """Field that the order goes by. Server default: `created_at`."""

    def mark(self, item: Message) -> int | None:
        """Return what tells messages apart, also those with one ID: several can be made of one that is stored."""
        return None if item.id is None else hash((item.id, item.message_type, getattr(item, "otid", None)))


@operation
class StreamRun(ResumableOperation[StreamEvent], StreamOperation[StreamEvent]):
    """Stream the events of a background run from the beginning, or from any event on; also after its end.

    Raises:
        NotFoundError: There is no such run.
        BadRequestError: The run is not a background run.

    """

    http: ClassVar[Endpoint] = POST("/v1/runs/{run_id}/stream", repeatable=True, body_required=True, traffic="stream")

    run_id: InPath[RunId]
    """`run-<uuid4>`."""
    starting_after: InBody[Count] = UNSET
    """Start after the event with this `seq_id`. Server default: 0, with the first event."""
    include_pings: InBody[bool | None] = UNSET
    """Return a `LettaPing` at the beginning and every 20 s. Server default: `True`."""
    poll_interval: InBody[Seconds | None] = UNSET
    """Seconds between two looks of the server for new events. Server default: 0.1."""
    batch_size: InBody[PageSize | None] = UNSET
    """Number of events that the server reads at a time. Server default: 100."""

    @property
    def is_resumable(self) -> bool:
        """Whether a stream that broke is continued."""
        return self.resume is not False
