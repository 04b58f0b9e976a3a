"""Parsing of JSON, by `msgspec` if it is installed and by the standard library otherwise, with the same results."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib import import_module
from json.scanner import make_scanner
from typing import Any, Final, cast

__all__ = ["fast_decode", "parse_json", "parse_json_bytes"]

_scan: Final[Callable[[str, int], tuple[Any, int]]] = make_scanner(cast("Any", json.JSONDecoder()))


@cache
def fast_decode() -> Callable[[str | bytes], Any] | None:
    """Return the function of `msgspec` that parses JSON; `None` if it is not installed.

    It is imported when the first session is opened: a program that sends nothing need not wait for it. What it accepts,
    it reads as `json` does, also integers of any size, floats, duplicate names and UTF-8. It refuses what `json`
    accepts beyond the standard, such as NaN and half of a surrogate pair, and floats and integers that are too large
    for it.
    """
    try:
        decode: Callable[[str | bytes], Any] = import_module("msgspec.json").Decoder().decode
    except (ImportError, OSError):  # the latter where no descriptor is left to read it
        return None
    return decode


def parse_json(text: str) -> Any:
    """Parse JSON.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: It is nested too deeply.

    """
    decode = fast_decode()
    if decode is not None:
        try:
            return decode(text)
        except Exception:  # its own, and those of Unicode and of depth
            decode = None  # `json` may accept it, or says what is wrong
    return _parse_by_json(text)


def parse_json_bytes(body: bytes) -> Any:
    """Parse JSON that is mostly UTF-8; otherwise `json.loads` finds out the encoding.

    Raises:
        ValueError: The bytes are not JSON.
        RecursionError: It is nested too deeply.

    """
    decode = fast_decode()
    if decode is not None:
        try:
            return decode(body)
        except Exception:  # as above
            decode = None
    try:
        return _parse_by_json(body.decode())
    except ValueError:
        return json.loads(body)


def _parse_by_json(text: str) -> Any:
    """Parse JSON. `json.loads` takes twice as long for the event of a token, which is mostly keys and short strings."""
    try:
        value, length = _scan(text, 0)
        if length == len(text):
            return value
    except (StopIteration, ValueError):
        pass
    return json.loads(text)  # there is white space around it, or the error says what is wrong
