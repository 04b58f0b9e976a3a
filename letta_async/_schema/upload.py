"""Files to upload: conversion and validation of arguments, without access to the disk."""

from __future__ import annotations

import io
import os
import re
from collections.abc import AsyncIterable, Iterable
from pathlib import PurePath
from typing import Any, Final

import attrs

from letta_async._schema.json_values import is_array, is_object, show, text_problem, to_builtin_scalar

__all__ = ["ALLOWED", "Upload", "upload_of"]

ALLOWED: Final = (
    "a path, bytes, a file open for reading bytes, an iterable or async iterable of bytes, "
    "or a tuple of a name, one of these or a text, and if need be a media type"
)
_UNNAMED: Final = "upload"
_BYTES: Final = (bytes, bytearray, memoryview)
_MEDIA_TYPE: Final = r"(?a:[\w.+-]+/[\w.+-]+(?: *; *[\w.+-]+=[\w.+:-]+)*)"


@attrs.frozen(eq=False)
class Upload:
    """A file to upload."""

    name: str
    """Name of the file at the server."""
    source: Any = attrs.field(repr=False)
    """`bytes`, a path as `str`, an object with `read`, an iterable or an async iterable of bytes."""
    media_type: str | None = None
    """Media type of the file; `None` to guess it by the name."""


def upload_of(value: Any) -> Upload:
    """Return the file that an argument represents.

    Raises:
        TypeError: The value does not represent a file; the message says why.
        ValueError: The value represents a file that cannot be read; the message says why.

    """
    if is_array(value) and not _is_list_of_bytes(value):
        if len(value) not in (2, 3) or isinstance(value[1], tuple):
            raise ValueError(f"{show(value)} is no file; allowed: {ALLOWED}")
        media_type = _checked_media_type(value[2]) if len(value) == 3 else None
        name, content = _checked_name(value[0]), value[1]
        return Upload(name, _encoded(content) if isinstance(content, str) else _source_of(content), media_type)
    source = _source_of(value)
    return Upload(_own_name(source), source)


def _source_of(value: Any) -> Any:
    """Return what the content of a file is read from: `bytes`, a path as `str`, a handle or an iterable."""
    if _is_list_of_bytes(value):
        return value
    if isinstance(value, _BYTES):
        return bytes(value)  # pyright: ignore[reportUnknownArgumentType] - a memoryview of anything
    if isinstance(value, str | os.PathLike):
        return _checked_path_text(os.fspath(value))  # pyright: ignore[reportUnknownArgumentType] - text or bytes, as is checked
    if callable(getattr(value, "read", None)):
        _check_handle(value)
        return value
    if is_array(value) or is_object(value) or not isinstance(value, Iterable | AsyncIterable):
        raise TypeError(f"{show(value)} is no file; allowed: {ALLOWED}")
    return value  # pyright: ignore[reportUnknownVariableType] - an iterable of anything


def _is_list_of_bytes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, _BYTES) for each in value)  # pyright: ignore[reportUnknownVariableType] - of anything


def _encoded(text: str) -> bytes:
    if problem := text_problem(text):
        raise ValueError(f"the text {problem}")
    return text.encode()


def _checked_path_text(path: object) -> str:
    if not isinstance(path, str):
        raise TypeError(f"{show(path)} is not a path of text")
    text: str = to_builtin_scalar(path)
    if not text or "\x00" in text:
        raise ValueError(f"{show(text)} is not a path")
    return text


def _check_handle(handle: Any) -> None:
    if isinstance(handle, io.TextIOBase) or isinstance(getattr(handle, "encoding", None), str):
        raise TypeError("the file is open as text; open it with mode 'rb'")
    if getattr(handle, "closed", False) is True:
        raise ValueError("the file is closed")
    if isinstance(handle, io.IOBase) and not handle.readable():
        raise ValueError("the file is not open for reading; open it with mode 'rb'")


def _own_name(source: Any) -> str:
    """Return the name that a file has at its path; a general one if it has none.

    Raises:
        ValueError: The name is not text.

    """
    names = (source, getattr(source, "name", None), getattr(source, "filename", None))
    name = PurePath(next((name for name in names if isinstance(name, str)), "")).name or _UNNAMED
    if problem := text_problem(name, with_nul=False):
        raise ValueError(f"the name {show(name)} {problem}; or pass a tuple of another name and the file")
    return name


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise ValueError(f"{show(name)} is not the name of a file")
    if not name.isprintable():
        raise ValueError(f"the name {show(name)} has characters that cannot be printed")
    text: str = to_builtin_scalar(name)
    return text


def _checked_media_type(media_type: object) -> str | None:
    if media_type is None:
        return None
    if not isinstance(media_type, str) or not re.fullmatch(_MEDIA_TYPE, media_type):
        raise ValueError(f"{show(media_type)} is not a media type such as 'text/plain'")
    text: str = to_builtin_scalar(media_type)
    return text
