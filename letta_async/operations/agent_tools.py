"""Calls under `/v1/agents/{agent_id}/tools`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from letta_async._schema.unset import UNSET, Unset
from letta_async.operations._listing import CreationOrder, GrowingListing
from letta_async.operations._operation import (
    GET,
    PATCH,
    POST,
    AgentId,
    Body,
    Endpoint,
    InBody,
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
from letta_async.types.tool_result import ToolExecutionResult

__all__ = ["AttachTool", "DetachTool", "ListAgentTools", "RunTool", "UpdateToolApproval"]


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


@operation
class AttachTool(Operation[AgentState | None]):
    """Attach a tool to an agent. One that is attached already stays so, without an error.

    Letta 0.16.8 returns the agent; to the official client it returns `None`.

    Raises:
        NotFoundError: There is no such agent or tool.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/tools/attach/{tool_id}", body_required=False)

    tool_id: InPath[ToolId]
    """`tool-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class DetachTool(Operation[AgentState | None]):
    """Detach a tool from an agent, without deleting it. One that is not attached is no error on Letta 0.16.8.

    Letta 0.16.8 returns the agent; to the official client it returns `None`.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/tools/detach/{tool_id}", body_required=False)

    tool_id: InPath[ToolId]
    """`tool-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class RunTool(Operation[ToolExecutionResult]):
    """Run a tool of an agent with these arguments, without a model, and with the agent's environment variables.

    Returns:
        What the tool returned and printed. A tool that failed is no error of the call: see `status` and `stderr`.

    Raises:
        NotFoundError: The agent has no tool with this name, or there is no such agent.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/tools/{tool_name}/run", traffic="model")

    tool_name: InPath[Segment]
    """Name of the tool."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    args: InBody[Mapping[str, Any]] = UNSET
    """Arguments, by the names of the function's parameters. Server default: none."""
