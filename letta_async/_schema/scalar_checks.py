"""Checks of single values, such as numbers and texts, against their annotations."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from os import PathLike
from types import NoneType
from typing import Any, Final, get_args

from letta_async._schema.json_values import guess, show, text_problem, to_builtin_scalar
from letta_async._schema.placement import Pattern

__all__ = [
    "InvalidTextError",
    "InvalidValueError",
    "PatternCheck",
    "check_bool",
    "check_callable",
    "check_datetime",
    "check_float",
    "check_int",
    "check_literal",
    "check_path",
    "check_str",
    "check_str_with_nul",
]

_MIN_INT: Final = -(2**63)
_MAX_INT: Final = 2**63 - 1
"""Range of the integers that Letta compares with columns of its database."""


class InvalidValueError(ValueError):
    """A value does not match its annotation; cattrs adds the path of the value, `at` the path inside the value."""

    def __init__(self, problem: str, at: str = "") -> None:
        super().__init__(problem)
        self.at = at


class InvalidTextError(InvalidValueError):
    """A string has characters that cannot be sent or stored; the message does not contain it."""


def check_int(value: Any, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        if not _MIN_INT <= value <= _MAX_INT:
            raise InvalidValueError(f"{show(value)} does not fit into the 64 bits that the server has for it")
        return value if type(value) is int else to_builtin_scalar(value)
    raise InvalidValueError(f"{show(value)} is not a whole number")


def check_float(value: Any, _: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value if type(value) is float else to_builtin_scalar(value)
    raise InvalidValueError(f"{show(value)} is not a finite number")


def check_bool(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidValueError(f"{show(value)} is neither True nor False")


def check_str(value: Any, _: Any) -> str:
    if type(value) is str and value.isascii() and "\0" not in value:
        return value
    return _checked_text(value, with_nul=False)


def check_str_with_nul(value: Any, _: Any) -> str:
    return _checked_text(value, with_nul=True)


def _checked_text(value: Any, *, with_nul: bool) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(f"{show(value)} is not a string")
    if problem := text_problem(value, with_nul=with_nul):
        raise InvalidTextError(problem)
    return value if type(value) is str else to_builtin_scalar(value)


def check_literal(annotation: Any) -> Callable[[Any, Any], str]:
    """Return the check of a `Literal`."""
    allowed = get_args(annotation)
    known = frozenset(allowed)

    def check(value: Any, _: Any) -> str:
        if type(value) is str and value in known:
            return value
        if isinstance(value, str) and value in known:
            word: str = to_builtin_scalar(value)
            return word
        hint = guess(value, allowed) if isinstance(value, str) else ""
        raise InvalidValueError(f"{show(value)} is unknown; allowed: {', '.join(map(repr, allowed))}{hint}")

    return check


def check_datetime(value: Any, _: Any) -> datetime:
    parsed = value = to_builtin_scalar(value)
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidValueError(f"{show(value)} is not a time in the form of ISO 8601") from None
    if not isinstance(parsed, datetime):
        raise InvalidValueError(f"{show(value)} is neither a datetime nor a string")
    if parsed.utcoffset() is None:
        raise InvalidValueError(f"{show(value)} says not in which time zone it is")
    return parsed


def check_path(annotation: Any) -> Callable[[Any, Any], Any]:
    """Return the check of the path of a file, `str | PathLike[str]`, perhaps with `None`."""
    kinds = (str, PathLike, NoneType) if NoneType in get_args(annotation) else (str, PathLike)

    def check(value: Any, _: Any) -> Any:
        path: object = value
        if not isinstance(path, kinds):
            raise InvalidValueError(f"{show(path)} is not the path of a file")
        return value

    return check


def check_callable(value: Any, _: Any) -> Any:
    if callable(value):
        return value
    raise InvalidValueError(f"{show(value)} cannot be called")


class PatternCheck:
    """Check of a string against a pattern, which is compiled at first use: most parameters are left out."""

    __slots__ = ("_pattern", "matches")

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self.matches: Callable[[str], object] = self._compile_and_match
        """Function that returns whether a string matches as a whole."""

    def __call__(self, value: Any, _: Any) -> str:
        checked = check_str(value, None)
        if not self.matches(checked):
            problem = "malformed" if value else "empty"
            raise InvalidValueError(f"{show(value)} is {problem}; expected {self._pattern.words}")
        return checked

    def _compile_and_match(self, value: str) -> object:
        self.matches = re.compile(self._pattern.regex).fullmatch
        return self.matches(value)
