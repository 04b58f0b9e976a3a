"""Parts of routes for operations that the server does not implement, and answers only by `EmbeddedServer.script`.

They are derived from the operations, so that a new operation needs no code here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from letta_async._schema.placement import Body, Form, Placement, Query, WholeBody, split_placement
from letta_async.operations._operation import Operation
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal
from letta_async.testing._state import Store

__all__ = ["body_of", "form_of", "query_of", "without_answer"]


def query_of(operation: type[Operation[Any]]) -> type[Any]:
    """Return a class with the query parameters of an operation, by their names on the wire."""
    return attrs.make_class(f"{operation.__name__}Query", _fields(operation, Query), frozen=True, kw_only=True)


def body_of(operation: type[Operation[Any]]) -> Any:
    """Return a class with the fields of an operation's JSON body, by their names on the wire; `None` if it has none.

    For a body that is no object, return its annotation.
    """
    for each in attrs.fields(attrs.resolve_types(operation, include_extras=True)):
        placement, annotation = split_placement(each.type)
        if isinstance(placement, WholeBody):
            return annotation
    fields = _fields(operation, Body)
    return attrs.make_class(operation.__name__, fields, frozen=True, kw_only=True) if fields else None


def form_of(operation: type[Operation[Any]]) -> type[Any] | None:
    """Return a class with the fields of an operation's form, by their names on the wire; `None` if it has none."""
    fields = _fields(operation, Form)
    return attrs.make_class(operation.__name__, fields, frozen=True, kw_only=True) if fields else None


def _fields(operation: type[Operation[Any]], kind: type[Placement]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for each in attrs.fields(attrs.resolve_types(operation, include_extras=True)):
        placement, annotation = split_placement(each.type)
        if type(placement) is kind:
            default = attrs.NOTHING if each.default is attrs.NOTHING else None
            fields[placement.name or each.name] = attrs.field(type=annotation, default=default)
    return fields


def without_answer(operation: type[Operation[Any]]) -> Callable[[Store, Call], Any]:
    """Return a handler that refuses every request with a 501, whose text says how to script a response."""
    http = operation.http

    def handler(_store: Store, _call: Call) -> Any:
        pattern = "*".join(part.partition("}")[2] or part for part in http.path.split("{"))
        raise Refusal(
            501,
            {
                "detail": f"The embedded server has no answer of its own to {http.method} {http.path}; write one: "
                f'server.script("{http.method}", "{pattern}", body=...)'
            },
        )

    handler.__doc__ = operation.__doc__
    return handler
