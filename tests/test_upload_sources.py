"""What else than files on disk can be uploaded: async files, iterables; and how an upload tells of its progress."""

from __future__ import annotations

import asyncio
import io
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    InvalidArgumentError,
    Letta,
    RateLimitError,
)
from letta_async.testing import EmbeddedServer
from tests.test_upload import ANSWER, FOLDER, PATH, Pipe, counting, part, path, sdk, server

__all__ = ["counting", "path", "sdk", "server"]

CONTENT = b"Ada\r\n--Grace\x00\xff"


class AsyncFile:
    """File with async methods, as aiofiles and anyio have them; without `seek`, as pipes are."""

    def __init__(self, content: bytes, name: str | None = None) -> None:
        self._inner = io.BytesIO(content)
        if name is not None:
            self.filename = name

    async def read(self, size: int = -1, /) -> bytes:
        await asyncio.sleep(0)
        return self._inner.read(size)

    def __aiter__(self) -> AsyncFile:  # as aiofiles has it: by lines
        raise AssertionError("it is read, not iterated over")


class SeekableAsyncFile(AsyncFile):
    async def seekable(self) -> bool:
        return True

    async def tell(self) -> int:
        return self._inner.tell()

    async def seek(self, offset: int, whence: int = 0) -> int:
        return self._inner.seek(offset, whence)


class Again:
    """Async iterable that can be gone through again and again."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return pieces()


async def pieces() -> AsyncIterator[bytes]:
    for begin in range(0, len(CONTENT), 4):
        yield CONTENT[begin : begin + 4]
        yield b""


def sync_pieces() -> Iterator[bytes]:
    yield b""
    yield from (CONTENT[begin : begin + 4] for begin in range(0, len(CONTENT), 4))


class Listed:
    """Iterable that is no iterator."""

    def __iter__(self) -> Iterator[bytearray | memoryview]:
        return iter([bytearray(CONTENT[:5]), memoryview(CONTENT[5:])])


ONCE: dict[str, Callable[[], Any]] = {
    "async file": lambda: AsyncFile(CONTENT),
    "async generator": pieces,
    "generator": sync_pieces,
    "map": lambda: map(bytes, [CONTENT]),
}
AGAIN: dict[str, Callable[[], Any]] = {
    "seekable async file": lambda: SeekableAsyncFile(CONTENT),
    "async iterable": Again,
    "iterable": Listed,
    "list": lambda: [CONTENT[:3], bytearray(CONTENT[3:])],
    "memoryview": lambda: memoryview(CONTENT),
}


@pytest.mark.parametrize("form", [*ONCE, *AGAIN])
async def test_every_source_arrives(sdk: AsyncLetta, server: EmbeddedServer, form: str) -> None:
    server.script("POST", PATH, body=ANSWER)
    await sdk.folders.files.upload(FOLDER, file={**ONCE, **AGAIN}[form]())
    assert part(server.requests[0]) == ("file", "upload", "application/octet-stream", CONTENT)
    sized = {"seekable async file", "memoryview"}
    assert ("content-length" in server.requests[0].headers) == (form in sized)


@pytest.mark.parametrize("form", ["name", "name and type", "name and no type", "own name", "name of a list"])
async def test_a_name_and_a_media_type_go_with_any_source(sdk: AsyncLetta, server: EmbeddedServer, form: str) -> None:
    server.script("POST", PATH, body=ANSWER)
    given: Any = {
        "name": ("n.md", pieces()),
        "name and type": ("n.md", AsyncFile(CONTENT, "other.txt"), "text/x-log; charset=utf-8"),
        "name and no type": ("n.md", Again(), None),
        "name of a list": ("n.md", [CONTENT[:3], CONTENT[3:]]),
        "own name": AsyncFile(CONTENT, "/tmp/n.md"),
    }[form]
    await sdk.folders.files.upload(FOLDER, file=given)
    expected = "text/x-log" if form == "name and type" else "text/markdown"
    assert part(server.requests[0]) == ("file", "n.md", expected, CONTENT)


@pytest.mark.parametrize("form", AGAIN)
async def test_what_can_be_read_again_is_sent_again(sdk: AsyncLetta, server: EmbeddedServer, form: str) -> None:
    server.script("POST", PATH, retry_after=0.001, times=2)
    server.script("POST", PATH, body=ANSWER)
    await sdk.folders.files.upload(FOLDER, file=AGAIN[form]())
    assert [part(request)[3] for request in server.requests] == [CONTENT] * 3


@pytest.mark.parametrize("form", ONCE)
async def test_what_can_be_read_once_is_sent_once(sdk: AsyncLetta, server: EmbeddedServer, form: str) -> None:
    server.script("POST", PATH, retry_after=0.001, times=2)
    with pytest.raises(RateLimitError):
        await sdk.folders.files.upload(FOLDER, file=ONCE[form]())
    assert len(server.requests) == 1


async def test_a_seekable_async_file_begins_where_it_stood(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    server.script("POST", PATH, retry_after=0.001)
    server.script("POST", PATH, body=ANSWER)
    file = SeekableAsyncFile(CONTENT)
    assert await file.read(3)
    await sdk.folders.files.upload(FOLDER, file=file)
    assert [part(request)[3] for request in server.requests] == [CONTENT[3:]] * 2


def failing(error: Exception, size: int = 2**20) -> dict[str, Callable[[], Any]]:
    async def from_async() -> AsyncIterator[bytes]:
        yield bytes(size)
        raise error

    def from_sync() -> Iterator[bytes]:
        yield bytes(size)
        raise error

    class Failing(AsyncFile):
        async def read(self, size: int = -1, /) -> bytes:
            if size:
                raise error
            return b""

    class Broken(Pipe):
        def readinto(self, buffer: Any) -> int:
            if len(buffer):
                raise error
            return 0

    return {
        "async iterable": from_async,
        "iterable": from_sync,
        "async file": lambda: Failing(b""),
        "file": lambda: Broken(b""),
    }


@pytest.mark.parametrize("form", failing(ValueError()))
@pytest.mark.parametrize("error", [ValueError("mine"), TimeoutError("mine")], ids=lambda error: type(error).__name__)
async def test_an_exception_of_the_source_is_raised_as_it_is(
    sdk: AsyncLetta, server: EmbeddedServer, form: str, error: Exception
) -> None:
    with pytest.raises(type(error)) as caught:
        await sdk.folders.files.upload(FOLDER, file=failing(error)[form](), timeout=60)
    assert str(caught.value) == "mine"


async def test_a_timeout_of_the_source_is_not_taken_for_the_deadline(server: EmbeddedServer) -> None:
    error = TimeoutError("mine")
    async with AsyncLetta(base_url=server.base_url, deadline=60) as client:
        with pytest.raises(TimeoutError) as caught:
            await client.folders.files.upload(FOLDER, file=failing(error)["async iterable"]())
    assert caught.value is error


async def test_pieces_that_are_no_bytes_are_refused(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    async def texts() -> AsyncIterator[Any]:
        yield "text"

    for given in (texts(), iter(["text"]), iter([5, 6])):
        with pytest.raises(InvalidArgumentError, match=r"file: .* was read from the file, which is not bytes"):
            await sdk.folders.files.upload(FOLDER, file=given)


# --- progress ---------------------------------------------------------------------------------------------------------

PIECE = 2**18


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_progress_is_reported_piece_by_piece(
    sdk: AsyncLetta, server: EmbeddedServer, tmp_path: Path, asynchronous: bool
) -> None:
    server.script("POST", PATH, body=ANSWER)
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(2 * PIECE + 5))
    seen: list[tuple[int, int | None]] = []

    async def later(sent: int, size: int | None) -> None:
        await asyncio.sleep(0)
        seen.append((sent, size))

    on_progress = later if asynchronous else lambda sent, size: seen.append((sent, size))
    await sdk.folders.files.upload(FOLDER, file=path, on_progress=on_progress)
    total = 2 * PIECE + 5
    assert seen == [(0, total), (PIECE, total), (2 * PIECE, total), (total, total)]


async def test_progress_of_an_unknown_size_and_of_a_second_attempt(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    server.script("POST", PATH, retry_after=0.001)
    server.script("POST", PATH, body=ANSWER)
    seen: list[tuple[int, int | None]] = []
    await sdk.folders.files.upload(FOLDER, file=Listed(), on_progress=lambda *each: seen.append(each))
    assert seen == [(0, None), (len(CONTENT), None)] * 2


async def test_an_exception_of_the_callback_ends_the_call(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    def stop(sent: int, size: int | None) -> None:
        raise ZeroDivisionError(sent)

    with pytest.raises(ZeroDivisionError):
        await sdk.folders.files.upload(FOLDER, file=b"abc", on_progress=stop)
    with pytest.raises(InvalidArgumentError, match="on_progress: 5 .* cannot be called"):
        await sdk.folders.files.upload(FOLDER, file=b"abc", on_progress=5)  # type: ignore[arg-type]
    server.script("POST", PATH, body=ANSWER)
    await sdk.folders.files.upload(FOLDER, file=b"abc", on_progress=None)


# --- what it costs ----------------------------------------------------------------------------------------------------

SIZE = 100 * 2**20
CHUNK = bytes(2**20)


async def large() -> AsyncIterator[bytes]:
    for _ in range(SIZE // len(CHUNK)):
        yield CHUNK


class Zeros(AsyncFile):
    """Async file of 100 MB."""

    def __init__(self) -> None:
        super().__init__(b"")
        self._left = SIZE

    async def read(self, size: int = -1, /) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return bytes(size)


@pytest.mark.parametrize("form", ["async generator", "generator", "async file"])
async def test_100_mb_are_never_in_memory(counting: tuple[str, list[int]], form: str) -> None:
    base_url, counts = counting
    given: Any = {
        "async generator": large,
        "generator": lambda: (CHUNK for _ in range(SIZE // len(CHUNK))),
        "async file": Zeros,
    }[form]()
    async with AsyncLetta(base_url=base_url) as client:
        tracemalloc.start()
        try:
            await client.folders.files.upload(FOLDER, file=given)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert counts[0] - SIZE in range(100, 1000)
    assert peak < 16 * 2**20


def test_the_callback_of_the_sync_client_is_called_on_the_loop_of_the_client(server: EmbeddedServer) -> None:
    server.script("POST", PATH, body=ANSWER)
    threads: set[str] = set()
    with Letta(base_url=server.base_url) as client:
        client.folders.files.upload(
            FOLDER, file=b"abc", on_progress=lambda *_: threads.add(threading.current_thread().name)
        )
    assert threading.current_thread().name not in threads
    assert len(threads) == 1
