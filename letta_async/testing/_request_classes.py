"""Decorator that makes a class of a request's fields, with the types of the SDK's operation."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs

from letta_async._schema.placement import split_placement
from letta_async.operations._operation import Operation

__all__ = ["REQUIRED", "reads"]

T = TypeVar("T")

REQUIRED: Final[Any] = object()
"""Default of a field that is required."""


def reads(call: type[Operation[Any]]) -> Callable[[type[T]], type[T]]:
    """Return a decorator that makes a class of fields with defaults an attrs class.

    A field without an annotation has the type of the operation's field of that name.

    Raises:
        KeyError: The operation has no field of that name.

    """

    def made(cls: type[T]) -> type[T]:
        own, of_call = (typing.get_type_hints(each, include_extras=True) for each in (cls, call))
        fields: dict[str, Any] = {}
        methods: dict[str, Any] = {}
        for name, value in vars(cls).items():
            if isinstance(value, staticmethod):
                methods[name] = value
            elif not name.startswith("__"):
                fields[name] = _field(value, own[name] if name in own else split_placement(of_call[name])[1])
        methods["__doc__"] = cls.__doc__
        return attrs.make_class(cls.__name__, fields, class_body=methods, frozen=True, kw_only=True)

    return made


def _field(value: Any, annotation: Any) -> Any:
    field: Any = attrs.field() if value is REQUIRED else value
    if not hasattr(field, "counter"):
        field = attrs.field(default=value)
    field.type = annotation
    return field
