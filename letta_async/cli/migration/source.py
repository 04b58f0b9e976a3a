"""Text of a program: decoding that can be undone exactly, edits, and notes about lines."""

from __future__ import annotations

import codecs
import io
import tokenize
from collections.abc import Iterable

import attrs

__all__ = ["Edit", "Note", "Source", "UndecodableError"]


class UndecodableError(ValueError):
    """The bytes of a file are no text in the encoding that it declares, or that encoding is unknown."""


@attrs.frozen(order=True)
class Edit:
    """Replacement of the bytes from `start` to `end` of a text in UTF-8."""

    start: int
    end: int
    new: str


@attrs.frozen(order=True)
class Note:
    """Note for the author of a file, about one of its lines."""

    line: int
    words: str


@attrs.frozen
class Source:
    """Text with what is needed to encode it again as it was."""

    text: str
    encoding: str
    mark: bytes
    """Byte-order mark."""

    @classmethod
    def decode(cls, data: bytes) -> Source:
        """Decode a program by its byte-order mark, its declaration, or as UTF-8.

        Raises:
            UndecodableError: That is not possible.

        """
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            encoding = "utf-8" if encoding == "utf-8-sig" else encoding
            source = cls(data[len(mark) :].decode(encoding), encoding, mark)
        except (SyntaxError, UnicodeError, LookupError) as error:
            raise UndecodableError(str(error)) from None
        if source.encode() != data:
            raise UndecodableError(f"{encoding} would not give the same bytes again")
        return source

    def encode(self) -> bytes:
        """Return the bytes of the text."""
        return self.mark + self.text.encode(self.encoding)

    def edited(self, edits: Iterable[Edit]) -> Source:
        """Return the text with edits made; two at the same place are made once."""
        data, done, parts = self.text.encode(), 0, list[bytes]()
        for edit in sorted(set(edits)):
            if edit.start < done:
                raise ValueError(f"edits overlap at byte {edit.start}")
            parts += [data[done : edit.start], edit.new.encode()]
            done = edit.end
        return attrs.evolve(self, text=b"".join([*parts, data[done:]]).decode())
