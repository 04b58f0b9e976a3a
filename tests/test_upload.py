"""Files are sent piece by piece, read off the loop, and sent again only where they can be read again."""

from __future__ import annotations

import asyncio
import io
import os
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import IO, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from blockbuster import blockbuster_ctx

from letta_async import (
    APIConnectionError,
    APIError,
    AsyncLetta,
    FileMetadata,
    InvalidArgumentError,
    Letta,
    RateLimitError,
    RetryPolicy,
)
from letta_async.testing import EmbeddedServer, RecordedRequest
from tests.contract.awaited import awaited

FOLDER = "source-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"
ANSWER = {"id": "file-1", "source_id": FOLDER, "file_name": "a.txt", "processing_status": "parsing"}
PATH = f"/v1/folders/{FOLDER}/upload"


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture(params=["AsyncLetta", "Letta"])
async def sdk(request: pytest.FixtureRequest, server: EmbeddedServer) -> AsyncIterator[AsyncLetta]:
    retry = RetryPolicy(max_retries=3, initial_delay=0.001, max_delay=0.001)
    if request.param == "AsyncLetta":
        async with AsyncLetta(base_url=server.base_url, retry=retry) as client:
            yield client
    else:
        with Letta(base_url=server.base_url, retry=retry) as facade:
            yield awaited(facade)


class Pipe(io.RawIOBase):
    """File that can be read only once, from the first byte to the last."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._rest = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._rest.readinto(buffer)


def part(request: RecordedRequest) -> tuple[str, str | None, str, bytes]:
    """Return the name, file name, media type and content of the one part of a form."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    (only,) = BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts()
    content = only.get_payload(decode=True)
    assert isinstance(content, bytes)
    disposition = only["Content-Disposition"]
    return disposition.params["name"], disposition.params.get("filename"), only.get_content_type(), content


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"Ada\r\n--Grace\x00\xc3\xbc")
    return path


FORMS: dict[str, Callable[[Path], Any]] = {
    "path": lambda path: path,
    "text": str,
    "handle": lambda path: path.open("rb"),
    "raw": lambda path: path.open("rb", buffering=0),
    "bytes": lambda path: path.read_bytes(),
    "named bytes": lambda path: ("notes.txt", path.read_bytes()),
    "named path": lambda path: ("notes.txt", path),
    "named text": lambda path: ("notes.txt", path.read_bytes().decode()),
    "memory": lambda path: io.BytesIO(path.read_bytes()),
    "pipe": lambda path: Pipe(path.read_bytes()),
    "named pipe": lambda path: ("notes.txt", Pipe(path.read_bytes())),
}


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_of_a_file_arrives(sdk: AsyncLetta, server: EmbeddedServer, path: Path, form: str) -> None:
    server.script("POST", PATH, body=ANSWER)
    given = FORMS[form](path)
    answer = await sdk.folders.files.upload(FOLDER, file=given, duplicate_handling="error", name="n&n")
    assert type(answer) is FileMetadata
    assert (answer.id, answer.processing_status) == ("file-1", "parsing")
    (request,) = server.requests
    assert request.target == f"{PATH}?duplicate_handling=error&name=n%26n"
    unnamed = form in {"bytes", "memory", "pipe"}
    name, media_type = ("upload", "application/octet-stream") if unnamed else ("notes.txt", "text/plain")
    assert part(request) == ("file", name, media_type, path.read_bytes())
    assert ("content-length" in request.headers) == ("pipe" not in form)
    if form in {"handle", "raw"}:
        assert not given.closed
        given.close()


async def test_a_name_is_written_as_browsers_write_it(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    server.script("POST", PATH, body=ANSWER)
    await sdk.folders.files.upload(FOLDER, file=('ü "✓" 100%.md', b"x"))
    assert 'filename="ü %22✓%22 100%.md"\r\n'.encode() in server.requests[0].body


async def test_a_seekable_file_is_sent_again_from_where_it_stood(
    sdk: AsyncLetta, server: EmbeddedServer, path: Path
) -> None:
    for form in ("path", "handle", "raw", "bytes", "memory"):
        server.requests.clear()
        server.script("POST", PATH, retry_after=0.001, times=2)
        server.script("POST", PATH, body=ANSWER)
        given = FORMS[form](path)
        skipped = 3 if form in {"handle", "raw", "memory"} else 0
        if skipped:
            given.seek(skipped)
        await sdk.folders.files.upload(FOLDER, file=given)
        assert [part(request)[3] for request in server.requests] == [path.read_bytes()[skipped:]] * 3
        if form in {"handle", "raw"}:
            given.close()


async def test_a_file_that_can_be_read_once_is_sent_once(sdk: AsyncLetta, server: EmbeddedServer, path: Path) -> None:
    server.script("POST", PATH, retry_after=0.001)
    with pytest.raises(RateLimitError):
        await sdk.folders.files.upload(FOLDER, file=FORMS["pipe"](path))
    assert len(server.requests) == 1


@pytest.mark.parametrize(("form", "arrivals"), [("path", 2), ("pipe", 1)])
async def test_a_redirect_is_followed_where_the_file_can_be_read_again(
    sdk: AsyncLetta, server: EmbeddedServer, path: Path, form: str, arrivals: int
) -> None:
    server.script("POST", PATH, status=307, headers={"Location": PATH})
    server.script("POST", PATH, body=ANSWER)
    if form == "path":
        await sdk.folders.files.upload(FOLDER, file=path)
    else:
        with pytest.raises(APIConnectionError, match="cannot be read again"):
            await sdk.folders.files.upload(FOLDER, file=FORMS[form](path))
    assert len(server.requests) == arrivals


def wrong_files(folder: Path) -> dict[str, tuple[Any, str]]:
    (folder / "text").write_text("text")
    closed = (folder / "text").open("rb")
    closed.close()
    os.mkfifo(folder / "fifo")
    odd: Any = type("Odd", (), {"read": lambda self, size=-1: "text"})()
    return {
        "text handle": ((folder / "text").open(), "open as text; open it with mode 'rb'"),
        "text in memory": (io.StringIO("x"), "open as text"),
        "returns text": (odd, "open as text"),
        "closed": (closed, "the file is closed"),
        "written to": ((folder / "new").open("wb"), "not open for reading"),
        "directory": (folder, "is a directory"),
        "missing": (folder / "none.txt", "No such file or directory: 'none.txt'"),
        "fifo": (folder / "fifo", "is not a regular file"),
        "number": (5, "5 (int) is no file; allowed: a path, bytes, a file open for reading bytes"),
        "nothing": (None, "None is no file"),
        "empty path": ("", "'' is not a path"),
        "path with nul": ("a\0b", "is not a path"),
        "path of bytes": (os.fsencode, "is no file"),
        "no name": (("", b"x"), "is not the name of a file"),
        "name of two lines": (("a\nb", b"x"), "cannot be printed"),
        "four": (("a", b"x", "text/plain", {}), "is no file"),
        "no media type": (("a", b"x", "text"), "'text' is not a media type"),
        "two lines of it": (("a", b"x", "text/plain\nX: y"), "is not a media type"),
        "text of half a pair": (("a", "x\ud800"), "the text holds half of a surrogate pair ('\\ud800' at 1)"),
        "name that is no text": (folder / "a\udcff.txt", "the name 'a\\udcff.txt' holds half of a surrogate pair"),
        "name with nul": (type("Odd", (), {"read": lambda self, size=-1: b"", "name": "a\0"})(), "holds a NUL"),
        "nested": (("a", ("b", b"x")), "is no file"),
        "mapping": ({b"a": b"b"}, "is no file"),
        "named number": (("a", 5), "5 (int) is no file"),
    }


async def test_a_wrong_file_is_refused_before_anything_is_sent(
    sdk: AsyncLetta, server: EmbeddedServer, tmp_path: Path
) -> None:
    for what, (file, words) in wrong_files(tmp_path).items():
        with pytest.raises(InvalidArgumentError) as caught:
            await sdk.folders.files.upload(FOLDER, file=file)
        (fault,) = caught.value.faults
        assert fault.path == "file", what
        assert words in fault.problem, what
        if isinstance(file, io.IOBase):
            file.close()
    with pytest.raises(InvalidArgumentError, match="extra_body: does not go with a form"):
        await sdk.folders.files.upload(FOLDER, file=b"x", extra_body={"a": 1})
    assert len(server.requests) == 0


# --- what it costs ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def counting() -> AsyncIterator[tuple[str, list[int]]]:
    """Serve an upload that counts bytes and stores none."""
    counts: list[int] = []

    async def count(request: web.Request) -> web.Response:
        counts.append(0)
        async for chunk in request.content.iter_any():
            counts[-1] += len(chunk)
        return web.json_response(ANSWER)

    app = web.Application()
    app.router.add_post(PATH, count)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/"), counts


async def test_a_large_file_is_never_in_memory_as_a_whole(counting: tuple[str, list[int]], tmp_path: Path) -> None:
    base_url, counts = counting
    large = tmp_path / "large.bin"
    size = 200 * 2**20
    with large.open("wb") as file:
        file.truncate(size)
    async with AsyncLetta(base_url=base_url) as client:
        tracemalloc.start()
        try:
            await client.folders.files.upload(FOLDER, file=large)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert counts[0] - size in range(100, 1000)
    assert peak < 16 * 2**20


async def test_the_loop_never_waits_for_a_file(counting: tuple[str, list[int]], path: Path) -> None:
    base_url, counts = counting
    with path.open("rb") as handle, blockbuster_ctx():
        async with AsyncLetta(base_url=base_url) as client:
            for file in (path, handle, path.name and str(path)):
                await client.folders.files.upload(FOLDER, file=file)
            with pytest.raises(InvalidArgumentError):
                await client.folders.files.upload(FOLDER, file=path.parent)
    assert len(counts) == 3


async def test_a_file_that_shrinks_while_it_is_sent_is_an_error(
    counting: tuple[str, list[int]], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base_url, _ = counting

    class Shrinking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(size)[:1] if self.tell() == 0 else b""

    async with AsyncLetta(base_url=base_url, max_retries=0) as client:
        with pytest.raises(InvalidArgumentError, match="file: 'upload' changed while it was sent: of 10 bytes only 1"):
            await client.folders.files.upload(FOLDER, file=Shrinking(b"1234567890"))


async def test_what_was_opened_is_closed_however_the_call_ends(
    counting: tuple[str, list[int]], server: EmbeddedServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[IO[Any]] = []
    real = Path.open

    def remembering(self: Path, *args: Any, **kwargs: Any) -> Any:
        opened.append(real(self, *args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(Path, "open", remembering)
    server.script("POST", PATH, status=400)
    server.script("POST", PATH, delay=30)
    async with AsyncLetta(base_url=server.base_url, max_retries=0) as client:
        with pytest.raises(APIError):
            await client.folders.files.upload(FOLDER, file=path)
        with pytest.raises(APIError):
            await client.folders.files.upload(FOLDER, file=path, timeout=0.2)
        task = asyncio.create_task(client.folders.files.upload(FOLDER, file=path))  # type: ignore[arg-type]
        while len(opened) < 3:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.get_running_loop().shutdown_default_executor()
    assert [file.closed for file in opened] == [True] * 3
