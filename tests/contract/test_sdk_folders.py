"""Contract tests of the client for folders and uploads, on a real server; the embedded one only scripts them."""

from __future__ import annotations

import io
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from letta_async import AsyncLetta, BadRequestError, ConflictError, EmbeddingConfig, FileMetadata, Folder, NotFoundError
from tests.contract.conftest import MODEL, REAL
from tests.contract.wire import UNKNOWN, Http

pytestmark = pytest.mark.skipif(not REAL, reason="the embedded server has no folders of its own: tests/test_upload.py")

Create = Callable[..., Awaitable[Folder]]


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create folders with the client; they are deleted after the test."""
    made: list[Folder] = []

    async def create(**parameters: Any) -> Folder:
        made.append(await sdk.folders.create(**{"name": f"contract {uuid.uuid4()}", "embedding": MODEL, **parameters}))
        return made[-1]

    yield create
    for folder in made:
        await http.delete(f"/v1/folders/{folder.id}")


async def test_a_folder_is_made_with_what_it_is_given(sdk: AsyncLetta, create: Create) -> None:
    folder = await create(embedding_chunk_size=100, description="D", instructions="I", metadata={"k": [1]})
    assert (type(folder), type(folder.embedding_config)) == (Folder, EmbeddingConfig)
    assert (folder.description, folder.instructions, folder.metadata) == ("D", "I", {"k": [1]})
    assert [each async for each in sdk.folders.list(name=folder.name)] == [folder]
    with pytest.raises(ConflictError):
        await create(name=folder.name)
    with pytest.raises(BadRequestError, match="Must specify either embedding or embedding_config"):
        await sdk.folders.create(name="x")
    config = folder.embedding_config
    assert config is not None
    assert (await create(embedding=None, embedding_config=config)).embedding_config == config


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_pages_are_gone_through(sdk: AsyncLetta, create: Create, limit: int) -> None:
    ids = [(await create()).id for _ in range(3)]
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        found = [each.id async for each in sdk.folders.list(limit=limit, order=order) if each.id in ids]  # type: ignore[arg-type]
        assert found == expected


async def test_a_file_is_uploaded(sdk: AsyncLetta, create: Create, tmp_path: Path) -> None:
    folder = await create()
    path = tmp_path / "notes.txt"
    path.write_bytes(b"Ada Lovelace")
    file = await sdk.folders.files.upload(folder.id, file=path)
    assert type(file) is FileMetadata
    assert (file.source_id, file.original_file_name, file.file_size) == (folder.id, "notes.txt", 12)
    memory = await sdk.folders.files.upload(folder.id, file=("é ✓.md", io.BytesIO(b"# x")))
    assert memory.original_file_name == "é ✓.md"
    named = await sdk.folders.files.upload(folder.id, file=("a.txt", b"x"), name="b.txt")
    assert named.original_file_name == "b.txt"
    with pytest.raises(BadRequestError, match="'notes.txt' already exists"):
        await sdk.folders.files.upload(folder.id, file=path, duplicate_handling="error")
    with pytest.raises(NotFoundError):
        await sdk.folders.files.upload(f"source-{UNKNOWN}", file=path)
