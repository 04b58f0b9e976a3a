"""Hooks that make wire classes of JSON values; they accept what a newer server may send, and keep it unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_args

import attrs

from letta_async._schema.annotations import (
    field_names_by_wire_name,
    is_list,
    is_mapping,
    is_wire_class,
    members_by_tag,
    untagged_member,
    value_members,
)
from letta_async._schema.class_code import Hook, HookOf, generated, structure_lines
from letta_async._schema.json_values import is_array, is_object

__all__ = [
    "return_unchanged",
    "structure_class",
    "structure_datetime",
    "structure_list",
    "structure_mapping",
    "structure_union",
]

_DATETIME: Final = """    if given and {field} is not None:
        try:
            {field} = parse_datetime({field})
            if {field}.tzinfo is None: {field} = {field}.replace(tzinfo=UTC)
        except (TypeError, ValueError): pass"""
_CONVERTED: Final = """    if given and {field} is not None: {field} = hook_{field}({field}, None)"""


def return_unchanged(value: Any, _: Any) -> Any:
    return value


def structure_datetime(value: Any, _: Any) -> Any:
    """Parse ISO 8601, as UTC if it has no zone, as the server means it; return an invalid value unchanged."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def structure_list(annotation: Any, hook_of: HookOf) -> Hook:
    (item,) = get_args(annotation)
    inner = hook_of(item)
    if inner is return_unchanged:  # an embedding has thousands of numbers
        return return_unchanged

    def hook(value: Any, _: Any) -> Any:
        if value.__class__ is not list and not is_array(value):
            return value
        return [inner(each, item) for each in value]

    return hook


def structure_mapping(annotation: Any, hook_of: HookOf) -> Hook:
    _, member = get_args(annotation)
    inner = hook_of(member)
    return lambda value, _: {name: inner(each, member) for name, each in value.items()} if is_object(value) else value


def structure_union(annotation: Any, hook_of: HookOf) -> Hook:
    """Return a hook for a union; the kind of the JSON value selects the member."""
    members = value_members(annotation)
    classes = [member for member in members if is_wire_class(member)]
    objects = classes or filter(is_mapping, members)
    from_object = _structure_tagged(classes, hook_of) if len(classes) > 1 else _structure_first(objects, hook_of)
    from_array = _structure_first((member for member in members if is_list(member)), hook_of)
    from_text = _structure_first((each for each in members if each is datetime and str not in members), hook_of)
    if from_array is from_text is return_unchanged:
        return from_object
    if from_object is from_array is return_unchanged:
        return from_text
    if from_object is from_text is return_unchanged:
        return from_array
    known: dict[type, Hook] = {dict: from_object, list: from_array, str: from_text}

    def hook(value: Any, _: Any) -> Any:
        inner = known.get(value.__class__)
        if inner is None:
            inner = from_object if is_object(value) else from_array if is_array(value) else from_text
        return value if inner is return_unchanged else inner(value, None)

    return hook


def _structure_first(members: Iterable[Any], hook_of: HookOf) -> Hook:
    """Return the hook of the first member, or one that returns its value unchanged if there are no members."""
    return next(map(hook_of, members), return_unchanged)


def _structure_tagged(members: list[type[Any]], hook_of: HookOf) -> Hook:
    """Return a hook for tagged objects; the untagged member takes those that no tagged member fits.

    The tags are found at the first call: some unions have 18 members, of which most programs meet one or none.
    """
    name, hooks = "", dict[object, Hook]()
    fallback: Hook = return_unchanged

    def prepare() -> None:
        nonlocal name, fallback
        untagged_class = untagged_member(members)
        fallback = return_unchanged if untagged_class is None else hook_of(untagged_class)
        name, classes = members_by_tag(members)
        hooks.update({tag: hook_of(cls) for tag, cls in classes.items()})

    def hook(value: Any, _: Any) -> Any:
        if not hooks:
            prepare()
        try:
            made = hooks[value[name]](value, None)
        except (KeyError, TypeError):  # it has no tag, an unknown one, or is no object
            return fallback(value, None)
        return fallback(value, None) if made is value else made

    return hook


def structure_class(cls: type[Any], hook_of: HookOf) -> Hook:
    """Return a hook for a class, which keeps unknown fields, and a value that lacks a required one."""
    attrs.resolve_types(cls)  # imports what annotations name, which needs a descriptor: later all may be connections
    names = {"UTC": UTC, "parse_datetime": datetime.fromisoformat}
    hook = generated(cls, hook_of, structure_lines, _line, names)
    renames = field_names_by_wire_name(cls)
    if not renames:
        return hook
    return lambda value, _: hook(_renamed(value, renames), _) if is_object(value) else value


def _line(hook: Hook, variable: str) -> str | None:
    """Return the source that converts a variable; `None` if it stays as it is."""
    if hook is return_unchanged:
        return None
    return (_DATETIME if hook is structure_datetime else _CONVERTED).format(field=variable)


def _renamed(members: Mapping[str, Any], renames: Mapping[str, str]) -> dict[str, Any]:
    """Return the members of a JSON object by the names of the fields."""
    return {renames.get(name, name): value for name, value in members.items()}
