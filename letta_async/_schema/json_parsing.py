"""Parsing of JSON, by `msgspec` if it is installed and by the standard library otherwise, with the same results."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib import import_module
from itertools import count
from json.scanner import make_scanner
from typing import Any, Final, cast

__all__ = ["fast_decode", "parse_json"]

_scan: Final[Callable[[str, int], tuple[Any, int]]] = make_scanner(cast("Any", json.JSONDecoder()))

_parsed: Final = count()
"""Counter of the texts that were parsed."""
_LARGE: Final = 2**16
"""Size from which parsing by `json` takes longer than importing `msgspec`, in characters or bytes."""


@cache
def fast_decode() -> Callable[[str | bytes], Any] | None:
    """Return the function of `msgspec` that parses JSON; `None` if it is not installed.

    What it accepts, it reads as `json` does, also integers of any size, floats, duplicate names and UTF-8. It refuses
    what `json` accepts beyond the standard, such as NaN and half of a surrogate pair, and floats and integers that are
    too large for it.
    """
    try:
        decode: Callable[[str | bytes], Any] = import_module("msgspec.json").Decoder().decode
    except (ImportError, OSError):  # the latter where no descriptor is left to read it
        return None
    return decode


def parse_json(data: str | bytes) -> Any:
    """Parse JSON. Bytes are mostly UTF-8; otherwise `json.loads` finds out the encoding.

    The first text of a process, unless it is large, is parsed by `json`: programs that make one call need no `msgspec`.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply.

    """
    if (next(_parsed) or len(data) >= _LARGE) and (decode := fast_decode()):
        try:
            return decode(data)
        except Exception:  # noqa: S110 - its own, or of Unicode or depth: `json` accepts it, or says what is wrong
            pass
    if isinstance(data, str):
        return _parse_by_json(data)
    try:
        return _parse_by_json(data.decode())
    except ValueError:
        return json.loads(data)


def _parse_by_json(text: str) -> Any:
    """Parse JSON. `json.loads` takes twice as long for the event of a token, which is mostly keys and short strings."""
    try:
        value, length = _scan(text, 0)
        if length == len(text):
            return value
    except (StopIteration, ValueError):
        pass
    return json.loads(text)  # there is white space around it, or the error says what is wrong
