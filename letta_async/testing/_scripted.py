"""Routes for the calls that the server has no code for: known and described, answered by `script()` alone.

They are derived from the operations, so that a further call needs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from letta_async._schema.placement import Body, Form, Placement, Query, split_placement
from letta_async.operations._operation import Operation
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal
from letta_async.testing._state import Store

__all__ = ["body_of", "form_of", "query_of", "without_answer"]


def query_of(operation: type[Operation[Any]]) -> type[Any]:
    """Return a class with the query parameters of a call, under their names on the wire."""
    return attrs.make_class(f"{operation.__name__}Query", _fields(operation, Query), frozen=True, kw_only=True)


def body_of(operation: type[Operation[Any]]) -> type[Any] | None:
    """Return a class with the members of a call's body, under their names on the wire; `None` where it has none."""
    fields = _fields(operation, Body)
    return attrs.make_class(operation.__name__, fields, frozen=True, kw_only=True) if fields else None


def form_of(operation: type[Operation[Any]]) -> type[Any] | None:
    """Return the same of a form."""
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
    """Return a handler that refuses every request with 501, and says how to script an answer."""
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
