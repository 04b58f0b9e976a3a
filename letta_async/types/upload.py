"""Files to upload, and the progress of an upload."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import IO, Protocol, TypeAlias

__all__ = ["AsyncReadable", "FileInput", "UploadProgress"]


class AsyncReadable(Protocol):
    """File whose `read` is async, such as one of aiofiles or anyio."""

    def read(self, size: int = ..., /) -> Awaitable[bytes]:
        """Return at most `size` bytes, none at the end of the file."""
        ...


_Content: TypeAlias = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | IO[bytes]
    | AsyncReadable
    | Iterable[bytes]
    | AsyncIterable[bytes]
)
FileInput: TypeAlias = _Content | tuple[str, _Content] | tuple[str, _Content, str | None]
"""A file to upload: its path, its bytes, a file open for reading bytes, an iterable or async iterable of bytes, or a
tuple of a name, one of these, and if need be the media type. A string is a path where it stands alone, but in a tuple
the text of the file, as in the official client; there a path is a `Path`.

It is sent piece by piece, whatever its size. After a failure it is sent again only if it can be read again: a path,
bytes, an open file that is seekable, which starts again where it stood, or an iterable that is no iterator.
"""

UploadProgress: TypeAlias = Callable[[int, int | None], object]
"""Callback for the progress of an upload: takes the number of bytes sent, and the size of the file or `None`."""
