"""Contract tests of the client for MCP servers by name. Nothing answers at the URL here: the name does not exist."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    BadRequestError,
    ConflictError,
    InternalServerError,
    InvalidArgumentError,
    SseServerConfig,
    StdioServerConfig,
    StreamableHttpServerConfig,
)
from tests.contract.conftest import REAL

URL = "http://mcp.invalid/mcp"


@pytest.fixture
async def name(sdk: AsyncLetta) -> AsyncIterator[str]:
    """Return a name; the MCP server with it is deleted after the test."""
    name = f"contract-{uuid.uuid4()}"
    yield name
    if name in await sdk.tools.list_mcp_servers():
        await sdk.tools.delete_mcp_server(name)


async def test_a_server_is_added_with_its_name(sdk: AsyncLetta, name: str) -> None:
    config = SseServerConfig(server_name=name, server_url=URL, custom_headers={"X-Team": "s3cret"})
    added = await sdk.tools.add_mcp_server(request=config)
    servers = await sdk.tools.list_mcp_servers()
    stored = servers[name]
    assert stored in added
    assert type(stored) is SseServerConfig
    assert not stored.extra_fields
    assert (stored.server_url, stored.auth_token, stored.custom_headers) == (URL, None, {"X-Team": "s3cret"})
    assert "s3cret" not in repr(stored) + str(stored.to_dict()) + repr(config)
    with pytest.raises(ConflictError, match="already exists"):
        await sdk.tools.add_mcp_server(request=stored)


async def test_it_is_one_of_those_with_an_id(sdk: AsyncLetta, name: str) -> None:
    mapping = {"type": "streamable_http", "server_name": name, "server_url": URL}
    await sdk.tools.add_mcp_server(request={**mapping, "auth_header": "X-Key", "auth_token": "t0ken"})
    (server,) = [each for each in await sdk.mcp_servers.list() if each.server_name == name]
    stored = (await sdk.tools.list_mcp_servers())[name]
    assert type(stored) is StreamableHttpServerConfig
    for each in (server, stored):
        assert (getattr(each, "auth_header", ""), getattr(each, "auth_token", "")) == ("Authorization", "Bearer t0ken")
    assert "t0ken" not in repr(stored) + str(stored.to_dict())
    left = await sdk.tools.delete_mcp_server(mcp_server_name=name)
    assert name not in [each.server_name for each in left]
    assert server not in await sdk.mcp_servers.list()


async def test_a_token_without_a_header_is_refused(sdk: AsyncLetta, name: str) -> None:
    config: dict[str, Any] = {"server_name": name, "server_url": URL, "auth_token": "t0ken"}
    for request in (StreamableHttpServerConfig(**config), {"type": "sse", **config}):
        with pytest.raises(InvalidArgumentError, match=r"request\.auth_header: is required for auth_token") as caught:
            await sdk.tools.add_mcp_server(request=request)
        assert "t0ken" not in str(caught.value)
    with pytest.raises(InvalidArgumentError, match=r"request\.server_url"):
        await sdk.tools.add_mcp_server(request={"type": "sse", "server_name": name})


async def test_a_server_that_is_a_command(sdk: AsyncLetta, name: str) -> None:
    config = StdioServerConfig(server_name=name, command="run-it", args=["--now"], env={"KEY": "v4lue"})
    if REAL:
        with pytest.raises(BadRequestError, match="stdio is not supported"):
            await sdk.tools.add_mcp_server(request=config)
        return
    assert config in await sdk.tools.add_mcp_server(request=config)
    assert (await sdk.tools.list_mcp_servers())[name] == config


async def test_tools_come_from_the_server(base_url: str, name: str) -> None:
    async with AsyncLetta(base_url=base_url, max_retries=0) as once:
        await once.tools.add_mcp_server(request=SseServerConfig(server_name=name, server_url=URL))
        with pytest.raises(InternalServerError):
            await once.tools.list_mcp_tools_by_server(name)
        with pytest.raises(InternalServerError):
            await once.tools.add_mcp_tool(name, "echo")


async def test_a_server_that_does_not_exist(sdk: AsyncLetta, name: str) -> None:
    with pytest.raises(BadRequestError):
        await sdk.tools.list_mcp_tools_by_server(mcp_server_name=name)
    with pytest.raises(BadRequestError, match="not found"):
        await sdk.tools.add_mcp_tool(mcp_server_name=name, mcp_tool_name="echo")
    with pytest.raises(BadRequestError):
        await sdk.tools.delete_mcp_server(name)
