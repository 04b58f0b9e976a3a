"""Kinds of JSON values (string, number, array and so on), which distinguish the members of a union without tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, Union, get_args

from letta_async._schema.annotations import is_annotated, is_list, is_literal, is_mapping, is_union, is_wire_class
from letta_async._schema.json_values import is_array, is_object
from letta_async._schema.record import Record

__all__ = ["Kind", "by_kind", "in_words", "kind_of"]

Kind = Literal["string", "integer", "number", "boolean", "array", "object", "moment"]

_KINDS: Final[dict[type, Kind]] = {str: "string", int: "integer", float: "number", bool: "boolean", datetime: "moment"}
_WORDS: Final[dict[type, str]] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    datetime: "a datetime",
}
_SUBSTITUTES: Final[dict[Kind, Kind]] = {"integer": "number", "string": "moment"}
"""Kind of member that also accepts values of a kind that no member has."""


def kind_of(value: object) -> Kind | None:
    """Return the kind of JSON value that a Python value represents; `None` if it represents none."""
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, datetime):
        return "moment"
    if is_array(value):
        return "array"
    return "object" if is_object(value) or isinstance(value, Record) else None


def by_kind(members: Iterable[Any]) -> Mapping[Kind, Any]:
    """Return the member of a union for each kind of JSON value; its wire classes are one member, a union of their own.

    Raises:
        TypeError: Two members are of the same kind, so that a value cannot be assigned to either.

    """
    members = list(members)
    classes = tuple(member for member in members if is_wire_class(member))
    found: dict[Kind, Any] = {}
    if classes:
        found["object"] = Union[classes]  # noqa: UP007 - the members are known at run time only
    for member in members:
        if member in classes:
            continue
        kind = _kind(member)
        if kind in found:
            raise TypeError(f"{member!r} and {found[kind]!r} are of one kind of JSON value")
        found[kind] = member
    for kind, substitute in _SUBSTITUTES.items():
        if kind not in found and substitute in found:
            found[kind] = found[substitute]
    return found


def _kind(member: Any) -> Kind:
    if is_annotated(member):
        return _kind(get_args(member)[0])
    if is_literal(member):
        return "string"
    if is_list(member):
        return "array"
    return "object" if is_mapping(member) else _KINDS[member]


def in_words(member: Any) -> str:
    """Return a description of the values that a member of a union accepts, for an error message."""
    if is_annotated(member):
        return in_words(get_args(member)[0])
    if is_literal(member):
        return f"one of {', '.join(map(repr, get_args(member)))}"
    if is_list(member):
        return "a list"
    if is_mapping(member):
        return "a mapping"
    if is_union(member):
        return f"a mapping or one of {', '.join(cls.__name__ for cls in get_args(member))}"
    return f"a mapping or a {member.__name__}" if is_wire_class(member) else _WORDS[member]
