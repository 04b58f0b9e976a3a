"""Comparison of the declarations with a server's OpenAPI description, and scaffolding of a new one."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, get_args, get_origin

import attrs

from letta_async._schema.annotations import (
    field_names_by_wire_name,
    is_list,
    is_literal,
    is_mapping,
    is_union,
    is_wire_class,
    value_members,
    wire_names,
)
from letta_async._schema.placement import Form, WholeBody, split_placement
from letta_async._schema.upload import Upload
from letta_async.operations._operation import Operation
from letta_async.operations._tree import TREE

from .left_out import reason_for

__all__ = ["Description", "declared_fields", "differences", "scaffold"]

Kinds = frozenset[str]
_BY_TYPE: Final = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    datetime: "string",
    Upload: "string",
}
WHOLE: Final = "body"
"""Name of the parameter that is the body itself, such as a list."""
_VERBS: Final = ("get", "post", "put", "patch", "delete")


@attrs.frozen
class Field:
    """A parameter in an OpenAPI description."""

    place: str
    """`path`, `query` or `body`."""
    kinds: Kinds
    """Accepted kinds of JSON values; empty for any."""
    required: bool
    text: str


@attrs.frozen
class Description:
    """A server's OpenAPI description."""

    document: Mapping[str, Any]

    @classmethod
    def load(cls, source: str) -> Description:
        """Read a description from a file, or from the URL of a server.

        Raises:
            OSError: There is no such file, or the server does not respond.
            ValueError: It is not JSON.

        """
        if source.startswith(("http://", "https://")):
            url = source if source.endswith(".json") else f"{source.rstrip('/')}/openapi.json"
            with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310 - the scheme is checked above
                return cls(json.load(response))
        return cls(json.loads(Path(source).read_text(encoding="utf-8")))

    def calls(self) -> Iterator[tuple[str, str]]:
        """Yield the method and path of every call."""
        for path, verbs in self.document["paths"].items():
            yield from ((verb.upper(), path) for verb in verbs if verb in _VERBS)

    def fields(self, method: str, path: str) -> dict[str, Field]:
        """Return the parameters of a call, by their names on the wire."""
        call = self.document["paths"][path][method.lower()]
        fields: dict[str, Field] = {}
        for each in map(self._resolved, call.get("parameters", [])):
            if each["in"] in {"path", "query"}:
                schema = each.get("schema", {})
                fields[each["name"]] = Field(
                    each["in"], self._kinds(schema), each.get("required", False), _text(each, schema)
                )
        content = self._resolved(call.get("requestBody", {})).get("content", {})
        for media in ("application/json", "multipart/form-data"):
            schema = self._resolved(content.get(media, {}).get("schema", {}))
            if schema.get("type") == "array":
                needed = self._resolved(call["requestBody"]).get("required", False)
                fields[WHOLE] = Field("body", self._kinds(schema), needed, _text(schema))
            options = [self._resolved(each) for each in schema.get("anyOf", [])] or [schema]
            for option in options:
                for name, each in option.get("properties", {}).items():
                    needed = name in option.get("required", [])
                    fields.setdefault(name, Field("body", self._kinds(each), needed, _text(each, each)))
        return fields

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema

    def _kinds(self, schema: Mapping[str, Any]) -> Kinds:
        schema = self._resolved(schema)
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                each = [self._kinds(option) for option in schema[word]]
                return Kinds() if Kinds() in each else Kinds().union(*each)
        if "const" in schema or "enum" in schema:
            values = schema.get("enum", [schema.get("const")])
            return frozenset("string" if isinstance(value, str) else "null" for value in values)
        kind = schema.get("type")
        return frozenset([kind] if isinstance(kind, str) else kind or [])


def differences(description: Description) -> Iterator[str]:
    """Yield a line per difference between the declarations and a description."""
    known = {_shape(method, path): (method, path) for method, path in description.calls()}
    declared = {_shape(cls.http.method, cls.http.path) for cls in TREE.values()}
    seen: set[type[Operation[Any]]] = set()
    for attribute, cls in TREE.items():
        if cls in seen:
            continue
        seen.add(cls)
        place = known.get(_shape(cls.http.method, cls.http.path))
        if place is None:
            yield f"{attribute}: {cls.http.method} {cls.http.path} is not described"
        else:
            yield from _field_differences(attribute, declared_fields(cls), description.fields(*place))
    for shape, (method, path) in known.items():
        if shape not in declared and reason_for(method, path) is None:
            yield f"{method} {path} has no method"


def _field_differences(attribute: str, ours: Mapping[str, Field], theirs: Mapping[str, Field]) -> Iterator[str]:
    segments = [name for name, each in theirs.items() if each.place == "path"]
    own_segments = [name for name, each in ours.items() if each.place == "path"]
    renamed = dict(zip(own_segments, segments, strict=False))  # a segment's name is not on the wire
    for name, field in ours.items():
        other = theirs.get(renamed.get(name, name))
        if other is None:
            yield f"{attribute}: {name} is not described"
            continue
        if field.place != other.place:
            yield f"{attribute}: {name} goes into the {field.place}, described in the {other.place}"
        if field.required != other.required:
            yield f"{attribute}: {name} is {'required' if field.required else 'optional'}, described the other way"
        if field.kinds and other.kinds and field.kinds != other.kinds:
            yield f"{attribute}: {name} is {_words(field.kinds)}, described as {_words(other.kinds)}"
    for name, other in theirs.items():
        if name not in ours and name not in renamed.values():
            needed = "required " if other.required else ""
            yield f"{attribute}: lacks the {needed}{other.place} parameter {name} ({_words(other.kinds)})"


def declared_fields(cls: type[Operation[Any]]) -> dict[str, Field]:
    """Return the parameters that a call declares, by their names on the wire."""
    fields: dict[str, Field] = {}
    for each in attrs.fields(attrs.resolve_types(cls, include_extras=True)):
        placement, annotation = split_placement(each.type)
        if isinstance(placement, WholeBody) and not is_list(annotation):
            fields |= _fields_of_body(annotation)
            continue
        place = "body" if isinstance(placement, Form | WholeBody) else type(placement).__name__.lower()
        name = WHOLE if isinstance(placement, WholeBody) else placement.name or each.name
        if name not in fields or fields[name].place != "path":  # descriptions are read so as well
            fields[name] = Field(place, _kinds_of(annotation), each.default is attrs.NOTHING, "")
    return fields


def _fields_of_body(annotation: Any) -> dict[str, Field]:
    """Return the members of a body that is one parameter: the fields of its classes, where the first has precedence."""
    fields: dict[str, Field] = {}
    for cls in filter(is_wire_class, value_members(annotation) or [annotation]):
        names = {field: name for name, field in field_names_by_wire_name(cls).items()}
        declared = attrs.fields_dict(attrs.resolve_types(cls, include_extras=True))
        for name in wire_names(cls):
            field = Field("body", _kinds_of(declared[name].type), declared[name].default is attrs.NOTHING, "")
            fields.setdefault(names.get(name, name), field)
    return fields


def _kinds_of(annotation: Any) -> Kinds:
    if get_origin(annotation) is Annotated:
        return _kinds_of(get_args(annotation)[0])
    if is_union(annotation):
        null = {"null"} if NoneType in get_args(annotation) else set[str]()
        return frozenset(null).union(*(_kinds_of(member) for member in value_members(annotation)))
    if is_literal(annotation):
        return frozenset({"string"})
    if is_list(annotation):
        return frozenset({"array"})
    if is_wire_class(annotation) or is_mapping(annotation):
        return frozenset({"object"})
    return frozenset({_BY_TYPE[annotation]}) if annotation in _BY_TYPE else frozenset()


def scaffold(description: Description, method: str, path: str) -> str:
    """Return a class to edit for a call.

    Raises:
        KeyError: The call is not described.

    """
    call = description.document["paths"][path][method.lower()]
    name = "".join(word.capitalize() for word in str(call.get("operationId", "call")).split("_"))
    lines = [
        "@operation",
        f"class {name}(Operation[object]):",
        f'    """{str(call.get("summary", name)).rstrip(".")}."""',
        "",
        f'    http: ClassVar[Endpoint] = {method.upper()}("{path}")',
        "",
    ]
    for field, each in sorted(description.fields(method, path).items(), key=lambda item: not item[1].required):
        python = " | ".join(_PYTHON.get(kind, "object") for kind in sorted(each.kinds, key=lambda kind: kind == "null"))
        if each.required:
            annotation = f"Annotated[{python or 'object'}, {each.place.capitalize()}()]"
        else:
            annotation = f"In{each.place.capitalize()}[{python or 'object'}] = UNSET"
        lines += [f"    {field}: {annotation}", f'    """{each.text or field}"""']
    return "\n".join(lines)


_PYTHON: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list[object]",
    "object": "Mapping[str, Any]",
    "null": "None",
}


def _text(*schemas: Mapping[str, Any]) -> str:
    return next((" ".join(each["description"].split()) for each in schemas if each.get("description")), "")


def _words(kinds: Kinds) -> str:
    return " or ".join(sorted(kinds)) or "anything"


def _shape(method: str, path: str) -> tuple[str, str]:
    return method, re.sub(r"\{\w+\}", "{}", path)
