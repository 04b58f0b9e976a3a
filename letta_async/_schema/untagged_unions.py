"""Kinds of JSON values (string, number, array and so on), which distinguish the members of a union without tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, Union, get_args

from letta_async._schema.annotations import is_annotated, is_list, is_literal, is_mapping, is_union, is_wire_class
from letta_async._schema.json_values import is_array, is_object
from letta_async._schema.record import Record

__all__ = ["JsonType", "describe_member", "json_type_of", "members_by_json_type"]

JsonType = Literal["string", "integer", "number", "boolean", "array", "object", "moment"]

_JSON_TYPES: Final[dict[type, JsonType]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    datetime: "moment",
}
_WORDS: Final[dict[type, str]] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    datetime: "a datetime",
}
_SUBSTITUTES: Final[dict[JsonType, JsonType]] = {"integer": "number", "string": "moment"}
"""JsonType of member that also accepts values of a kind that no member has."""


def json_type_of(value: object) -> JsonType | None:
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


def members_by_json_type(members: Iterable[Any]) -> Mapping[JsonType, Any]:
    """Return the member of a union that accepts each JSON type. All wire classes are one member, for `object`.

    Raises:
        TypeError: Two members are of the same kind, so that a value cannot be assigned to either.

    """
    members = list(members)
    classes = tuple(member for member in members if is_wire_class(member))
    found: dict[JsonType, Any] = {}
    if classes:
        found["object"] = Union[classes]  # noqa: UP007 - the members are known at run time only
    for member in members:
        if member in classes:
            continue
        kind = _json_type(member)
        if kind in found:
            raise TypeError(f"{member!r} and {found[kind]!r} are of one kind of JSON value")
        found[kind] = member
    for kind, substitute in _SUBSTITUTES.items():
        if kind not in found and substitute in found:
            found[kind] = found[substitute]
    return found


def _json_type(member: Any) -> JsonType:
    if is_annotated(member):
        return _json_type(get_args(member)[0])
    if is_literal(member):
        return "string"
    if is_list(member):
        return "array"
    return "object" if is_mapping(member) else _JSON_TYPES[member]


def describe_member(member: Any) -> str:
    """Return a description of the values that a member of a union accepts, for an error message."""
    if is_annotated(member):
        return describe_member(get_args(member)[0])
    if is_literal(member):
        return f"one of {', '.join(map(repr, get_args(member)))}"
    if is_list(member):
        return "a list"
    if is_mapping(member):
        return "a mapping"
    if is_union(member):
        return f"a mapping or one of {', '.join(cls.__name__ for cls in get_args(member))}"
    return f"a mapping or a {member.__name__}" if is_wire_class(member) else _WORDS[member]
