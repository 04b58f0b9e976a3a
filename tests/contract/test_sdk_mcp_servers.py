"""Contract tests of the client for MCP servers. Nothing answers at the URL here: the name does not exist."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import attrs
import pytest

from letta_async import (
    AsyncLetta,
    BadRequestError,
    ConflictError,
    CreateSseMcpServerParam,
    CreateStdioMcpServerParam,
    CreateStreamableHTTPMcpServerParam,
    InternalServerError,
    NotFoundError,
    SseMcpServer,
    StdioMcpServer,
    StreamableHTTPMcpServer,
    UpdateStreamableHTTPMcpServerParam,
)
from tests.contract.conftest import REAL
from tests.contract.wire import UNKNOWN, Http

URL = "http://mcp.invalid/mcp"
NOBODY = f"mcp_server-{UNKNOWN}"
TOOL = f"tool-{UNKNOWN}"

Create = Callable[..., Awaitable[Any]]


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create MCP servers with the client; they are deleted after the test."""
    made: list[Any] = []

    async def create(config: Any, **parameters: Any) -> Any:
        given: Any = {"server_name": f"contract {uuid.uuid4()}", **parameters}
        made.append(await sdk.mcp_servers.create(config=config, **given))
        return made[-1]

    yield create
    for each in made:
        await http.delete(f"/v1/mcp-servers/{each.id}")


async def test_a_server_is_made_with_what_it_is_given(sdk: AsyncLetta, create: Create) -> None:
    config = CreateStreamableHTTPMcpServerParam(
        server_url=URL, auth_header="Authorization", auth_token="t0ken", custom_headers={"X-Team": "a"}
    )
    server = await create(config)
    assert type(server) is StreamableHTTPMcpServer
    assert not server.extra_fields
    assert (server.server_url, server.auth_header, server.auth_token) == (URL, "Authorization", "Bearer t0ken")
    assert server.custom_headers == {"X-Team": "a"}
    assert "t0ken" not in repr(server) + str(server.to_dict())
    assert await sdk.mcp_servers.retrieve(server.id) == server
    assert server in await sdk.mcp_servers.list()
    with pytest.raises(ConflictError, match="duplicates"):
        await create(config, server_name=server.server_name)


async def test_the_type_says_of_which_class_a_server_is(create: Create) -> None:
    server = await create({"mcp_server_type": "sse", "server_url": URL, "auth_token": None})
    assert type(server) is SseMcpServer
    assert (server.server_url, server.auth_header, server.auth_token) == (URL, None, None)
    assert type(await create(CreateSseMcpServerParam(server_url=URL))) is SseMcpServer


async def test_a_server_that_is_a_command(create: Create) -> None:
    config = CreateStdioMcpServerParam(command="run-it", args=["--now"], env={"KEY": "v4lue"})
    if REAL:
        with pytest.raises(BadRequestError, match="MCP stdio servers are disabled"):
            await create(config)
        return
    server = await create(config)
    assert type(server) is StdioMcpServer
    assert (server.command, server.args, server.env) == ("run-it", ["--now"], {"KEY": "v4lue"})
    assert "v4lue" not in repr(server) + repr(config)


async def test_an_update_keeps_what_is_none_the_type_and_the_token(sdk: AsyncLetta, create: Create) -> None:
    server = await create({"mcp_server_type": "streamable_http", "server_url": URL, "auth_token": "t0ken"})
    config = UpdateStreamableHTTPMcpServerParam(server_url=None, custom_headers={"A": "b"}, auth_token="other")
    name = f"contract {uuid.uuid4()}"
    changed = await sdk.mcp_servers.update(server.id, config=config, server_name=name)
    assert changed == attrs.evolve(server, server_name=name, custom_headers={"A": "b"})
    other = {"mcp_server_type": "sse", "server_url": "http://other.invalid/"}
    changed = await sdk.mcp_servers.update(server.id, config=other)
    assert (changed.mcp_server_type, getattr(changed, "server_url", None)) == ("streamable_http", other["server_url"])
    with pytest.raises(NotFoundError):
        await sdk.mcp_servers.update(NOBODY, config=config)


async def test_a_deleted_server_is_gone(sdk: AsyncLetta, create: Create) -> None:
    server = await create({"mcp_server_type": "sse", "server_url": URL})
    assert await sdk.mcp_servers.delete(server.id) is None  # type: ignore[func-returns-value]
    assert server not in await sdk.mcp_servers.list()
    with pytest.raises(NotFoundError):
        await sdk.mcp_servers.retrieve(server.id)
    with pytest.raises(BadRequestError, match="not found"):
        await sdk.mcp_servers.delete(server.id)


async def test_tools_come_from_the_server(sdk: AsyncLetta, create: Create) -> None:
    server = await create({"mcp_server_type": "sse", "server_url": URL})
    assert await sdk.mcp_servers.tools.list(server.id) == []
    if REAL:
        with pytest.raises(NotFoundError, match="Could not connect"):
            await sdk.mcp_servers.refresh(server.id)
    else:
        assert await sdk.mcp_servers.refresh(server.id) == {"deleted": [], "updated": [], "added": []}
    with pytest.raises(NotFoundError):
        await sdk.mcp_servers.refresh(NOBODY, agent_id=f"agent-{UNKNOWN}")


async def test_tools_that_do_not_exist(base_url: str) -> None:
    async with AsyncLetta(base_url=base_url, max_retries=0) as once:
        assert await once.mcp_servers.tools.list(NOBODY) == []
        with pytest.raises(NotFoundError, match="Tool not found"):
            await once.mcp_servers.tools.run(TOOL, mcp_server_id=NOBODY, args={"a": 1})
        with pytest.raises(InternalServerError):
            await once.mcp_servers.tools.retrieve(TOOL, mcp_server_id=NOBODY)
