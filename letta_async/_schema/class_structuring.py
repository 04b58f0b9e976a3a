"""Hooks that make the instances of a class of JSON objects, as source code that is generated for each class."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import FunctionType
from typing import Any, Final

import attrs

from letta_async._schema.annotations import field_names_by_wire_name, wire_names
from letta_async._schema.json_values import is_object
from letta_async._schema.structuring import Hook, HookOf, return_unchanged, structure_datetime

__all__ = ["structure_class"]

_MISSING: Final = object()
"""Value of a required field that a JSON object lacks."""
_HEAD: Final = """
def structure(value, _):
    if type(value) is not dict and not is_object(value):
        return value
    given = {{**defaults, **value}}
    unknown = None
    if len(given) > {count}:
        unknown = {{name: given.pop(name) for name in value if name not in defaults}}
"""
_FIELDS: Final = """
    {fields}, = given.values()
"""
_REQUIRED: Final = """
    if {missing}:
        return value
"""
_DATETIME: Final = """
    if {given}:
        try:
            {field} = parse_datetime({field})
            if {field}.tzinfo is None:
                {field} = {field}.replace(tzinfo=UTC)
        except (TypeError, ValueError):
            pass
"""
_CONVERTED: Final = """
    if {given}:
        {field} = hook_{field}({field}, None)
"""
_MADE: Final = """
    made = new(writable)
"""
_SET: Final = """
    made.{name} = {field}
"""
_END: Final = """
    if unknown is not None:
        made.extra_fields = unknown
    made.__class__ = cls
    return made
"""


def structure_class(cls: type[Any], hook_of: HookOf) -> Hook:
    """Return a hook for a class: it converts the fields that need it, and sets each without `__init__`.

    Lists of thousands and event streams go through here. `__init__` of a frozen class takes longer than all the rest:
    it finds each of its keyword arguments, and sets it by `object.__setattr__`, which looks the field up again. Plain
    assignments in generated code take a tenth of that, so an instance is made as one of a subclass that is not frozen,
    and becomes one of the class at the end. `extra_fields` is left out if it is empty: `WireObject` makes it when it is
    first read.

    The code is generated at the first call, for a response has few of the classes that it can have.
    """
    known: dict[str, Any] = {}

    def generate() -> Hook:
        known.update(_names_of_code(cls, hook_of))
        exec(compile(known["source"], f"<structure {cls.__name__}>", "exec"), known)  # noqa: S102 - made of field names
        made.__code__ = known["structure"].__code__
        return hook

    known["generate"] = generate
    made: Any = FunctionType(_first_call.__code__, known, f"structure_{cls.__name__}")
    hook: Hook = made
    renames = field_names_by_wire_name(cls)
    if not renames:
        return hook
    return lambda value, _: made(_renamed(value, renames), _) if is_object(value) else value


def _first_call(value: Any, _: Any) -> Any:
    return generate()(value, _)  # type: ignore[name-defined]  # noqa: F821 - of the function that gets this code


def _names_of_code(cls: type[Any], hook_of: HookOf) -> dict[str, Any]:
    """Return the names that the code of a class's hook uses, and its source."""
    fields = attrs.fields_dict(attrs.resolve_types(cls))
    variables = {name: f"f{number}" for number, name in enumerate(wire_names(cls))}
    defaults = {name: fields[name].default for name in variables}
    known: dict[str, Any] = {
        "UTC": UTC,
        "cls": cls,
        "defaults": {name: _MISSING if each is attrs.NOTHING else each for name, each in defaults.items()},
        "is_object": is_object,
        "missing": _MISSING,
        "new": object.__new__,
        "parse_datetime": datetime.fromisoformat,
        "writable": _writable(cls),
    }
    source = [_HEAD.format(count=len(variables))]
    if variables:
        source.append(_FIELDS.format(fields=", ".join(variables.values())))
    if required := [f"{variables[name]} is missing" for name, each in defaults.items() if each is attrs.NOTHING]:
        source.append(_REQUIRED.format(missing=" or ".join(required)))
    for name, variable in variables.items():
        hook = hook_of(fields[name].type)
        if hook is return_unchanged:
            continue
        given = f"{variable} is not None"
        if defaults[name] not in (None, attrs.NOTHING):
            given += f" and {variable} is not defaults[{name!r}]"
        known[f"hook_{variable}"] = hook
        source.append((_DATETIME if hook is structure_datetime else _CONVERTED).format(field=variable, given=given))
    source += [_MADE, *(_SET.format(name=name, field=variable) for name, variable in variables.items()), _END]
    return known | {"source": "".join(source)}


def _writable(cls: type[Any]) -> type[Any]:
    """Return a subclass of the same layout whose fields are assigned as those of any class.

    The interpreter does so directly only if `__delattr__` is the usual one as well.
    """
    usual = {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(f"_Writable{cls.__name__}", (cls,), {**usual, "__module__": __name__})


def _renamed(members: Mapping[str, Any], renames: Mapping[str, str]) -> dict[str, Any]:
    """Return the members of a JSON object by the names of the fields."""
    return {renames.get(name, name): value for name, value in members.items()}
