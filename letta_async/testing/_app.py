"""Dispatch of requests to handlers: check of the key, choice of the route, validation of path, query and body.

`answer()` does no I/O: it gets method, target, headers and body, and returns status, headers and body.
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
from letta_async.testing._forms import FormPart, parse_form
from letta_async.testing._ids import path_parameter
from letta_async.testing._openapi import description
from letta_async.testing._route import ABSENT, NO_CONTENT, REFUSED, Route
from letta_async.testing._routes import match
from letta_async.testing._state import Store
from letta_async.testing._validation import Fields, hints_of, is_list, read

__all__ = ["Answer", "RawRequest", "answer", "refusal_response"]

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
class RawRequest:
    """A request as received; the names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return unquote(self.target.partition("?")[0])

    @property
    def query_string(self) -> str:
        """The query string as received, without the question mark."""
        return self.target.partition("?")[2]


@attrs.frozen
class Answer:
    """A response as it is sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    stream: AsyncIterator[bytes] | None = None
    """What follows of the body, an event at a time; `None`: nothing."""


async def answer(store: Store, request: RawRequest, *, password: str | None) -> Answer:
    """Return the response to a request; with a password, only health checks are answered without it.

    When the handler returns, it has changed the store; only the value of a turn comes later.
    """
    try:
        _check_key(request, password)
        if request.path == _DESCRIPTION and request.method in {"GET", "HEAD"}:
            return Answer(200, {"content-type": "application/json"}, description())
        route, parameters = _find_route(request)
        value = route.answer(store, _read(route, parameters, request))
        if isinstance(value, Deferred):
            store.live.save()
            value = await value.value
        return _success(value)
    except Refusal as refusal:
        return refusal_response(refusal)


def refusal_response(refusal: Refusal) -> Answer:
    """Return the response of a refusal."""
    if refusal.body is None:
        return Answer(refusal.status, refusal.headers, b"")
    headers = {"content-type": "application/json", **refusal.headers}
    return Answer(refusal.status, headers, _wire.encode(refusal.body))


def _success(value: Any) -> Answer:
    if isinstance(value, EventStream):
        return Answer(200, {"content-type": "text/event-stream; charset=utf-8"}, b"", value.events)
    if value is NO_CONTENT:
        return Answer(204, {"content-type": "application/json"}, b"")
    return Answer(200, {"content-type": "application/json"}, _wire.encode(value))


def _check_key(request: RawRequest, password: str | None) -> None:
    if password is None or request.path in _OPEN_PATHS:
        return
    keys = {"authorization": f"Bearer {password}", "x-bare-password": f"password {password}"}
    if not any(
        hmac.compare_digest(request.headers.get(name, "").encode(errors="replace"), key.encode(errors="replace"))
        for name, key in keys.items()
    ):
        raise Refusal(401, {"detail": "Unauthorized"})


def _find_route(request: RawRequest) -> tuple[Route, Mapping[str, str]]:
    path = request.path
    if path == "/" and request.method == "GET":
        raise Refusal(307, None, {"location": "/docs"})
    if path == _DESCRIPTION:
        raise Refusal(405, {"detail": "Method Not Allowed"}, {"allow": "GET, HEAD"})
    found = "GET" if path == "/" else match(request.method, path)
    if isinstance(found, tuple):
        return found
    if found is not None:
        raise Refusal(405, {"detail": "Method Not Allowed"}, {"allow": found})
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    if other == _DESCRIPTION or match(request.method, other) is not None:
        query = f"?{request.query_string}" if request.query_string else ""
        raise Refusal(307, None, {"location": f"http://{request.headers.get('host', '')}{other}{query}"})
    raise Refusal(404, {"detail": "Not Found"})


def _read(route: Route, parameters: Mapping[str, str], request: RawRequest) -> Call:
    """Read path, query and body; if any has problems, raise a refusal with all of them in this order."""
    if route.scripted:
        return Call(path=parameters, query=Fields(), body=None, headers=request.headers)
    raw = None if route.body is None else _json(request)
    user_id = request.headers.get("user_id")
    if user_id is not None and _USER_ID.match(user_id) is None:
        raise invalid_argument(f"Invalid user ID format: {user_id}. Expected format: 'user-<uuid4>'")
    problems: list[Problem] = []
    path: dict[str, str] = {}
    for parameter, value in parameters.items():
        name, annotation = path_parameter(parameter)
        path[name] = read(annotation, value, ValidationContext(("path", name), problems))
    query = _query(route.query, request, problems)
    form = dict[str, FormPart]() if route.form is None else _form(route.form, request, problems)
    body = None if route.body is None else _body(route, raw, problems)
    if problems:
        raise invalid_request(problems)
    return Call(path=path, query=query, body=body, headers=request.headers, form=form)


def _form(cls: type[Any], request: RawRequest, problems: list[Problem]) -> Mapping[str, FormPart]:
    """Read the body as a form, whose files are required."""
    form = parse_form(request.headers.get("content-type", ""), request.body)
    for field in attrs.fields(cls):
        if field.default is attrs.NOTHING and field.name not in form:
            ValidationContext(("body", field.name), problems).refuse("missing", "Field required", None)
    return form


def _query(cls: type, request: RawRequest, problems: list[Problem]) -> Fields:
    """Read the query: a list from all parameters of a name, any other value from the last one."""
    given: dict[str, Any] = {}
    hints = hints_of(cls)
    for name, value in parse_qsl(request.query_string, keep_blank_values=True):
        if name in hints and is_list(hints[name]):
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    found: list[Problem] = []
    fields: Fields = read(cls, given, ValidationContext(("query",), found))
    # The server reports a missing parameter without the query that it is missing from.
    problems += [attrs.evolve(each, input=None) if each.type == "missing" else each for each in found]
    return fields


def _json(request: RawRequest) -> Any:
    """Parse the body as JSON; return bytes unchanged if the content type is not JSON, which the route then refuses."""
    if not request.body:
        return None
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    kind, _, subtype = message.get_content_type().partition("/")
    if kind != "application" or not (subtype == "json" or subtype.endswith("+json")):
        return request.body
    try:
        return json.loads(request.body)
    except json.JSONDecodeError as error:
        ctx = {"error": error.msg}
        raise invalid_request([Problem("json_invalid", ("body", error.pos), "JSON decode error", {}, ctx)]) from None
    except (ValueError, RecursionError):
        raise Refusal(400, {"detail": "There was an error parsing the body"}) from None


def _body(route: Route, raw: Any, problems: list[Problem]) -> Any:
    context = ValidationContext(("body",), problems)
    if raw is not None:
        return read(route.body, raw, context)
    if route.without_body is REFUSED:
        context.refuse("missing", "Field required", None)
        return None
    return read(route.body, {}, context) if route.without_body is ABSENT else None
