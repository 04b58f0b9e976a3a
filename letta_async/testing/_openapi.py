"""OpenAPI 3.1 description of the server, derived from the routes and the classes that they refer to.

It describes the intended types, not all values that are accepted: like the real server, this one reads `"1"` as a
number and ignores unknown fields. Routes without a name are left out, as on the real server.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
import types
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import attrs

from letta_async._schema.annotations import is_union, tag_of, value_members
from letta_async._schema.constraints import Range
from letta_async._schema.pages import ObjectPage
from letta_async._schema.placement import Pattern
from letta_async._schema.upload import Upload
from letta_async._schema.wire_object import WireObject
from letta_async.testing import _facts
from letta_async.testing._event_stream import EventStream
from letta_async.testing._ids import path_parameter
from letta_async.testing._route import REFUSED, Route
from letta_async.testing._routes import ROUTES
from letta_async.testing._scalars import Text
from letta_async.testing._validation import (
    Bounds,
    Choices,
    Enum,
    SchemaHint,
    Tagged,
    Undescribed,
    defaults_of,
    field_hint,
    hints_of,
    known_members,
)

__all__ = ["description"]

_SCALARS: Final[Mapping[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    dict: {"type": "object"},
    Upload: {"type": "string", "contentMediaType": "application/octet-stream"},
    None: {"type": "null"},
    types.NoneType: {"type": "null"},
    Any: {},
}
_ERROR: Final = {
    "description": "The request was refused; `detail` says why.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"detail": {"type": "string"}, "trace_id": {"type": "string"}},
                "required": ["detail"],
            }
        }
    },
}
_KEY: Final = {"type": "http", "scheme": "bearer", "description": "The server's password, where it has one."}


@functools.cache
def description() -> bytes:
    """Return the description as JSON."""
    return json.dumps(_describe()).encode()


def _describe() -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        if route.name is not None or route.scripted:
            path = "/v1" + re.sub(r"\{(\w+)\}", lambda found: f"{{{path_parameter(found[1])[0]}}}", route.path)
            paths.setdefault(path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Letta, embedded",
            "version": _facts.VERSION,
            "description": "A server for tests, in memory: the part of Letta's API that letta_async has methods for.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {"Error": _ERROR},
            "securitySchemes": {"key": _KEY},
        },
        "security": [{}, {"key": []}],
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    summary = inspect.cleandoc(route.answer.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    operation: dict[str, Any] = {
        "summary": summary,
        "parameters": [*_path_parameters(route, schemas), *_query_parameters(route.query, schemas)],
        "responses": {
            "200": {
                "description": "What was asked for.",
                "content": _content(route.gives, schemas),
            },
            "4XX": {"$ref": "#/components/responses/Error"},
        },
    }
    if route.name is not None:
        operation["operationId"] = route.name
    if route.scripted:
        operation["responses"]["501"] = {**_ERROR, "description": "The server waits for a script to answer."}
    if route.failures:
        operation["responses"]["500"] = {
            "description": "Some requests in good order fail on the real server, and so they do here.",
            "content": {"application/json": {"schema": {"enum": [failure().body for failure in route.failures]}}},
        }
    if route.body is not None:
        operation["requestBody"] = {
            "content": {"application/json": {"schema": _schema(route.body, schemas)}},
            "required": route.without_body is REFUSED,
        }
    if route.form is not None:
        operation["requestBody"] = {
            "content": {"multipart/form-data": {"schema": _schema(route.form, schemas)}},
            "required": True,
        }
    return operation


def _content(gives: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    if gives is EventStream:
        return {"text/event-stream": {}}
    return {"application/json": {"schema": _schema(gives, schemas)}}


def _path_parameters(route: Route, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    named = [path_parameter(name) for name in re.findall(r"\{(\w+)\}", route.path)]
    return [
        {"name": name, "in": "path", "required": True, "schema": _schema(annotation, schemas)}
        for name, annotation in named
    ]


def _query_parameters(query: type, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    for name, default in defaults_of(query).items():
        if Undescribed() in get_args(hints_of(query)[name]):
            continue
        schema = _schema(_without_null(hints_of(query)[name]), schemas)
        if default not in {None, _facts.REQUIRED} and not isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class
            schema = {**schema, "default": default}
        parameters.append({"name": name, "in": "query", "required": default is _facts.REQUIRED, "schema": schema})
    return parameters


def _without_null(annotation: Any) -> Any:
    """Return the annotation of a query parameter without `None`: a query has no null."""
    return value_members(annotation)[0] if is_union(annotation) else annotation


def _schema(annotation: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of an annotation; those of classes are added to `schemas` by name, and referred to."""
    if annotation in _SCALARS:
        return dict(_SCALARS[annotation])
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        for mark in arguments[1:]:
            if isinstance(mark, Choices | Tagged):
                return {"anyOf": [_schema(each, schemas) for _, each in mark.members]}
        schema = _schema(arguments[0], schemas)
        for mark in arguments[1:]:
            schema |= _marked(mark)
        return schema
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if isinstance(annotation, ObjectPage):
        properties = {annotation.items_in: _schema(annotation.items, schemas)}
        properties[annotation.cursor_in] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        if annotation.more_in is not None:
            properties[annotation.more_in] = {"type": "boolean"}
        return {"type": "object", "properties": properties, "required": [annotation.items_in]}
    if is_union(annotation):
        return _union(annotation, schemas)
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0], schemas)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(arguments[1], schemas)}
    return _class(annotation, schemas)


def _marked(mark: object) -> dict[str, Any]:
    if isinstance(mark, SchemaHint):
        return dict(mark.schema())
    if isinstance(mark, Bounds):
        return {"minimum": mark.minimum, "maximum": mark.maximum}
    if isinstance(mark, Range):
        return _present(minimum=mark.minimum, maximum=mark.maximum)
    if isinstance(mark, Pattern):
        return {"pattern": f"^(?:{mark.regex})$"}
    if isinstance(mark, Enum) and mark.words:
        return {"enum": list(mark.words)}
    if isinstance(mark, Text):
        return _present(pattern=mark.pattern, minLength=mark.min_length, maxLength=mark.max_length)
    return {}


def _present(**schema: Any) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if value is not None}


def _union(annotation: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    members = value_members(annotation)
    if len(members) > 1 and all(map(attrs.has, members)):
        members = known_members(members)
    described = [_schema(member, schemas) for member in members]
    if types.NoneType in get_args(annotation):
        described.append({"type": "null"})
    return described[0] if len(described) == 1 else {"anyOf": described}


def _class(cls: type[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    name = cls.__name__
    if name not in schemas:
        schemas[name] = {}  # a class that refers to itself finds it
        defaults = {field: default for field, default in defaults_of(cls).items() if field != "extra_fields"}
        schemas[name] = {
            "type": "object",
            "description": inspect.getdoc(cls) or "",
            "properties": {field: _schema(field_hint(cls, field), schemas) for field in defaults},
            "required": [field for field, default in defaults.items() if default is _facts.REQUIRED],
        }
        if attrs.has(cls) and issubclass(cls, WireObject) and (tag := tag_of(cls)) is not None:
            schemas[name]["required"] = sorted({*schemas[name]["required"], tag[0]})
    return {"$ref": f"#/components/schemas/{name}"}
