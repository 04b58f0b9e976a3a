"""Contract tests of the client for archives and passages."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from letta_async import (
    Archive,
    AsyncLetta,
    BadRequestError,
    ConflictError,
    EmbeddingConfig,
    InternalServerError,
    InvalidArgumentError,
    NotFoundError,
    Passage,
    PassageCreate,
    PassageSearchResponse,
    PassageSearchResponseItem,
)
from tests.contract.conftest import EMBEDDING, Make
from tests.contract.wire import UNKNOWN, UNKNOWN_AGENT, Http

Create = Callable[..., Awaitable[Archive]]

UNKNOWN_ARCHIVE = f"archive-{UNKNOWN}"
UNKNOWN_PASSAGE = f"passage-{UNKNOWN}"


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create archives with the client; they are deleted after the test."""
    made: list[Archive] = []

    async def create(**parameters: Any) -> Archive:
        defaults: dict[str, Any] = {"name": f"contract {uuid.uuid4()}", "embedding": EMBEDDING}
        made.append(await sdk.archives.create(**{**defaults, **parameters}))
        return made[-1]

    yield create
    for archive in made:
        await http.delete(f"/v1/archives/{archive.id}")


@pytest.fixture
async def agent_id(make_agent: Make, http: Http) -> AsyncIterator[str]:
    """Return the ID of an agent with an embedding model; its archive is deleted after the test."""
    agent = await make_agent(embedding=EMBEDDING, timezone="Asia/Tokyo")
    yield agent["id"]
    for archive in (await http.get(f"/v1/archives/?agent_id={agent['id']}")).json:
        await http.delete(f"/v1/archives/{archive['id']}")


# --- archives ---------------------------------------------------------------------------------------------------------


async def test_an_archive_is_made_with_what_it_is_given(sdk: AsyncLetta, create: Create) -> None:
    archive = await create(description="D")
    assert (type(archive), type(archive.embedding_config)) == (Archive, EmbeddingConfig)
    assert (archive.description, archive.vector_db_provider) == ("D", "native")
    assert await sdk.archives.retrieve(archive.id) == archive
    assert [each async for each in sdk.archives.list(name=archive.name)] == [archive]
    assert (await create(embedding=None)).embedding_config is None
    config = archive.embedding_config
    assert config is not None
    assert (await create(embedding="no/such", embedding_config=config)).embedding_config == config
    with pytest.raises(BadRequestError, match="Embedding model no/such not found"):
        await create(embedding="no/such")


async def test_an_archive_keeps_what_is_not_changed(sdk: AsyncLetta, create: Create) -> None:
    archive = await create(description="D")
    changed = await sdk.archives.update(archive.id, name="renamed", description=None)
    assert (changed.name, changed.description) == ("renamed", "D")
    assert (await sdk.archives.update(archive.id, description="")).description == ""
    assert (await sdk.archives.modify(archive.id)).name == "renamed"


async def test_a_deleted_archive_is_gone_with_its_passages(sdk: AsyncLetta, create: Create) -> None:
    archive = await create()
    passage = await sdk.archives.passages.create(archive.id, text="gone")
    assert await sdk.archives.delete(archive.id) is None  # type: ignore[func-returns-value]
    for call in (sdk.archives.retrieve, sdk.archives.delete, sdk.archives.update):
        with pytest.raises(NotFoundError, match="Archive not found"):
            await call(archive.id)  # type: ignore[operator]
    assert passage.id is not None
    with pytest.raises(NotFoundError):
        await sdk.agents.passages.delete(passage.id, agent_id=UNKNOWN_AGENT)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_pages_are_gone_through(sdk: AsyncLetta, create: Create, limit: int) -> None:
    name = f"contract {uuid.uuid4()}"
    ids = [(await create(name=name)).id for _ in range(3)]
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        assert [each.id async for each in sdk.archives.list(limit=limit, order=order, name=name)] == expected  # type: ignore[arg-type]
    assert [each.id for each in await sdk.archives.list(name=name)] == ids[::-1]
    assert [each.id for each in await sdk.archives.list(name=name, before=ids[1])] == [ids[2]]


async def test_an_unknown_cursor_or_agent_of_a_list_is_not_found(sdk: AsyncLetta) -> None:
    wrong: list[dict[str, Any]] = [{"after": UNKNOWN_ARCHIVE}, {"before": UNKNOWN_ARCHIVE}, {"agent_id": UNKNOWN_AGENT}]
    for parameters in wrong:
        with pytest.raises(NotFoundError):
            await sdk.archives.list(**parameters)


async def test_an_agent_has_one_archive(sdk: AsyncLetta, create: Create, agent_id: str) -> None:
    archive, other = await create(), await create()
    for _ in range(2):
        assert await sdk.agents.archives.attach(archive.id, agent_id=agent_id) is None  # type: ignore[func-returns-value]
    assert [each.id async for each in sdk.archives.list(agent_id=agent_id)] == [archive.id]
    assert [each.id async for each in sdk.archives.agents.list(archive.id)] == [agent_id]
    with pytest.raises(ConflictError):
        await sdk.agents.archives.attach(other.id, agent_id=agent_id)
    (passage,) = await sdk.agents.passages.create(agent_id, text="shared")
    assert passage.archive_id == archive.id
    for _ in range(2):
        assert await sdk.agents.archives.detach(archive.id, agent_id=agent_id) is None  # type: ignore[func-returns-value]
    assert await sdk.agents.passages.list(agent_id) == []
    assert [each.passage.id for each in await sdk.passages.search(archive_id=archive.id)] == [passage.id]
    assert await sdk.archives.agents.list(UNKNOWN_ARCHIVE) == []
    for call in (sdk.agents.archives.attach, sdk.agents.archives.detach):
        with pytest.raises(NotFoundError):
            await call(UNKNOWN_ARCHIVE, agent_id=agent_id)
        with pytest.raises(NotFoundError):
            await call(archive.id, agent_id=UNKNOWN_AGENT)


# --- passages ---------------------------------------------------------------------------------------------------------


async def test_the_first_passage_of_an_agent_creates_its_archive(sdk: AsyncLetta, agent_id: str) -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    (passage,) = await sdk.agents.passages.create(agent_id, text="Ada ✓", tags=["a", "b"], created_at=moment)
    assert type(passage) is Passage
    assert (passage.text, sorted(passage.tags or []), passage.created_at) == ("Ada ✓", ["a", "b"], moment)
    assert (passage.metadata, passage.is_deleted) == ({}, False)
    (archive,) = await sdk.archives.list(agent_id=agent_id)
    assert (archive.id, archive.name) == (passage.archive_id, "contract's Archive")
    (plain,) = await sdk.agents.passages.create(agent_id, text="")
    assert (plain.tags, plain.archive_id) == (None, archive.id)
    assert [each.id async for each in sdk.agents.passages.list(agent_id)] == [passage.id, plain.id]
    with pytest.raises(NotFoundError):
        await sdk.agents.passages.create(UNKNOWN_AGENT, text="x")


async def test_a_passage_of_an_archive_has_metadata(sdk: AsyncLetta, create: Create) -> None:
    archive = await create()
    passage = await sdk.archives.passages.create(
        archive.id, text="x", tags=["t"], metadata={"k": 1}, created_at="2024-01-01T00:00:00+02:00"
    )
    assert (passage.metadata, passage.tags, passage.archive_id) == ({"k": 1}, ["t"], archive.id)
    assert passage.created_at == datetime(2023, 12, 31, 22, tzinfo=UTC)
    many = await sdk.archives.passages.create_many(
        archive.id, passages=[{"text": "a", "tags": ["q"]}, PassageCreate(text="b", metadata={"z": [1]})]
    )
    assert [(each.text, each.tags, each.metadata) for each in many] == [("a", ["q"], {}), ("b", None, {"z": [1]})]
    assert await sdk.archives.passages.create_many(archive.id, passages=[]) == []
    with pytest.raises(NotFoundError):
        await sdk.archives.passages.create(UNKNOWN_ARCHIVE, text="x")
    with pytest.raises(NotFoundError):
        await sdk.archives.passages.create_many(UNKNOWN_ARCHIVE, passages=[{"text": "x"}])
    wordy = await create(embedding=None)
    assert (await sdk.archives.passages.create(wordy.id, text="x")).embedding is None
    with pytest.raises(InternalServerError):
        await sdk.archives.passages.create_many(wordy.id, passages=[{"text": "x"}])


async def test_a_deleted_passage_is_gone(sdk: AsyncLetta, create: Create, agent_id: str) -> None:
    archive, other = await create(), await create()
    await sdk.agents.archives.attach(archive.id, agent_id=agent_id)
    first, second = await sdk.archives.passages.create_many(archive.id, passages=[{"text": "a"}, {"text": "b"}])
    assert first.id is not None
    assert second.id is not None
    with pytest.raises(BadRequestError, match="does not belong to archive"):
        await sdk.archives.passages.delete(first.id, archive_id=other.id)
    assert await sdk.archives.passages.delete(first.id, archive_id=archive.id) is None  # type: ignore[func-returns-value]
    with pytest.raises(NotFoundError, match="Agent passage with id"):
        await sdk.archives.passages.delete(first.id, archive_id=archive.id)
    with pytest.raises(NotFoundError, match="Archive not found"):
        await sdk.archives.passages.delete(second.id, archive_id=UNKNOWN_ARCHIVE)
    assert await sdk.agents.passages.delete(memory_id=second.id, agent_id=agent_id) is None  # type: ignore[func-returns-value]
    with pytest.raises(NotFoundError, match=f"Passage with id {second.id} not found"):
        await sdk.agents.passages.delete(second.id, agent_id=agent_id)
    assert await sdk.agents.passages.list(agent_id) == []


async def test_passages_are_listed_by_age(sdk: AsyncLetta, agent_id: str) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    ids: list[str | None] = []
    for day, text in enumerate(["The cat", "A dog", "Cats and dogs"]):
        (passage,) = await sdk.agents.passages.create(agent_id, text=text, created_at=start + timedelta(days=day))
        ids.append(passage.id)
    assert [each.id for each in await sdk.agents.passages.list(agent_id)] == ids
    assert [each.id for each in await sdk.agents.passages.list(agent_id, ascending=False)] == ids[::-1]
    assert [each.id for each in await sdk.agents.archival_memory.list(agent_id, after=ids[0])] == ids[1:]
    assert [each.id for each in await sdk.agents.passages.list(agent_id, before=ids[1], ascending=False)] == ids[:1]
    assert [each.id for each in await sdk.agents.passages.list(agent_id, search="CAT")] == [ids[0], ids[2]]
    assert await sdk.agents.passages.list(agent_id, after=UNKNOWN_PASSAGE) == []
    assert await sdk.agents.passages.list(UNKNOWN_AGENT) == []


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_a_limit_is_the_most_of_all(sdk: AsyncLetta, agent_id: str, limit: int) -> None:
    ids = [(await sdk.agents.passages.create(agent_id, text=text))[0].id for text in "abc"]
    assert [each.id async for each in sdk.agents.passages.list(agent_id, limit=limit)] == ids[:limit]
    newest = [each.id async for each in sdk.agents.passages.list(agent_id, limit=limit, ascending=False)]
    assert newest == ids[::-1][:limit]


@pytest.mark.parametrize("ascending", [True, False])
async def test_passages_of_one_time_are_all_listed(
    sdk: AsyncLetta, create: Create, agent_id: str, *, ascending: bool
) -> None:
    archive = await create()
    await sdk.agents.archives.attach(archive.id, agent_id=agent_id)
    texts = [f"{number}" for number in range(120)]
    for half in (texts[:60], texts[60:]):
        await sdk.archives.passages.create_many(archive.id, passages=[{"text": text} for text in half])
    found = [each.text async for each in sdk.agents.passages.list(agent_id, ascending=ascending)]
    assert sorted(found) == sorted(texts)
    assert set(found[:60]) == set(texts[:60] if ascending else texts[60:])


# --- search -----------------------------------------------------------------------------------------------------------


async def test_an_agent_finds_its_passages(sdk: AsyncLetta, agent_id: str) -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    (cat,) = await sdk.agents.passages.create(
        agent_id, text="The cat sat on the mat", tags=["pets", "home"], created_at=moment
    )
    await sdk.agents.passages.create(agent_id, text="Dogs bark loudly", tags=["pets"])
    found = await sdk.agents.passages.search(agent_id, query="The cat sat on the mat")
    assert type(found) is PassageSearchResponse
    assert found.count == len(found.results)
    first = found.results[0]
    assert (first.id, first.content, sorted(first.tags or [])) == (cat.id, cat.text, ["home", "pets"])
    assert first.timestamp == "2024-01-02T12:04:05+09:00"
    best = await sdk.agents.passages.search(agent_id, query="cat sat", top_k=1, start_datetime=moment)
    assert best.count == 1
    both = await sdk.agents.passages.search(agent_id, query="cat", tags=["pets", "home"], tag_match_mode="all")
    assert [each.id for each in both.results] == [cat.id]
    until = await sdk.agents.passages.search(agent_id, query="bark", end_datetime=moment)
    assert [each.id for each in until.results] == [cat.id]
    assert (await sdk.agents.passages.search(agent_id, query="cat", tags=["none"])).results == []
    assert (await sdk.agents.passages.search(agent_id, query=" ")).count == 0
    with pytest.raises(NotFoundError):
        await sdk.agents.passages.search(UNKNOWN_AGENT, query="cat")


async def test_without_an_embedding_model_words_are_searched(sdk: AsyncLetta, create: Create, make_agent: Make) -> None:
    agent = await make_agent()
    archive = await create(embedding=None)
    await sdk.agents.archives.attach(archive.id, agent_id=agent["id"])
    for text in ("A cat", "A dog", "Two cats"):
        await sdk.archives.passages.create(archive.id, text=text)
    found = await sdk.agents.passages.search(agent["id"], query="CAT")
    assert sorted(each.content for each in found.results) == ["A cat", "Two cats"]
    items = await sdk.passages.search(archive_id=archive.id, query="cat")
    assert sorted(each.passage.text for each in items) == ["A cat", "Two cats"]


async def test_archives_are_searched(sdk: AsyncLetta, create: Create, agent_id: str) -> None:
    archive = await create()
    await sdk.agents.archives.attach(archive.id, agent_id=agent_id)
    moment = datetime(2024, 1, 2, tzinfo=UTC)
    texts = ["The cat sat on the mat", "Dogs bark loudly", "Birds sing"]
    passages = [PassageCreate(text=text, tags=[text[:4]], created_at=moment) for text in texts]
    await sdk.archives.passages.create_many(archive.id, passages=passages)
    scopes: list[dict[str, Any]] = [{"archive_id": archive.id}, {"agent_id": agent_id}]
    for scope in scopes:
        found = await sdk.passages.search(query="Dogs bark loudly", **scope)
        assert {type(each) for each in found} == {PassageSearchResponseItem}
        assert (found[0].passage.text, type(found[0].passage), found[0].metadata) == (texts[1], Passage, {})
        assert len(await sdk.passages.search(query="cat", limit=2, **scope)) == 2
        assert sorted(each.passage.text for each in await sdk.passages.search(**scope)) == sorted(texts)
        tagged = await sdk.passages.search(tags=["Bird", "Dogs"], **scope)
        assert sorted(each.passage.text for each in tagged) == [texts[2], texts[1]]
        assert await sdk.passages.search(tags=["Bird", "Dogs"], tag_match_mode="all", **scope) == []
        assert await sdk.passages.search(start_date=moment + timedelta(days=1), **scope) == []
        assert len(await sdk.passages.search(end_date=moment, **scope)) == 3
    assert await sdk.passages.search(agent_id=UNKNOWN_AGENT) == []
    nowhere: list[dict[str, Any]] = [{"agent_id": UNKNOWN_AGENT}, {"archive_id": UNKNOWN_ARCHIVE}]
    for unknown in nowhere:
        with pytest.raises(NotFoundError):
            await sdk.passages.search(query="x", **unknown)
    with pytest.raises(InvalidArgumentError, match="limit: 101 .* is out of range"):
        await sdk.passages.search(limit=101)
