"""Files of forms: opened once per attempt, and read in pieces, those that block on a thread."""

from __future__ import annotations

import asyncio
import inspect
import math
import mimetypes
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from pathlib import Path
from typing import Any, Final

import attrs

from letta_async._schema.json_values import show
from letta_async._schema.upload import Upload
from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = ["FileSource", "OpenFile"]

_PIECE: Final = 2**18
"""Number of bytes read at once."""
_BYTES: Final = (bytes, bytearray, memoryview)


@attrs.frozen(eq=False)
class OpenFile:
    """File open at the beginning of its content, for one attempt."""

    source: FileSource
    reader: Any
    """Object with `read`, or iterator over the pieces; either may be async."""
    size: int | None
    """Number of bytes; `None` if only reading shows it."""
    owned: bool = False
    """Whether the file was opened here and has to be closed."""

    async def pieces(self) -> AsyncGenerator[memoryview, None]:
        """Yield the content in pieces of at most 256 KiB, and at most as many bytes as `size` announced."""
        left = math.inf if self.size is None else self.size
        while left > 0:
            chunk = await self._next(int(min(left, _PIECE)))
            if not chunk:
                return
            for begin in range(0, len(chunk), _PIECE):
                piece = chunk[begin : begin + int(min(left, _PIECE))]
                left -= len(piece)
                yield piece

    async def _next(self, size: int) -> memoryview:
        """Return the next bytes: at most `size` of a file, at least one item of an iterator; none at the end."""
        if self.source.is_async:
            return self._checked(await self.reader.read(size))
        if hasattr(self.reader, "read"):
            return self._checked(await asyncio.to_thread(self.reader.read, size))
        if not hasattr(self.reader, "__anext__"):
            return memoryview(await asyncio.to_thread(self._gather, size))
        async for item in self.reader:
            if chunk := self._checked(item):
                return chunk
        return memoryview(b"")

    def _gather(self, size: int) -> bytearray:
        """Return the next items of an iterator, together because each change of the thread takes time."""
        gathered = bytearray()
        for item in self.reader:
            gathered += self._checked(item)
            if len(gathered) >= size:
                break
        return gathered

    def _checked(self, chunk: object) -> memoryview:
        if chunk is None:
            return memoryview(b"")
        if not isinstance(chunk, _BYTES):
            raise self.source.refusal(f"{show(chunk)} was read from the file, which is not bytes")
        view = memoryview(chunk)  # pyright: ignore[reportUnknownArgumentType] - a memoryview of anything
        return view.cast("B") if view.nbytes else memoryview(b"")


class FileSource:
    """File of a call, opened again for each attempt."""

    def __init__(self, upload: Upload, parameter: str) -> None:
        """Create a source; the file is not opened.

        Args:
            upload: The file.
            parameter: Name of the Python parameter, for error messages.

        """
        self.upload = upload
        self.media_type = upload.media_type or mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
        self.is_async = inspect.iscoroutinefunction(getattr(upload.source, "read", None))
        """Whether the source has an async `read`."""
        self.resendable = True
        """Whether the file can be read again, as far as is known."""
        self._parameter = parameter
        self._begin: int | None = None
        """Position of an open file before the first attempt."""

    async def open(self) -> OpenFile:
        """Open the file at its beginning.

        Raises:
            InvalidArgumentError: The file cannot be opened or read.

        """
        source = self.upload.source
        try:
            if self.is_async:
                return OpenFile(self, source, await self._rewind_async(source))
            if not hasattr(source, "read") and isinstance(source, AsyncIterable):
                return self._iterated(source, aiter(source))  # pyright: ignore[reportUnknownArgumentType] - of anything
        except Exception as error:
            raise self._explained(error) from error
        return await self._open_on_thread()

    def refusal(self, problem: str) -> InvalidArgumentError:
        """Return the error for a file that cannot be used."""
        return InvalidArgumentError([ArgumentProblem(self._parameter, problem)])

    async def _open_on_thread(self) -> OpenFile:
        """Open the file on a thread; if the wait is cancelled, close it as soon as it is open."""
        opening = asyncio.get_running_loop().run_in_executor(None, self._open)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_at_once)
            raise

    def _open(self) -> OpenFile:
        source = self.upload.source
        try:
            if isinstance(source, str):
                return self._open_path(source)
            if isinstance(source, bytes):
                return OpenFile(self, _Bytes(source), len(source))
            if not hasattr(source, "read"):
                return self._iterated(source, iter(source))
            return OpenFile(self, source, self._rewind(source))
        except Exception as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> InvalidArgumentError:
        if isinstance(error, InvalidArgumentError):
            return error
        if isinstance(error, OSError):
            return self.refusal(f"{error.strerror or error}: {self.upload.name!r}")
        return self.refusal(f"the file cannot be read: {error}")

    def _open_path(self, path: str) -> OpenFile:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise self.refusal(f"{path!r} is a directory")
        if not stat.S_ISREG(mode):
            raise self.refusal(f"{path!r} is not a regular file; open it and pass what is opened")
        handle = Path(path).open("rb")  # noqa: SIM115 - it stays open for the attempt
        try:
            size = os.fstat(handle.fileno()).st_size
            known = size > 0 or not handle.peek(1)  # those of /proc have content, but no size
        except BaseException:
            handle.close()
            raise
        return OpenFile(self, handle, size if known else None, owned=True)

    def _iterated(self, source: Iterable[Any] | AsyncIterable[Any], iterator: Any) -> OpenFile:
        """Return an iterable, open; an iterator, which is its own, can be read only once."""
        self.resendable = iterator is not source
        return OpenFile(self, iterator, None)

    def _rewind(self, handle: Any) -> int | None:
        """Seek to the file's first position; return the number of bytes after it, `None` if only reading shows it."""
        self._check_first(handle.read(0))
        seekable = getattr(handle, "seekable", None)
        if seekable is None or not seekable():
            self.resendable = False
            return None
        begin: int = handle.tell() if self._begin is None else self._begin
        self._begin = begin
        try:
            end: int = handle.seek(0, os.SEEK_END)
        except OSError:  # as those of /proc, which have no size
            end = begin
        handle.seek(begin)
        if end > begin:
            return end - begin
        has_content = bool(handle.read(1))
        handle.seek(begin)
        return None if has_content else 0

    async def _rewind_async(self, handle: Any) -> int | None:
        """Do as `_rewind` does, with a file whose methods may be async."""
        self._check_first(await handle.read(0))
        seekable = getattr(handle, "seekable", None)
        if seekable is None or not await _awaited(seekable()):
            self.resendable = False
            return None
        begin: int = await _awaited(handle.tell()) if self._begin is None else self._begin
        self._begin = begin
        try:
            end: int = await _awaited(handle.seek(0, os.SEEK_END))
        except OSError:
            end = begin
        await _awaited(handle.seek(begin))
        if end > begin:
            return end - begin
        has_content = bool(await handle.read(1))
        await _awaited(handle.seek(begin))
        return None if has_content else 0

    def _check_first(self, nothing: object) -> None:
        if nothing is not None and not isinstance(nothing, _BYTES):
            raise self.refusal("the file is open as text; open it with mode 'rb'")


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _close_at_once(opening: asyncio.Future[OpenFile]) -> None:
    if not opening.cancelled() and opening.exception() is None and opening.result().owned:
        opening.result().reader.close()


class _Bytes:
    """File-like object for bytes, which are read in pieces."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._at = 0

    def read(self, size: int) -> memoryview:
        """Return at most `size` bytes."""
        piece = self._content[self._at : self._at + size]
        self._at += len(piece)
        return piece
