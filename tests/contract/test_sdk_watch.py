"""Contract tests of `client.watch`: an edit is seen and reaches the prompts, and at rest one request is enough."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest

from letta_async import AsyncLetta, IsolatedBlocksError, Outcome, Scan
from tests.contract.conftest import EMBEDDING, Make, Story


@attrs.define
class Watch:
    """A watch over one agent, scan by scan, with a state."""

    client: AsyncLetta
    agent_id: str
    state: Path
    last: Scan | None = None

    def report(self, scan: Scan) -> None:
        self.last = scan

    async def scan(self, wait_if_busy: float | None = None) -> list[Outcome]:
        watch = self.client.watch(
            agent_id=self.agent_id, once=True, state=self.state, wait_if_busy=wait_if_busy, on_scan=self.report
        )
        return [outcome async for outcome in watch]

    async def rests(self) -> bool:
        """Scan, and return whether nothing had changed."""
        outcomes = await self.scan()
        assert self.last is not None
        return not outcomes and (self.last.changed, self.last.requests) == (0, 1)


@pytest.fixture
async def watch(sdk: AsyncLetta, story: Story, tmp_path: Path) -> Watch:
    watch = Watch(sdk, story.agent_id, tmp_path / "state")
    await watch.scan()
    assert await watch.rests()
    return watch


Edit = Callable[[AsyncLetta, Story], Awaitable[object]]


async def value(sdk: AsyncLetta, story: Story) -> None:
    await sdk.blocks.update(story.block_id, value="Grace")


async def description(sdk: AsyncLetta, story: Story) -> None:
    await sdk.blocks.update(story.block_id, description="Else")


async def label(sdk: AsyncLetta, story: Story) -> None:
    await sdk.blocks.update(story.block_id, label="person")


async def limit(sdk: AsyncLetta, story: Story) -> None:
    await sdk.blocks.update(story.block_id, limit=9)


async def read_only(sdk: AsyncLetta, story: Story) -> None:
    await sdk.blocks.update(story.block_id, read_only=True)


async def detached(sdk: AsyncLetta, story: Story) -> None:
    await sdk.agents.blocks.detach(story.block_id, agent_id=story.agent_id)


async def system(sdk: AsyncLetta, story: Story) -> None:
    await sdk.agents.update(story.agent_id, system="CHANGED")


async def tool_rules(sdk: AsyncLetta, story: Story) -> None:
    await sdk.agents.update(story.agent_id, tool_rules=[{"type": "run_first", "tool_name": "send_message"}])


@pytest.mark.parametrize("edit", [value, description, label, limit, read_only, detached, system, tool_rules])
async def test_whatever_stands_in_the_prompt_is_seen(sdk: AsyncLetta, story: Story, watch: Watch, edit: Edit) -> None:
    await edit(sdk, story)
    outcomes = await watch.scan()
    assert watch.last is not None
    assert (watch.last.changed, watch.last.checked, watch.last.failed) == (1, 2, 0)
    assert {outcome.status for outcome in outcomes} <= {"recompiled"}
    if edit is not tool_rules:  # which the embedded server does not write into prompts
        assert story.conversation_id in [outcome.target for outcome in outcomes]
    assert not (await sdk.conversations.staleness(story.conversation_id)).stale
    assert not (await sdk.conversations.staleness("default", agent_id=story.agent_id)).stale
    assert await watch.rests()


async def test_what_does_not_stand_in_it_is_not(
    sdk: AsyncLetta, story: Story, watch: Watch, make_conversation: Make
) -> None:
    await sdk.blocks.update(story.block_id, metadata={"k": 1}, tags=["a"], value="Ada")
    await sdk.agents.update(story.agent_id, description="D", name="New", timezone="Europe/Berlin", tags=["t"])
    await make_conversation(story.agent_id)
    assert await watch.rests()


async def test_a_folder_is_seen_and_its_instructions_are(sdk: AsyncLetta, story: Story, watch: Watch) -> None:
    folder = await sdk.folders.create(name=f"watched-{story.agent_id}", embedding=EMBEDDING)
    try:
        await sdk.agents.folders.attach(folder.id, agent_id=story.agent_id)
        await watch.scan()
        assert watch.last is not None
        assert watch.last.changed == 1
        assert await watch.rests()
        await sdk.folders.update(folder.id, instructions="Read me.")
        await watch.scan()
        assert watch.last.changed == 1
        assert not (await sdk.conversations.staleness(story.conversation_id)).stale
        assert await watch.rests()
    finally:
        await sdk.folders.delete(folder.id)


async def test_agents_of_a_block_are_watched(sdk: AsyncLetta, story: Story, tmp_path: Path) -> None:
    scans = list[Scan]()

    async def scan() -> list[Outcome]:
        watch = sdk.watch(block_id=story.block_id, once=True, state=tmp_path / "of-block", on_scan=scans.append)
        return [outcome async for outcome in watch]

    await scan()
    await value(sdk, story)
    assert [outcome.target for outcome in await scan()] == [story.conversation_id]
    assert await scan() == []
    assert [scan.agents for scan in scans] == [1, 1, 1]
    assert scans[-1].requests == 1


async def test_isolated_blocks_are_left_alone(sdk: AsyncLetta, story: Story, watch: Watch) -> None:
    isolated = await sdk.conversations.create(agent_id=story.agent_id, isolated_block_labels=["human"])
    await value(sdk, story)
    outcomes = {str(outcome.target): outcome for outcome in await watch.scan()}
    assert isinstance(outcomes[isolated.id].error, IsolatedBlocksError)
    assert outcomes[story.conversation_id].status == "recompiled"
    (message,) = await sdk.conversations.messages.list(isolated.id, order="asc", limit=1)
    assert "Grace" not in str(message)
    assert await watch.rests()


async def test_a_conversation_in_a_run_is_brought_up_to_date_when_it_ends(
    sdk: AsyncLetta, base_url: str, talker: str, make_conversation: Make, tmp_path: Path
) -> None:
    conversation = str((await make_conversation(agent_id=talker))["id"])
    watch = Watch(sdk, talker, tmp_path / "state")
    await watch.scan()
    async with AsyncLetta(base_url=base_url) as client:
        begun = asyncio.Event()

        async def turn() -> None:
            async for _ in await client.conversations.messages.create(conversation, input="!wait 1.5\n!say done"):
                begun.set()

        task = asyncio.create_task(turn())
        await begun.wait()
        await sdk.agents.update(talker, system="CHANGED")
        outcomes = {str(outcome.target): outcome.status for outcome in await watch.scan(wait_if_busy=0)}
        assert outcomes[conversation] == "busy"
        outcomes = {str(outcome.target): outcome.status for outcome in await watch.scan(wait_if_busy=20)}
        assert outcomes == {conversation: "recompiled"}
        await task
    assert "CHANGED" in (await sdk.conversations.staleness(conversation)).stored
