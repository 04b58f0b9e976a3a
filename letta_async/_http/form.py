"""Bodies in the form `multipart/form-data`: files are read piece by piece, off the event loop, once per attempt."""

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
"""How many bytes are read at once."""
_ESCAPES: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How browsers write these characters in the name of a file."""


class Form:
    """The fields and files of one call."""

    def __init__(self, fields: Mapping[str, str], files: Mapping[str, Upload], parameters: Mapping[str, str]) -> None:
        """Take what is sent.

        Args:
            fields: Texts, by name.
            files: Files, by name.
            parameters: Name of the Python parameter of each file, for error messages.

        """
        self._fields = fields
        self._files = {name: _Source(file, parameters[name]) for name, file in files.items()}

    @property
    def resendable(self) -> bool:
        """Whether it can be sent (again): nothing was read yet of what can be read only once."""
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
    """A form whose files are open."""

    def __init__(self) -> None:
        self.writer = aiohttp.MultipartWriter("form-data")
        self.opened: list[_Opened] = []

    def close(self) -> None:
        """Close the files that were opened for it, on a thread: a read may still be under way there."""
        for opened in self.opened:
            if opened.owned:
                asyncio.get_running_loop().run_in_executor(None, opened.handle.close)


@attrs.frozen
class _Opened:
    """A file that is open where its content begins."""

    handle: Any
    owned: bool
    """Whether it has to be closed."""
    size: int | None
    """Number of bytes; `None` where only reading tells."""
    media_type: str

    def read(self, size: int) -> bytes:
        chunk: object = self.handle.read(size)
        if not isinstance(chunk, bytes | bytearray | memoryview | None):
            raise TypeError("the file returns no bytes")
        return bytes(chunk) if chunk else b""  # pyright: ignore[reportUnknownArgumentType] - a memoryview of anything


class _Source:
    """A file of a call, over all its attempts."""

    def __init__(self, upload: Upload, parameter: str) -> None:
        self.upload = upload
        self._parameter = parameter
        self._begin: int | None = None
        """Where an open file stood at first."""
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
        """Go to where the file stood at first; return how many bytes follow."""
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
    """Bytes, read piece by piece."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._at = 0

    def read(self, size: int) -> memoryview:
        """Return the next bytes."""
        piece = self._content[self._at : self._at + size]
        self._at += len(piece)
        return piece


class _FilePayload(payload.Payload):
    """A part of a body that is read on a thread while it is sent."""

    def __init__(self, opened: _Opened, disposition: str) -> None:
        headers = {"Content-Disposition": disposition, "Content-Type": opened.media_type}
        super().__init__(opened, headers=headers, content_type=opened.media_type)
        self._size = opened.size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return nothing: the content is never a text."""
        raise TypeError("a file that is uploaded is not decoded")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the file, as many bytes as were announced."""
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
