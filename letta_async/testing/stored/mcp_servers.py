"""MCP servers: stored, never connected to, and so without tools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from letta_async.operations import mcp_servers as calls
from letta_async.testing import _facts
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, duplicate, no_record, unknown_error
from letta_async.testing._route import NO_CONTENT, Route, route_of
from letta_async.testing._rows import StoredRow
from letta_async.testing._state import Store
from letta_async.testing._validation import Fields
from letta_async.testing.stored.collection import Collection

__all__ = ["BY_COMMAND", "BY_URL", "MCP_SERVERS", "ROUTES"]

BY_COMMAND: Final = ("command", "args", "env")
BY_URL: Final = ("server_url", "auth_header", "auth_token", "custom_headers")
_BEARER: Final = "Bearer "


class _McpServers(Collection):
    """Collection of MCP servers, whose list has no pages."""

    def delete(self, store: Store, call: Call, row_id: str) -> Any:
        """Delete a row; one that does not exist is a bad request to the server."""
        if row_id not in store.rows:
            raise Refusal(400, {"detail": f"MCP server with id {row_id} not found."})
        super().delete(store, call, row_id)
        return NO_CONTENT

    def list(self, store: Store, call: Call) -> Any:
        """Return all rows, the oldest first."""
        del call
        return [self.shown(store, row) for row in self.rows(store)]


def _prepared(store: Store, fields: dict[str, Any]) -> dict[str, Any]:
    """Lay the configuration of a request over the fields, of which it never changes the type and the token."""
    config: Fields = fields.pop("config") or Fields()
    is_new = fields["mcp_server_type"] is None
    changes = {name: config[name] for name in config.given if config[name] is not None}
    kind = fields["mcp_server_type"] or changes["mcp_server_type"]
    names: Iterable[str] = BY_COMMAND if kind == "stdio" else BY_URL
    kept = {name: changes[name] for name in names if name in changes and (is_new or name != "auth_token")}
    made = {**dict.fromkeys(names), **fields, **kept, "mcp_server_type": kind, "config": None}
    if token := made.get("auth_token"):
        made |= {"auth_header": "Authorization", "auth_token": f"{_BEARER}{str(token).removeprefix(_BEARER)}"}
    if is_new and any(row.fields["server_name"] == made["server_name"] for row in MCP_SERVERS.rows(store)):
        key = f"(server_name, organization_id)=({made['server_name']}, {_facts.ORGANIZATION_ID})"
        raise duplicate("MCPServer", "uix_name_organization_mcp_server", key)
    return made


def _shown(_store: Store, row: StoredRow) -> dict[str, Any]:
    fields = row.fields
    names = BY_COMMAND if fields["mcp_server_type"] == "stdio" else BY_URL
    own = {name: fields[name] for name in ("mcp_server_type", *names)}
    return {**own, "id": row.id, "server_name": fields["server_name"]}


def _refresh(store: Store, call: Call) -> Any:
    """Tell that no tool was changed."""
    MCP_SERVERS.existing(store, call.path["mcp_server_id"])
    return {"deleted": [], "updated": [], "added": []}


def _list_tools(_store: Store, _call: Call) -> Any:
    """List the tools of an MCP server, also of one that does not exist: none."""
    return []


def _retrieve_tool(_store: Store, _call: Call) -> Any:
    """Fail as the server does if there is no such tool."""
    raise unknown_error()


def _run_tool(_store: Store, call: Call) -> Any:
    """Refuse to run a tool that does not exist."""
    raise no_record("Tool", call.path["tool_id"])


MCP_SERVERS: Final = _McpServers(
    name="mcp_servers",
    prefix="mcp_server",
    kind="MCPServer",
    operations=(
        calls.CreateMcpServer,
        calls.ListMcpServers,
        calls.RetrieveMcpServer,
        calls.UpdateMcpServer,
        calls.DeleteMcpServer,
    ),
    defaults={"config": None, "mcp_server_type": None, "server_name": None},
    prepare=_prepared,
    show=_shown,
)
ROUTES: Final[tuple[Route, ...]] = (
    *MCP_SERVERS.routes,
    route_of(calls.RefreshMcpServer, _refresh),
    route_of(calls.ListMcpServerTools, _list_tools),
    route_of(calls.RetrieveMcpServerTool, _retrieve_tool),
    route_of(calls.RunMcpServerTool, _run_tool),
)
