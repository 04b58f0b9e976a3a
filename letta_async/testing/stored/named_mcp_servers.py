"""MCP servers by their names: the rows of `mcp_servers`, as the server's earlier calls show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from letta_async.operations import named_mcp_servers as calls
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal
from letta_async.testing._route import Handler, Route, route_of
from letta_async.testing._rows import StoredRow
from letta_async.testing._scripted_routes import without_answer
from letta_async.testing._state import Store
from letta_async.testing._validation import Fields
from letta_async.testing.stored.mcp_servers import BY_COMMAND, BY_URL, MCP_SERVERS

__all__ = ["ROUTES"]

_NO_ID: Final = "Argument mcp_server_id does not match type <class 'str'>; is None"
"""Text of the server's error if no MCP server has a name."""


def _named(store: Store, call: Call) -> StoredRow | None:
    """Return the MCP server with the name in the path; `None` if there is none."""
    name = call.path["mcp_server_name"]
    return next((row for row in MCP_SERVERS.rows(store) if row.fields["server_name"] == name), None)


def _shown(row: StoredRow) -> dict[str, Any]:
    """Return the configuration of an MCP server; its token is hidden by further headers."""
    fields = row.fields
    names = BY_COMMAND if fields["mcp_server_type"] == "stdio" else BY_URL
    shown = {"server_name": fields["server_name"], "type": fields["mcp_server_type"]}
    shown |= {name: fields[name] for name in names}
    return {**shown, "auth_header": None, "auth_token": None} if shown.get("custom_headers") else shown


def _list_shown(store: Store) -> list[dict[str, Any]]:
    return [_shown(row) for row in MCP_SERVERS.rows(store)]


def _list(store: Store, _call: Call) -> Any:
    """Return the configurations by name."""
    return {each["server_name"]: each for each in _list_shown(store)}


def _add(store: Store, call: Call) -> Any:
    """Store an MCP server; a token without the name of its header is ignored."""
    body: Fields = call.body
    config = Fields(body, mcp_server_type=body["type"])
    config.given = body.given | {"mcp_server_type"}
    header = body.get("auth_header")
    if not header or header in (body["custom_headers"] or {}):
        config.given -= {"auth_header", "auth_token"}
    MCP_SERVERS.add(store, {"server_name": body["server_name"], "config": config})
    return _list_shown(store)


def _delete(store: Store, call: Call) -> Any:
    """Delete an MCP server."""
    row = _named(store, call)
    if row is None:
        raise Refusal(400, {"detail": _NO_ID})
    store.remove(row)
    return _list_shown(store)


def _list_tools(store: Store, call: Call) -> Any:
    """Refuse: MCP servers are never asked for their tools."""
    if _named(store, call) is None:
        raise Refusal(400, {"detail": _NO_ID})
    return without_answer(calls.ListMcpToolsByServer)(store, call)


def _add_tool(store: Store, call: Call) -> Any:
    """Refuse: MCP servers are never asked for their tools."""
    if _named(store, call) is None:
        raise Refusal(400, {"detail": f"MCP server '{call.path['mcp_server_name']}' not found"})
    return without_answer(calls.AddMcpTool)(store, call)


_HANDLERS: Final[Mapping[Any, Handler]] = {
    calls.ListNamedMcpServers: _list,
    calls.AddMcpServer: _add,
    calls.DeleteNamedMcpServer: _delete,
    calls.ListMcpToolsByServer: _list_tools,
    calls.AddMcpTool: _add_tool,
}
ROUTES: Final[tuple[Route, ...]] = tuple(route_of(operation, handler) for operation, handler in _HANDLERS.items())
