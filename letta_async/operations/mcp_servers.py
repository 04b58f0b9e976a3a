"""Calls under `/v1/mcp-servers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    AgentId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    McpServerId,
    Operation,
    ToolId,
    operation,
)
from letta_async.types.mcp_server import CreateMcpServerParam, McpServer, UpdateMcpServerParam
from letta_async.types.tool import Tool
from letta_async.types.tool_result import ToolExecutionResult

__all__ = [
    "CreateMcpServer",
    "DeleteMcpServer",
    "ListMcpServerTools",
    "ListMcpServers",
    "RefreshMcpServer",
    "RetrieveMcpServer",
    "RetrieveMcpServerTool",
    "RunMcpServerTool",
    "UpdateMcpServer",
]


@operation
class CreateMcpServer(Operation[McpServer]):
    """Add an MCP server. The Letta server connects to it for its tools; if it cannot, the list of tools stays empty.

    Raises:
        BadRequestError: The Letta server runs no commands, and `config` is one of a command.
        ConflictError: There is an MCP server with this name.
        UnprocessableEntityError: The URL is not public, and the Letta server is not configured to reach others.

    """

    http: ClassVar[Endpoint] = POST("/v1/mcp-servers/")

    config: InBody[CreateMcpServerParam]
    """Configuration, as a class of this package or a mapping of the same fields with `mcp_server_type`."""
    server_name: InBody[str]
    """Name of the MCP server."""


@operation
class ListMcpServers(Operation[list[McpServer]]):
    """List the MCP servers. The list comes whole, without pages."""

    http: ClassVar[Endpoint] = GET("/v1/mcp-servers/")


@operation
class RetrieveMcpServer(Operation[McpServer]):
    """Retrieve an MCP server.

    Raises:
        NotFoundError: There is no such MCP server.

    """

    http: ClassVar[Endpoint] = GET("/v1/mcp-servers/{mcp_server_id}")

    mcp_server_id: InPath[McpServerId]
    """`mcp_server-<uuid4>`."""


@operation
class UpdateMcpServer(Operation[McpServer]):
    """Update an MCP server. A field that is left out keeps its value, and so does one that is `None`.

    Letta 0.16.8 keeps the type of the MCP server, whatever the type of `config`, and ignores `auth_token`: pass the
    token in `custom_headers`, or make a new MCP server.

    Raises:
        NotFoundError: There is no such MCP server.
        UnprocessableEntityError: The URL is not public, and the Letta server is not configured to reach others.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/mcp-servers/{mcp_server_id}")

    mcp_server_id: InPath[McpServerId]
    """`mcp_server-<uuid4>`."""
    config: InBody[UpdateMcpServerParam]
    """New configuration, as a class of this package or a mapping of the same fields with `mcp_server_type`."""
    server_name: InBody[str | None] = UNSET
    """Name of the MCP server."""


@operation
class DeleteMcpServer(Operation[None]):
    """Delete an MCP server and its tools.

    Raises:
        BadRequestError: There is no such MCP server, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/mcp-servers/{mcp_server_id}")

    mcp_server_id: InPath[McpServerId]
    """`mcp_server-<uuid4>`."""


@operation
class RefreshMcpServer(Operation[Mapping[str, Any] | None]):
    """Bring the tools of an MCP server up to date: add new ones, update their schemas, delete those that are gone.

    Returns:
        What was changed, as a JSON object.

    Raises:
        NotFoundError: There is no such MCP server, or it cannot be reached.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/mcp-servers/{mcp_server_id}/refresh", body_required=False)

    mcp_server_id: InPath[McpServerId]
    """`mcp_server-<uuid4>`."""
    agent_id: InQuery[AgentId | None] = UNSET
    """Agent whose variables are filled into the configuration of the MCP server, `agent-<uuid4>`."""


@operation
class ListMcpServerTools(Operation[list[Tool]]):
    """List the tools of an MCP server. The list comes whole, without pages.

    Letta 0.16.8 lists none for an MCP server that does not exist.
    """

    http: ClassVar[Endpoint] = GET("/v1/mcp-servers/{mcp_server_id}/tools")

    mcp_server_id: InPath[McpServerId]
    """`mcp_server-<uuid4>`."""


@operation
class RetrieveMcpServerTool(Operation[Tool]):
    """Retrieve a tool of an MCP server. Letta 0.16.8 fails with an `InternalServerError` if there is no such tool."""

    http: ClassVar[Endpoint] = GET("/v1/mcp-servers/{mcp_server_id}/tools/{tool_id}")

    tool_id: InPath[ToolId]
    """`tool-<uuid4>`."""
    mcp_server_id: InPath[McpServerId]
    """`mcp_server-<uuid4>`."""


@operation
class RunMcpServerTool(Operation[ToolExecutionResult]):
    """Run a tool of an MCP server.

    Raises:
        NotFoundError: There is no such tool.

    """

    http: ClassVar[Endpoint] = POST("/v1/mcp-servers/{mcp_server_id}/tools/{tool_id}/run", traffic="model")

    tool_id: InPath[ToolId]
    """`tool-<uuid4>`."""
    mcp_server_id: InPath[McpServerId]
    """`mcp_server-<uuid4>`."""
    args: InBody[Mapping[str, Any]] = UNSET
    """Arguments of the tool, by name. Server default: none."""
