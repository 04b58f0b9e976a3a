"""`find_or_create` when another caller was faster, and the duplicate cannot be deleted."""

from __future__ import annotations

import pytest

from letta_async import AsyncLetta
from letta_async.testing import EmbeddedServer
from tests.test_upload import sdk, server

__all__ = ["sdk", "server"]

MEMORY = [{"label": "human", "value": "v"}]
MODEL = "letta/letta-free"


async def test_the_other_agent_is_returned_and_the_duplicate_keeps_its_blocks(
    sdk: AsyncLetta, server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    winner = await sdk.agents.create(name="a", model=MODEL, embedding=MODEL)
    server.script("GET", "/v1/agents/", body=[])
    server.script("DELETE", "/v1/agents/*", status=400)
    found = await sdk.agents.find_or_create(name="a", model=MODEL, embedding=MODEL, memory_blocks=MEMORY)
    assert found.id == winner.id
    (duplicate,) = [agent for agent in await sdk.agents.list(name="a") if agent.id != winner.id]
    assert f"{duplicate.id} is a duplicate that could not be deleted: " in caplog.text
    assert len(await sdk.agents.blocks.list(duplicate.id)) == 1


async def test_the_other_agent_is_returned_although_a_block_of_the_duplicate_is_left(
    sdk: AsyncLetta, server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    winner = await sdk.agents.create(name="a", model=MODEL, embedding=MODEL)
    server.script("GET", "/v1/agents/", body=[])
    server.script("DELETE", "/v1/blocks/*", status=500, times=None)
    found = await sdk.agents.find_or_create(name="a", model=MODEL, embedding=MODEL, memory_blocks=MEMORY)
    assert [agent.id for agent in await sdk.agents.list(name="a")] == [found.id] == [winner.id]
    (left,) = await sdk.blocks.list(label="human")
    assert f"{left.id} is a duplicate that could not be deleted: " in caplog.text


async def test_a_duplicate_that_is_gone_already_is_nothing_to_warn_of(
    sdk: AsyncLetta, server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    winner = await sdk.blocks.create(label="a", value="")
    server.script("GET", "/v1/blocks/", body=[])
    server.script("DELETE", "/v1/blocks/*", status=404)
    assert (await sdk.blocks.find_or_create(label="a", value="")).id == winner.id
    assert "duplicate" not in caplog.text
