"""Tests of the embedded server's files: how long they are processed, forms, and what is left of what is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import Letta, UnprocessableEntityError
from letta_async.testing import EmbeddedServer
from letta_async.testing._forms import FormPart, parse_form
from tests.test_run_waiting import Clock

EMBEDDING = "openai/text-embedding-3-small"


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Letta]:
    with Letta(base_url=server.base_url) as client:
        yield client


def test_a_file_is_processed_after_as_many_looks_as_the_test_says() -> None:
    with EmbeddedServer(file_polls=3) as server, Letta(base_url=server.base_url) as client:
        folder = client.folders.create(name="F", embedding=EMBEDDING)
        file = client.folders.files.upload(folder.id, file=("a.txt", b"abc"))
        looks = [client.folders.files.retrieve(file.id, folder_id=folder.id) for _ in range(4)]
        assert [look.processing_status for look in looks] == ["parsing", "parsing", "embedding", "completed"]
        assert [look.chunks_embedded for look in looks] == [None, None, 0, 1]
        client._core.folders.files._polling = Clock().polling()
        server.requests.clear()
        client.folders.files.upload_and_poll(folder.id, file=("b.txt", b"abc"))
        assert [request.method for request in server.requests] == ["POST", *["GET"] * 4]


def test_what_is_deleted_leaves_nothing(client: Letta, server: EmbeddedServer) -> None:
    folder = client.folders.create(name="F", embedding=EMBEDDING)
    agent = client.agents.create(name="A", model="openai/gpt-4o-mini", embedding=EMBEDDING)
    for name in ("a.txt", "b.txt"):
        client.folders.files.upload(folder.id, file=(name, b"abc"))
    client.agents.folders.attach(folder.id, agent_id=agent.id)
    client.folders.delete(folder.id)
    assert client.agents.files.list(agent.id).items == []
    assert server._store.rows == {}
    folder = client.folders.create(name="F", embedding=EMBEDDING)
    client.agents.folders.attach(folder.id, agent_id=agent.id)
    client.folders.files.upload(folder.id, file=("a.txt", b"abc"))
    client.agents.delete(agent.id)
    assert client.folders.agents.list(folder.id).items == []
    assert {row.collection for row in server._store.rows.values()} == {"folders", "files"}


def test_files_outlive_the_server_that_has_a_file(tmp_path: Path) -> None:
    path = tmp_path / "letta.db"
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        folder = client.folders.create(name="F", embedding=EMBEDDING, metadata={"a": [1]})
        agent = client.agents.create(
            name="A", model="openai/gpt-4o-mini", embedding=EMBEDDING, extra_body={"folder_ids": [folder.id]}
        )
        file = client.folders.files.upload(folder.id, file=("a.txt", b"abc"))
        attached = client.agents.files.list(agent.id).items
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        assert client.folders.retrieve(folder.id) == folder
        assert client.folders.files.retrieve(file.id, folder_id=folder.id, include_content=True).content == "abc"
        assert client.agents.files.list(agent.id).items == attached
        assert [each.id for each in client.agents.folders.list(agent.id)] == [folder.id]


def test_an_agent_sees_as_much_of_a_file_as_its_limit_allows(client: Letta) -> None:
    folder = client.folders.create(name="F", embedding=EMBEDDING)
    limits = {"max_files_open": 2, "per_file_view_window_char_limit": 150, "folder_ids": [folder.id]}
    agent = client.agents.create(name="A", model="openai/gpt-4o-mini", embedding=EMBEDDING, extra_body=limits)
    ids = [client.folders.files.upload(folder.id, file=(f"{n}.txt", b"x" * 500)).id for n in range(3)]
    files = {each.file_id: each for each in client.agents.files.list(agent.id)}
    assert [files[file_id].is_open for file_id in ids] == [False, True, True]
    assert client.agents.files.open(ids[0], agent_id=agent.id) == ["F/1.txt"]
    (first,) = (each for each in client.agents.files.list(agent.id) if each.file_id == ids[0])
    assert first.visible_content is not None
    assert len(first.visible_content) == 150
    assert "TRUNCATED" in first.visible_content
    blocks: Any = client.get(f"/v1/agents/{agent.id}", cast_to=dict)["memory"]["file_blocks"]
    assert {block["label"]: block["is_open"] for block in blocks} == {
        "F/0.txt": True,
        "F/1.txt": False,
        "F/2.txt": True,
    }


FORM = (
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\ntext\r\n--B\r\n'
    b'content-disposition: form-data; name="file"; filename="\xc3\xa9.bin"\r\n'
    b"Content-Type: text/plain\r\n\r\n\x00\r\n--b\r\n\r\n--B--\r\n"
)


def test_forms_are_parsed() -> None:
    assert parse_form('multipart/form-data; boundary="B"', FORM) == {
        "a": FormPart(None, None, b"text"),
        "file": FormPart("é.bin", "text/plain", b"\x00\r\n--b\r\n"),
    }
    for content_type in ("application/json", "multipart/form-data", "", "multipart/mixed; boundary=B"):
        assert parse_form(content_type, FORM) == {}
    assert parse_form("multipart/form-data; boundary=B", b"") == {}


def test_an_upload_without_a_file_is_refused(client: Letta) -> None:
    folder = client.folders.create(name="F", embedding=EMBEDDING)
    with pytest.raises(UnprocessableEntityError) as refused:
        client.post(f"/v1/folders/{folder.id}/upload", body={})
    assert "('body', 'file')" in str(refused.value.detail)
