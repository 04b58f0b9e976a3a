"""The journal: what is done stays done, whenever the process dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import AsyncLetta, InvalidArgumentError, Outcome
from letta_async._journal import Journal
from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations
from tests.ids import CONVERSATION

BATCH = {"base_url": "http://x", "dry_run": False, "settings": "0"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture(scope="module")
def ids(server: EmbeddedServer) -> list[str]:
    return make_conversations(server.base_url, 300)


def write(path: Path, *keys: str, batch: dict[str, Any] | None = None) -> None:
    journal = Journal(path, batch or BATCH)
    for key in keys:
        journal.add(key, Outcome(target=key, status="recompiled", prompt="secret text", tries=1))
    journal.close()


def done(path: Path, batch: dict[str, Any] | None = None) -> list[str]:
    journal = Journal(path, batch or BATCH)
    try:
        return list(journal.done())
    finally:
        journal.close()


def test_what_was_written_down_is_found_again_without_prompts(path: Path) -> None:
    write(path, "a", "b")
    write(path, "c")
    assert done(path) == ["a", "b", "c"]
    assert "secret" not in path.read_text()
    header, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert header["base_url"] == "http://x"
    assert [(line["key"], line["status"], line["tries"]) for line in lines] == [(k, "recompiled", 1) for k in "abc"]


def test_a_line_that_a_kill_cut_short_is_dropped(path: Path) -> None:
    write(path, "a", "b")
    whole = path.read_bytes()
    first_line_ends = whole.index(b"\n") + 1
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        complete = whole[:size].count(b"\n")
        assert done(path) == ["a", "b"][: max(0, complete - 1)], size
        write(path, "c")
        assert done(path)[-1] == "c"
    assert first_line_ends < len(whole)


@pytest.mark.parametrize(
    "content",
    [
        b"not json\n",
        b"[1]\n",
        b'{"other": 1}\n',
        b"\x00\xff\n",
        b'{"journal": "of another kind"}\nand a line without its end',
        b"not json\nand a line without its end",
        b"no line break at all",
        b'{"a": "document without a line break"}',
        b'{"journal": "of another kind"',
        b"x" * 10_000,
    ],
)
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidArgumentError, match="is not a journal of recompile_many"):
        Journal(path, BATCH)
    assert path.read_bytes() == content


def test_a_journal_of_another_batch_is_refused(path: Path) -> None:
    write(path, "a")
    with pytest.raises(InvalidArgumentError, match="belongs to a batch with another dry_run and settings"):
        Journal(path, {**BATCH, "dry_run": True, "settings": "1"})


def test_a_journal_in_use_is_refused(path: Path) -> None:
    journal = Journal(path, BATCH)
    with pytest.raises(InvalidArgumentError, match="in use by another run"):
        Journal(path, BATCH)
    journal.close()
    assert done(path) == []


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="cannot be written"):
        Journal(tmp_path / "none" / "journal", BATCH)


async def test_a_second_run_skips_what_was_done_and_tries_again_what_failed(
    server: EmbeddedServer, ids: list[str], path: Path
) -> None:
    targets = [*ids[:3], CONVERSATION]
    async with AsyncLetta(base_url=server.base_url, api_key="sk-let-secret") as client:
        first = {o.target: o.status async for o in client.conversations.recompile_many(targets, journal=path)}
        second = {
            o.target: o.status async for o in client.conversations.recompile_many([*targets, ids[3]], journal=path)
        }
    assert first == {**dict.fromkeys(ids[:3], "recompiled"), CONVERSATION: "failed"}
    assert second == {**dict.fromkeys(ids[:3], "skipped"), CONVERSATION: "failed", ids[3]: "recompiled"}
    assert "sk-let-secret" not in path.read_text()
    entries = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    failures = [entry for entry in entries if entry["status"] == "failed"]
    assert [(entry["error"], entry["status_code"]) for entry in failures] == [("NotFoundError", 404)] * 2


SCRIPT = """
import sys
from letta_async import Letta
base_url, journal, *ids = sys.argv[1:]
with Letta(base_url=base_url) as client:
    for outcome in client.conversations.recompile_many(ids, journal=journal):
        print(outcome.status, outcome.target, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a kill that cannot be caught is POSIX")
def test_a_run_that_is_killed_and_started_again_does_the_rest(
    server: EmbeddedServer, ids: list[str], path: Path
) -> None:
    command = [sys.executable, "-c", SCRIPT, server.base_url, str(path), *ids]
    told: set[str] = set()
    for lines in (1, 40, 90):
        server.requests.clear()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            seen = [line.split() for line in (process.stdout.readline() for _ in range(lines)) if line]
            os.kill(process.pid, signal.SIGKILL)
        assert not told & sent(server)  # what came back before is never sent again
        told |= {target for status, target in seen if status == "recompiled"}
        assert told <= set(done(path, header(path)))
    server.requests.clear()
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    statuses = Counter(line.split()[0] for line in finished.stdout.splitlines())
    assert statuses.total() == len(ids)
    assert statuses["skipped"] >= len(told) > 0
    assert statuses["recompiled"] + statuses["skipped"] == len(ids)
    assert sorted(done(path, header(path))) == sorted(ids)  # each once
    assert not told & sent(server)


def sent(server: EmbeddedServer) -> set[str]:
    return {request.path.split("/")[3] for request in server.requests if request.path.endswith("/recompile")}


def header(path: Path) -> dict[str, Any]:
    entry = json.loads(path.read_text().splitlines()[0])
    del entry["journal"]
    return dict(entry)
