"""Tolerant conversion between JSON values and wire classes, by cattrs; it accepts what a newer server may send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from types import NoneType
from typing import Any, Final, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.fns import identity

from letta_async._schema.annotations import (
    is_annotated,
    is_list,
    is_literal,
    is_mapping,
    is_typed_mapping,
    is_union,
    is_wire_class,
    members_by_tag,
    value_members,
)
from letta_async._schema.class_code import Hook
from letta_async._schema.json_values import is_object
from letta_async._schema.pages import CursorPage, ObjectPage
from letta_async._schema.structuring import (
    return_unchanged,
    structure_class,
    structure_datetime,
    structure_list,
    structure_mapping,
    structure_union,
)
from letta_async._schema.writing import WriterOf, unstructure_class

__all__ = ["READABLE", "is_readable", "read", "reader_of", "write"]

_JSON_KINDS: Final[dict[type, str]] = {
    str: "a JSON string",
    list: "an array",
    dict: "an object",
    Mapping: "an object",
    int: "a number",
    float: "a number",
}
_SCALARS: Final = frozenset({str, int, float, bool})


READABLE: Final = "object, str, int, float, list, dict, a class of this package such as Block, list[Block]"
"""Description of the types that `is_readable` accepts, for error messages."""


# --- structure: from JSON values --------------------------------------------------------------------------------------


def read(result_type: Any, value: object) -> Any:
    """Convert a JSON value to the type that the API promises; keep unknown and invalid fields unchanged.

    The items of a list take the place of the JSON values that they are made of, in the list itself: so each of these is
    freed while the next is converted, and neither is all in memory twice nor has the garbage collector more to look at.

    Raises:
        TypeError: The value itself, or an item of it, is of another kind than promised.

    """
    if type(value) is result_type:
        return value
    return reader_of(result_type)(value)


@cache
def reader_of(result_type: Any) -> Callable[[object], Any]:
    """Return the function that converts JSON values to a type, as `read` does; it is made once for each type."""
    if isinstance(result_type, ObjectPage):
        return lambda value: _structure_page(result_type, value)
    kind = get_origin(result_type) or result_type
    hook: Hook = _tolerant_converter.get_structure_hook(result_type)
    promised = get_args(result_type)[0] if is_list(result_type) else result_type
    members = frozenset(get_args(promised) if is_union(promised) else (promised,))
    if promised is NoneType or not all(is_wire_class(member) or member is NoneType for member in members):
        return lambda value: hook(_require_kind(kind, value), result_type)

    def read_item(value: object) -> Any:
        made = hook(value, result_type)
        if type(made) not in members:
            problem = f"{_describe_type(promised)} was promised, not {_json_kind(made)}"
            raise TypeError(problem + _missing_fields_text(promised, made))
        return made

    if kind is not list:
        return read_item
    hook, result_type = _tolerant_converter.get_structure_hook(promised), promised

    def read_items(value: object) -> Any:
        items: list[Any] = _require_kind(list, value)
        for index, item in enumerate(items):
            items[index] = read_item(item)
        return items

    return read_items


def _require_kind(kind: Any, value: Any) -> Any:
    """Return a JSON value of the promised kind.

    Raises:
        TypeError: It is of another kind.

    """
    if kind in _JSON_KINDS and not isinstance(value, kind):
        raise TypeError(f"{_JSON_KINDS[kind]} was promised, not {_json_kind(value)}")
    return value


def _structure_page(page: ObjectPage, value: object) -> CursorPage[Any]:
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


def is_readable(result_type: Any) -> bool:
    """Return whether `read` can convert to a type: a JSON type, a wire class, a union of these, or a list of either."""
    if any(result_type is plain for plain in (object, Any, *_JSON_KINDS)):
        return True
    if get_origin(result_type) in (list, dict) and get_args(result_type)[-1] in (object, Any):
        return True
    item = get_args(result_type)[0] if is_list(result_type) else result_type
    members = get_args(item) if is_union(item) else [item]
    return all(is_wire_class(member) and "extra_fields" in attrs.fields_dict(member) for member in members)


def _json_kind(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    return next((words for kind, words in _JSON_KINDS.items() if isinstance(value, kind)), "null")


def _describe_type(promised: Any) -> str:
    if not is_union(promised):
        return str(promised.__name__)
    members = value_members(promised)
    name = str(members[0].__name__) if len(members) == 1 else f"an object with {members_by_tag(members)[0]}"
    return f"{name} or null" if NoneType in get_args(promised) else name


def _missing_fields_text(promised: Any, value: object) -> str:
    """Return words for an error message that name the required fields that an object lacks."""
    if is_union(promised) or not is_object(value):
        return ""
    return f" without {' and '.join(name for name in _required_fields(promised) if name not in value)}"


def _required_fields(cls: type[Any]) -> list[str]:
    return [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]


# --- unstructure: to JSON values --------------------------------------------------------------------------------------


def write(value: object) -> Any:
    """Convert an instance to JSON values, without fields that are `UNSET` and with the tag of its class."""
    return _writer_of(type(value))(value)


def _unstructure_union(annotation: Any) -> Callable[[Any], Any]:
    """Return a hook for a union that skips the conversion of JSON scalars, and looks up classes directly."""
    members = value_members(annotation)
    if all(map(_is_json_scalar, members)):
        return identity
    hooks = {member: _writer_of(member) for member in members if is_wire_class(member)}

    def hook(value: Any) -> Any:
        known: Callable[[Any], Any] | None = hooks.get(type(value))
        return write(value) if known is None else known(value)

    return hook


def _unstructure_mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a mapping to a JSON object; scalars, its most frequent values, need no conversion."""
    return {name: each if type(each) in _SCALARS else write(each) for name, each in value.items()}


def _is_json_scalar(annotation: Any) -> bool:
    if is_annotated(annotation):
        return _is_json_scalar(get_args(annotation)[0])
    return is_literal(annotation) or annotation in _SCALARS


def _make_tolerant_converter() -> Converter:
    converter = Converter(detailed_validation=False)
    converter.register_structure_hook_func(lambda _: True, return_unchanged)
    for kind in (int, float, bool, str):
        converter.register_structure_hook(kind, return_unchanged)
    converter.register_structure_hook(datetime, structure_datetime)
    hook_of = converter.get_structure_hook
    for fits, structure in (
        (is_wire_class, structure_class),
        (is_list, structure_list),
        (is_typed_mapping, structure_mapping),
        (is_union, structure_union),
    ):
        converter.register_structure_hook_factory(fits, partial(structure, hook_of=hook_of))
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_unstructure_hook_func(lambda cls: cls is dict or is_mapping(cls), _unstructure_mapping)
    converter.register_unstructure_hook_factory(
        is_wire_class, partial(unstructure_class, writer_of=converter.get_unstructure_hook)
    )
    converter.register_unstructure_hook_factory(is_union, _unstructure_union)
    return converter


_tolerant_converter: Final = _make_tolerant_converter()
_writer_of: Final[WriterOf] = _tolerant_converter.get_unstructure_hook
