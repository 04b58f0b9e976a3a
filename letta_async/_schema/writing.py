"""Functions that make JSON objects from instances of a class, as source code that is generated for each class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from cattrs.fns import identity

from letta_async._schema.annotations import field_names_by_wire_name, tag_of, wire_names
from letta_async._schema.class_code import compiled_late
from letta_async._schema.unset import UNSET

__all__ = ["WriterOf", "unstructure_class"]

WriterOf = Callable[[Any], Callable[[Any], Any]]
"""Function that returns the function which converts values of an annotation."""


def unstructure_class(cls: type[Any], *, writer_of: WriterOf) -> Callable[[Any], dict[str, Any]]:
    """Return a function that makes a JSON object from an instance of a class, without fields that have their default.

    The tag of the class is there nevertheless, and so are the members that the class does not declare.
    """
    writer: Callable[[Any], dict[str, Any]] = compiled_late(
        f"JSON from {cls.__name__}", lambda: _names_of_code(cls, writer_of)
    )
    return writer


def _names_of_code(cls: type[Any], writer_of: WriterOf) -> dict[str, Any]:
    """Return the names that the code of a class's function uses, and its source."""
    fields = attrs.fields_dict(attrs.resolve_types(cls, include_extras=True))
    members = {name: wire for wire, name in field_names_by_wire_name(cls).items()}
    tag, _ = tag_of(cls) or (None, None)
    known: dict[str, Any] = {}
    source = ["def make(instance):", "    made = {}"]
    for number, name in enumerate(wire_names(cls)):
        default, writer = fields[name].default, writer_of(fields[name].type)
        known |= {f"default_{number}": default, f"write_{number}": writer}
        target = f"made[{members.get(name, name)!r}]"
        value = f"instance.{name}" if writer is identity else f"write_{number}(instance.{name})"
        if default is attrs.NOTHING or name == tag:
            source.append(f"    {target} = {value}")
            continue
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
            condition = f"!= default_{number}.factory()"
        elif default is UNSET or default is None:  # faster, and never calls the `__eq__` of a class
            condition = f"is not default_{number}"
        else:
            condition = f"!= default_{number}"
        source.append(f"    if instance.{name} {condition}: {target} = {value}")
    if "extra_fields" in fields:
        source.append("    if instance.extra_fields: made.update(instance.extra_fields)")
    source.append("    return made")
    return known | {"source": "\n".join(source)}
