"""Configurations of MCP servers with their names, and tools as MCP servers describe them, for calls of `client.tools`.

Source: `…ServerConfig` and `MCPTool` in the OpenAPI description of Letta 0.16.8. The classes of letta-client before 1.0
have these names; those of `client.mcp_servers` are `McpServer` and `CreateMcpServerParam`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import attrs

from letta_async._schema.annotations import named_on_wire
from letta_async._schema.placement import Hidden
from letta_async._schema.record import SECRET
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject

__all__ = [
    "MCPServerType",
    "McpServerConfig",
    "McpTool",
    "McpToolHealth",
    "SseServerConfig",
    "StdioServerConfig",
    "StreamableHttpServerConfig",
    "ToolAnnotations",
    "UnknownServerConfig",
]

_SecretText = Annotated[str, Hidden()]


# --- configurations ---------------------------------------------------------------------------------------------------


class MCPServerType:
    """Constants for the `type` of a configuration, which has it by default."""

    STDIO: Final = "stdio"
    SSE: Final = "sse"
    STREAMABLE_HTTP: Final = "streamable_http"


@attrs.frozen(kw_only=True)
class StdioServerConfig(WireObject):
    """Name and configuration of an MCP server that the Letta server runs as a command."""

    type: Literal["stdio"] = "stdio"
    server_name: str
    """Name of the MCP server."""
    command: str
    """Command to run."""
    args: list[str] = attrs.field(hash=False)
    """Arguments of the command."""
    env: Mapping[str, _SecretText] | Unset | None = attrs.field(default=UNSET, hash=False, repr=False, metadata=SECRET)
    """Environment variables of the command; not in the `repr`, and masked in `to_dict`."""


@attrs.frozen(kw_only=True)
class _HttpServerConfig(WireObject):
    server_name: str
    """Name of the MCP server."""
    server_url: str
    """URL of the MCP server. Letta 0.16.8 refuses addresses that are not public unless it is configured otherwise."""
    auth_header: str | Unset | None = UNSET
    """Name of the header that carries `auth_token`; Letta 0.16.8 uses `Authorization`, whatever the name."""
    auth_token: _SecretText | Unset | None = attrs.field(default=UNSET, repr=False, metadata=SECRET)
    """Value of that header, before which the server writes `Bearer `; requires `auth_header`. Not in the `repr`, and
    masked in `to_dict`. Letta 0.16.8 returns it whole, and `None` if there are `custom_headers`."""
    custom_headers: Mapping[str, _SecretText] | Unset | None = attrs.field(
        default=UNSET, hash=False, repr=False, metadata=SECRET
    )
    """Further headers; not in the `repr`, and masked in `to_dict`."""


@attrs.frozen(kw_only=True)
class SseServerConfig(_HttpServerConfig):
    """Name and configuration of an MCP server that is reached by HTTP with server-sent events."""

    type: Literal["sse"] = "sse"


@attrs.frozen(kw_only=True)
class StreamableHttpServerConfig(_HttpServerConfig):
    """Name and configuration of an MCP server that is reached by streamable HTTP."""

    type: Literal["streamable_http"] = "streamable_http"


@attrs.frozen(kw_only=True)
class UnknownServerConfig(WireObject):
    """Configuration of a type that this version has no class for; its other fields are in `extra_fields`."""

    type: str | None = None
    """Type of the MCP server."""
    server_name: str | None = None
    """Name of the MCP server."""


McpServerConfig = StdioServerConfig | SseServerConfig | StreamableHttpServerConfig
"""Name and configuration of an MCP server, told apart by `type`."""


# --- tools ------------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class McpToolHealth(WireObject):
    """Whether models that follow schemas strictly can call a tool."""

    status: str | None = None
    """`STRICT_COMPLIANT`, `NON_STRICT_ONLY` or `INVALID`."""
    reasons: list[str] | None = attrs.field(default=None, hash=False)
    """Reasons for the status."""


@attrs.frozen(kw_only=True)
class ToolAnnotations(WireObject):
    """Claims of an MCP server about a tool. Nothing guarantees that they are true."""

    title: str | None = None
    """Title of the tool, for persons."""
    read_only_hint: bool | None = attrs.field(default=None, metadata=named_on_wire("readOnlyHint"))
    """Whether the tool changes nothing."""
    destructive_hint: bool | None = attrs.field(default=None, metadata=named_on_wire("destructiveHint"))
    """Whether the tool may delete or overwrite something."""
    idempotent_hint: bool | None = attrs.field(default=None, metadata=named_on_wire("idempotentHint"))
    """Whether a second call with the same arguments changes nothing more."""
    open_world_hint: bool | None = attrs.field(default=None, metadata=named_on_wire("openWorldHint"))
    """Whether the tool reaches systems outside of the MCP server."""


@attrs.frozen(kw_only=True)
class McpTool(WireObject):
    """A tool as an MCP server describes it, without an ID: `tools.add_mcp_tool` makes it one for agents."""

    name: str
    """Name of the tool."""
    title: str | None = None
    """Title of the tool, for persons."""
    description: str | None = None
    """Description of the tool's purpose."""
    input_schema: Mapping[str, Any] | None = attrs.field(
        default=None, hash=False, metadata=named_on_wire("inputSchema")
    )
    """JSON schema of the arguments."""
    output_schema: Mapping[str, Any] | None = attrs.field(
        default=None, hash=False, metadata=named_on_wire("outputSchema")
    )
    """JSON schema of the result."""
    annotations: ToolAnnotations | None = None
    """Claims of the MCP server about the tool."""
    icons: list[Mapping[str, Any]] | None = attrs.field(default=None, hash=False)
    """Icons of the tool, as JSON objects."""
    execution: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """Ways in which the tool can be run, as a JSON object."""
    meta: Mapping[str, Any] | None = attrs.field(default=None, hash=False, metadata=named_on_wire("_meta"))
    """JSON object that the MCP server sends with the tool; Letta 0.16.8 returns `None`."""
    health: McpToolHealth | None = None
    """Whether models that follow schemas strictly can call the tool."""
