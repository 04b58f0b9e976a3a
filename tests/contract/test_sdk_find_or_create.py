"""Contract tests of `find_or_create`: one agent or block per name, however many ask for it at the same time."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from letta_async import AsyncLetta, BadRequestError, InvalidArgumentError, NotFoundError
from tests.contract.conftest import EMBEDDING, MODEL
from tests.contract.wire import Http

AGENT = {"model": MODEL, "embedding": EMBEDDING, "include_base_tools": False}


@pytest.fixture
async def name(http: Http) -> AsyncIterator[str]:
    """Return a name that nothing has; what has it after the test is deleted."""
    name = f"once-{uuid.uuid4()}"
    yield name
    for agent in (await http.get(f"/v1/agents/?name={name}")).json:
        await http.delete(f"/v1/agents/{agent['id']}")
    for block in (await http.get(f"/v1/blocks/?label={name}")).json:
        await http.delete(f"/v1/blocks/{block['id']}")


async def test_what_is_there_is_returned_as_it_is(sdk: AsyncLetta, name: str) -> None:
    created = await sdk.agents.find_or_create(name=name, **AGENT, description="first")
    assert (created.name, created.description) == (name, "first")
    found = await sdk.agents.find_or_create(name=name, **AGENT, description="second")
    assert (found.id, found.description) == (created.id, "first")
    block = await sdk.blocks.find_or_create(label=name, value="first")
    assert (await sdk.blocks.find_or_create(label=name, value="second")) == block


async def test_of_several_the_oldest_is_returned(sdk: AsyncLetta, name: str) -> None:
    first, _, _ = [await sdk.blocks.create(label=name, value=value) for value in "abc"]
    assert (await sdk.blocks.find_or_create(label=name, value="d")).id == first.id


async def test_who_asks_at_the_same_time_gets_the_same(sdk: AsyncLetta, name: str, http: Http) -> None:
    found = await asyncio.gather(*(sdk.blocks.find_or_create(label=name, value="v") for _ in range(20)))
    assert len({block.id for block in found}) == 1
    assert len((await http.get(f"/v1/blocks/?label={name}")).json) == 1


async def test_clients_that_know_nothing_of_each_other_get_the_same(base_url: str, name: str, http: Http) -> None:
    """A client that lists before, and creates after another one, gives way to it."""
    memory = [{"label": name, "value": "v"}]
    async with AsyncLetta(base_url=base_url) as one, AsyncLetta(base_url=base_url) as other:
        listed, winner = asyncio.Event(), ""
        create = one.agents._call

        async def call(operation: Any, *arguments: Any) -> Any:
            nonlocal winner
            if operation.__name__ == "CreateAgent":
                winner = (await other.agents.create(name=name, **AGENT)).id
                listed.set()
            return await create(operation, *arguments)

        one.agents._call = call  # type: ignore[method-assign, assignment]
        found = await one.agents.find_or_create(name=name, memory_blocks=memory, **AGENT)
        assert listed.is_set()
        assert found.id == winner
    assert [agent["id"] for agent in (await http.get(f"/v1/agents/?name={name}")).json] == [winner]
    assert (await http.get(f"/v1/blocks/?label={name}")).json == []


async def test_what_could_never_be_found_is_refused_before_anything_is_sent(sdk: AsyncLetta, name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="name: '' is empty"):
        await sdk.agents.find_or_create(name="", **AGENT)
    with pytest.raises(InvalidArgumentError, match="hidden: no list shows"):
        await sdk.blocks.find_or_create(label=name, value="v", hidden=True)
    for hidden in ("name", "hidden", "block_ids", "memory_blocks"):
        with pytest.raises(InvalidArgumentError, match=f"extra_body: has '{hidden}', which this method must know"):
            await sdk.agents.find_or_create(name=name, extra_body={hidden: None}, **AGENT)
    with pytest.raises(InvalidArgumentError, match="limit: -1 .* out of range"):
        await sdk.blocks.find_or_create(label=name, value="v", limit=-1)


async def test_what_cannot_be_created_is_not_found_either(sdk: AsyncLetta, name: str, http: Http) -> None:
    with pytest.raises((BadRequestError, NotFoundError)):
        await sdk.agents.find_or_create(name=name, model="no-provider/no-model", embedding=EMBEDDING)
    assert (await http.get(f"/v1/agents/?name={name}")).json == []
