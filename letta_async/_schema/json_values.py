"""Helpers for JSON values: recognition, validation, conversion to built-in types, and display in messages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any, Final, TypeGuard

from letta_async.errors import ArgumentProblem

__all__ = [
    "copy_of_usual",
    "guess",
    "is_array",
    "is_object",
    "is_positive_integer",
    "join",
    "json_problems",
    "show",
    "text_problem",
    "to_builtin_scalar",
    "to_builtins",
]

_MIN_INTEGER: Final = -(2**63)
_MAX_INTEGER: Final = 2**64 - 1
"""Range of the integers that Letta can send back; a larger one that it has stored makes each list with it fail."""
_MAX_SHOWN: Final = 80
_MAX_DEPTH: Final = 100
_BUILTIN_SCALARS: Final = frozenset({str, int, float, bool, NoneType})


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a value represents a JSON object."""
    return type(value) is dict or isinstance(value, Mapping)


def is_positive_integer(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number of at least one; `True` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def is_array(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether a value represents a JSON array."""
    return isinstance(value, (list, tuple))


def to_builtin_scalar(value: Any) -> Any:
    """Return an instance of a subclass of `str`, `int` or `float` as the built-in type, other values unchanged.

    Members of an `Enum` can be such instances: their `str()` is `Color.RED`, although they equal `"red"`.
    """
    if type(value) in _BUILTIN_SCALARS:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, float) else value


def to_builtins(value: Any) -> Any:
    """Return a JSON value, in which `json_problems` found nothing, as `dict`, `list` and built-in scalars."""
    if type(value) in _BUILTIN_SCALARS:
        return value
    if is_object(value):
        return {to_builtin_scalar(name): to_builtins(each) for name, each in value.items()}
    if is_array(value):
        return [to_builtins(each) for each in value]
    return to_builtin_scalar(value)


def copy_of_usual(value: Any, depth: int = 0) -> dict[str, Any] | None:
    """Return a copy of a mapping that is of built-in types and has only ASCII texts, integers, and such mappings.

    Returns:
        What `to_builtins` returns, in a third of the time; `None` if `json_problems` has to look at the value.

    """
    if value.__class__ is not dict or depth > _MAX_DEPTH:
        return None
    copy: dict[str, Any] = {}
    for name, each in value.items():
        kind = each.__class__
        if type(name) is not str or not name.isascii():
            return None
        if kind is str:
            if not each.isascii():
                return None
        elif kind is int:
            if not _MIN_INTEGER <= each <= _MAX_INTEGER:
                return None
        elif kind is dict:
            if (each := copy_of_usual(each, depth + 1)) is None:
                return None
        elif kind is not bool and each is not None:
            return None
        copy[name] = each
    return copy


def json_problems(value: object, path: str, depth: int = 0) -> list[ArgumentProblem]:
    """Return a problem for each part of a value that has no form in JSON."""
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, str):
        return [ArgumentProblem(path, problem)] if (problem := text_problem(value)) else []
    if isinstance(value, int):
        if _MIN_INTEGER <= value <= _MAX_INTEGER:
            return []
        return [ArgumentProblem(path, f"{show(value)} does not fit into 64 bits; send it as a string")]
    if isinstance(value, float):
        return [] if math.isfinite(value) else [ArgumentProblem(path, f"{value!r} is not a finite number")]
    if depth > _MAX_DEPTH:
        return [ArgumentProblem(path, f"is nested more than {_MAX_DEPTH} deep, or holds itself")]
    if is_object(value):
        problems: list[ArgumentProblem] = []
        for key, each in value.items():
            if not isinstance(key, str):
                problems.append(ArgumentProblem(path, f"{show(key)} is not a string, as names are"))
            elif problem := text_problem(key):
                problems.append(ArgumentProblem(path, f"the name {show(key)} {problem}"))
            else:
                problems += json_problems(each, join(path, to_builtin_scalar(key)), depth + 1)
        return problems
    if is_array(value):
        return [f for i, v in enumerate(value) for f in json_problems(v, f"{path}[{i}]", depth + 1)]
    return [ArgumentProblem(path, f"{show(value)} has no form in JSON")]


def text_problem(text: str, *, with_nul: bool = True) -> str | None:
    """Return the problem of a string that has no form in UTF-8, or that PostgreSQL does not store; `None` without one.

    Args:
        text: The string; the description does not contain it.
        with_nul: Whether it may contain NUL characters.

    """
    if not with_nul and (at := text.find("\0")) >= 0:
        return f"holds a NUL character (at {at}), which the server cannot store; remove it"
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = ascii(text[error.start])
        return (
            f"holds half of a surrogate pair ({half} at {error.start}), which is no text; "
            "decode what it comes from as UTF-8, with errors='replace' if need be"
        )
    return None


def join(path: str, name: str) -> str:
    """Return the dotted path of a field below a path; either may be empty."""
    return f"{path}.{name}" if path and name else path or name


def show(value: object) -> str:
    """Return a shortened `repr` of a value with its type, for messages, even if its class's `repr` raises."""
    try:
        text = repr(value)
    except Exception:
        text = "a value"
    if len(text) > _MAX_SHOWN:
        text = f"{text[:_MAX_SHOWN]}…"
    return text if isinstance(value, str | NoneType) else f"{text} ({type(value).__name__})"


def guess(word: object, known: Iterable[str]) -> str:
    """Return the words `; did you mean …?` for a message, with the known name most like a word; empty without one."""
    import difflib  # noqa: PLC0415 - only for what is misspelt

    names = list(known)
    close = [name for name in names if name.endswith(f"_{word}")] or difflib.get_close_matches(str(word), names, n=1)
    return f"; did you mean {close[0]}?" if close else ""
