"""Tests of code that uses Letta. Copy it: it needs letta-async[testing], pytest and pytest-asyncio, and no server."""

import pytest

from letta_async import AsyncLetta, Letta
from letta_async.testing import EmbeddedServer


def new_conversation(client: Letta, value: str) -> tuple[str, str]:
    """Make an agent with one memory block, and a conversation; give the ids of block and conversation."""
    agent = client.agents.create(model="letta/letta-free", memory_blocks=[{"label": "human", "value": value}])
    assert agent.blocks is not None
    return agent.blocks[0].id, client.conversations.create(agent_id=agent.id).id


def test_an_edited_block_reaches_a_conversation_when_it_is_recompiled(letta_client: Letta) -> None:
    block_id, conversation_id = new_conversation(letta_client, "Ada lives in London.")

    letta_client.blocks.update(block_id, value="Ada moved to Paris.")

    assert letta_client.conversations.staleness(conversation_id).stale
    assert "Paris" in letta_client.conversations.recompile(conversation_id)
    assert not letta_client.conversations.staleness(conversation_id).stale


def test_an_overloaded_server_is_asked_again(letta_server: EmbeddedServer, letta_client: Letta) -> None:
    _, conversation_id = new_conversation(letta_client, "Ada lives in London.")
    overload = letta_server.script("POST", "*/recompile", status=503, headers={"Retry-After": "0"}, times=2)

    assert "London" in letta_client.conversations.recompile(conversation_id)

    assert overload.met == 2
    assert [request.method for request in letta_server.requests][-3:] == ["POST", "POST", "POST"]


@pytest.mark.asyncio
async def test_all_conversations_of_an_agent_are_recompiled(async_letta_client: AsyncLetta) -> None:
    agent = await async_letta_client.agents.create(model="letta/letta-free")
    for _ in range(10):
        await async_letta_client.conversations.create(agent_id=agent.id)

    targets = async_letta_client.conversations.targets(agent_id=agent.id)
    outcomes = [outcome async for outcome in async_letta_client.conversations.recompile_many(targets)]

    assert [outcome.ok for outcome in outcomes] == [True] * 10


def test_code_that_makes_its_own_client(letta_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTA_BASE_URL", letta_server.base_url)

    with Letta() as client:
        assert client.health().status == "ok"

    assert [request.path for request in letta_server.requests] == ["/v1/health/"]
