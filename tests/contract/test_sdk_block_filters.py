"""Contract tests of all filters of the list of blocks, with the client."""

from __future__ import annotations

import pytest

from letta_async import AsyncLetta
from tests.contract.conftest import Make


async def test_blocks_are_listed_by_the_number_of_their_agents(
    sdk: AsyncLetta, make_agent: Make, make_block: Make, request: pytest.FixtureRequest
) -> None:
    tag = f"{request.node.name} {id(request)}"
    ids = [(await make_block(label=f"l{n}", value="x", tags=[tag]))["id"] for n in range(3)]
    for attached in (ids[1:], ids[2:]):
        await make_agent(block_ids=attached)

    async def found(**parameters: int | list[int]) -> set[str]:
        return {block.id for block in await sdk.blocks.list(tags=[tag], **parameters)}  # type: ignore[arg-type]

    assert await found() == set(ids)
    assert await found(connected_to_agents_count_gt=0) == set(ids[1:])
    assert await found(connected_to_agents_count_gt=1) == {ids[2]}
    assert await found(connected_to_agents_count_lt=1) == {ids[0]}
    assert await found(connected_to_agents_count_eq=[0, 2]) == {ids[0], ids[2]}


async def test_blocks_are_listed_by_identity_and_name(sdk: AsyncLetta, make_block: Make) -> None:
    block = await make_block(label="human", value="x", is_template=True, template_name="Ada 1")
    found = [each.id async for each in sdk.blocks.list(name="Ada 1", templates_only=True, order_by="created_at")]
    assert block["id"] in found
    identity = "identity-123e4567-e89b-42d3-8456-426614174000"
    assert await sdk.blocks.list(identity_id=identity, identifier_keys=["k"]) == []
