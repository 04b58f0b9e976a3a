"""Calls under `/v1/tools/mcp`: MCP servers by their names, as programs for letta-client before 1.0 use them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Annotated, ClassVar

import attrs

from letta_async._schema.json_values import is_object
from letta_async.errors import ArgumentProblem
from letta_async.operations._operation import (
    DELETE,
    GET,
    POST,
    PUT,
    Endpoint,
    InPath,
    Operation,
    Segment,
    WholeBody,
    operation,
)
from letta_async.types.mcp_server_config import McpServerConfig, McpTool, UnknownServerConfig
from letta_async.types.tool import Tool

__all__ = ["AddMcpServer", "AddMcpTool", "DeleteNamedMcpServer", "ListMcpToolsByServer", "ListNamedMcpServers"]


@operation
class ListNamedMcpServers(Operation[Mapping[str, McpServerConfig | UnknownServerConfig]]):
    """Return the configurations of the MCP servers, by name. `mcp_servers.list` lists them with their IDs."""

    http: ClassVar[Endpoint] = GET("/v1/tools/mcp/servers")


@operation
class AddMcpServer(Operation[list[McpServerConfig | UnknownServerConfig]]):
    """Add an MCP server. `mcp_servers.create` does the same, and returns the MCP server with its ID.

    The Letta server connects to it for its tools; if it cannot, the MCP server has none until `tools.add_mcp_tool`.

    Returns:
        The configurations of all MCP servers.

    Raises:
        BadRequestError: The Letta server runs no commands, and `request` is one of a command; or the URL is not public,
            and the Letta server is not configured to reach others.
        ConflictError: There is an MCP server with this name, or an earlier attempt of this call added it.

    """

    http: ClassVar[Endpoint] = PUT("/v1/tools/mcp/servers")

    request: Annotated[McpServerConfig, WholeBody()]
    """Name and configuration, as a class of this package or a mapping of the same fields with `type`."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return a problem if there is a token without a header, for the server would ignore it.

        Args:
            extra: Names of the members that `extra_body` adds.

        """
        del extra
        fields = self.request if is_object(self.request) else attrs.asdict(self.request, recurse=False)
        if fields.get("auth_token") and not fields.get("auth_header"):
            yield ArgumentProblem("request.auth_header", "is required for auth_token, which is ignored without it")


@operation
class DeleteNamedMcpServer(Operation[list[McpServerConfig | UnknownServerConfig]]):
    """Delete an MCP server and its tools. `mcp_servers.delete` does the same by ID.

    Returns:
        The configurations of the other MCP servers.

    Raises:
        BadRequestError: There is no such MCP server, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/tools/mcp/servers/{mcp_server_name}")

    mcp_server_name: InPath[Segment]
    """Name of the MCP server."""


@operation
class ListMcpToolsByServer(Operation[list[McpTool]]):
    """List the tools of an MCP server, which the Letta server asks for them. `mcp_servers.tools.list` asks nobody.

    Letta 0.16.8 fails with an `InternalServerError` if the MCP server cannot be reached.

    Raises:
        BadRequestError: There is no such MCP server.

    """

    http: ClassVar[Endpoint] = GET("/v1/tools/mcp/servers/{mcp_server_name}/tools")

    mcp_server_name: InPath[Segment]
    """Name of the MCP server."""


@operation
class AddMcpTool(Operation[Tool]):
    """Make a tool of an MCP server one that agents can have, or bring it up to date if it is one.

    Letta 0.16.8 fails with an `InternalServerError` if the MCP server cannot be reached, or has no such tool.

    Raises:
        BadRequestError: There is no such MCP server.

    """

    http: ClassVar[Endpoint] = POST("/v1/tools/mcp/servers/{mcp_server_name}/{mcp_tool_name}", repeatable=True)
    path_is_positional: ClassVar[bool] = True

    mcp_server_name: InPath[Segment]
    """Name of the MCP server."""
    mcp_tool_name: InPath[Segment]
    """Name of the tool there."""
