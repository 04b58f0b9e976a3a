"""Types of parameters: the JSON Schema of an annotation, and the conversion of JSON values to what it promises."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections import abc
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any, Final, NotRequired, Required, TypeGuard, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs

from letta_async._schema.annotations import is_annotated, is_literal, is_union
from letta_async.errors import ArgumentProblem
from letta_async.function_tools.conversions import (
    Convert,
    to_anything,
    to_array,
    to_choice,
    to_format,
    to_mapping,
    to_model,
    to_object,
    to_scalar,
    to_tuple,
    to_union,
)

__all__ = ["ParameterType", "TypeReader", "UnknownTypeError"]

_SCALARS: Final[dict[type[Any], tuple[str, str]]] = {
    str: ("string", "a string"),
    bool: ("boolean", "a boolean"),
    int: ("integer", "an integer"),
    float: ("number", "a number"),
    NoneType: ("null", "null"),
}
"""Name of each scalar type in JSON Schema, and in messages."""
_FORMATS: Final[dict[type[Any], tuple[dict[str, str], str, Callable[[str], Any]]]] = {
    datetime: ({"format": "date-time"}, "a time in ISO 8601", datetime.fromisoformat),
    date: ({"format": "date"}, "a date in ISO 8601", date.fromisoformat),
    UUID: ({"format": "uuid"}, "a UUID", UUID),
    Decimal: ({}, "a decimal number as a string", Decimal),
    Path: ({}, "a string", Path),
}
"""Types that are strings in JSON: what their schema says besides, their name in messages, and how they are parsed."""
_ARRAYS: Final[dict[Any, Callable[[list[Any]], Any]]] = {
    **dict.fromkeys((list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable), list),
    **dict.fromkeys((set, abc.Set, abc.MutableSet), set),
    frozenset: frozenset,
}
"""Types that are arrays in JSON, and what is made of a list."""
_OBJECTS: Final = frozenset({dict, abc.Mapping, abc.MutableMapping})


class UnknownTypeError(Exception):
    """An annotation that has no JSON Schema; the text says which."""


@attrs.frozen
class ParameterType:
    """Type of a parameter."""

    schema: dict[str, Any]
    """JSON Schema."""
    convert: Convert
    """Function that converts a JSON value to what the annotation promises."""


class TypeReader:
    """Reader of the annotations of one function.

    A class is described where it is used; one that contains itself is in `definitions`.
    """

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}
        """JSON Schema of each class that others refer to as `#/$defs/…`, by name."""
        self._open: list[Any] = []
        self._recursive: dict[Any, Convert | None] = {}

    def read(self, annotation: Any) -> ParameterType:
        """Return the type that an annotation means.

        Raises:
            UnknownTypeError: It has no JSON Schema.

        """
        origin = get_origin(annotation) or annotation
        if is_annotated(annotation):
            return self._annotated(*get_args(annotation))
        if is_literal(annotation):
            return _choice([(each.value if isinstance(each, Enum) else each, each) for each in get_args(annotation)])
        if is_union(annotation):
            return _union([self.read(member) for member in get_args(annotation)])
        if origin is tuple:
            return self._tuple(get_args(annotation))
        if origin in (Any, object):
            return ParameterType({}, to_anything)
        if origin in _ARRAYS:
            return self._array(*get_args(annotation) or (Any,), make=_ARRAYS[origin])
        if origin in _OBJECTS:
            return self._mapping(annotation)
        for name in ("__value__", "__supertype__"):  # an alias by the statement `type`, or a `NewType`
            if not isinstance(annotation, type) and hasattr(annotation, name):
                return self.read(getattr(annotation, name))
        return self._class(NoneType if annotation is None else annotation)

    def _annotated(self, base: Any, *metadata: Any) -> ParameterType:
        described = self.read(base)
        for each in metadata:
            named = [getattr(each, name, None) for name in ("description", "documentation")]
            for text in [each, *named]:
                if isinstance(text, str):
                    return attrs.evolve(described, schema={**described.schema, "description": text})
        return described

    def _array(self, item: Any, *, make: Callable[[list[Any]], Any]) -> ParameterType:
        described = self.read(item)
        schema: dict[str, Any] = {"type": "array", "items": described.schema}
        if make in (set, frozenset):
            schema["uniqueItems"] = True
        return ParameterType(schema, partial(to_array, described.convert, make))

    def _tuple(self, arguments: Sequence[Any]) -> ParameterType:
        if not arguments or arguments[-1] is Ellipsis:
            return self._array(arguments[0] if arguments else Any, make=tuple)
        items = [self.read(argument) for argument in arguments]
        length = {"minItems": len(items), "maxItems": len(items)}
        schema = {"type": "array", "prefixItems": [item.schema for item in items], **length}
        return ParameterType(schema, partial(to_tuple, [item.convert for item in items]))

    def _mapping(self, annotation: Any) -> ParameterType:
        key, value = get_args(annotation) or (str, Any)
        if key not in (str, Any):
            raise UnknownTypeError(f"{_show(annotation)} has no JSON Schema, since names in JSON are strings")
        described = self.read(value)
        schema = {"type": "object", "additionalProperties": described.schema or True}
        return ParameterType(schema, partial(to_mapping, described.convert))

    def _class(self, cls: Any) -> ParameterType:
        if _is_class(cls):
            if cls in _SCALARS:
                return ParameterType({"type": _SCALARS[cls][0]}, partial(to_scalar, cls, _SCALARS[cls][1]))
            if cls in _FORMATS:
                more, word, parse = _FORMATS[cls]
                return ParameterType({"type": "string", **more}, partial(to_format, parse, word))
            if issubclass(cls, Enum):
                return _choice([(member.value, member) for member in cls], _docstring(cls))
            if all(callable(getattr(cls, name, None)) for name in ("model_json_schema", "model_validate")):
                return self._model(cls)
            if typing.is_typeddict(cls) or dataclasses.is_dataclass(cls) or attrs.has(cls):
                return self._object_or_ref(cls)
        raise UnknownTypeError(f"{_show(cls)} has no JSON Schema")

    def _model(self, cls: Any) -> ParameterType:
        """Describe a model of pydantic, or of what has its methods."""
        schema: dict[str, Any] = dict(cls.model_json_schema())
        for name, definition in schema.pop("$defs", {}).items():
            self._define(name, definition)
        return ParameterType(schema, partial(to_model, cls.model_validate))

    def _object_or_ref(self, cls: Any) -> ParameterType:
        """Describe a class with fields; within itself by a reference."""
        name = cls.__name__
        reference = ParameterType({"$ref": f"#/$defs/{name}"}, partial(self._convert_recursive, cls))
        if cls in self._open:
            self._recursive[cls] = None
            return reference
        self._open.append(cls)
        try:
            described = self._object(cls)
        finally:
            self._open.remove(cls)
        if cls not in self._recursive:
            return described
        self._recursive[cls] = described.convert
        self._define(name, described.schema)
        return reference

    def _convert_recursive(self, cls: Any, value: Any, path: str, problems: list[ArgumentProblem]) -> Any:
        convert = self._recursive[cls]
        assert convert is not None  # noqa: S101 - known before any value is converted
        return convert(value, path, problems)

    def _object(self, cls: Any) -> ParameterType:
        try:
            hints = get_type_hints(cls, include_extras=True)
        except (NameError, AttributeError, TypeError, SyntaxError) as error:
            raise UnknownTypeError(f"{_show(cls)} has a field with an annotation that is not known: {error}") from None
        if typing.is_typeddict(cls):
            annotations = {name: _without_required(hint) for name, hint in hints.items()}
            required = [name for name, hint in hints.items() if _is_required(hint, name in cls.__required_keys__)]
        else:
            annotations = dict(_constructor_types(cls, hints))
            parameters = inspect.signature(cls).parameters
            required = [name for name in annotations if parameters[name].default is inspect.Parameter.empty]
        types = {name: self.read(annotation) for name, annotation in annotations.items()}
        schema = object_schema({name: each.schema for name, each in types.items()}, required)
        if text := _docstring(cls):
            schema = {"description": text, **schema}
        make = partial(to_object, {name: each.convert for name, each in types.items()}, required, cls)
        return ParameterType(schema, make)

    def _define(self, name: str, schema: dict[str, Any]) -> None:
        if self.definitions.setdefault(name, schema) != schema:
            raise UnknownTypeError(f"two classes are named {name}")


def object_schema(properties: dict[str, Any], required: Sequence[str]) -> dict[str, Any]:
    """Return the JSON Schema of an object."""
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def _choice(choices: Sequence[tuple[Any, Any]], text: str = "") -> ParameterType:
    values = [value for value, _ in choices]
    for value in values:
        if type(value) not in _SCALARS:
            raise UnknownTypeError(f"the choice {value!r} has no form in JSON")
    names = list(dict.fromkeys(_SCALARS[type(value)][0] for value in values))
    schema: dict[str, Any] = {"description": text} if text else {}
    schema |= {"type": names[0] if len(names) == 1 else names, "enum": values}
    return ParameterType(schema, partial(to_choice, choices))


def _union(members: Sequence[ParameterType]) -> ParameterType:
    schemas: list[dict[str, Any]] = []
    for member in members:
        if member.schema not in schemas:
            schemas.append(member.schema)
    return ParameterType({"anyOf": schemas}, partial(to_union, [member.convert for member in members]))


def _constructor_types(cls: Any, hints: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """Yield the parameters of a class's constructor with the annotations of the fields that they set."""
    aliases = {field.alias: field.name for field in attrs.fields(cls)} if attrs.has(cls) else {}
    for name in inspect.signature(cls).parameters:
        hint = hints.get(aliases.get(name, name))
        if hint is None:
            raise UnknownTypeError(f"{_show(cls)} has a parameter {name} without an annotated field")
        yield name, hint.type if _is_initial(hint) else hint


def _is_class(value: Any) -> TypeGuard[type[Any]]:
    return isinstance(value, type)


def _is_initial(hint: Any) -> bool:
    return isinstance(hint, dataclasses.InitVar)


def _without_required(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint


def _is_required(hint: Any, otherwise: bool) -> bool:
    return get_origin(hint) is Required if get_origin(hint) in (Required, NotRequired) else otherwise


def _docstring(cls: type[Any]) -> str:
    """Return the first paragraph of a class's own docstring; the one that `dataclass` writes is none."""
    text = inspect.cleandoc(vars(cls).get("__doc__") or "")
    return "" if text.startswith(f"{cls.__name__}(") else text.partition("\n\n")[0]


def _show(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
