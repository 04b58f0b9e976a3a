"""Convert between JSON values and attrs classes, by cattrs: tolerant of whatever a newer server answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from letta_async._annotations import by_tag, is_union, is_wire_class, tag_of, value_members, wire_names
from letta_async._json import is_object
from letta_async.models.providers import UnknownModelSettings

__all__ = ["read", "write"]

Hook = Callable[[Any, Any], Any]

_PLAIN: Final[dict[type, str]] = {
    str: "a JSON string",
    list: "an array",
    dict: "an object",
    int: "a number",
    float: "a number",
}


# --- read: what a server answers --------------------------------------------------------------------------------------


def read(answer_type: Any, value: object) -> Any:
    """Make what the API promises from a JSON value, keeping what is unknown as it is.

    Raises:
        TypeError: the value is of another kind than promised.

    """
    if answer_type in _PLAIN and not isinstance(value, answer_type):
        raise TypeError(f"{_PLAIN[answer_type]} was promised, not {_json_kind(value)}")
    return _tolerant.structure(value, answer_type)


def _json_kind(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    return next((words for kind, words in _PLAIN.items() if isinstance(value, kind)), "null")


def _keep(value: Any, _: Any) -> Any:
    return value


def _read_union(annotation: Any) -> Hook:
    members = [member for member in value_members(annotation) if is_wire_class(member)]
    if not members:
        return _keep
    if len(members) == 1:
        (only,) = members
        return lambda value, _: _tolerant.structure(value, only)
    name, classes = by_tag(members)
    fallback = UnknownModelSettings if UnknownModelSettings in members else None

    def hook(value: Any, _: Any) -> Any:
        tag = value.get(name) if is_object(value) else None
        cls = classes.get(tag, fallback) if isinstance(tag, str) else None
        return value if cls is None else _tolerant.structure(value, cls)

    return hook


def _read_class(cls: type[Any]) -> Hook:
    from_mapping: Hook = make_dict_structure_fn(
        cls, _tolerant, _cattrs_detailed_validation=False, extra_fields=override(omit=True)
    )
    names = frozenset(wire_names(cls))
    required = [f.name for f in attrs.fields(cls) if f.default is attrs.NOTHING]

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
        return {**written, **value.extra_fields} if value.extra_fields else written

    return hook


def _make_tolerant() -> Converter:
    converter = Converter(detailed_validation=False)
    converter.register_structure_hook_func(lambda _: True, _keep)
    for kind in (int, float, bool, str):
        converter.register_structure_hook(kind, _keep)
    converter.register_structure_hook_factory(is_wire_class, _read_class)
    converter.register_structure_hook_factory(is_union, _read_union)
    converter.register_unstructure_hook_factory(is_wire_class, _write_class)
    return converter


_tolerant: Final = _make_tolerant()
