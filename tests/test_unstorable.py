"""Text and numbers that the server cannot store: refused before anything is sent, with the place and the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from letta_async import AsyncLetta, InvalidArgumentError
from letta_async.function_tools.local_tools import read_tools
from letta_async.testing import EmbeddedServer
from letta_async.types import IdentityProperty, NewBlock, TextContent, ToolCall
from tests.ids import AGENT
from tests.test_upload import FOLDER, sdk, server

__all__ = ["sdk", "server"]

HALF = "x\ud800"
BLOCK = "block-00000000-0000-4000-8000-000000000000"
Call = Callable[[AsyncLetta], Awaitable[Any]]

HALVES: dict[str, Call] = {
    "name": lambda sdk: sdk.agents.create(name=HALF),
    "description": lambda sdk: sdk.agents.create(description=HALF),
    "tags[1]": lambda sdk: sdk.agents.create(tags=["a", HALF]),
    "metadata.a[0]": lambda sdk: sdk.agents.create(metadata={"a": [HALF]}),
    "metadata": lambda sdk: sdk.agents.create(metadata={HALF: 1}),
    "secrets": lambda sdk: sdk.agents.create(secrets={HALF: "1"}),
    "secrets.A": lambda sdk: sdk.agents.create(secrets={"A": HALF}),
    "memory_blocks[0].value": lambda sdk: sdk.agents.create(memory_blocks=[NewBlock(label="a", value=HALF)]),
    "messages[0].content": lambda sdk: sdk.agents.messages.create(AGENT, messages=[{"role": "user", "content": HALF}]),
    "input[0].text": lambda sdk: sdk.agents.messages.create(AGENT, input=[TextContent(text=HALF)]),
    "query_text": lambda sdk: sdk.agents.list(query_text=HALF).page(),
    "extra_body.a": lambda sdk: sdk.agents.create(extra_body={"a": HALF}),
    "extra_query.a": lambda sdk: sdk.agents.create(extra_query={"a": HALF}),
    "extra_headers['X-A']": lambda sdk: sdk.agents.create(extra_headers={"X-A": HALF}),
    "body.a": lambda sdk: sdk.post("/v1/x", body={"a": HALF}, cast_to=object),
    "duplicate_handling": lambda sdk: sdk.folders.files.upload(FOLDER, file=b"", duplicate_handling=HALF),  # type: ignore[arg-type]
    "override_name": lambda sdk: sdk.agents.import_file(file=b"", override_name=HALF),
    "file": lambda sdk: sdk.agents.import_file(file=f"/tmp/{HALF}"),
    "api_key": lambda sdk: sdk.providers.create(name="a", provider_type="openai", api_key=HALF),
}
NULS: dict[str, Call] = {
    "name": lambda sdk: sdk.agents.create(name="a\0"),
    "system": lambda sdk: sdk.agents.create(system="a\0"),
    "tags[0]": lambda sdk: sdk.agents.create(tags=["a\0"]),
    "label": lambda sdk: sdk.blocks.create(label="a\0", value=""),
    "secrets.A": lambda sdk: sdk.agents.create(secrets={"A": "a\0"}),
    "messages[0].content": lambda sdk: sdk.agents.messages.create(AGENT, messages=[{"role": "user", "content": "\0"}]),
    "query_text": lambda sdk: sdk.agents.list(query_text="a\0").page(),
}
LARGE: dict[str, Call] = {
    "limit": lambda sdk: sdk.agents.list(limit=10**30).page(),
    "connected_to_agents_count_gt": lambda sdk: sdk.blocks.list(connected_to_agents_count_gt=2**31).page(),
    "limit of a block": lambda sdk: sdk.blocks.create(label="a", value="", limit=2**31),
    "max_tokens": lambda sdk: sdk.agents.create(max_tokens=2**63),
    "metadata.a": lambda sdk: sdk.agents.create(metadata={"a": 2**64}),
    "metadata.b": lambda sdk: sdk.agents.create(metadata={"b": -(2**63) - 1}),
}


async def refused(sdk: AsyncLetta, server: EmbeddedServer, call: Call, path: str, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words) as caught:
        await call(sdk)
    assert [fault.path for fault in caught.value.faults] == [path]
    assert HALF not in str(caught.value)
    str(caught.value).encode()
    assert not server.requests


@pytest.mark.parametrize("path", HALVES)
async def test_half_of_a_surrogate_pair_is_refused(sdk: AsyncLetta, server: EmbeddedServer, path: str) -> None:
    words = {"extra_headers['X-A']": "Latin-1", "duplicate_handling": "unknown; allowed"}
    await refused(sdk, server, HALVES[path], path, words.get(path, "half of a surrogate pair"))


@pytest.mark.parametrize("path", NULS)
async def test_a_nul_is_refused_where_the_server_cannot_store_it(
    sdk: AsyncLetta, server: EmbeddedServer, path: str
) -> None:
    await refused(sdk, server, NULS[path], path, r"holds a NUL character \(at \d\), which the server cannot store")


async def test_a_nul_is_sent_where_the_server_stores_it_or_removes_it(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    server.script("POST", "/v1/blocks/", body={"id": BLOCK, "value": "ab"}, times=None)
    server.script("POST", "/v1/identities/", body={"id": BLOCK}, times=None)
    await sdk.blocks.create(label="a", value="a\0b", metadata={"a\0": "\0"})
    properties = [IdentityProperty(key="\0", value="\0", type="string")]
    await sdk.identities.create(name="a", identifier_key="a", identity_type="user", properties=properties)
    assert [request.json().get("value") for request in server.requests] == ["a\0b", None]


@pytest.mark.parametrize("what", LARGE)
async def test_a_number_that_the_server_cannot_hold_is_refused(
    sdk: AsyncLetta, server: EmbeddedServer, what: str
) -> None:
    await refused(sdk, server, LARGE[what], what.partition(" ")[0], "64 bits|out of range; allowed: .*2147483647")


@pytest.mark.parametrize(("returned", "read"), [(HALF, "x?"), ("a\0", "a\ufffd"), ({"a": HALF}, '{"a": "x?"}')])
async def test_what_cannot_be_stored_of_a_tools_return_is_replaced(returned: object, read: str) -> None:
    def look() -> object:
        """Look."""
        return returned

    tool = read_tools([look])["look"]
    assert (await tool.run(ToolCall(name="look", arguments="{}", tool_call_id="1"))).tool_return == read
