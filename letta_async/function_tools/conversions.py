"""Conversions of JSON values, which a model wrote, to what the annotations of a function promise.

Each takes a value, its path, and a list that it appends problems to; what it returns is not used if there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from letta_async._schema.json_values import guess, is_array, is_object, join, show
from letta_async.errors import ArgumentProblem

__all__ = [
    "Convert",
    "to_anything",
    "to_array",
    "to_choice",
    "to_format",
    "to_mapping",
    "to_model",
    "to_object",
    "to_scalar",
    "to_tuple",
    "to_union",
]

Problems = list[ArgumentProblem]
Convert = Callable[[Any, str, Problems], Any]


def to_anything(value: Any, path: str, problems: Problems) -> Any:
    """Return any value as it is."""
    del path, problems
    return value


def to_scalar(kind: type[Any], word: str, value: Any, path: str, problems: Problems) -> Any:
    """Return a value of exactly one type; a number that is whole is also an integer, and an integer a number."""
    if type(value) is kind:
        return value
    if kind is int and type(value) is float and value.is_integer():
        return int(value)
    if kind is float and type(value) is int:
        with suppress(OverflowError):
            return float(value)
    problems.append(ArgumentProblem(path, f"{show(value)} is not {word}"))
    return None


def to_choice(choices: Sequence[tuple[Any, Any]], value: Any, path: str, problems: Problems) -> Any:
    """Return what stands for one of several JSON values."""
    for known, meant in choices:
        if type(value) is type(known) and value == known:
            return meant
    allowed = ", ".join(repr(known) for known, _ in choices)
    problems.append(ArgumentProblem(path, f"{show(value)} is not allowed; allowed: {allowed}"))
    return None


def to_format(parse: Callable[[str], Any], word: str, value: Any, path: str, problems: Problems) -> Any:
    """Parse a string."""
    try:
        if isinstance(value, str):
            return parse(value)
    except (ValueError, ArithmeticError):
        pass
    problems.append(ArgumentProblem(path, f"{show(value)} is not {word}"))
    return None


def to_union(members: Sequence[Convert], value: Any, path: str, problems: Problems) -> Any:
    """Return what the first type that fits makes of a value."""
    found: list[ArgumentProblem] = []
    for convert in members:
        own: list[ArgumentProblem] = []
        converted = convert(value, path, own)
        if not own:
            return converted
        found += own
    problems += dict.fromkeys(found)
    return None


def to_array(item: Convert, make: Callable[[list[Any]], Any], value: Any, path: str, problems: Problems) -> Any:
    """Return a list, or what is made of one."""
    if not is_array(value):
        problems.append(ArgumentProblem(path, f"{show(value)} is not an array"))
        return None
    known = len(problems)
    converted = [item(each, f"{path}[{i}]", problems) for i, each in enumerate(value)]
    if len(problems) > known:
        return None
    try:
        return make(converted)
    except TypeError as error:  # what cannot be an item of a set
        problems.append(ArgumentProblem(path, str(error)))
        return None


def to_tuple(items: Sequence[Convert], value: Any, path: str, problems: Problems) -> Any:
    """Return a tuple of a fixed length."""
    if not is_array(value) or len(value) != len(items):
        problems.append(ArgumentProblem(path, f"{show(value)} is not an array of length {len(items)}"))
        return None
    pairs = zip(items, value, strict=True)
    return tuple(convert(each, f"{path}[{i}]", problems) for i, (convert, each) in enumerate(pairs))


def to_mapping(item: Convert, value: Any, path: str, problems: Problems) -> Any:
    """Return a dictionary."""
    if not is_object(value):
        problems.append(ArgumentProblem(path, f"{show(value)} is not an object"))
        return None
    return {name: item(each, join(path, name), problems) for name, each in value.items()}


def to_object(
    fields: Mapping[str, Convert],
    required: Sequence[str],
    make: Callable[..., Any],
    value: Any,
    path: str,
    problems: Problems,
) -> Any:
    """Return what a class, or another callable, makes of an object's members as keywords."""
    if not is_object(value):
        problems.append(ArgumentProblem(path, f"{show(value)} is not an object"))
        return None
    found: list[ArgumentProblem] = []
    for name in value:
        if name not in fields:
            found.append(ArgumentProblem(join(path, name), f"is unknown{guess(name, fields)}"))
    for name in required:
        if name not in value:
            found.append(ArgumentProblem(join(path, name), "is required"))
    known = {name: each for name, each in value.items() if name in fields}
    converted = {name: fields[name](each, join(path, name), found) for name, each in known.items()}
    if not found:
        try:
            return make(**converted)
        except Exception as error:  # the class refuses a value
            found.append(ArgumentProblem(path, f"{type(error).__name__}: {error}"))
    problems += found
    return None


def to_model(validate: Callable[[Any], Any], value: Any, path: str, problems: Problems) -> Any:
    """Return what a model's own validation makes of a value."""
    try:
        return validate(value)
    except Exception as error:
        problems.append(ArgumentProblem(path, str(error)))
        return None
