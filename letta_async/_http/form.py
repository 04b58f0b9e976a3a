"""Bodies in the format `multipart/form-data`, whose files are opened for each attempt and sent in pieces."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from contextlib import aclosing
from typing import Final

import aiohttp
from aiohttp import payload
from aiohttp.abc import AbstractStreamWriter

from letta_async._http.file_sources import FileSource, OpenFile
from letta_async._schema.upload import Upload
from letta_async.types.upload import UploadProgress

__all__ = ["Form", "OpenForm"]

_ESCAPES: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""Escapes of characters in a file's name, as browsers write them."""


class Form:
    """Fields and files of one call."""

    def __init__(
        self,
        fields: Mapping[str, str],
        files: Mapping[str, Upload],
        parameters: Mapping[str, str],
        on_progress: UploadProgress | None = None,
    ) -> None:
        """Create a form; no file is opened.

        Args:
            fields: Text fields, by name.
            files: Files, by name.
            parameters: Name of the Python parameter of each file, for error messages.
            on_progress: Callback for the progress of each file.

        """
        self._fields = fields
        self._files = {name: FileSource(file, parameters[name]) for name, file in files.items()}
        self._on_progress = on_progress

    @property
    def resendable(self) -> bool:
        """Whether the form can be sent again, because no file that can be read only once was read."""
        return all(source.resendable for source in self._files.values())

    async def open(self) -> OpenForm:
        """Open the files for an attempt.

        Raises:
            InvalidArgumentError: A file cannot be opened or read.

        """
        form = OpenForm(self._on_progress)
        try:
            for name, text in self._fields.items():
                form.writer.append(text, {"Content-Disposition": f'form-data; name="{name}"'})
            for name, source in self._files.items():
                form.add(name, await source.open())
        except BaseException:
            form.close()
            raise
        return form


class OpenForm:
    """Form whose files are open, for one attempt."""

    def __init__(self, on_progress: UploadProgress | None) -> None:
        self.writer = aiohttp.MultipartWriter("form-data")
        self.on_progress = on_progress
        self.failure: Exception | None = None
        """Exception of a file or of the callback, which ended the attempt."""
        self._opened: list[OpenFile] = []

    def add(self, name: str, opened: OpenFile) -> None:
        """Add a file."""
        self._opened.append(opened)
        filename = opened.source.upload.name.translate(_ESCAPES)
        self.writer.append(_FilePayload(opened, f'form-data; name="{name}"; filename="{filename}"', self))

    def close(self) -> None:
        """Close the files that were opened for the form, on a thread, after a read that is still running."""
        for opened in self._opened:
            if opened.owned:
                asyncio.get_running_loop().run_in_executor(None, opened.reader.close)


class _FilePayload(payload.Payload):
    """Part of a body that is read while it is sent."""

    def __init__(self, opened: OpenFile, disposition: str, form: OpenForm) -> None:
        media_type = opened.source.media_type
        headers = {"Content-Disposition": disposition, "Content-Type": media_type}
        super().__init__(opened, headers=headers, content_type=media_type)
        self._size = opened.size
        self._form = form

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Raise `TypeError`: the content is not text."""
        raise TypeError("a file that is uploaded is not decoded")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the file, and report the progress.

        Raises:
            InvalidArgumentError: The file has fewer bytes than the headers announced.

        """
        opened: OpenFile = self._value
        sent = 0
        await self._report(sent)
        async with aclosing(opened.pieces()) as pieces:
            while True:
                try:
                    piece = await anext(pieces, None)
                except Exception as error:
                    self._form.failure = error
                    raise
                if piece is None:
                    break
                await writer.write(piece)
                sent += len(piece)
                await self._report(sent)
        if self._size is not None and sent < self._size:
            words = (
                f"{opened.source.upload.name!r} changed while it was sent: of {self._size} bytes only {sent} are left"
            )
            self._form.failure = opened.source.refusal(words)
            raise self._form.failure

    async def _report(self, sent: int) -> None:
        if self._form.on_progress is None:
            return
        try:
            result = self._form.on_progress(sent, self._size)
            if inspect.isawaitable(result):
                await result
        except Exception as error:
            self._form.failure = error
            raise
