"""Contract tests of the client for files: in folders, and in the contexts of agents."""

from __future__ import annotations

import io
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    APIStatusError,
    AsyncLetta,
    BadRequestError,
    FileMetadata,
    FileProcessingError,
    Folder,
    NotFoundError,
)
from tests.contract.conftest import EMBEDDING, REAL
from tests.contract.wire import UNKNOWN, Http

NO_FILE = f"file-{UNKNOWN}"
SOON: dict[str, Any] = {"deadline": 60, "poll": 1 if REAL else 0.01}


@pytest.fixture
async def folder(sdk: AsyncLetta, http: Http) -> AsyncIterator[Folder]:
    """Return a folder."""
    folder = await sdk.folders.create(name=f"contract {uuid.uuid4()}", embedding=EMBEDDING)
    yield folder
    await http.delete(f"/v1/folders/{folder.id}")


async def test_a_file_is_uploaded_and_processed(sdk: AsyncLetta, folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("Ada\nLovelace ✓".encode())
    uploaded = await sdk.folders.files.upload(folder.id, file=path)
    assert type(uploaded) is FileMetadata
    assert (uploaded.source_id, uploaded.original_file_name, uploaded.file_size) == (folder.id, "notes.txt", 16)
    assert (uploaded.file_name, uploaded.file_type) == (f"{folder.name}/notes.txt", "text/plain")
    assert (uploaded.processing_status, uploaded.total_chunks, uploaded.content) == ("parsing", None, None)
    file = await sdk.folders.files.wait(uploaded.id, folder_id=folder.id, **SOON)
    assert (file.processing_status, file.total_chunks, file.chunks_embedded) == ("completed", 1, 1)
    assert (file.file_name, file.content, file.error_message) == ("notes.txt", None, None)
    whole = await sdk.folders.files.retrieve(file.id, folder_id=folder.id, include_content=True)
    assert whole.content == "Ada\nLovelace ✓"


async def test_every_kind_of_source_arrives(sdk: AsyncLetta, folder: Folder) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"as"
        yield b"ync"

    sources: dict[str, Any] = {
        "bytes.txt": b"bytes",
        "é ✓.md": io.BytesIO(b"memory"),
        "async.txt": pieces(),
        "iterated.txt": iter([b"iter", b"ated"]),
    }
    for name, source in sources.items():
        file = await sdk.folders.files.upload(folder.id, file=(name, source))
        assert file.original_file_name == name
    other = await sdk.folders.files.upload(folder.id, file=("no suffix", b"typed", "text/plain"))
    assert (other.original_file_name, other.file_type) == ("no suffix", "text/plain")
    named = await sdk.folders.files.upload(folder.id, file=("a.txt", b"x"), name="sub/b.md")
    assert named.original_file_name == "sub/b.md"
    for file in await sdk.folders.files.list(folder.id):
        await sdk.folders.files.wait(file.id, folder_id=folder.id, **SOON)
    contents = [file.content async for file in sdk.folders.files.list(folder.id, include_content=True, order="asc")]
    assert contents == ["bytes", "memory", "async", "iterated", "typed", "x"]


async def test_a_file_with_the_name_of_another(sdk: AsyncLetta, folder: Folder) -> None:
    upload = sdk.folders.files.upload
    first = await upload(folder.id, file=("a.txt", b"1"))
    assert (await upload(folder.id, file=("a.txt", b"2"))).file_name == f"{folder.name}/a_(1).txt"
    with pytest.raises(BadRequestError, match=r"'a.txt' already exists in folder"):
        await upload(folder.id, file=("a.txt", b"3"), duplicate_handling="error")
    assert (await upload(folder.id, file=("a.txt", b"3"), duplicate_handling="skip")).original_file_name == "a.txt"
    assert len(await sdk.folders.files.list(folder.id)) == 2
    await upload(folder.id, file=("b.txt", b"4"))
    replaced = await upload(folder.id, file=("b.txt", b"5"), duplicate_handling="replace")
    assert replaced.file_name == "b.txt"
    names = [file.original_file_name async for file in sdk.folders.files.list(folder.id, order="asc")]
    assert names == ["a.txt", "a.txt", "b.txt"]
    assert first.original_file_name == "a.txt"


async def test_what_the_server_does_not_take(sdk: AsyncLetta, folder: Folder) -> None:
    for name in ("a.bin", "a"):
        with pytest.raises(APIStatusError, match="Unsupported file type") as caught:
            await sdk.folders.files.upload(folder.id, file=(name, b"x"))
        assert caught.value.status_code == 415
    with pytest.raises(NotFoundError):
        await sdk.folders.files.upload(f"source-{UNKNOWN}", file=("a.txt", b"x"))
    for content in (b"a\x00b", b" \n"):
        with pytest.raises(FileProcessingError) as failed:
            await sdk.folders.files.upload_and_poll(folder.id, file=("a.txt", content), **SOON)
        assert (failed.value.file.processing_status, failed.value.file.total_chunks) == ("error", None)


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_all_files_are_gone_through(sdk: AsyncLetta, folder: Folder, limit: int) -> None:
    ids = [(await sdk.folders.files.upload(folder.id, file=(f"{n}.txt", b"x"))).id for n in range(3)]
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        found = [each.id async for each in sdk.folders.files.list(folder.id, limit=limit, order=order)]  # type: ignore[arg-type]
        assert found == expected
    assert [each.id for each in await sdk.folders.files.list(folder.id, after=ids[1])] == ids[:1]
    assert [each.id for each in await sdk.folders.files.list(folder.id, before=ids[1], order="asc")] == ids[:1]
    with pytest.raises(NotFoundError):
        await sdk.folders.files.list(folder.id, after=NO_FILE)


async def test_a_file_is_deleted(sdk: AsyncLetta, http: Http, folder: Folder) -> None:
    file = await sdk.folders.files.upload(folder.id, file=("a.txt", b"x"))
    with pytest.raises(NotFoundError):
        await sdk.folders.files.retrieve(file.id, folder_id=f"source-{UNKNOWN}")
    await sdk.folders.files.delete(file.id, folder_id=folder.id)
    assert await sdk.folders.files.list(folder.id) == []
    with pytest.raises(NotFoundError):
        await sdk.folders.files.delete(file.id, folder_id=folder.id)
    assert (await http.get(f"/v1/folders/{folder.id}/files/{file.id}")).status == 500


async def test_a_directory_is_uploaded(sdk: AsyncLetta, folder: Folder, tmp_path: Path) -> None:
    for name in ("a.txt", "sub/a.txt", "sub/b.bin"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    outcomes = [each async for each in sdk.folders.files.upload_many(folder.id, files=tmp_path, **SOON)]
    names = sorted(each.file.original_file_name or "" for each in outcomes if each.file is not None)
    assert names == ["a.txt", "sub/a.txt"]
    (failed,) = [each for each in outcomes if not each.ok]
    assert failed.source == str(tmp_path / "sub/b.bin")
    assert isinstance(failed.error, APIStatusError)
    files = [each async for each in sdk.folders.files.list(folder.id, include_content=True)]
    assert sorted((each.processing_status, each.content) for each in files) == [
        ("completed", "a.txt"),
        ("completed", "sub/a.txt"),
    ]


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_a_file_is_cut_into_passages(sdk: AsyncLetta, http: Http, folder: Folder, limit: int) -> None:
    await http.patch(
        f"/v1/folders/{folder.id}",
        {"embedding_config": {**folder.to_dict()["embedding_config"], "embedding_chunk_size": 50}},
    )
    text = " ".join(f"Sentence number {n} of them all." for n in range(60))
    file = await sdk.folders.files.upload_and_poll(folder.id, file=("long.txt", text.encode()), **SOON)
    short = await sdk.folders.files.upload_and_poll(folder.id, file=("short.txt", b"short"), **SOON)
    total = (file.total_chunks or 0) + 1
    assert total > 4
    for order in ("asc", "desc"):
        found = [each async for each in sdk.folders.passages.list(folder.id, limit=limit, order=order)]  # type: ignore[arg-type]
        assert len({each.id for each in found}) == len(found) == total
        assert [each.file_id for each in (found if order == "desc" else found[::-1])] == [
            short.id,
            *[file.id] * (total - 1),
        ]
    assert (found[0].text, found[0].file_name) == ("short", f"{folder.name}/short.txt")
    assert (found[0].source_id, found[0].archive_id) == (folder.id, None)
    assert await sdk.folders.passages.list(folder.id, after=found[0].id) == []
    assert await sdk.folders.passages.list(f"source-{UNKNOWN}") == []


# --- in the contexts of agents ----------------------------------------------------------------------------------------


@pytest.fixture
async def ids(sdk: AsyncLetta, folder: Folder, agent: dict[str, Any]) -> list[str]:
    """Return the IDs of the three files of a folder that is attached to the agent."""
    files: list[Any] = [(f"{n}.txt", f"one {n}\ntwo".encode()) for n in range(3)]
    uploads = sdk.folders.files.upload_many(folder.id, files=files, **SOON)
    uploaded = {each.source[0]: each.file async for each in uploads}
    await sdk.agents.folders.attach(folder.id, agent_id=agent["id"])
    return [uploaded[name].id for name, _ in files]


async def test_an_agent_sees_the_files_of_its_folders(
    sdk: AsyncLetta, folder: Folder, agent: dict[str, Any], ids: list[str]
) -> None:
    attached = {each.file_id: each async for each in sdk.agents.files.list(agent["id"])}
    assert sorted(attached) == sorted(ids)
    file = attached[ids[0]]
    assert (file.folder_id, file.folder_name) == (folder.id, folder.name)
    assert (file.file_name, file.is_open) == (f"{folder.name}/0.txt", True)
    assert file.visible_content == "[Viewing file start (out of 2 lines)]\n1: one 0\n2: two"
    await sdk.agents.folders.detach(folder.id, agent_id=agent["id"])
    assert await sdk.agents.files.list(agent["id"]) == []


async def test_a_file_that_is_uploaded_later_is_added(
    sdk: AsyncLetta, folder: Folder, agent: dict[str, Any], ids: list[str]
) -> None:
    file = await sdk.folders.files.upload_and_poll(folder.id, file=("late.txt", b"late"), **SOON)
    assert sorted([each.file_id async for each in sdk.agents.files.list(agent["id"])]) == sorted([*ids, file.id])
    await sdk.folders.files.delete(file.id, folder_id=folder.id)
    assert sorted([each.file_id async for each in sdk.agents.files.list(agent["id"], limit=2)]) == sorted(ids)


async def test_files_are_closed_and_opened(
    sdk: AsyncLetta, folder: Folder, agent: dict[str, Any], ids: list[str]
) -> None:
    files, agent_id = sdk.agents.files, agent["id"]
    for _ in range(2):
        await files.close(ids[0], agent_id=agent_id)
        assert [each.file_id async for each in files.list(agent_id, is_open=False)] == [ids[0]]
    assert await files.open(ids[0], agent_id=agent_id) == []
    assert await files.list(agent_id, is_open=False) == []
    names = [f"{folder.name}/{n}.txt" for n in range(3)]
    assert sorted(await files.close_all(agent_id)) == names
    assert await files.close_all(agent_id) == []
    (closed,) = [each for each in await files.list(agent_id, is_open=False) if each.file_id == ids[0]]
    assert closed.visible_content is None


async def test_the_file_that_was_used_least_recently_is_closed_for_another(
    sdk: AsyncLetta, http: Http, folder: Folder, agent: dict[str, Any], ids: list[str]
) -> None:
    await sdk.agents.files.close_all(agent["id"])
    await http.patch(f"/v1/agents/{agent['id']}", {"max_files_open": 2})
    closed = [await sdk.agents.files.open(file_id, agent_id=agent["id"]) for file_id in ids]
    assert closed == [[], [], [f"{folder.name}/0.txt"]]


async def test_what_cannot_be_opened_or_closed(sdk: AsyncLetta, agent: dict[str, Any], ids: list[str]) -> None:
    no_agent = f"agent-{UNKNOWN}"
    with pytest.raises(NotFoundError):
        await sdk.agents.files.open(NO_FILE, agent_id=agent["id"])
    with pytest.raises(NotFoundError):
        await sdk.agents.files.close(NO_FILE, agent_id=agent["id"])
    with pytest.raises(BadRequestError):
        await sdk.agents.files.open(ids[0], agent_id=no_agent)
    with pytest.raises(NotFoundError):
        await sdk.agents.files.close(ids[0], agent_id=no_agent)
    assert await sdk.agents.files.close_all(no_agent) == []


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_all_files_of_an_agent_are_gone_through(
    sdk: AsyncLetta, agent: dict[str, Any], ids: list[str], limit: int
) -> None:
    assert sorted([each.file_id async for each in sdk.agents.files.list(agent["id"], limit=limit)]) == sorted(ids)


async def test_an_agent_without_folders_has_no_files(sdk: AsyncLetta, agent: dict[str, Any]) -> None:
    assert [file async for file in sdk.agents.files.list(agent["id"], limit=1, is_open=False, order="asc")] == []
    assert await sdk.agents.files.list(agent["id"], cursor="x", order_by="created_at") == []
