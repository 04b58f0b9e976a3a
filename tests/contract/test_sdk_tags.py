"""Contract tests of the client for tags."""

from __future__ import annotations

import uuid

import pytest

from letta_async import AsyncLetta
from tests.contract.conftest import Make


async def test_tags_of_agents_and_blocks_are_listed_once(sdk: AsyncLetta, make_agent: Make, make_block: Make) -> None:
    word = f"Tag{uuid.uuid4().hex}"
    one, two, three = (f"{word}-{number}" for number in (1, 2, 3))
    await make_agent(tags=[three, one])
    await make_agent(tags=[one])
    await make_block(tags=[two, one])
    assert await sdk.tags.list(name=word) == [one, two, three]
    assert await sdk.tags.list(query_text=word.upper()) == [one, two, three]
    assert await sdk.tags.list(name=word, order="desc") == [three, two, one]
    assert await sdk.tags.list(name=word, after=one) == [two, three]
    assert await sdk.tags.list(name=word, before=three, order="asc") == [one, two]
    assert await sdk.tags.list(name=word, after=two, order="desc") == [one]
    assert await sdk.tags.list(name=f"{word}-4") == []


async def test_all_tags_are_gone_through(sdk: AsyncLetta, make_agent: Make) -> None:
    word = f"tag{uuid.uuid4().hex}"
    tags = [f"{word}-{number:03}" for number in range(120)]
    await make_agent(tags=tags)
    assert [each async for each in sdk.tags.list(name=word)] == tags
    assert [each async for each in sdk.tags.list(name=word, order="desc")] == tags[::-1]


@pytest.mark.parametrize("limit", [1, 2])
async def test_a_limit_is_the_most_of_all(sdk: AsyncLetta, make_agent: Make, limit: int) -> None:
    word = f"tag{uuid.uuid4().hex}"
    tags = [f"{word}-{number}" for number in range(3)]
    await make_agent(tags=tags)
    assert [each async for each in sdk.tags.list(name=word, limit=limit)] == tags[:limit]
