"""Bodies in the format `multipart/form-data`, whose files are read in pieces on a thread, once per attempt."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import attrs
from aiohttp import payload
from aiohttp.abc import AbstractStreamWriter

from letta_async._schema.upload import Upload
from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = ["Form", "OpenForm"]

_PIECE: Final = 2**18
"""Number of bytes read at once."""
_ESCAPES: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""Escapes of characters in a file's name, as browsers write them."""


class Form:
    """Fields and files of one call."""

    def __init__(self, fields: Mapping[str, str], files: Mapping[str, Upload], parameters: Mapping[str, str]) -> None:
        """Create a form; no file is opened.

        Args:
            fields: Text fields, by name.
            files: Files, by name.
            parameters: Name of the Python parameter of each file, for error messages.

        """
        self._fields = fields
        self._files = {name: _Source(file, parameters[name]) for name, file in files.items()}

    @property
    def resendable(self) -> bool:
        """Whether the form can be sent again, because no file that can be read only once was read."""
        return all(source.resendable for source in self._files.values())

    async def open(self) -> OpenForm:
        """Open the files for an attempt.

        Raises:
            InvalidArgumentError: A file cannot be opened or read.

        """
        form = OpenForm()
        try:
            for name, text in self._fields.items():
                form.writer.append(text, {"Content-Disposition": f'form-data; name="{name}"'})
            for name, source in self._files.items():
                opened = await _open_on_thread(source)
                form.opened.append(opened)
                filename = source.upload.name.translate(_ESCAPES)
                disposition = f'form-data; name="{name}"; filename="{filename}"'
                form.writer.append(_FilePayload(opened, disposition))
        except BaseException:
            form.close()
            raise
        return form


class OpenForm:
    """Form whose files are open, for one attempt."""

    def __init__(self) -> None:
        self.writer = aiohttp.MultipartWriter("form-data")
        self.opened: list[_Opened] = []

    def close(self) -> None:
        """Close the files that were opened for the form, on a thread, after a read that is still running."""
        for opened in self.opened:
            if opened.owned:
                asyncio.get_running_loop().run_in_executor(None, opened.handle.close)


@attrs.frozen
class _Opened:
    """Open file at the beginning of its content."""

    handle: Any
    owned: bool
    """Whether the file was opened here and has to be closed."""
    size: int | None
    """Number of bytes; `None` if only reading shows it."""
    media_type: str

    def read(self, size: int) -> bytes:
        chunk: object = self.handle.read(size)
        if not isinstance(chunk, bytes | bytearray | memoryview | None):
            raise TypeError("the file returns no bytes")
        return bytes(chunk) if chunk else b""  # pyright: ignore[reportUnknownArgumentType] - a memoryview of anything


class _Source:
    """File of a call, opened again for each attempt."""

    def __init__(self, upload: Upload, parameter: str) -> None:
        self.upload = upload
        self._parameter = parameter
        self._begin: int | None = None
        """Position of an open file before the first attempt."""
        self.resendable = True

    def open(self) -> _Opened:
        """Open the file; this blocks."""
        media_type = mimetypes.guess_type(self.upload.name)[0] or "application/octet-stream"
        source = self.upload.source
        try:
            if isinstance(source, str):
                return self._open_path(source, media_type)
            if isinstance(source, bytes):
                return _Opened(_Bytes(source), owned=False, size=len(source), media_type=media_type)
            return _Opened(source, owned=False, size=self._rewind(source), media_type=media_type)
        except InvalidArgumentError:
            raise
        except OSError as error:
            raise self._refusal(f"{error.strerror or error}: {self.upload.name!r}") from error
        except Exception as error:
            raise self._refusal(f"the file cannot be read: {error}") from error

    def _open_path(self, path: str, media_type: str) -> _Opened:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise self._refusal(f"{path!r} is a directory")
        if not stat.S_ISREG(mode):
            raise self._refusal(f"{path!r} is not a regular file; open it and pass what is opened")
        handle = Path(path).open("rb")  # noqa: SIM115 - it stays open for the attempt
        return _Opened(handle, owned=True, size=os.fstat(handle.fileno()).st_size, media_type=media_type)

    def _rewind(self, handle: Any) -> int | None:
        """Seek to the file's first position; return the number of bytes after it, `None` if it is not seekable."""
        if not isinstance(handle.read(0), bytes | bytearray | memoryview | None):
            raise self._refusal("the file is open as text; open it with mode 'rb'")
        seekable = getattr(handle, "seekable", None)
        if seekable is None or not seekable():
            self.resendable = False
            return None
        begin: int = handle.tell() if self._begin is None else self._begin
        end: int = handle.seek(0, os.SEEK_END)
        handle.seek(begin)
        self._begin = begin
        return max(end - begin, 0)

    def _refusal(self, problem: str) -> InvalidArgumentError:
        return InvalidArgumentError([ArgumentProblem(self._parameter, problem)])


async def _open_on_thread(source: _Source) -> _Opened:
    """Open a file on a thread; if the wait is cancelled, close it as soon as it is open."""
    opening = asyncio.get_running_loop().run_in_executor(None, source.open)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_at_once)
        raise


def _close_at_once(opening: asyncio.Future[_Opened]) -> None:
    if not opening.cancelled() and opening.exception() is None and opening.result().owned:
        opening.result().handle.close()


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


class _FilePayload(payload.Payload):
    """Part of a body that is read on a thread while it is sent."""

    def __init__(self, opened: _Opened, disposition: str) -> None:
        headers = {"Content-Disposition": disposition, "Content-Type": opened.media_type}
        super().__init__(opened, headers=headers, content_type=opened.media_type)
        self._size = opened.size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Raise `TypeError`: the content is not text."""
        raise TypeError("a file that is uploaded is not decoded")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the file, at most as many bytes as the headers announced.

        Raises:
            OSError: The file has fewer bytes.

        """
        opened, left = self._value, self._size
        while left is None or left > 0:
            piece = await asyncio.to_thread(opened.read, _PIECE if left is None else min(left, _PIECE))
            if not piece:
                break
            if left is not None:
                left -= len(piece)
            await writer.write(piece)
        if left:
            raise OSError(f"the file ended {left} bytes too early")
