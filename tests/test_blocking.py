"""No call blocks the event loop of its caller: some servers forbid it, with what `blockbuster` puts in the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from blockbuster import BlockBuster, BlockingError, blockbuster_ctx

from letta_async import AsyncLetta, InvalidArgumentError
from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture(scope="module")
def ids(server: EmbeddedServer) -> list[str]:
    return make_conversations(server.base_url, 60)


@pytest.fixture
def forbidden(ids: list[str]) -> Iterator[BlockBuster]:
    with blockbuster_ctx() as forbidding:
        yield forbidding


@pytest.mark.usefixtures("forbidden")
async def test_what_blocks_is_noticed_here(tmp_path: Path) -> None:
    with pytest.raises(BlockingError):
        (tmp_path / "file").stat()


@pytest.mark.usefixtures("forbidden")
async def test_calls_do_not_block(server: EmbeddedServer, ids: list[str]) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        assert await client.conversations.recompile(ids[0])
        assert [conversation.id async for conversation in client.conversations.list(limit=5)]
        assert (await client.conversations.staleness(ids[0])).stored


@pytest.mark.usefixtures("forbidden")
async def test_a_batch_without_a_journal_does_not_block(server: EmbeddedServer, ids: list[str]) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        outcomes = [outcome async for outcome in client.conversations.recompile_many([*ids, *ids])]
    assert (len(outcomes), sum(outcome.repeated for outcome in outcomes)) == (len(ids) * 2, len(ids))
    assert all(outcome.ok for outcome in outcomes)


@pytest.mark.usefixtures("forbidden")
async def test_a_batch_with_a_journal_does_not_block(server: EmbeddedServer, ids: list[str], tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    async with AsyncLetta(base_url=server.base_url) as client:
        async with aclosing(client.conversations.recompile_many(ids, journal=journal)) as outcomes:
            assert (await anext(outcomes)).ok
        statuses = {outcome.status async for outcome in client.conversations.recompile_many(ids, journal=journal)}
    assert statuses <= {"recompiled", "skipped"}
    assert "skipped" in statuses


@pytest.mark.usefixtures("forbidden")
async def test_why_a_journal_cannot_be_opened_is_said(server: EmbeddedServer, ids: list[str], tmp_path: Path) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        with pytest.raises(InvalidArgumentError, match=f"'{tmp_path}' is a directory, not a regular file"):
            await anext(client.conversations.recompile_many(ids, journal=tmp_path))
