"""Calls under `/v1/agents/{agent_id}/tools`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from letta_async._schema.unset import UNSET, Unset
from letta_async.operations._listing import CreationOrder, GrowingListing
from letta_async.operations._operation import (
    GET,
    PATCH,
    AgentId,
    Body,
    Endpoint,
    InPath,
    InQuery,
    Operation,
    Query,
    Segment,
    ToolId,
    operation,
)
from letta_async.types.agent import AgentState
from letta_async.types.tool import Tool

__all__ = ["ListAgentTools", "UpdateToolApproval"]


@operation
class ListAgentTools(CreationOrder, GrowingListing[Tool]):
    """List the tools of an agent.

    Letta 0.16.8 sorts by age, but compares `after` and `before` with the ID, so that pages would leave tools out. An
    iteration therefore asks for larger and larger first pages.
    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/tools")
    item: ClassVar[str] = "tool"
    default_limit: ClassVar[int] = 10

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    after: InQuery[ToolId | None] = UNSET
    before: InQuery[ToolId | None] = UNSET


@operation
class UpdateToolApproval(Operation[AgentState | None]):
    """Set whether a person must approve each run of a tool by an agent.

    Letta 0.16.8 returns the agent; to the official client it returns `None`.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/tools/approval/{tool_name}", body_required=False)

    tool_name: InPath[Segment]
    """Name of the tool."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    body_requires_approval: Annotated[bool, Body("requires_approval")]
    """Whether a person must approve each run."""
    query_requires_approval: Annotated[bool | Unset | None, Query("requires_approval")] = UNSET
    """The same in the query, deprecated; the server reads `body_requires_approval`."""
