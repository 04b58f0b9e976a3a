"""Contract tests of all methods of the client for the blocks of an agent."""

from __future__ import annotations

import pytest

from letta_async import AgentState, AsyncLetta, Block, ConflictError, InvalidArgumentError, NotFoundError
from tests.contract.conftest import Make, Story
from tests.contract.wire import UNKNOWN_AGENT, UNKNOWN_BLOCK, Http, human_block

LABELS = ["..x", "a b", "a?b", "a#b", "100%", "%2F", "ünï✓", "a+b&c=d", "'\"<>"]
"""Labels that change the meaning of a URL unless they are percent-encoded."""


async def test_a_block_is_retrieved_and_changed_by_its_label(
    sdk: AsyncLetta, http: Http, make_agent: Make, story: Story
) -> None:
    other = (await make_agent(block_ids=[story.block_id]))["id"]
    before = await http.prompt("default", agent_id=other)
    block = await sdk.agents.blocks.retrieve("human", agent_id=story.agent_id)
    assert type(block) is Block
    assert (block.id, block.label) == (story.block_id, "human")
    changed = await sdk.agents.blocks.update(
        "human", agent_id=story.agent_id, value="Grace", tags=[], metadata={"k": 1}
    )
    assert (changed.id, changed.value, changed.tags, changed.metadata) == (story.block_id, "Grace", [], {"k": 1})
    assert (await sdk.blocks.retrieve(story.block_id)).value == "Grace"
    assert human_block("Grace") in await http.prompt("default", agent_id=story.agent_id)
    assert await http.prompt("default", agent_id=other) == before


async def test_tags_fail_after_the_other_changes(sdk: AsyncLetta, story: Story) -> None:
    await sdk.blocks.update(story.block_id, tags=["before"])
    with pytest.raises(ConflictError, match='null value in column "organization_id" of relation "blocks_tags"'):
        await sdk.agents.blocks.update("human", agent_id=story.agent_id, value="Grace", tags=["a", "b"])
    block = await sdk.blocks.retrieve(story.block_id)
    assert (block.value, block.tags) == ("Grace", ["before"])


async def test_a_block_is_attached_and_detached(sdk: AsyncLetta, make_agent: Make, make_block: Make) -> None:
    agent_id = (await make_agent())["id"]
    block = await make_block(label="notes", value="x")
    for _ in range(2):
        agent = await sdk.agents.blocks.attach(block["id"], agent_id=agent_id)
        assert type(agent) is AgentState
        assert [each.id for each in agent.blocks or []] == [block["id"]]
    same = await make_block(label="notes", value="y")
    with pytest.raises(ConflictError):
        await sdk.agents.blocks.attach(same["id"], agent_id=agent_id)
    agent = await sdk.agents.blocks.detach(block["id"], agent_id=agent_id)
    assert agent.blocks == []
    with pytest.raises(NotFoundError, match=f"No block with id '{block['id']}' found for agent '{agent_id}'"):
        await sdk.agents.blocks.detach(block["id"], agent_id=agent_id)
    assert (await sdk.blocks.retrieve(block["id"])).value == "x"


async def test_what_does_not_exist_is_not_found(sdk: AsyncLetta, story: Story) -> None:
    blocks = sdk.agents.blocks
    for call in (blocks.retrieve, blocks.update):
        with pytest.raises(NotFoundError, match=f"No block with label 'none' found for agent '{story.agent_id}'"):
            await call("none", agent_id=story.agent_id)
        with pytest.raises(NotFoundError):
            await call("human", agent_id=UNKNOWN_AGENT)
    with pytest.raises(NotFoundError):
        await blocks.attach(UNKNOWN_BLOCK, agent_id=story.agent_id)
    for change in (blocks.attach, blocks.detach):
        with pytest.raises(NotFoundError):
            await change(story.block_id, agent_id=UNKNOWN_AGENT)
    with pytest.raises(NotFoundError):
        await blocks.list(UNKNOWN_AGENT)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_pages_are_gone_through_in_the_order_of_ids(
    sdk: AsyncLetta, make_agent: Make, make_block: Make, limit: int
) -> None:
    ids = sorted([(await make_block(label=f"l{n}", value="x"))["id"] for n in range(3)])
    agent_id = (await make_agent(block_ids=ids))["id"]

    async def found(**parameters: str) -> list[str]:
        return [block.id async for block in sdk.agents.blocks.list(agent_id, limit=limit, **parameters)]  # type: ignore[arg-type]

    assert await found() == ids[::-1]
    assert await found(order="asc", order_by="created_at") == ids
    assert await found(order="asc", after=ids[0]) == ids[1:]
    assert await found(order="asc", before=ids[2]) == ids[:2]
    assert await found(after=ids[2]) == ids[1::-1]
    assert await found(before=ids[0]) == ids[:0:-1]


@pytest.mark.parametrize("label", LABELS)
async def test_a_label_is_found_whatever_is_in_it(
    sdk: AsyncLetta, make_agent: Make, make_block: Make, label: str
) -> None:
    block = await make_block(label=label, value="x")
    agent_id = (await make_agent(block_ids=[block["id"]]))["id"]
    assert (await sdk.agents.blocks.retrieve(label, agent_id=agent_id)).id == block["id"]
    assert (await sdk.agents.blocks.update(label, agent_id=agent_id, value="y")).value == "y"


async def test_a_label_with_a_slash_stays_one_segment_which_the_server_does_not_find(
    sdk: AsyncLetta, make_agent: Make, make_block: Make
) -> None:
    block = await make_block(label="system/human", value="x")
    agent_id = (await make_agent(block_ids=[block["id"]]))["id"]
    with pytest.raises(NotFoundError, match="Not Found"):
        await sdk.agents.blocks.retrieve("system/human", agent_id=agent_id)


@pytest.mark.parametrize("label", ["", ".", "..", "a\nb", "\x00", "a\x7f"])
async def test_a_label_that_no_path_can_hold_is_refused(sdk: AsyncLetta, story: Story, label: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await sdk.agents.blocks.retrieve(label, agent_id=story.agent_id)
    assert [fault.path for fault in caught.value.faults] == ["block_label"]
