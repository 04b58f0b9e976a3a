"""MCP servers, from which agents get tools: one class per type, told apart by `mcp_server_type`.

Source: `MCPServer…` in the OpenAPI description of Letta 0.16.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import attrs

from letta_async._schema.placement import Hidden
from letta_async._schema.record import SECRET, without_password
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject

__all__ = [
    "CreateMcpServerParam",
    "CreateSseMcpServerParam",
    "CreateStdioMcpServerParam",
    "CreateStreamableHTTPMcpServerParam",
    "McpServer",
    "SseMcpServer",
    "StdioMcpServer",
    "StreamableHTTPMcpServer",
    "UnknownMcpServer",
    "UpdateMcpServerParam",
    "UpdateSseMcpServerParam",
    "UpdateStdioMcpServerParam",
    "UpdateStreamableHTTPMcpServerParam",
]

_SecretText = Annotated[str, Hidden()]


# --- responses --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class StdioMcpServer(WireObject):
    """An MCP server that the Letta server runs as a command."""

    mcp_server_type: Literal["stdio"] = "stdio"
    id: str
    """`mcp_server-<uuid4>`."""
    server_name: str | None = None
    """Name of the MCP server."""
    command: str | None = None
    """Command that is run."""
    args: list[str] | None = attrs.field(default=None, hash=False)
    """Arguments of the command."""
    env: Mapping[str, str] | None = attrs.field(default=None, hash=False, repr=False, metadata=SECRET)
    """Environment variables of the command; not in the `repr`, and masked in `to_dict`."""


@attrs.frozen(kw_only=True)
class _HttpMcpServer(WireObject):
    id: str
    """`mcp_server-<uuid4>`."""
    server_name: str | None = None
    """Name of the MCP server."""
    server_url: str | None = attrs.field(default=None, repr=without_password)
    """URL of the MCP server."""
    auth_header: str | None = None
    """Name of the header that carries `auth_token`."""
    auth_token: str | None = attrs.field(default=None, repr=False, metadata=SECRET)
    """Value of that header, which Letta 0.16.8 returns whole; not in the `repr`, and masked in `to_dict`."""
    custom_headers: Mapping[str, str] | None = attrs.field(default=None, hash=False, repr=False, metadata=SECRET)
    """Further headers; not in the `repr`, and masked in `to_dict`."""


@attrs.frozen(kw_only=True)
class SseMcpServer(_HttpMcpServer):
    """An MCP server that is reached by HTTP with server-sent events."""

    mcp_server_type: Literal["sse"] = "sse"


@attrs.frozen(kw_only=True)
class StreamableHTTPMcpServer(_HttpMcpServer):
    """An MCP server that is reached by streamable HTTP."""

    mcp_server_type: Literal["streamable_http"] = "streamable_http"


@attrs.frozen(kw_only=True)
class UnknownMcpServer(WireObject):
    """An MCP server of a type that this version has no class for; its other fields are in `extra_fields`."""

    id: str
    """`mcp_server-<uuid4>`."""
    mcp_server_type: str | None = None
    """Type of the MCP server."""
    server_name: str | None = None
    """Name of the MCP server."""


McpServer = StdioMcpServer | SseMcpServer | StreamableHTTPMcpServer | UnknownMcpServer
"""An MCP server, told apart by `mcp_server_type`."""


# --- parameters -------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CreateStdioMcpServerParam(WireObject):
    """Configuration of a new MCP server that the Letta server runs as a command."""

    mcp_server_type: Literal["stdio"] = "stdio"
    command: str
    """Command to run."""
    args: list[str] = attrs.field(hash=False)
    """Arguments of the command."""
    env: Mapping[str, _SecretText] | Unset | None = attrs.field(default=UNSET, hash=False, repr=False, metadata=SECRET)
    """Environment variables of the command; no error message and no `repr` shows the values."""


@attrs.frozen(kw_only=True)
class _CreateHttpMcpServerParam(WireObject):
    server_url: str = attrs.field(repr=without_password)
    """URL of the MCP server. Letta 0.16.8 refuses addresses that are not public unless it is configured otherwise."""
    auth_header: str | Unset | None = UNSET
    """Name of the header that carries `auth_token`, such as `Authorization`."""
    auth_token: _SecretText | Unset | None = attrs.field(default=UNSET, repr=False, metadata=SECRET)
    """Value of that header, before which the server writes `Bearer `; no error message and no `repr` shows it."""
    custom_headers: Mapping[str, _SecretText] | Unset | None = attrs.field(
        default=UNSET, hash=False, repr=False, metadata=SECRET
    )
    """Further headers; no error message and no `repr` shows the values."""


@attrs.frozen(kw_only=True)
class CreateSseMcpServerParam(_CreateHttpMcpServerParam):
    """Configuration of a new MCP server that is reached by HTTP with server-sent events."""

    mcp_server_type: Literal["sse"] = "sse"


@attrs.frozen(kw_only=True)
class CreateStreamableHTTPMcpServerParam(_CreateHttpMcpServerParam):
    """Configuration of a new MCP server that is reached by streamable HTTP."""

    mcp_server_type: Literal["streamable_http"] = "streamable_http"


CreateMcpServerParam = CreateStdioMcpServerParam | CreateSseMcpServerParam | CreateStreamableHTTPMcpServerParam
"""Configuration of a new MCP server, told apart by `mcp_server_type`."""


@attrs.frozen(kw_only=True)
class UpdateStdioMcpServerParam(WireObject):
    """New configuration of an MCP server that the Letta server runs as a command."""

    mcp_server_type: Literal["stdio"] = "stdio"
    command: str | None
    """Command to run; `None` keeps it."""
    args: list[str] | None = attrs.field(hash=False)
    """Arguments of the command; `None` keeps them."""
    env: Mapping[str, _SecretText] | Unset | None = attrs.field(default=UNSET, hash=False, repr=False, metadata=SECRET)
    """Environment variables of the command; no error message and no `repr` shows the values."""


@attrs.frozen(kw_only=True)
class _UpdateHttpMcpServerParam(WireObject):
    server_url: str | None = attrs.field(repr=without_password)
    """URL of the MCP server; `None` keeps it."""
    auth_header: str | Unset | None = UNSET
    """Name of the header that carries `auth_token`, such as `Authorization`."""
    auth_token: _SecretText | Unset | None = attrs.field(default=UNSET, repr=False, metadata=SECRET)
    """Value of that header, which Letta 0.16.8 ignores; no error message and no `repr` shows it."""
    custom_headers: Mapping[str, _SecretText] | Unset | None = attrs.field(
        default=UNSET, hash=False, repr=False, metadata=SECRET
    )
    """Further headers instead of those before; no error message and no `repr` shows the values."""


@attrs.frozen(kw_only=True)
class UpdateSseMcpServerParam(_UpdateHttpMcpServerParam):
    """New configuration of an MCP server that is reached by HTTP with server-sent events."""

    mcp_server_type: Literal["sse"] = "sse"


@attrs.frozen(kw_only=True)
class UpdateStreamableHTTPMcpServerParam(_UpdateHttpMcpServerParam):
    """New configuration of an MCP server that is reached by streamable HTTP."""

    mcp_server_type: Literal["streamable_http"] = "streamable_http"


UpdateMcpServerParam = UpdateStdioMcpServerParam | UpdateSseMcpServerParam | UpdateStreamableHTTPMcpServerParam
"""New configuration of an MCP server, told apart by `mcp_server_type`."""
