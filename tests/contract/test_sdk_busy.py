"""Tests of conversations with an active run: which runs name them, and what a recompile does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from letta_async import AsyncLetta, Recompile
from tests.contract.conftest import Make
from tests.contract.wire import Http

SCRIPT = "!wait 1.5\n!say done"


@pytest.fixture
async def client(base_url: str) -> AsyncIterator[AsyncLetta]:
    async with AsyncLetta(base_url=base_url) as client:
        yield client


@pytest.fixture
async def conversation(http: Http, talker: str, make_conversation: Make) -> str:
    return str((await make_conversation(agent_id=talker))["id"])


async def status_of(client: AsyncLetta, target: str | Recompile, wait_if_busy: float) -> str:
    outcomes = client.conversations.recompile_many([target], wait_if_busy=wait_if_busy)
    (outcome,) = [outcome async for outcome in outcomes]
    return outcome.status


async def begun(client: AsyncLetta, target: str | Recompile, turn: Callable[[], Awaitable[Any]]) -> asyncio.Task[Any]:
    """Begin a turn, and wait until its run is listed as active."""
    task = asyncio.ensure_future(turn())
    async with asyncio.timeout(10):
        while not task.done() and await status_of(client, target, 0) != "busy":
            pass
    assert not task.done(), "the turn was never seen as a run"
    return task


@pytest.mark.parametrize("background", [False, True])
async def test_a_streamed_run_of_a_conversation_is_waited_for(
    client: AsyncLetta, conversation: str, background: bool
) -> None:
    async def turn() -> None:
        async for _ in await client.conversations.messages.create(conversation, input=SCRIPT, background=background):
            pass

    task = await begun(client, conversation, turn)
    assert await status_of(client, conversation, 10) == "recompiled"
    runs = [run async for run in client.runs.list(conversation_id=conversation)]
    assert {run.status for run in runs} == {"completed"}
    await task


async def test_an_agents_own_run_is_waited_for(client: AsyncLetta, talker: str, conversation: str) -> None:
    direct = Recompile(conversation_id="default", agent_id=talker)
    task = await begun(client, direct, lambda: client.agents.messages.create(talker, input=SCRIPT))
    assert await status_of(client, conversation, 0) == "recompiled"
    assert await status_of(client, direct, 10) == "recompiled"
    await task


async def test_a_response_that_is_not_streamed_leaves_no_run_that_is_waited_for(
    client: AsyncLetta, talker: str, conversation: str
) -> None:
    await client.conversations.messages.create(conversation, input="hello", streaming=False)
    assert await status_of(client, conversation, 0) == "recompiled"
    assert await status_of(client, Recompile(conversation_id="default", agent_id=talker), 0) == "recompiled"


async def test_a_recompile_in_the_middle_of_a_run_stays(client: AsyncLetta, talker: str, conversation: str) -> None:
    async def turn() -> None:
        async for _ in await client.conversations.messages.create(conversation, input=SCRIPT):
            pass

    task = await begun(client, conversation, turn)
    await client.agents.update(talker, system="Another system.")
    assert "Another system." in await client.conversations.recompile(conversation)
    await task
    after = await client.conversations.staleness(conversation)
    assert "Another system." in after.stored
    assert not after.stale
