"""Convert between JSON values and attrs classes, by cattrs: tolerant of whatever a newer server answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Final, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.fns import identity
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from letta_async._schema.annotations import (
    by_tag,
    is_annotated,
    is_list,
    is_literal,
    is_mapping,
    is_typed_mapping,
    is_union,
    is_wire_class,
    tag_of,
    untagged,
    value_members,
    wire_names,
)
from letta_async._schema.json_values import is_array, is_object
from letta_async._schema.pages import CursorPage, ObjectPage

__all__ = ["READABLE", "is_readable", "read", "write"]

Hook = Callable[[Any, Any], Any]

_PLAIN: Final[dict[type, str]] = {
    str: "a JSON string",
    list: "an array",
    dict: "an object",
    Mapping: "an object",
    int: "a number",
    float: "a number",
}
_SCALARS: Final = frozenset({str, int, float, bool})


READABLE: Final = "object, str, int, float, list, dict, a class of this package such as Block, list[Block]"
"""The types that `is_readable`, in words."""


# --- read: what a server answers --------------------------------------------------------------------------------------


def read(answer_type: Any, value: object) -> Any:
    """Make what the API promises from a JSON value, keeping what is unknown, or not as it should be, as it is.

    Raises:
        TypeError: the value itself, or an item of it, is of another kind than promised.

    """
    if type(value) is answer_type:
        return value  # a plain one
    if isinstance(answer_type, ObjectPage):
        return _read_page(answer_type, value)
    kind = get_origin(answer_type) or answer_type
    if kind in _PLAIN and not isinstance(value, kind):
        raise TypeError(f"{_PLAIN[kind]} was promised, not {_json_kind(value)}")
    made = _tolerant.structure(value, answer_type)
    promised = get_args(answer_type)[0] if is_list(answer_type) else answer_type
    if is_wire_class(promised) or (is_union(promised) and all(map(is_wire_class, value_members(promised)))):
        for item in made if is_list(answer_type) else [made]:
            if not isinstance(item, promised):
                raise TypeError(f"{_name(promised)} was promised, not {_json_kind(item)}{_lacking(promised, item)}")
    return made


def _read_page(page: ObjectPage, value: object) -> CursorPage[Any]:
    if not is_object(value):
        raise TypeError(f"an object was promised, not {_json_kind(value)}")
    if page.items_in not in value:
        raise TypeError(f"an object with {page.items_in} was promised, not one without")
    items: list[Any] = read(page.items, value[page.items_in])
    cursor = value.get(page.cursor_in)
    if cursor is not None and not isinstance(cursor, str):
        raise TypeError(f"{page.cursor_in} was promised as a JSON string, not as {_json_kind(cursor)}")
    more = cursor is not None if page.more_in is None else value.get(page.more_in, False)
    if not isinstance(more, bool):
        raise TypeError(f"{page.more_in} was promised as a boolean, not as {_json_kind(more)}")
    return CursorPage(items, cursor, more=more)


def is_readable(answer_type: Any) -> bool:
    """Tell whether `read` can keep to a type: a plain one, a class of the API, a union of some, or a list of either."""
    if any(answer_type is plain for plain in (object, Any, *_PLAIN)):
        return True
    if get_origin(answer_type) in (list, dict) and get_args(answer_type)[-1] in (object, Any):
        return True
    item = get_args(answer_type)[0] if is_list(answer_type) else answer_type
    members = get_args(item) if is_union(item) else [item]
    return all(is_wire_class(member) and "extra_fields" in attrs.fields_dict(member) for member in members)


def _json_kind(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    return next((words for kind, words in _PLAIN.items() if isinstance(value, kind)), "null")


def _name(promised: Any) -> str:
    if not is_union(promised):
        return str(promised.__name__)
    members = value_members(promised)
    name = str(members[0].__name__) if len(members) == 1 else f"an object with {by_tag(members)[0]}"
    return f"{name} or null" if NoneType in get_args(promised) else name


def _lacking(promised: Any, value: object) -> str:
    """Say which required fields an object lacks."""
    if is_union(promised) or not is_object(value):
        return ""
    return f" without {' and '.join(name for name in _required(promised) if name not in value)}"


def _required(cls: type[Any]) -> list[str]:
    return [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]


def _keep(value: Any, _: Any) -> Any:
    return value


def _read_moment(value: Any, _: Any) -> Any:
    """Read ISO 8601; without a zone it is UTC, as the server means it. What cannot be read stays as it is."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _read_list(annotation: Any) -> Hook:
    (item,) = get_args(annotation)
    inner = _tolerant.get_structure_hook(item)
    return lambda value, _: [inner(each, item) for each in value] if is_array(value) else value


def _read_mapping(annotation: Any) -> Hook:
    _, member = get_args(annotation)
    inner = _tolerant.get_structure_hook(member)
    return lambda value, _: {name: inner(each, member) for name, each in value.items()} if is_object(value) else value


def _read_union(annotation: Any) -> Hook:
    """Read what is one of several kinds: the kind of the JSON value tells which."""
    members = value_members(annotation)
    classes = [member for member in members if is_wire_class(member)]
    objects = classes or filter(is_mapping, members)
    from_object = _read_tagged(classes) if len(classes) > 1 else _first(objects)
    from_array = _first(member for member in members if is_list(member))
    from_text = _first(member for member in members if member is datetime and str not in members)

    def hook(value: Any, _: Any) -> Any:
        inner = from_object if is_object(value) else from_array if is_array(value) else from_text
        return inner(value, None)

    return hook


def _first(members: Iterable[Any]) -> Hook:
    """Give the hook of the first member; without one, what keeps a value as it is."""
    for member in members:
        inner = _tolerant.get_structure_hook(member)
        return lambda value, _: inner(value, member)
    return _keep


def _read_tagged(members: list[type[Any]]) -> Hook:
    """Read an object by its tag; one with an unknown tag, or unlike what its tag says, as the member without one."""
    name, classes = by_tag(members)
    fallback = untagged(members)

    def hook(value: Any, _: Any) -> Any:
        tag = value.get(name)
        cls = classes.get(tag) if isinstance(tag, str) else None
        made = value if cls is None else _tolerant.structure(value, cls)
        return _tolerant.structure(value, fallback) if made is value and fallback is not None else made

    return hook


def _read_class(cls: type[Any]) -> Hook:
    from_mapping: Hook = make_dict_structure_fn(
        cls, _tolerant, _cattrs_detailed_validation=False, extra_fields=override(omit=True)
    )
    names = frozenset(wire_names(cls))
    required = _required(cls)

    def hook(value: Any, _: Any) -> Any:
        if not is_object(value) or any(name not in value for name in required):
            return value
        unknown = {name: value[name] for name in value if name not in names}
        made = from_mapping(value, cls)
        return attrs.evolve(made, extra_fields=unknown) if unknown else made

    return hook


# --- write: JSON values -----------------------------------------------------------------------------------------------


def write(value: object) -> Any:
    """Turn an instance into JSON values: what is `UNSET` is left out, the field that tells classes apart is not."""
    return _tolerant.unstructure(value)


def _write_class(cls: type[Any]) -> Callable[[Any], Any]:
    overrides: dict[str, Any] = {"extra_fields": override(omit=True)}
    if mark := tag_of(cls):
        overrides[mark[0]] = override(omit_if_default=False)
    to_mapping: Callable[[Any], dict[str, Any]] = make_dict_unstructure_fn(
        cls, _tolerant, _cattrs_omit_if_default=True, **overrides
    )

    def hook(value: Any) -> Any:
        written = to_mapping(value)
        if value.extra_fields:
            written.update(value.extra_fields)
        return written

    return hook


def _write_union(annotation: Any) -> Callable[[Any], Any]:
    """Write values that are JSON as they stand without asking each time what they are, and the classes at once."""
    members = value_members(annotation)
    if all(map(_is_plain, members)):
        return identity
    hooks = {member: _tolerant.get_unstructure_hook(member) for member in members if is_wire_class(member)}

    def hook(value: Any) -> Any:
        known: Callable[[Any], Any] | None = hooks.get(type(value))
        return write(value) if known is None else known(value)

    return hook


def _write_mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    """Write an object, most of whose values are JSON as they stand."""
    return {name: each if type(each) in _SCALARS else write(each) for name, each in value.items()}


def _is_plain(annotation: Any) -> bool:
    if is_annotated(annotation):
        return _is_plain(get_args(annotation)[0])
    return is_literal(annotation) or annotation in _SCALARS


def _make_tolerant() -> Converter:
    converter = Converter(detailed_validation=False)
    converter.register_structure_hook_func(lambda _: True, _keep)
    for kind in (int, float, bool, str):
        converter.register_structure_hook(kind, _keep)
    converter.register_structure_hook(datetime, _read_moment)
    converter.register_structure_hook_factory(is_wire_class, _read_class)
    converter.register_structure_hook_factory(is_list, _read_list)
    converter.register_structure_hook_factory(is_typed_mapping, _read_mapping)
    converter.register_structure_hook_factory(is_union, _read_union)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_unstructure_hook_func(lambda cls: cls is dict or is_mapping(cls), _write_mapping)
    converter.register_unstructure_hook_factory(is_wire_class, _write_class)
    converter.register_unstructure_hook_factory(is_union, _write_union)
    return converter


_tolerant: Final = _make_tolerant()
