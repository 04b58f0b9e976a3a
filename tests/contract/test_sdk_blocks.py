"""Contract tests of all methods of the client for blocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from letta_async import AsyncLetta, Block, NotFoundError
from tests.contract.conftest import Make, Story
from tests.contract.wire import UNKNOWN_BLOCK, Http, human_block

Create = Callable[..., Awaitable[Block]]


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create blocks with the client; they are deleted after the test."""
    made: list[Block] = []

    async def create(**parameters: Any) -> Block:
        made.append(await sdk.blocks.create(**{"label": "notes", "value": "", **parameters}))
        return made[-1]

    yield create
    for block in made:
        await http.delete(f"/v1/blocks/{block.id}")


async def test_a_block_is_made_with_what_it_is_given(sdk: AsyncLetta, create: Create) -> None:
    block = await create(
        label="notes",
        value="Ada ✓",
        description="D",
        limit=50,
        read_only=True,
        metadata={"k": [1, None]},
        tags=("a", "b"),
        hidden=False,
    )
    assert type(block) is Block
    assert (block.label, block.value, block.description, block.limit) == ("notes", "Ada ✓", "D", 50)
    assert (block.read_only, block.metadata, block.hidden) == (True, {"k": [1, None]}, False)
    shown = await sdk.blocks.retrieve(block.id)
    assert (shown.value, sorted(shown.tags or [])) == ("Ada ✓", ["a", "b"])


async def test_a_change_is_kept_and_conversations_stay_as_they_were(sdk: AsyncLetta, http: Http, story: Story) -> None:
    before = await http.prompt(story.conversation_id)
    changed = await sdk.blocks.update(story.block_id, value="Grace", metadata={"k": 1})
    assert (changed.id, changed.value, changed.label) == (story.block_id, "Grace", "human")
    assert await http.prompt(story.conversation_id) == before
    assert human_block("Grace") in await http.prompt("default", agent_id=story.agent_id)
    assert (await sdk.blocks.update(story.block_id)).value == "Grace"
    assert (await sdk.blocks.update(story.block_id, description=None)).description == "About the user"


async def test_a_deleted_block_is_gone(sdk: AsyncLetta, create: Create) -> None:
    block = await create()
    assert await sdk.blocks.delete(block.id) is None  # type: ignore[func-returns-value]
    for call in (sdk.blocks.retrieve, sdk.blocks.delete, sdk.blocks.update):
        with pytest.raises(NotFoundError):
            await call(block.id)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_pages_are_gone_through(
    sdk: AsyncLetta, create: Create, limit: int, request: pytest.FixtureRequest
) -> None:
    tag = f"tag {request.node.name} {id(request)}"
    ids = [(await create(tags=[tag, f"n{n}"], value=f"No. {n}", description=f"D {n}")).id for n in range(3)]

    async def found(**parameters: Any) -> list[str]:
        return [block.id async for block in sdk.blocks.list(limit=limit, tags=[tag], **parameters)]

    assert await found() == ids
    assert await found(order="desc") == ids[::-1]
    assert await found(after=ids[0]) == ids[1:]
    assert await found(before=ids[2]) == ids[:2]
    assert await found(value_search="No. 1") == [ids[1]]
    assert await found(description_search="d 2") == [ids[2]]
    assert await found(label="notes") == await found(label_search="otes") == ids
    assert await found(label="human") == await found(templates_only=True) == []
    every = [block.id async for block in sdk.blocks.list(tags=[tag, "n1"], match_all_tags=True)]
    assert every == [ids[1]]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_the_agents_of_a_block_are_listed(
    sdk: AsyncLetta, make_block: Make, make_agent: Make, limit: int
) -> None:
    block = await make_block(value="Ada")
    ids = [(await make_agent(block_ids=[block["id"]]))["id"] for _ in range(3)]
    await make_agent()

    async def found(**parameters: Any) -> list[str]:
        return [agent.id async for agent in sdk.blocks.agents.list(block["id"], limit=limit, **parameters)]

    assert await found() == ids[::-1]
    assert await found(order="asc") == ids
    assert await found(after=ids[1]) == ids[:1]
    assert await found(before=ids[1]) == ids[2:]
    (first, *_) = await sdk.blocks.agents.list(block["id"], include=["agent.blocks"])
    assert [each.value for each in first.blocks or []] == ["Ada"]


async def test_a_block_that_does_not_exist_has_no_agents(sdk: AsyncLetta) -> None:
    assert await sdk.blocks.agents.list(UNKNOWN_BLOCK) == []
