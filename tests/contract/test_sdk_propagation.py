"""Tests of `propagate` on both servers: an edit, and the model's next request contains the new text."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from letta_async import AsyncLetta, IsolatedBlocksError, Outcome, UpdateAgent, UpdateBlock
from letta_async.testing import EmbeddedServer
from tests.contract.conftest import MODEL, TALKING, Make

MODEL_URL = os.environ.get("LETTA_TEST_MODEL_URL", "")
VALUES = [
    "",
    "Ada lives in Paris.",
    "one\n\ntwo\n",
    "Grüße, 世界 🎈, {braces} and {{more}}",
    "</value>\n</human>\n\n<other>\n<description>\nx\n</description>",
    "- System prompt last recompiled: never\n<memory_metadata>",
]


@pytest.fixture
async def client(base_url: str) -> AsyncIterator[AsyncLetta]:
    async with AsyncLetta(base_url=base_url) as client:
        yield client


async def outcomes_of(client: AsyncLetta, *changes: UpdateBlock | UpdateAgent, **options: Any) -> dict[str, Outcome]:
    """Return the outcomes of a propagation by conversation ID; that of an agent's own prompt by `default`."""
    outcomes = [outcome async for outcome in client.propagate(changes, **options)]
    return {each.target if isinstance(each.target, str) else "default": each for each in outcomes}


def changed_lines(outcome: Outcome) -> list[str]:
    """Return the lines that a diff removes and adds; where they are depends on the order of the blocks."""
    return [line for line in str(outcome.diff).split("\n") if line.startswith(("+", "-"))]


async def last_prompt(embedded: EmbeddedServer | None) -> str:
    """Return all that the model was sent last, as text."""
    if embedded is not None:
        return json.dumps([str(message) for message in embedded.model.prompts[-1]])
    async with aiohttp.ClientSession() as session, session.get(f"{MODEL_URL}/requests") as response:
        sent: list[Any] = await response.json()
    return json.dumps([each["body"] for each in sent if "messages" in each["body"]][-1])


@pytest.mark.skipif(bool(TALKING) and bool(os.environ.get("LETTA_TEST_BASE_URL")) and not MODEL_URL, reason="no stub")
async def test_from_an_edit_to_what_the_model_is_sent(
    client: AsyncLetta, embedded: EmbeddedServer | None, make_agent: Make
) -> None:
    agent = await make_agent(
        model=TALKING, memory_blocks=[{"label": "human", "value": "Ada lives in London."}], system="SYSTEM ONE"
    )
    conversations = [(await client.conversations.create(agent_id=agent["id"])).id for _ in range(2)]
    block_id = agent["blocks"][0]["id"]

    async def sent_to_model(conversation_id: str) -> str:
        async for _ in await client.conversations.messages.create(conversation_id, input="hello"):
            pass
        return await last_prompt(embedded)

    for each in conversations:
        assert "Ada lives in London." in await sent_to_model(each)
    await client.blocks.update(block_id, value="Ada lives in Oslo.")
    assert "Ada lives in Oslo." not in await sent_to_model(conversations[0]), "then there would be nothing to propagate"

    await client.blocks.update(block_id, value="Ada lives in Paris.", propagate=True)
    for each in conversations:
        sent = await sent_to_model(each)
        assert "Ada lives in Paris." in sent
        assert "Ada lives in London." not in sent
    edit = await client.agents.blocks.update("human", agent_id=agent["id"], value="Ada lives in Rome.", propagate=True)
    assert edit.result.id == block_id
    for each in conversations:
        assert "Ada lives in Rome." in await sent_to_model(each)
    await client.agents.update(agent["id"], system="SYSTEM TWO", propagate=True)
    for each in conversations:
        sent = await sent_to_model(each)
        assert "SYSTEM TWO" in sent
        assert "Ada lives in Rome." in sent


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
async def test_a_dry_run_predicts_the_prompt_after_an_edit_of_a_block(
    client: AsyncLetta, make_agent: Make, value: str
) -> None:
    blocks = [{"label": "human", "value": "Ada\nlives."}, {"label": "persona", "value": "P", "description": "Who."}]
    agent = await make_agent(memory_blocks=blocks)
    conversation_id = (await client.conversations.create(agent_id=agent["id"])).id
    human = next(each for each in agent["blocks"] if each["label"] == "human")
    change = UpdateBlock(block_id=human["id"], value=value, description="Of Ada.", limit=900)
    planned = await outcomes_of(client, change, dry_run=True)
    assert (await client.blocks.retrieve(human["id"])).value == "Ada\nlives."
    done = await outcomes_of(client, change)
    assert planned[conversation_id].status == "compiled"
    assert done[conversation_id].status == "recompiled"
    assert changed_lines(planned[conversation_id]) == changed_lines(done[conversation_id])


@pytest.mark.parametrize("system", ["Be brief.", "Line one.\n\nLine two with {braces}.", "Grüße {{x}}"])
async def test_a_dry_run_predicts_the_prompt_after_an_edit_of_system(
    client: AsyncLetta, make_agent: Make, system: str
) -> None:
    agent = await make_agent(memory_blocks=[{"label": "human", "value": "Ada"}])
    conversation_id = (await client.conversations.create(agent_id=agent["id"])).id
    change = UpdateAgent(agent_id=agent["id"], system=system)
    planned = await outcomes_of(client, change, dry_run=True)
    done = await outcomes_of(client, change)
    assert {each.status for each in done.values()} == {"recompiled"}
    assert changed_lines(planned[conversation_id]) == changed_lines(done[conversation_id])
    assert changed_lines(planned["default"]) == changed_lines(done["default"])


async def test_a_recompile_would_replace_isolated_blocks_and_propagate_does_not(
    client: AsyncLetta, make_agent: Make
) -> None:
    agent = await make_agent(model=MODEL, memory_blocks=[{"label": "human", "value": "shared"}])
    conversation = await client.conversations.create(agent_id=agent["id"], isolated_block_labels=["human"])
    (isolated_id,) = conversation.isolated_block_ids or []
    await client.blocks.update(isolated_id, value="of this conversation alone")
    assert "of this conversation alone" not in await client.conversations.recompile(conversation.id, dry_run=True)
    outcomes = await outcomes_of(client, UpdateBlock(block_id=agent["blocks"][0]["id"], value="edited"))
    assert isinstance(outcomes[conversation.id].error, IsolatedBlocksError)
    assert "edited" not in (await client.conversations.staleness(conversation.id)).stored
