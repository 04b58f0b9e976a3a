"""Cutting of a body into chunks, texts and lines while it arrives, without input or output."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol, TypeVar

from letta_async._http.decompression import UnreadableError

__all__ = ["ByteChunks", "Cutter", "Lines", "TextChunks"]

T_co = TypeVar("T_co", covariant=True)

_LINE_END: Final = r"\r\n|\n|\r"


class Cutter(Protocol[T_co]):
    """Protocol of objects that make pieces of another kind or size from the pieces of a body."""

    def feed(self, piece: bytes) -> Iterable[T_co]:
        """Return the pieces that are complete."""
        ...

    def finish(self) -> Iterable[T_co]:
        """Return the rest, at the end of the body."""
        ...


class ByteChunks:
    """Bytes in chunks of one size, the last one excepted; as they arrive without a size."""

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._rest = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        if self._size is None:
            yield piece
            return
        self._rest += piece
        whole = len(self._rest) // self._size * self._size
        ready, self._rest = bytes(self._rest[:whole]), self._rest[whole:]
        yield from (ready[start : start + self._size] for start in range(0, whole, self._size))

    def finish(self) -> Iterator[bytes]:
        if self._rest:
            yield bytes(self._rest)


class TextChunks:
    """Text in chunks of one number of characters, the last one excepted; as it arrives without a number."""

    def __init__(self, encoding: str, size: int | None) -> None:
        self._decoder: Any = codecs.getincrementaldecoder(encoding)("replace")
        self._size = size
        self._rest = ""

    def feed(self, piece: bytes) -> Iterator[str]:
        yield from self._cut(self._decoder.decode(piece))

    def finish(self) -> Iterator[str]:
        yield from self._cut(self._decoder.decode(b"", True))
        if self._rest:
            yield self._rest

    def _cut(self, text: str) -> Iterator[str]:
        if self._size is None:
            if text:
                yield text
            return
        text = self._rest + text
        whole = len(text) // self._size * self._size
        self._rest = text[whole:]
        yield from (text[start : start + self._size] for start in range(0, whole, self._size))


class Lines:
    r"""Lines of text without their ends, which are `\n`, `\r\n` or `\r`."""

    def __init__(self, encoding: str, limit: int) -> None:
        """Begin before the first line.

        Args:
            encoding: Encoding of the text.
            limit: Maximum length of a line, in characters.

        """
        self._decoder: Any = codecs.getincrementaldecoder(encoding)("replace")
        self._limit = limit
        self._parts: list[str] = []
        """Parts of the line that is not complete."""
        self._length = 0
        self._held = ""
        r"""A `\r` at the end of a piece, which a `\n` may follow."""

    def feed(self, piece: bytes) -> Iterator[str]:
        """Yield the lines that are complete.

        Raises:
            UnreadableError: A line is too long.

        """
        text = self._held + self._decoder.decode(piece)
        self._held = "\r" if text.endswith("\r") else ""
        yield from self._split(text.removesuffix("\r") if self._held else text)

    def finish(self) -> Iterator[str]:
        """Yield the rest, at the end of the body."""
        yield from self._split(self._held + self._decoder.decode(b"", True))
        if line := "".join(self._parts):
            yield line

    def _split(self, text: str) -> Iterator[str]:
        *complete, rest = re.split(_LINE_END, text)
        for line in complete:
            yield "".join([*self._parts, line])
            self._parts, self._length = [], 0
        self._parts.append(rest)
        self._length += len(rest)
        if self._length > self._limit:
            raise UnreadableError(f"a line of the answer is longer than {self._limit} characters")
