"""Tools of MCP servers by name, as the server describes them and makes them its own, and what it does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    InternalServerError,
    InvalidArgumentError,
    Letta,
    MCPServerType,
    McpTool,
    McpToolHealth,
    StdioServerConfig,
    ToolAnnotations,
    UnknownServerConfig,
)
from letta_async.testing import EmbeddedServer
from letta_async.types import SSEServerConfig, StreamableHTTPServerConfig

SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
TOOL = {"id": "tool-123e4567-e89b-42d3-8456-426614174000", "name": "echo", "tool_type": "external_mcp"}


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


async def test_a_tool_has_the_attributes_that_programs_read(server: EmbeddedServer) -> None:
    described: dict[str, Any] = {
        "name": "echo",
        "title": None,
        "description": "Echo a text.",
        "inputSchema": SCHEMA,
        "outputSchema": None,
        "annotations": {"readOnlyHint": True, "openWorldHint": False},
        "_meta": {"a": 1},
        "health": {"status": "STRICT_COMPLIANT", "reasons": []},
        "newer": 2,
    }
    server.script("GET", "/v1/tools/mcp/servers/*/tools", body=[described])
    async with AsyncLetta(base_url=server.base_url) as client:
        (tool,) = await client.tools.list_mcp_tools_by_server("a b")
    assert tool == McpTool(
        name="echo",
        description="Echo a text.",
        input_schema=SCHEMA,
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
        meta={"a": 1},
        health=McpToolHealth(status="STRICT_COMPLIANT", reasons=[]),
        extra_fields={"newer": 2},
    )
    assert server.requests[-1].target == "/v1/tools/mcp/servers/a%20b/tools"


def test_a_tool_is_added_by_two_names_in_either_form(server: EmbeddedServer) -> None:
    server.script("POST", "/v1/tools/mcp/servers/*", body=TOOL, times=2)
    with Letta(base_url=server.base_url) as client:
        assert client.tools.add_mcp_tool("search", "mcp_search").id == TOOL["id"]
        assert client.tools.add_mcp_tool(mcp_server_name="search", mcp_tool_name="mcp_search").name == "echo"
    first, second = server.requests
    assert first.target == second.target == "/v1/tools/mcp/servers/search/mcp_search"


def test_without_a_script_the_embedded_server_says_how_to_write_one(server: EmbeddedServer) -> None:
    with Letta(base_url=server.base_url, max_retries=0) as client:
        client.tools.add_mcp_server(request=StdioServerConfig(server_name="a", command="b", args=[]))
        with pytest.raises(InternalServerError, match=r"script\(.GET., ./v1/tools/mcp/servers/\*/tools."):
            client.tools.list_mcp_tools_by_server("a")


def test_a_configuration_of_a_newer_type_is_read_as_far_as_it_is_known(server: EmbeddedServer) -> None:
    newer = {"type": "pipe", "server_name": "a", "pipe": 1}
    server.script("GET", "/v1/tools/mcp/servers", body={"a": newer})
    server.script("DELETE", "/v1/tools/mcp/servers/b", body=[newer])
    unknown = UnknownServerConfig(type="pipe", server_name="a", extra_fields={"pipe": 1})
    with Letta(base_url=server.base_url) as client:
        assert client.tools.list_mcp_servers() == {"a": unknown}
        assert client.tools.delete_mcp_server("b") == [unknown]


@pytest.mark.parametrize(
    ("kind", "type_", "given"),
    [
        (StdioServerConfig, MCPServerType.STDIO, {"command": "b", "args": []}),
        (SSEServerConfig, MCPServerType.SSE, {"server_url": "https://a"}),
        (StreamableHTTPServerConfig, MCPServerType.STREAMABLE_HTTP, {"server_url": "https://a"}),
    ],
)
def test_the_type_of_a_configuration_may_be_said(kind: Any, type_: str, given: dict[str, Any]) -> None:
    assert kind(server_name="a", type=type_, **given) == kind(server_name="a", **given)


def test_a_configuration_is_the_whole_body(server: EmbeddedServer) -> None:
    config = StdioServerConfig(server_name="a", command="b", args=["c"], env={"KEY": "v4lue"})
    with Letta(base_url=server.base_url) as client:
        client.tools.add_mcp_server(request=config)
        with pytest.raises(InvalidArgumentError, match="extra_body: does not go with a body that is one parameter"):
            client.tools.add_mcp_server(request=config, extra_body={"d": 1})
    (request,) = server.requests
    whole = {"type": "stdio", "server_name": "a", "command": "b", "args": ["c"], "env": {"KEY": "v4lue"}}
    assert (request.method, request.target, json.loads(request.body)) == ("PUT", "/v1/tools/mcp/servers", whole)
