"""From a request to an answer: the key, the route, what is read from path, query and body, the handler.

`answer()` knows no sockets: method, target, headers and body in, status, headers and body out.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import AsyncIterator, Mapping
from email.message import Message
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import attrs

from letta_async.testing import _wire
from letta_async.testing._call import Call
from letta_async.testing._context import ValidationContext
from letta_async.testing._errors import Problem, Refusal, invalid_argument, invalid_request, uuid_pattern
from letta_async.testing._event_stream import Deferred, EventStream
from letta_async.testing._ids import path_parameter
from letta_async.testing._openapi import description
from letta_async.testing._routes import ABSENT, REFUSED, Route, match
from letta_async.testing._state import Store
from letta_async.testing._validation import Fields, hints_of, is_list, read

__all__ = ["Answer", "Asked", "answer", "refused"]

_OPEN_PATHS: Final = frozenset(
    {
        "/v1/health",
        "/v1/health/",
        "/latest/health/",
        "/v1/ready",
        "/v1/ready/",
        "/latest/ready",
        "/latest/ready/",
    }
)
_DESCRIPTION: Final = "/openapi.json"
_USER_ID: Final = re.compile(uuid_pattern("user"))


@attrs.frozen
class Asked:
    """A request as it came in; the names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.target.partition("?")[0])

    @property
    def query_string(self) -> str:
        """What follows the question mark, as it came."""
        return self.target.partition("?")[2]


@attrs.frozen
class Answer:
    """An answer as it goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    stream: AsyncIterator[bytes] | None = None
    """What follows of the body, an event at a time; `None`: nothing."""


async def answer(store: Store, asked: Asked, *, password: str | None) -> Answer:
    """Answer a request; with a password, none but the health check is answered without it.

    What a handler does, it has done when it returns; only the value of a turn comes later.
    """
    try:
        _check_key(asked, password)
        if asked.path == _DESCRIPTION and asked.method in {"GET", "HEAD"}:
            return Answer(200, {"content-type": "application/json"}, description())
        route, parameters = _routed(asked)
        value = route.answer(store, _read(route, parameters, asked))
        if isinstance(value, Deferred):
            store.live.save()
            value = await value.value
        return _success(value)
    except Refusal as refusal:
        return refused(refusal)


def refused(refusal: Refusal) -> Answer:
    """Give the answer that a refusal stands for."""
    if refusal.body is None:
        return Answer(refusal.status, refusal.headers, b"")
    headers = {"content-type": "application/json", **refusal.headers}
    return Answer(refusal.status, headers, _wire.encode(refusal.body))


def _success(value: Any) -> Answer:
    if isinstance(value, EventStream):
        return Answer(200, {"content-type": "text/event-stream; charset=utf-8"}, b"", value.events)
    return Answer(200, {"content-type": "application/json"}, _wire.encode(value))


def _check_key(asked: Asked, password: str | None) -> None:
    if password is None or asked.path in _OPEN_PATHS:
        return
    keys = {"authorization": f"Bearer {password}", "x-bare-password": f"password {password}"}
    if not any(
        hmac.compare_digest(asked.headers.get(name, "").encode(errors="replace"), key.encode(errors="replace"))
        for name, key in keys.items()
    ):
        raise Refusal(401, {"detail": "Unauthorized"})


def _routed(asked: Asked) -> tuple[Route, Mapping[str, str]]:
    path = asked.path
    if path == "/" and asked.method == "GET":
        raise Refusal(307, None, {"location": "/docs"})
    if path == _DESCRIPTION:
        raise Refusal(405, {"detail": "Method Not Allowed"}, {"allow": "GET, HEAD"})
    found = "GET" if path == "/" else match(asked.method, path)
    if isinstance(found, tuple):
        return found
    if found is not None:
        raise Refusal(405, {"detail": "Method Not Allowed"}, {"allow": found})
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    if other == _DESCRIPTION or match(asked.method, other) is not None:
        query = f"?{asked.query_string}" if asked.query_string else ""
        raise Refusal(307, None, {"location": f"http://{asked.headers.get('host', '')}{other}{query}"})
    raise Refusal(404, {"detail": "Not Found"})


def _read(route: Route, parameters: Mapping[str, str], asked: Asked) -> Call:
    """Read everything a route takes. All problems are told at once, in the order path, query, body."""
    if route.scripted:
        return Call(path=parameters, query=Fields(), body=None, headers=asked.headers)
    raw = None if route.body is None else _json(asked)
    user_id = asked.headers.get("user_id")
    if user_id is not None and _USER_ID.match(user_id) is None:
        raise invalid_argument(f"Invalid user ID format: {user_id}. Expected format: 'user-<uuid4>'")
    problems: list[Problem] = []
    path: dict[str, str] = {}
    for parameter, value in parameters.items():
        name, annotation = path_parameter(parameter)
        path[name] = read(annotation, value, ValidationContext(("path", name), problems))
    query = _query(route.query, asked, problems)
    body = None if route.body is None else _body(route, raw, problems)
    if problems:
        raise invalid_request(problems)
    return Call(path=path, query=query, body=body, headers=asked.headers)


def _query(cls: type, asked: Asked, problems: list[Problem]) -> Fields:
    """Read the query: lists from every parameter of a name, anything else from the last."""
    given: dict[str, Any] = {}
    hints = hints_of(cls)
    for name, value in parse_qsl(asked.query_string, keep_blank_values=True):
        if name in hints and is_list(hints[name]):
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    found: list[Problem] = []
    fields: Fields = read(cls, given, ValidationContext(("query",), found))
    # A missing parameter is told without the query that it is missing from.
    problems += [attrs.evolve(each, input=None) if each.type == "missing" else each for each in found]
    return fields


def _json(asked: Asked) -> Any:
    """Parse the body. What does not say that it is JSON stays bytes, which no body is read from."""
    if not asked.body:
        return None
    message = Message()
    message["content-type"] = asked.headers.get("content-type", "")
    kind, _, subtype = message.get_content_type().partition("/")
    if kind != "application" or not (subtype == "json" or subtype.endswith("+json")):
        return asked.body
    try:
        return json.loads(asked.body)
    except json.JSONDecodeError as error:
        ctx = {"error": error.msg}
        raise invalid_request([Problem("json_invalid", ("body", error.pos), "JSON decode error", {}, ctx)]) from None
    except (ValueError, RecursionError):
        raise Refusal(400, {"detail": "There was an error parsing the body"}) from None


def _body(route: Route, raw: Any, problems: list[Problem]) -> Any:
    here = ValidationContext(("body",), problems)
    if raw is not None:
        return read(route.body, raw, here)
    if route.without_body is REFUSED:
        here.refuse("missing", "Field required", None)
        return None
    return read(route.body, {}, here) if route.without_body is ABSENT else None
