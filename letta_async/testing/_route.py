"""A route of the embedded server: a call, what is read of its request, and the handler of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from letta_async.operations._operation import Operation
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal
from letta_async.testing._scripted_routes import body_of, form_of, query_of
from letta_async.testing._state import Store

__all__ = ["ABSENT", "NO_CONTENT", "REFUSED", "Handler", "Query", "Route", "route_of"]

Handler = Callable[[Store, Call], Any]

REFUSED: Final = object()
"""What stands for a missing body where one is required."""
ABSENT: Final = object()
"""What stands for a missing body where a class fills in for it."""

NO_CONTENT: Final = object()
"""What a handler returns for a response without a body: a 204."""


@attrs.frozen
class Query:
    """The query of a call that takes none."""


@attrs.frozen
class Route:
    """A call: its method and path, what it reads, what answers it, and with what."""

    method: str
    path: str
    answer: Handler
    name: str | None = None
    """The real server's name for the call in its description; `None` where it does not describe it."""
    gives: Any = None
    """Annotation of the answer."""
    query: type = Query
    body: Any = None
    """Annotation of the body; `None` where the call reads none."""
    without_body: object = None
    """What a missing or null body is read as: `None`, `ABSENT` or `REFUSED`."""
    failures: tuple[Callable[[], Refusal], ...] = ()
    """The 500s that requests in good order can meet."""
    form: type[Any] | None = None
    """Annotation of a body in the form `multipart/form-data`."""
    scripted: bool = False
    """Whether only a script answers it: its request is not read."""


def route_of(operation: type[Operation[Any]], answer: Handler, *, scripted: bool = False) -> Route:
    """Return the route of an operation of the client: what it reads are the operation's parameters.

    It is not part of the server's OpenAPI description.
    """
    http = operation.http
    return Route(
        http.method,
        http.path.removeprefix("/v1"),
        answer,
        gives=operation.answer,
        query=query_of(operation),
        body=body_of(operation),
        without_body=REFUSED if http.body_required else None,
        form=form_of(operation),
        scripted=scripted,
    )
