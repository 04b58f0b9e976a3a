"""Contract tests of conflicts with the client: temporary ones are retried, permanent ones are not."""

from __future__ import annotations

import asyncio

import pytest

from letta_async import AsyncLetta, ConflictError
from tests.contract.conftest import Make, Story


async def test_changes_to_one_block_at_once_all_arrive(base_url: str, story: Story) -> None:
    """A real server refuses concurrent changes: the block `was updated by another transaction`."""
    values = {f"v{number}" for number in range(6)}
    async with AsyncLetta(base_url=base_url, max_retries=10, concurrency=6) as client:
        changed = await asyncio.gather(*(client.blocks.update(story.block_id, value=value) for value in values))
        assert {block.value for block in changed} == values
        assert (await client.blocks.retrieve(story.block_id)).value in values


async def test_what_exists_already_is_met_once(sdk: AsyncLetta, make_agent: Make) -> None:
    agent = await make_agent(memory_blocks=[{"label": "one"}, {"label": "two"}])
    two = next(block["id"] for block in agent["blocks"] if block["label"] == "two")
    with pytest.raises(ConflictError, match="A unique constraint was violated") as caught:
        await sdk.blocks.update(two, label="one", value="locked and busy: please retry")
    assert len(caught.value.attempts) == 1


async def test_no_run_to_cancel_is_met_once(sdk: AsyncLetta, story: Story) -> None:
    with pytest.raises(ConflictError, match="No active runs to cancel") as caught:
        await sdk.conversations.cancel(story.conversation_id)
    assert len(caught.value.attempts) == 1
