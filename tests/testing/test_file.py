"""Tests of a server with a file: its data survives restarts, crashes and damaged files."""

from __future__ import annotations

import json
import logging
import pickle
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from letta_async import InternalServerError, Letta
from letta_async.testing import DataFileError, EmbeddedServer, SimulatedClock
from letta_async.testing._data_file import DataFile
from tests.ids import CONVERSATION
from tests.testing.story import MODEL, fill, state

MESSAGE_OF_FORMAT_1 = (*("id", "sequence", "created_at", "agent_id", "conversation_id", "role", "text", "deleted"),)
"""The fields of a message that the first format had."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "letta.db"


@pytest.fixture
def filled(path: Path) -> Path:
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        fill(client)
    return path


# --- what it remembers ----------------------------------------------------------------------------------------------


def test_after_a_restart_it_answers_everything_as_before(path: Path) -> None:
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        fill(client)
        before = state(client)
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        assert state(client) == before


def test_after_a_restart_it_goes_on_as_if_there_had_been_none(path: Path) -> None:
    def go_on(server: EmbeddedServer, ids: dict[str, str]) -> str:
        """Change existing rows; return the resulting responses, with names instead of IDs."""
        with Letta(base_url=server.base_url) as client:
            client.patch(f"/v1/blocks/{ids['block']}", body={"value": "Barbara"})
            fork = client.post(f"/v1/conversations/{ids['conversation']}/fork")["id"]
            seen = [
                client.conversations.recompile(ids["conversation"]),
                client.conversations.recompile("default", agent_id=ids["agent"], dry_run=True),
                client.get(f"/v1/conversations/{fork}/messages", extra_query={"order": "asc"})[0]["content"],
                [message["message_type"] for message in client.get(f"/v1/conversations/{ids['agent']}/messages")],
                [each["summary"] for each in client.get("/v1/conversations/")],
                [each["label"] for each in client.get(f"/v1/agents/{ids['agent']}")["blocks"]],
            ]
        text = str(seen)
        for name, made in {**ids, "fork": fork}.items():
            text = text.replace(made, name)
        return text

    clock = SimulatedClock()
    with EmbeddedServer(clock=clock) as server, Letta(base_url=server.base_url) as client:
        uninterrupted = go_on(server, fill(client))
    with EmbeddedServer(clock=clock, path=path) as server, Letta(base_url=server.base_url) as client:
        ids = fill(client)
    with EmbeddedServer(clock=clock, path=path) as server:
        assert go_on(server, ids) == uninterrupted


def test_what_a_refused_request_left_behind_is_kept_too(path: Path) -> None:
    """A conversation whose isolated labels are unknown is refused, but stored, as on the real server."""
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        agent = client.post("/v1/agents/", body={"model": MODEL})
        with pytest.raises(Exception, match="not found on agent"):
            client.conversations.create(agent_id=agent["id"], isolated_block_labels=["nothing"])
        before = state(client)
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        assert state(client) == before
        assert len(before["conversations"]) == 1


def test_the_clock_is_that_of_the_new_server(path: Path) -> None:
    clock = SimulatedClock()
    with EmbeddedServer(clock=clock, path=path) as server, Letta(base_url=server.base_url) as client:
        ids = fill(client)
    clock.advance(timedelta(days=1))
    with EmbeddedServer(clock=clock, path=path) as server, Letta(base_url=server.base_url) as client:
        assert "recompiled: 2026-01-02 09:00:00 PM JST" in client.conversations.recompile(ids["conversation"])


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        fill(client)
    assert list(tmp_path.iterdir()) == []


def test_a_change_is_in_the_file_when_its_answer_arrives(path: Path, tmp_path: Path) -> None:
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        for number in range(20):
            block = client.blocks.create(label="human", value=f"value {number}")
            for suffix in ("", "-wal"):
                (tmp_path / f"copy{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
            with sqlite3.connect(tmp_path / "copy") as copy:
                (row,) = copy.execute("SELECT row FROM rows WHERE id = ?", (block.id,)).fetchone()
            copy.close()
            assert f"value {number}" in row


# --- what cannot be used ----------------------------------------------------------------------------------------------


def test_two_servers_cannot_have_one_file(filled: Path) -> None:
    with EmbeddedServer(path=filled) as server:
        with pytest.raises(DataFileError, match=r"letta\.db: is in use by another server"), EmbeddedServer(path=filled):
            pass
        with Letta(base_url=server.base_url) as client:
            assert len(client.get("/v1/agents/")) == 1
    with EmbeddedServer(path=filled):
        pass


def test_a_file_of_something_else_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_text("dear diary\n" * 100)
    with pytest.raises(DataFileError, match="is not a file of the embedded server"), EmbeddedServer(path=path):
        pass
    assert path.read_text() == "dear diary\n" * 100


def test_a_database_of_something_else_is_refused_and_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE rows (id, row)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(DataFileError, match="none of the embedded server's"), EmbeddedServer(path=path):
        pass
    assert path.read_bytes() == before


def test_a_file_of_another_format_is_refused_and_left_as_it_is(filled: Path) -> None:
    with sqlite3.connect(filled) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = filled.read_bytes()
    with pytest.raises(DataFileError, match="its format is 99, this version's 3"), EmbeddedServer(path=filled):
        pass
    assert filled.read_bytes() == before


def test_a_file_of_the_format_before_is_read(filled: Path) -> None:
    with sqlite3.connect(filled) as database:
        for row_id, row in database.execute("SELECT id, row FROM rows WHERE id LIKE 'message-%'").fetchall():
            old = {name: value for name, value in json.loads(row).items() if name in MESSAGE_OF_FORMAT_1}
            database.execute("UPDATE rows SET row = ? WHERE id = ?", (json.dumps(old), row_id))
        database.execute("PRAGMA user_version = 1")
    database.close()
    with EmbeddedServer(path=filled) as server, Letta(base_url=server.base_url) as client:
        (agent,) = client.agents.list().page()
        assert client.conversations.messages.list("default", agent_id=agent.id).page()
    with sqlite3.connect(filled) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (3,)
    database.close()


def test_a_row_that_nobody_here_wrote_is_refused(filled: Path) -> None:
    with sqlite3.connect(filled) as database:
        database.execute("""INSERT INTO rows VALUES ('agent-1', '{"id": 5}')""")
    database.close()
    with (
        pytest.raises(DataFileError, match="holds a row that is none of the embedded server's"),
        EmbeddedServer(path=filled),
    ):
        pass


@pytest.mark.parametrize("harm", ["truncated", "garbled"])
def test_a_file_that_is_damaged_is_refused(filled: Path, harm: str) -> None:
    with filled.open("r+b") as file:
        if harm == "truncated":
            file.truncate(4096)
        else:  # behind the page that says what is in the file
            file.seek(4096)
            file.write(b"\xff" * 4096)
    with pytest.raises(DataFileError, match="malformed"), EmbeddedServer(path=filled):
        pass


def test_what_is_wrong_with_a_file_can_be_told_to_another_process(tmp_path: Path) -> None:
    with pytest.raises(DataFileError) as caught:
        DataFile(tmp_path)
    twin = pickle.loads(pickle.dumps(caught.value))
    assert (type(twin), str(twin)) == (DataFileError, str(caught.value))
    assert (twin.path, twin.reason) == (tmp_path, caught.value.reason)


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="unable to open"), EmbeddedServer(path=tmp_path / "nowhere" / "letta.db"):
        pass


def test_where_it_cannot_listen_it_leaves_the_file_to_others(filled: Path) -> None:
    with EmbeddedServer() as other:
        port = int(other.base_url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="in use"), EmbeddedServer(path=filled, port=port):
            pass
    with EmbeddedServer(path=filled):
        pass


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.touch()
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        assert client.get("/v1/agents/") == []


def test_a_change_that_cannot_be_written_is_no_success_and_follows_later(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: DataFile, changed: object) -> None:
        raise DataFileError(path, "cannot be used: database or disk is full")

    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url, max_retries=0) as client:
        with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
            patched.setattr(DataFile, "write", fail)
            with pytest.raises(InternalServerError, match="A database error occurred"):
                client.blocks.create(label="human", value="Ada")
        assert "disk is full" in caplog.text
        client.blocks.create(label="human", value="Grace")
        before = state(client)
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        assert state(client) == before
        assert [block["value"] for block in before["blocks"]] == ["Ada", "Grace"]


def test_what_only_reads_writes_nothing(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedServer(path=filled) as server, Letta(base_url=server.base_url, max_retries=0) as client:
        monkeypatch.setattr(DataFile, "write", lambda *_: pytest.fail("written"))
        state(client)
        with pytest.raises(Exception, match="not found"):
            client.conversations.recompile(CONVERSATION)


@pytest.mark.parametrize("ending", ["ABORT", "ROLLBACK"])  # some errors end the transaction by themselves
def test_of_a_request_whose_changes_cannot_all_be_written_none_is(filled: Path, ending: str) -> None:
    with sqlite3.connect(filled) as database:
        database.execute(
            "CREATE TRIGGER no_messages BEFORE INSERT ON rows WHEN NEW.id LIKE 'message-%' "
            f"BEGIN SELECT RAISE({ending}, 'no more messages'); END"
        )
    database.close()
    with EmbeddedServer(path=filled) as server, Letta(base_url=server.base_url, max_retries=0) as client:
        before = state(client)
        with pytest.raises(InternalServerError):
            client.post("/v1/agents/", body={"model": MODEL, "memory_blocks": [{"label": "human", "value": "new"}]})
    with EmbeddedServer(path=filled) as server, Letta(base_url=server.base_url) as client:
        assert state(client) == before
