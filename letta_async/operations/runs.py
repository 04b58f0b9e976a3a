"""Calls under `/v1/runs`."""

from __future__ import annotations

from typing import ClassVar, Literal

from letta_async._schema.fields import PageSize
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import Listing
from letta_async.operations._operation import (
    GET,
    AgentId,
    Endpoint,
    InPath,
    InQuery,
    Operation,
    OwnConversationId,
    RunId,
    operation,
)
from letta_async.types.run import Run, RunStatus, StopReason

__all__ = ["ListRuns", "RetrieveRun"]


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
