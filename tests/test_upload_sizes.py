"""Files that have content although the system says that they have no size."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from letta_async import AsyncLetta
from letta_async.testing import EmbeddedServer
from tests.test_upload import ANSWER, FOLDER, PATH, part, sdk, server
from tests.test_upload_sources import SeekableAsyncFile

__all__ = ["sdk", "server"]

STATUS = Path("/proc/self/limits")


class Unsized(SeekableAsyncFile):
    async def seek(self, offset: int, whence: int = 0) -> int:
        return 0 if whence == os.SEEK_END else await super().seek(offset, whence)


class Unseekable(SeekableAsyncFile):
    async def seek(self, offset: int, whence: int = 0) -> int:
        if whence == os.SEEK_END:
            raise OSError("Invalid argument")
        return await super().seek(offset, whence)


UNSIZED: dict[str, Callable[[], Any]] = {
    "path": lambda: STATUS,
    "handle": lambda: STATUS.open("rb"),
    "unbuffered handle": lambda: STATUS.open("rb", buffering=0),
    "async file": lambda: Unsized(STATUS.read_bytes()),
    "async file without an end": lambda: Unseekable(STATUS.read_bytes()),
}


@pytest.mark.skipif(not STATUS.exists(), reason="files of /proc, which Linux has")
@pytest.mark.parametrize("form", UNSIZED)
async def test_a_file_without_a_size_is_sent_with_its_content(
    sdk: AsyncLetta, server: EmbeddedServer, form: str
) -> None:
    server.script("POST", PATH, retry_after=0.001)
    server.script("POST", PATH, body=ANSWER)
    file = UNSIZED[form]()
    await sdk.folders.files.upload(FOLDER, file=file)
    assert [part(request)[3] for request in server.requests] == [STATUS.read_bytes()] * 2
    if hasattr(file, "close"):
        file.close()


async def test_a_named_pipe_that_was_opened_is_sent(sdk: AsyncLetta, server: EmbeddedServer, tmp_path: Path) -> None:
    server.script("POST", PATH, body=ANSWER)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"content",))
    writer.start()
    with pipe.open("rb") as file:
        await sdk.folders.files.upload(FOLDER, file=file)
    writer.join()
    assert part(server.requests[0])[3] == b"content"


@pytest.mark.parametrize("form", ["path", "handle"])
async def test_an_empty_file_has_a_size(sdk: AsyncLetta, server: EmbeddedServer, tmp_path: Path, form: str) -> None:
    server.script("POST", PATH, body=ANSWER)
    path = tmp_path / "empty.txt"
    path.touch()
    with path.open("rb") as file:
        await sdk.folders.files.upload(FOLDER, file=path if form == "path" else file)
    assert part(server.requests[0])[3] == b""
    assert "content-length" in server.requests[0].headers
