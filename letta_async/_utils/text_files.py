"""Reading of text files in UTF-8 or UTF-16, with or without a byte-order mark."""

from __future__ import annotations

import json
import os
from pathlib import Path

__all__ = ["UnreadableTextError", "decode_text", "read_text"]


class UnreadableTextError(Exception):
    """A file cannot be read as text; the message is the reason, without any content of the file."""


def read_text(path: str | os.PathLike[str]) -> str:
    """Return the text of a file, without a byte-order mark and with each line break as a single line feed.

    Raises:
        UnreadableTextError: The file cannot be read, or is not text.

    """
    try:
        return decode_text(Path(path).read_bytes())
    except OSError as error:
        raise UnreadableTextError(error.strerror or str(error)) from None
    except ValueError:  # a NUL in the path
        raise UnreadableTextError("no file can have such a name") from None


def decode_text(content: bytes) -> str:
    """Decode the bytes of a text file: UTF-8, or UTF-16 or UTF-32 if a byte-order mark or null bytes indicate it.

    The text has no byte-order mark, and each line break is a single line feed.

    Raises:
        UnreadableTextError: The bytes are not text.

    """
    text, place = None, ""
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place = f": byte {error.start + 1}, in line {line}"
    if text is None:
        del content  # it may be a key, and a traceback may show locals
        raise UnreadableTextError(f"it is not text in UTF-8 or UTF-16{place}")
    return text.replace("\r\n", "\n").replace("\r", "\n")
