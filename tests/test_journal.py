"""The journal: what is done stays done, whenever the process dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import AsyncLetta, CompactionSettings, InvalidArgumentError, Letta, Outcome, Recompile
from letta_async._schema.unset import UNSET
from letta_async.batch.journal import Journal
from letta_async.batch.targets import digest
from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations
from tests.ids import AGENT, CONVERSATION

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
        return list(journal.done_keys())
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
    with pytest.raises(InvalidArgumentError) as caught:
        Journal(path, {**BATCH, "dry_run": True, "settings": "1"})
    assert str(caught.value).endswith(
        "belongs to a batch that differs in dry_run and compaction_settings (dry_run was False, is True): to go on with"
        " that batch, give it the same dry_run and compaction_settings again; to begin a new one, take another file,"
        " or remove this one"
    )


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


AGENT_A, AGENT_B = AGENT, AGENT.replace("0", "1", 1)
SETTINGS: list[dict[str, Any]] = [{"compaction_settings": {"mode": "all"}}, {"compaction_settings": None}]
OPTIONS: list[dict[str, Any]] = [{"extra_query": {"a": 1}}, {"extra_query": {"a": 2}}, {"extra_body": {"a": 1}}]


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ({"agent_id": AGENT_A}, {"agent_id": AGENT_B}, "agent_id"),
        ({"agent_id": AGENT_A}, {}, "agent_id"),
        ({}, {"dry_run": True}, "dry_run"),
        ({}, {"only_stale": True}, "only_stale"),
        ({}, SETTINGS[0], "compaction_settings"),
        (SETTINGS[0], SETTINGS[1], "compaction_settings"),
        (OPTIONS[0], OPTIONS[1], "extra_query or extra_body"),
        (OPTIONS[0], OPTIONS[2], "extra_query or extra_body"),
        ({}, OPTIONS[2], "extra_query or extra_body"),
    ],
)
async def test_a_journal_belongs_to_a_batch_that_does_the_same(
    server: EmbeddedServer, path: Path, one: dict[str, Any], other: dict[str, Any], name: str
) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        for first, second in ((one, other), (other, one)):
            path.unlink(missing_ok=True)
            for _ in range(2):
                assert len([o async for o in client.conversations.recompile_many(["nope"], journal=path, **first)]) == 1
            with pytest.raises(InvalidArgumentError, match=f"belongs to a batch that differs in {name}") as caught:
                [o async for o in client.conversations.recompile_many(["nope"], journal=path, **second)]
            assert "take another file" in str(caught.value)


async def test_what_a_target_says_of_itself_is_work_of_its_own_in_the_journal(
    server: EmbeddedServer, ids: list[str], path: Path
) -> None:
    def of(target: str, **own: Any) -> Recompile:
        return Recompile(conversation_id=target, **own)

    async def statuses(*targets: Any) -> list[str]:
        async with AsyncLetta(base_url=server.base_url) as client:
            found = client.conversations.recompile_many(targets, compaction_settings={"mode": "all"}, journal=path)
            by_id = {id(o.target): o.status async for o in found}
        return [by_id[id(target)] for target in targets]

    one = ids[0]
    assert await statuses(of(one, dry_run=True)) == ["compiled"]
    assert await statuses(of(one, dry_run=True), one) == ["skipped", "recompiled"]
    assert await statuses(of(one, compaction_settings={"mode": "sliding_window"}), one) == ["recompiled", "skipped"]
    again = of(one, compaction_settings={"mode": "sliding_window"}), of(one, compaction_settings=None)
    assert await statuses(*again) == ["skipped", "recompiled"]
    same = of(one), of(one, dry_run=False), of(one, compaction_settings=CompactionSettings(mode="all"))
    with pytest.warns(UserWarning, match=r"nothing was checked.*\(skipped: 3\)"):
        assert await statuses(*same) == ["skipped"] * 3


async def test_agents_are_told_apart_in_the_journal(server: EmbeddedServer, path: Path) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        agents = [(await client.agents.create(name=name, model="letta/letta-free")).id for name in "ab"]
        one, other = (Recompile(conversation_id="default", agent_id=agent) for agent in agents)
        for targets, expected in (([one], ["recompiled"]), ([one, other], ["skipped", "recompiled"])):
            outcomes = {o.target: o.status async for o in client.conversations.recompile_many(targets, journal=path)}
            assert [outcomes[target] for target in targets] == expected


# --- a journal that an earlier version wrote --------------------------------------------------------------------------


def written_earlier(path: Path, server: EmbeddedServer, *lines: tuple[str, str]) -> None:
    head = {"journal": "letta_async recompile_many 1", "base_url": server.base_url, "dry_run": False}
    head |= {"only_stale": False, "settings": digest(UNSET)}
    entries = [{"key": key, "status": status, "tries": 1, "seconds": 0.1} for key, status in lines]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in [head, *entries]))


async def test_a_journal_of_an_earlier_version_keeps_its_meaning(
    server: EmbeddedServer, ids: list[str], path: Path
) -> None:
    agent = f"default {AGENT}"
    written_earlier(
        path, server, (ids[0], "recompiled"), (ids[1], "failed"), (ids[2], "compiled"), (agent, "recompiled")
    )
    direct = Recompile(conversation_id="default", agent_id=AGENT)
    async with AsyncLetta(base_url=server.base_url) as client:
        outcomes = client.conversations.recompile_many([*ids[:3], direct], journal=path)
        statuses = {o.target: o.status async for o in outcomes}
        assert statuses == {ids[0]: "skipped", ids[1]: "recompiled", ids[2]: "recompiled", direct: "skipped"}
        with pytest.raises(InvalidArgumentError, match=f"agent_id was not noted, is '{AGENT}'"):
            [o async for o in client.conversations.recompile_many(["default"], agent_id=AGENT, journal=path)]


# --- a run that is complete -------------------------------------------------------------------------------------------


@pytest.fixture
def fleet(server: EmbeddedServer) -> Iterator[tuple[Letta, str, list[str]]]:
    with Letta(base_url=server.base_url) as client:
        block = client.blocks.create(label="human", value="Ada").id
        agent = client.agents.create(name="a", model="letta/letta-free", block_ids=[block]).id
        ids = [client.conversations.create(agent_id=agent).id for _ in range(5)]
        client.blocks.update(block, value="Grace")
        yield client, block, ids


def test_a_complete_run_says_nothing_of_what_became_stale_since(
    fleet: tuple[Letta, str, list[str]], path: Path
) -> None:
    client, block, ids = fleet

    def run(targets: Iterable[str] = ids) -> Counter[str]:
        outcomes = client.conversations.recompile_many(targets, only_stale=True, journal=path)
        return Counter(outcome.status for outcome in outcomes)

    def cut_short() -> Iterator[str]:
        yield from ids[:2]
        raise OSError("the list is gone")

    assert run() == {"recompiled": 5}
    assert run() == {"unchanged": 5}
    client.blocks.update(block, value="Edsger")
    with pytest.raises(OSError, match="the list is gone"):
        run(cut_short())
    assert run([*ids, CONVERSATION]) == {"skipped": 2, "recompiled": 3, "failed": 1}  # a run that was not complete
    client.blocks.update(block, value="Barbara")
    assert run([*ids, CONVERSATION]) == {"skipped": 5, "failed": 1}  # nor was that, and what failed is tried again
    with pytest.warns(UserWarning, match="nothing was checked"):
        assert run() == {"skipped": 5}
    assert run() == {"recompiled": 5}


def test_without_only_stale_a_complete_run_is_said_to_be_complete(
    fleet: tuple[Letta, str, list[str]], path: Path
) -> None:
    client, _, ids = fleet
    many = client.conversations.recompile_many
    assert {outcome.status for outcome in many(ids[:3], journal=path)} == {"recompiled"}
    assert Counter(outcome.status for outcome in many(ids, journal=path)) == {"skipped": 3, "recompiled": 2}
    with pytest.warns(UserWarning, match="nothing was checked.*this journal's run is complete") as caught:
        assert Counter(outcome.status for outcome in many(ids, journal=path)) == {"skipped": 5}
    assert [Path(warning.filename).name for warning in caught] == [Path(__file__).name]
    assert repr(str(path)) in str(caught[0].message)


@pytest.mark.parametrize("how", ["a failure", "stop_on_error", "left", "deadline"])
def test_a_run_that_is_not_complete_leaves_no_closing_line(
    fleet: tuple[Letta, str, list[str]], path: Path, how: str
) -> None:
    client, _, ids = fleet
    targets = [*ids, CONVERSATION] if how in ("a failure", "stop_on_error") else ids
    deadline = 1e-9 if how == "deadline" else None
    many = client.conversations.recompile_many
    outcomes: Any = many(targets, journal=path, stop_on_error=how == "stop_on_error", deadline=deadline)
    for _ in outcomes:
        if how == "left":
            break
    outcomes.close()
    assert '"run"' not in path.read_text()
    another = client.conversations.create(agent_id=client.conversations.retrieve(ids[0]).agent_id).id
    list(many([*ids, another], journal=path))
    assert json.loads(path.read_text().splitlines()[-1])["run"] == "complete"


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
