"""Contract tests of the client for the runs of an agent that has none: filters, and what does not exist."""

from __future__ import annotations

import pytest

from letta_async import AsyncLetta, NotFoundError
from tests.contract.conftest import Story
from tests.contract.wire import UNKNOWN, UNKNOWN_CONVERSATION


async def test_every_filter_is_understood(sdk: AsyncLetta, story: Story) -> None:
    runs = sdk.runs.list(
        limit=2,
        order="asc",
        order_by="created_at",
        agent_id=story.agent_id,
        conversation_id=UNKNOWN_CONVERSATION,
        statuses=["created", "failed"],
        stop_reason="max_steps",
        background=False,
        active=False,
        ascending=True,
    )
    assert [run async for run in runs] == []
    assert await sdk.runs.list(agent_ids=[story.agent_id]) == []


async def test_a_run_that_does_not_exist_is_not_found(sdk: AsyncLetta) -> None:
    with pytest.raises(NotFoundError, match="Run not found"):
        await sdk.runs.retrieve(f"run-{UNKNOWN}")
