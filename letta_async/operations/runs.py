"""Calls under `/v1/runs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from letta_async._schema.constraints import PageSize, Range
from letta_async._schema.unset import UNSET, Unset
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._message_listing import MessageListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    POST,
    AgentId,
    Body,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    OwnConversationId,
    Path,
    RunId,
    operation,
)
from letta_async.operations._streaming import RunStreamOperation
from letta_async.types.message import Message
from letta_async.types.run import Run, RunMetrics, RunStatus, StopReason, UsageStatistics
from letta_async.types.stream import StreamEvent

__all__ = [
    "DeleteRun",
    "ListRunMessages",
    "ListRuns",
    "RetrieveRun",
    "RetrieveRunMetrics",
    "RetrieveRunTrace",
    "RetrieveRunUsage",
    "StreamRun",
]


@operation
class ListRuns(CreationOrder, IdListing[Run]):
    """List runs."""

    http: ClassVar[Endpoint] = GET("/v1/runs/")
    item: ClassVar[str] = "run"
    default_limit: ClassVar[int] = 100

    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of runs per page, at most 1000. Server default: {default_limit}."""
    after: InQuery[RunId | None] = UNSET
    """End before the run with this ID, in the order of the list; Letta 0.16.8 has `after` and `before` reversed."""
    before: InQuery[RunId | None] = UNSET
    """Start after the run with this ID, in the order of the list."""
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

    def following(self, page: list[Run]) -> Mapping[str, Any]:
        """Return the parameters that lead on: `before`, in either order."""
        following = super().following(page)
        return {"before": following["after"]} if following else {}


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
class DeleteRun(Operation[None]):
    """Delete a run. Letta 0.16.8 fails with an `InternalServerError` on every such call, and keeps the run."""

    http: ClassVar[Endpoint] = DELETE("/v1/runs/{run_id}")

    run_id: InPath[RunId]
    """`run-<uuid4>`."""


@operation
class RetrieveRunUsage(Operation[UsageStatistics]):
    """Retrieve how many tokens the steps of a run took.

    Raises:
        NotFoundError: There is no such run.

    """

    http: ClassVar[Endpoint] = GET("/v1/runs/{run_id}/usage")

    run_id: InPath[RunId]
    """`run-<uuid4>`."""


@operation
class RetrieveRunMetrics(Operation[RunMetrics]):
    """Retrieve the duration of a run and the number of its steps.

    Raises:
        NotFoundError: There is no such run, or it has not ended.

    """

    http: ClassVar[Endpoint] = GET("/v1/runs/{run_id}/metrics")

    run_id: InPath[RunId]
    """`run-<uuid4>`."""


@operation
class RetrieveRunTrace(Operation[list[Mapping[str, Any]]]):
    """Retrieve the OpenTelemetry spans of a run.

    Letta 0.16.8 fails with an `InternalServerError`, status 501, unless it is configured to use ClickHouse.
    """

    http: ClassVar[Endpoint] = GET("/v1/runs/{run_id}/trace")

    run_id: InPath[RunId]
    """`run-<uuid4>`."""
    limit: InQuery[Annotated[int, Range(minimum=1, maximum=5000)]] = UNSET
    """Maximum number of spans, at most 5000. Server default: 1000."""


@operation
class ListRunMessages(CreationOrder, MessageListing[Message]):
    """List the messages of a run.

    Raises:
        NotFoundError: There is no such run.

    """

    http: ClassVar[Endpoint] = GET("/v1/runs/{run_id}/messages")
    default_order: ClassVar[str] = "asc"

    run_id: InPath[RunId]
    """`run-<uuid4>`."""

    def arranged(self, page: list[Message]) -> list[Message]:
        """Return a page as it is: the server keeps to the order, which is by default the oldest first."""
        return page

    def following(self, page: list[Message]) -> Mapping[str, Any]:
        """Return the parameters that lead on: `after` and `before` mean later and earlier, whatever the order."""
        return {"before" if self.order == "desc" else "after": page[-1].id} if page else {}


@operation
class StreamRun(RunStreamOperation[StreamEvent]):
    """Stream the events of a background run from the beginning, or from any event on; also after its end.

    A run that was started by `create_async` has no events, and past the last event none come: such a stream has pings
    alone and never ends, which `Timeout(pings=False)` or a deadline bounds. The server keeps events for three hours.

    Raises:
        NotFoundError: There is no such run.
        BadRequestError: The run is not a background run.

    """

    http: ClassVar[Endpoint] = POST("/v1/runs/{run_id}/stream", repeatable=True, body_required=True, traffic="stream")

    path_run_id: Annotated[RunId, Path("run_id")]
    """`run-<uuid4>`."""
    body_run_id: Annotated[RunId | Unset | None, Body("run_id")] = UNSET
    """The same ID in the body, where the server ignores it."""
    agent_id: InBody[AgentId | None] = UNSET
    """ID of the agent, `agent-<uuid4>`; the server ignores it here."""
    otid: InBody[str | None] = UNSET
    """Offline threading ID of a message of the run; the server ignores it here."""
