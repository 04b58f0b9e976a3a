"""No call blocks the event loop of its caller: some servers forbid it, with what `blockbuster` puts in the way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from blockbuster import BlockBuster, BlockingError, blockbuster_ctx

from letta_async import AsyncLetta, InvalidArgumentError
from letta_async.testing import EmbeddedServer
from tests.cli.processes import environment
from tests.conversations import make_conversations
from tests.waiting import PATIENCE


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


GUARDED = """
import asyncio, builtins, glob, importlib, os, pathlib, ssl, sys, time
from letta_async import AsyncLetta

reported = []

def guard(owner, name):
    function = getattr(owner, name)
    def guarded(*arguments, **keywords):
        known = name == "import_module" and arguments[0] in sys.modules
        if asyncio._get_running_loop() is not None and not known:
            reported.append((name, arguments))
        return function(*arguments, **keywords)
    setattr(owner, name, guarded)

for owner, names in {
    builtins: "open", glob: "glob iglob", importlib: "import_module", os: "listdir scandir walk", time: "sleep",
    pathlib.Path: "open read_text read_bytes write_text write_bytes",
    ssl.SSLContext: "load_default_certs load_verify_locations load_cert_chain set_default_verify_paths",
}.items():
    for name in names.split():
        guard(owner, name)

async def main(url, conversation):
    async with AsyncLetta(base_url=url) as client:
        await client.conversations.recompile(conversation)
        [outcome async for outcome in client.conversations.recompile_many([conversation], only_stale=True)]
        async with client.conversations.messages.create(conversation, input="Hello") as stream:
            await stream.collect()
        agent = await client.agents.create(model="letta/letta-free", embedding="letta/letta-free")
        await client.agents.messages.run_tools(agent.id, tools=[], input="Hello")
        assert reported == [], reported
        time.sleep(0)
        assert reported, "nothing is guarded"

asyncio.run(main(*sys.argv[1:]))
"""
"""Program that guards what Home Assistant guards, in a process that has not used any resource before."""


def test_what_home_assistant_guards_is_not_called_on_the_loop(server: EmbeddedServer, ids: list[str]) -> None:
    command = [sys.executable, "-c", GUARDED, server.base_url, ids[0]]
    folder = Path(__file__).parents[1]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PATIENCE, env=environment(), cwd=folder
    )
    assert done.returncode == 0, done.stderr
