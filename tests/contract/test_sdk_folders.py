"""Contract tests of the client for folders, and of the folders of agents."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from letta_async import AsyncLetta, BadRequestError, ConflictError, EmbeddingConfig, Folder, NotFoundError
from tests.contract.conftest import EMBEDDING, Make
from tests.contract.wire import UNKNOWN, Http

NO_FOLDER = f"source-{UNKNOWN}"
NO_AGENT = f"agent-{UNKNOWN}"

Create = Callable[..., Awaitable[Folder]]


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create folders with the client; they are deleted after the test."""
    made: list[Folder] = []

    async def create(**parameters: Any) -> Folder:
        defaults = {"name": f"contract {uuid.uuid4()}", "embedding": EMBEDDING}
        made.append(await sdk.folders.create(**{**defaults, **parameters}))
        return made[-1]

    yield create
    for folder in made:
        await http.delete(f"/v1/folders/{folder.id}")


async def test_a_folder_is_made_with_what_it_is_given(sdk: AsyncLetta, create: Create) -> None:
    folder = await create(embedding_chunk_size=100, description="D", instructions="I", metadata={"k": [1]})
    assert (type(folder), type(folder.embedding_config)) == (Folder, EmbeddingConfig)
    assert (folder.description, folder.instructions, folder.metadata) == ("D", "I", {"k": [1]})
    config = folder.embedding_config
    assert config is not None
    assert (config.handle, config.embedding_chunk_size) == (EMBEDDING, 100)
    assert await sdk.folders.retrieve(folder.id) == folder
    assert (await create(embedding=None, embedding_config=config)).embedding_config == config
    with pytest.raises(ConflictError):
        await create(name=folder.name)
    with pytest.raises(BadRequestError, match="Must specify either embedding or embedding_config"):
        await sdk.folders.create(name="x")
    with pytest.raises(BadRequestError, match="Embedding model no/such not found"):
        await sdk.folders.create(name="x", embedding="no/such")


async def test_a_folder_is_found_by_its_name(sdk: AsyncLetta, create: Create) -> None:
    folder = await create()
    assert [each.id async for each in sdk.folders.list(name=folder.name)] == [folder.id]
    assert [each.id async for each in sdk.folders.list(name=folder.name[9:30].upper())] == [folder.id]
    assert [each.id async for each in sdk.folders.list(name=f"{folder.name}x")] == []
    assert await sdk.folders.retrieve_by_name(folder.name) == folder.id
    with pytest.raises(NotFoundError):
        await sdk.folders.retrieve_by_name(folder.name[:-1])
    assert await sdk.folders.count() >= 1
    assert (await sdk.sources.retrieve(folder.id)) == folder


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_pages_are_gone_through(sdk: AsyncLetta, create: Create, limit: int) -> None:
    name = f"pages {uuid.uuid4()}"
    ids = [(await create(name=f"{name} {number}")).id for number in range(3)]
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        found = [each.id async for each in sdk.folders.list(limit=limit, order=order, name=name)]  # type: ignore[arg-type]
        assert found == expected
    assert [each.id for each in await sdk.folders.list(after=ids[0], name=name)] == ids[1:]
    assert [each.id for each in await sdk.folders.list(before=ids[0], order="desc", name=name)] == ids[:0:-1]


async def test_a_folder_is_updated(sdk: AsyncLetta, create: Create) -> None:
    folder, other = await create(description="D", metadata={"a": 1}), await create()
    changed = await sdk.folders.update(folder.id, name=f"{folder.name}!", instructions="I", metadata={"b": 2})
    assert (changed.name, changed.description, changed.instructions) == (f"{folder.name}!", "D", "I")
    assert changed.metadata == {"b": 2}
    assert (await sdk.folders.update(folder.id, description=None)).description == "D"
    config = folder.embedding_config
    assert config is not None
    assert (await sdk.folders.update(folder.id, embedding_config=config)).embedding_config == config
    with pytest.raises(ConflictError):
        await sdk.folders.update(folder.id, name=other.name)


async def test_a_folder_is_deleted(sdk: AsyncLetta, create: Create) -> None:
    folder = await create()
    await sdk.folders.delete(folder.id)
    for call in (sdk.folders.retrieve, sdk.folders.delete, sdk.folders.update, sdk.folders.agents.list):
        with pytest.raises(NotFoundError):
            await call(folder.id)
    assert await sdk.folders.files.list(NO_FOLDER) == []


# --- agents -----------------------------------------------------------------------------------------------------------


async def test_a_folder_is_attached_and_detached(sdk: AsyncLetta, create: Create, agent: dict[str, Any]) -> None:
    folder, agent_id = await create(), agent["id"]
    for _ in range(2):
        attached = await sdk.agents.folders.attach(folder.id, agent_id=agent_id)
        assert attached is not None
        assert attached.id == agent_id
    tools = {"grep_files", "open_files", "semantic_search_files"}
    assert {tool.name for tool in await sdk.agents.tools.list(agent_id)} == tools
    (listed,) = await sdk.agents.folders.list(agent_id)
    assert (listed.id, listed.name, listed.vector_db_provider) == (folder.id, folder.name, "native")
    assert await sdk.agents.sources.list(agent_id) == [listed]
    assert await sdk.folders.agents.list(folder.id) == [agent_id]
    for _ in range(2):
        assert await sdk.agents.folders.detach(folder.id, agent_id=agent_id) is not None
        assert await sdk.agents.folders.list(agent_id) == []
        assert await sdk.folders.agents.list(folder.id) == []
    assert await sdk.agents.tools.list(agent_id) == []
    assert await sdk.agents.folders.detach(NO_FOLDER, agent_id=agent_id) is not None


async def test_a_client_of_version_1_gets_null(http: Http, create: Create, agent: dict[str, Any]) -> None:
    path = f"/v1/agents/{agent['id']}/folders/attach/{(await create()).id}"
    answer = await http.call("PATCH", path, headers={"User-Agent": "letta-client/1.12.1"})
    assert (answer.status, answer.json) == (200, None)


async def test_an_agent_or_folder_that_does_not_exist_is_not_found(
    sdk: AsyncLetta, create: Create, agent: dict[str, Any]
) -> None:
    folder = await create()
    with pytest.raises(NotFoundError):
        await sdk.agents.folders.attach(NO_FOLDER, agent_id=agent["id"])
    with pytest.raises(NotFoundError):
        await sdk.agents.folders.attach(folder.id, agent_id=NO_AGENT)
    with pytest.raises(NotFoundError):
        await sdk.agents.folders.detach(folder.id, agent_id=NO_AGENT)
    with pytest.raises(NotFoundError):
        await sdk.agents.folders.list(NO_AGENT)
    with pytest.raises(NotFoundError):
        await sdk.folders.agents.list(folder.id, after=NO_AGENT)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_folders_of_an_agent_are_gone_through(
    sdk: AsyncLetta, create: Create, agent: dict[str, Any], limit: int
) -> None:
    ids = [(await create()).id for _ in range(3)]
    for folder_id in ids:
        await sdk.agents.folders.attach(folder_id, agent_id=agent["id"])
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        found = [each.id async for each in sdk.agents.folders.list(agent["id"], limit=limit, order=order)]  # type: ignore[arg-type]
        assert found == expected
    by_id = sorted(ids)
    assert [each.id for each in await sdk.agents.folders.list(agent["id"], after=by_id[1])] == by_id[2:]
    assert [each.id for each in await sdk.agents.folders.list(agent["id"], before=by_id[1], order="asc")] == by_id[:1]


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_all_agents_of_a_folder_are_gone_through(
    sdk: AsyncLetta, create: Create, make_agent: Make, limit: int
) -> None:
    folder = await create()
    ids = [(await make_agent())["id"] for _ in range(3)]
    for agent_id in ids:
        await sdk.agents.folders.attach(folder.id, agent_id=agent_id)
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        found = [each async for each in sdk.folders.agents.list(folder.id, limit=limit, order=order)]  # type: ignore[arg-type]
        assert found == expected
    assert await sdk.folders.agents.list(folder.id, after=ids[1]) == ids[:1]
    assert await sdk.folders.agents.list(folder.id, before=ids[1], order="asc") == ids[:1]


async def test_deleting_a_folder_detaches_it(sdk: AsyncLetta, create: Create, agent: dict[str, Any]) -> None:
    folder = await create()
    await sdk.agents.folders.attach(folder.id, agent_id=agent["id"])
    await sdk.folders.delete(folder.id)
    assert await sdk.agents.folders.list(agent["id"]) == []


async def test_an_agent_can_have_folders_from_the_beginning(
    sdk: AsyncLetta, http: Http, create: Create, make_agent: Make
) -> None:
    first, second = await create(), await create()
    agent = await make_agent(folder_ids=[first.id, second.id], source_ids=[NO_FOLDER])
    assert {each["id"] for each in agent["sources"]} == {first.id, second.id}
    assert agent["sources"][0]["vector_db_provider"] == "native"
    for query, count in (("include=agent.sources", 2), ("include=agent.tags", 0)):
        answer = await http.get(f"/v1/agents/{agent['id']}?{query}")
        assert len(answer.json["sources"]) == count
    changed = await http.patch(f"/v1/agents/{agent['id']}", {"folder_ids": [second.id]})
    assert [each["id"] for each in changed.json["sources"]] == [second.id]
    refused = await http.patch(f"/v1/agents/{agent['id']}", {"folder_ids": [NO_FOLDER]})
    assert refused.status == 409
