"""Decompression of the bodies of responses, as a whole or while they arrive, without input or output."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiohttp.hdrs import CONTENT_ENCODING

from letta_async._http.error_response import printable

__all__ = ["Decompressor", "UnreadableError", "decompress"]

_PIECE: Final = 64 * 1024
"""Maximum size of a piece of a body that is decompressed, in bytes."""


class UnreadableError(ValueError):
    """The body is not what the API promises; the message says why."""


def decompress(headers: Mapping[str, str], body: bytes, limit: int, *, whole: bool = True) -> bytes:
    """Decompress a body, to at most `limit` bytes; return its beginning if it need not be `whole`.

    Raises:
        UnreadableError: The body is larger, or the content encoding is unknown or wrong.

    """
    if CONTENT_ENCODING not in headers:
        return body
    coding = headers[CONTENT_ENCODING].strip().lower()
    if coding in ("identity", ""):
        return body
    decompressor = _make_decompressor(coding, body)
    try:
        plain: bytes = decompressor.decompress(body, limit + 1)
    except zlib.error as error:
        raise UnreadableError(f"the answer is not valid {coding}") from error
    if not whole:
        return plain[:limit]
    if len(plain) > limit:
        raise UnreadableError(f"the answer unpacks to more than {limit} bytes")
    if not decompressor.eof or decompressor.unused_data:
        raise _wrong_end(coding)
    return plain


def _make_decompressor(coding: str, beginning: bytes) -> Any:
    """Create what decompresses a body with a content encoding, given its beginning.

    Raises:
        UnreadableError: The content encoding is unknown.

    """
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise UnreadableError(f"the answer's content encoding {printable(coding)[:40]!r} was not asked for")
    raw_deflate = coding == "deflate" and beginning[:1] and (beginning[0] & 0x0F) != zlib.DEFLATED
    return zlib.decompressobj(-zlib.MAX_WBITS if raw_deflate else 32 + zlib.MAX_WBITS)


def _wrong_end(coding: str) -> UnreadableError:
    return UnreadableError(f"the answer is not valid {coding}: it ends too early or goes on too long")


class Decompressor:
    """Decompressor of a body that arrives in chunks, into pieces of limited size."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._decompressor: Any = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk holds.

        Raises:
            UnreadableError: The chunk is not what the content encoding promises.

        """
        try:
            self._decompressor = decompressor = self._decompressor or _make_decompressor(self._coding, chunk)
            while chunk and not decompressor.eof:
                if piece := decompressor.decompress(chunk, _PIECE):
                    yield piece
                chunk = decompressor.unconsumed_tail
        except zlib.error as error:
            raise UnreadableError(f"the answer is not valid {self._coding}") from error
        if chunk or decompressor.unused_data:
            raise _wrong_end(self._coding)

    def finish(self) -> None:
        """Check the end.

        Raises:
            UnreadableError: The body ends too early.

        """
        if self._decompressor is None or not self._decompressor.eof:
            raise _wrong_end(self._coding)
