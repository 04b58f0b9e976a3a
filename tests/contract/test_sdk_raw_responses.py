"""Contract tests of responses as they were received: status, headers and body, read at once or while it arrives."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from letta_async import AsyncLetta, Block, Letta, NotFoundError
from tests.contract.conftest import Make
from tests.contract.wire import UNKNOWN_BLOCK, Http

FORMS = ["with_raw_response", "with_streaming_response"]


@pytest.fixture
async def client(base_url: str) -> AsyncIterator[AsyncLetta]:
    async with AsyncLetta(base_url=base_url) as client:
        yield client


@pytest.fixture
async def block(client: AsyncLetta, http: Http) -> AsyncIterator[Block]:
    response = await client.blocks.with_raw_response.create(label="notes", value="Ada ✓")
    assert (response.status_code, response.method) == (200, "POST")
    block = await response.parse()
    yield block
    await http.delete(f"/v1/blocks/{block.id}")


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_retrieved_is_shown_as_it_came(client: AsyncLetta, http: Http, block: Block, form: str) -> None:
    async with getattr(client.blocks, form).retrieve(block.id) as response:
        assert response.url == f"{client.base_url}/v1/blocks/{block.id}"
        assert response.headers["Content-Type"] == "application/json"
        assert int(response.headers["content-length"]) == len(await response.read())
        assert await response.parse() == await client.blocks.retrieve(block.id)
        assert json.loads(await response.text()) == await response.json()
        assert response.http_version == "HTTP/1.1"
        assert (response.retries_taken, response.request_id, response.is_closed) == (0, None, True)
    assert client.stats.in_flight == 0


@pytest.mark.parametrize("form", FORMS)
async def test_lists_lead_on_and_deletions_return_nothing(
    client: AsyncLetta, http: Http, agent: dict[str, Any], make_conversation: Make, form: str
) -> None:
    made = [(await make_conversation(agent_id=agent["id"]))["id"] for _ in range(3)]
    async with getattr(client, form).conversations.list(agent_id=agent["id"], limit=2, order="asc") as response:
        page = await response.parse()
        assert [each.id for each in page] == made[:2]
        assert [each["id"] for each in await response.json()] == made[:2]
    assert [each.id async for each in page] == made
    async with getattr(client.conversations, form).delete(made[0]) as response:
        assert response.status_code == 200
        assert await response.parse() is None


@pytest.mark.parametrize("form", FORMS)
async def test_refusals_are_errors(client: AsyncLetta, form: str) -> None:
    with pytest.raises(NotFoundError):
        await getattr(client.blocks, form).retrieve(UNKNOWN_BLOCK)
    with pytest.raises(NotFoundError):
        async with getattr(client, form).get("/v1/nothing-here") as response:
            await response.read()
    assert client.stats.in_flight == 0


@pytest.mark.parametrize("form", FORMS)
async def test_a_turn_is_parsed_or_read_as_it_arrives(client: AsyncLetta, talker: str, form: str) -> None:
    messages = getattr(client.agents.messages, form)
    async with messages.create(talker, input="!say one two") as response:
        assert (await response.parse()).text == "one two"
    async with messages.stream(talker, input="!say one two", stream_tokens=True) as response:
        assert response.headers["content-type"].partition(";")[0] == "text/event-stream"
        stream = await response.parse()
        assert (await stream.collect()).text == "one two"
    async with messages.stream(talker, input="!say one two") as response:
        lines = [line async for line in response.iter_lines() if line]
        assert lines[-1] == "data: [DONE]"
        assert [json.loads(line.removeprefix("data: "))["message_type"] for line in lines[-3:-1]] == [
            "stop_reason",
            "usage_statistics",
        ]
    assert client.stats.in_flight == 0


def test_the_sync_client_has_the_same(base_url: str) -> None:
    with Letta(base_url=base_url) as client:
        response = client.with_raw_response.health()
        assert response.parse() == client.health()
        with client.with_streaming_response.health() as streamed:
            assert b"".join(streamed.iter_bytes()) == response.read()
        with client.blocks.with_streaming_response.create(label="notes", value="Ada") as created:
            block = created.parse()
        assert client.blocks.with_raw_response.delete(block.id).parse() is None
