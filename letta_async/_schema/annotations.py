"""Inspection of type annotations: unions, lists, literals, wire classes and the tags that distinguish them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import attrs

from letta_async._schema.record import Record
from letta_async._schema.unset import Unset

__all__ = [
    "field_names_by_wire_name",
    "is_annotated",
    "is_callable",
    "is_list",
    "is_literal",
    "is_mapping",
    "is_path",
    "is_typed_mapping",
    "is_union",
    "is_wire_class",
    "members_by_tag",
    "named_on_wire",
    "tag_of",
    "untagged_member",
    "value_members",
    "wire_names",
]


def is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def value_members(union: Any) -> list[Any]:
    """Return the members of a union without `None` and `UNSET`."""
    return [member for member in get_args(union) if member not in (NoneType, Unset)]


def is_annotated(annotation: Any) -> bool:
    return get_origin(annotation) is Annotated


def is_callable(annotation: Any) -> bool:
    return get_origin(annotation) is Callable


def is_literal(annotation: Any) -> bool:
    return get_origin(annotation) is Literal


def is_path(annotation: Any) -> bool:
    """Return whether an annotation is that of a path of a file: `str | PathLike[str]`, perhaps with `None`."""
    return is_union(annotation) and any(get_origin(member) is PathLike for member in get_args(annotation))


def is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list


def is_mapping(annotation: Any) -> bool:
    return get_origin(annotation) is Mapping


def is_typed_mapping(annotation: Any) -> bool:
    """Return whether an annotation is a mapping that says what its values are."""
    return is_mapping(annotation) and get_args(annotation)[1] is not Any


def is_wire_class(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Record)


def tag_of(cls: type[Any]) -> tuple[str, str] | None:
    """Return the name and value of a class's tag, a literal with a default; `None` for a class without one."""
    for field in attrs.fields(attrs.resolve_types(cls)):
        if is_literal(field.type) and isinstance(field.default, str):
            return field.name, field.default
    return None


def members_by_tag(members: Iterable[type[Any]]) -> tuple[str, dict[str, type[Any]]]:
    """Return the name of the tag of a union's members, and the member for each value of the tag."""
    tags = {tag[1]: (tag[0], cls) for cls in members if (tag := tag_of(cls))}
    names = {name for name, _ in tags.values()}
    (name,) = names
    return name, {value: cls for value, (_, cls) in tags.items()}


def untagged_member(members: Iterable[type[Any]]) -> type[Any] | None:
    """Return the member of a union that has no tag, which stands for unknown tags; `None` if each has one."""
    return next((cls for cls in members if tag_of(cls) is None), None)


def wire_names(cls: type[Any]) -> list[str]:
    """Return the names of a class's fields that are members of its JSON object."""
    return [field.name for field in attrs.fields(cls) if field.name != "extra_fields"]


def field_names_by_wire_name(cls: type[Any]) -> dict[str, str]:
    """Return the names of a class's fields by their names in its JSON object, where these differ."""
    return {field.metadata["wire"]: field.name for field in attrs.fields(cls) if "wire" in field.metadata}


def named_on_wire(name: str) -> dict[str, str]:
    """Return the metadata of an attrs field that has another name in the JSON object."""
    return {"wire": name}
