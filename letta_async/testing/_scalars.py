"""Readers of single values, as lenient as the server's: `"5"` is an integer, `1` is true, `True` is a number."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from letta_async.testing._context import Reader, ValidationContext
from letta_async.testing._datetimes import read_datetime

__all__ = ["SCALARS", "Text", "read_text", "read_words"]


@attrs.frozen
class Text:
    """Constraints of a string; `None` for no constraint."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


_INTEGER: Final = re.compile(r"[+-]?[0-9]+(_[0-9]+)*(\.0+)?", re.ASCII)
_MAX_INTEGER_LENGTH: Final = 4300
_TRUE: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE: Final = frozenset({"0", "false", "f", "no", "n", "off"})


def _string(value: Any, context: ValidationContext) -> Any:
    if not isinstance(value, str):
        context.refuse("string_type", "Input should be a valid string", value)
    return value


def read_text(text: Text) -> Reader:
    """Return a reader of strings with these constraints; it reports the first one that is violated."""

    def read(value: Any, context: ValidationContext) -> Any:
        if not isinstance(value, str):
            return _string(value, context)
        if context.refuse_surrogate(value):
            return value
        if text.min_length is not None and len(value) < text.min_length:
            plural = "" if text.min_length == 1 else "s"
            msg = f"String should have at least {text.min_length} character{plural}"
            context.refuse("string_too_short", msg, value, min_length=text.min_length)
        elif text.max_length is not None and len(value) > text.max_length:
            plural = "" if text.max_length == 1 else "s"
            msg = f"String should have at most {text.max_length} character{plural}"
            context.refuse("string_too_long", msg, value, max_length=text.max_length)
        elif text.pattern is not None and not _matches(text.pattern, value):
            msg = f"String should match pattern '{text.pattern}'"
            context.refuse("string_pattern_mismatch", msg, value, pattern=text.pattern)
        return value

    return read


def _matches(pattern: str, value: str) -> bool:
    # Python's `$` would let a final newline pass, the server's does not.
    return re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value) is not None


def read_words(words: Sequence[str], *, enum: bool = False, members_of: str | None = None) -> Reader:
    """Return a reader of strings that must be one of these words.

    Args:
        words: Accepted values.
        enum: Report the error type of an enumeration. Default: `False`, that of a literal.
        members_of: Name of an enumeration whose members the words are in the message. Default: plain words.

    """
    quoted = [f"'{word}'" if members_of is None else f"<{members_of}.{word}: '{word}'>" for word in words]
    expected = f"{', '.join(quoted[:-1])} or {quoted[-1]}" if len(quoted) > 1 else quoted[0]
    error_type = "enum" if enum else "literal_error"

    def read(value: Any, context: ValidationContext) -> Any:
        if isinstance(value, str) and value in words:
            return value
        if not context.refuse_surrogate(value):
            context.refuse(error_type, f"Input should be {expected}", value, expected=expected)
        return value

    return read


def _integer(value: Any, context: ValidationContext) -> Any:
    if context.refuse_surrogate(value):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            context.refuse("finite_number", "Input should be a finite number", value)
        elif not value.is_integer():
            context.refuse(
                "int_from_float", "Input should be a valid integer, got a number with a fractional part", value
            )
        elif not -(2.0**63) < value < 2.0**63:
            context.refuse(
                "int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size", value
            )
        else:
            return int(value)
    elif isinstance(value, str):
        text = value.strip()
        if len(value) > _MAX_INTEGER_LENGTH:
            context.refuse(
                "int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size", value
            )
        elif _INTEGER.fullmatch(text) is None:
            context.refuse(
                "int_parsing", "Input should be a valid integer, unable to parse string as an integer", value
            )
        else:
            return int(text.partition(".")[0])
    else:
        context.refuse("int_type", "Input should be a valid integer", value)
    return value


def _number(value: Any, context: ValidationContext) -> Any:
    if context.refuse_surrogate(value):
        return value
    if isinstance(value, str):
        text = value.strip()
        try:
            return float(text) if text.isascii() else _unreadable_number(value, context)
        except ValueError:
            return _unreadable_number(value, context)
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            pass
    context.refuse("float_type", "Input should be a valid number", value)
    return value


def _unreadable_number(value: str, context: ValidationContext) -> str:
    context.refuse("float_parsing", "Input should be a valid number, unable to parse string as a number", value)
    return value


def _boolean(value: Any, context: ValidationContext) -> Any:
    if context.refuse_surrogate(value):
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    small = isinstance(value, int | float) and -(2**63) <= value < 2**63 and value == int(value)
    if small and value in {0, 1}:
        return value == 1
    if isinstance(value, str) or small:
        context.refuse("bool_parsing", "Input should be a valid boolean, unable to interpret input", value)
    else:
        context.refuse("bool_type", "Input should be a valid boolean", value)
    return value


SCALARS: Final[dict[Any, Reader]] = {
    str: _string,
    int: _integer,
    float: _number,
    bool: _boolean,
    datetime: read_datetime,
    Any: lambda value, _: value,
}
"""Readers by type."""
