"""Build HTTP requests from calls: every argument checked, every byte decided. No input or output happens here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, get_args
from urllib.parse import quote, urlencode

import attrs

from letta_async._http.form import Form
from letta_async._schema.converter import READABLE, is_readable, write
from letta_async._schema.json_values import is_array, is_object, json_problems, plain, show
from letta_async._schema.placement import Body, Placement, Query, split_placement
from letta_async._schema.placement import Form as FormField
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.upload import Upload
from letta_async._schema.validation import check, is_validated
from letta_async._schema.weak_cache import WeakIdCache
from letta_async._utils.caller_warnings import warn
from letta_async.config import ClientConfig, Timeout, header_problems, merge_headers
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.operations._operation import SEGMENT, Operation, Traffic

__all__ = ["NO_OPTIONS", "REPEATABLE", "CallOptions", "Request", "build", "build_raw"]


_to_json: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Encode compactly; made once, since `json.dumps` would make an encoder for every call."""
_STREAM_HEADERS: Final = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
_from_json: Final = json.JSONDecoder().raw_decode


@attrs.frozen(kw_only=True)
class CallOptions:
    """What every method takes beside its own parameters."""

    extra_headers: Mapping[str, str | None] | None = None
    """Headers that go over the client's; `None` takes one away."""
    extra_query: Mapping[str, object] | None = None
    """Query parameters that go over the method's and the client's."""
    extra_body: Mapping[str, object] | None = None
    """Fields of the body that go over the method's, unchecked."""
    timeout: float | Timeout | Unset | None = UNSET
    """Bound on one try, instead of the client's."""


NO_OPTIONS: Final = CallOptions()
REPEATABLE: Final = frozenset({"GET", "PUT", "DELETE"})
"""HTTP methods whose requests do no harm when the server receives them twice, unless an operation differs."""


@attrs.define(kw_only=True)
class Request:
    """A call, ready to be sent; treated as frozen, which would cost more than the fields' values do."""

    method: str
    path: str
    """Path below the base URL, without the query."""
    query: str
    """Query, encoded; empty when there is none."""
    headers: Mapping[str, str]
    body: bytes | None
    """Body in JSON; `None` when there is none, or a form."""
    timeout: Timeout
    repeatable: bool
    answer: Any
    """Type of the answer."""
    operation: Operation[Any] | None = None
    """The call, where it is one that has a method."""
    streams: bool = False
    """Whether the response is an event stream."""
    traffic: Traffic = "quick"
    """Which requests it shares a limit with."""
    form: Form | None = None
    """Body with files; `None` when there is none."""

    @property
    def resendable(self) -> bool:
        """Whether it can be sent once more: its body can be read again."""
        return self.form is None or self.form.resendable

    @property
    def kind(self) -> object:
        """What is asked, whoever it concerns: answers to requests of one kind take about as long."""
        return type(self.operation) if self.operation is not None else self.method

    @property
    def target(self) -> str:
        """Path and query, as they go behind the base URL."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def hint(self, status: int) -> str | None:
        """Return what to try when the server answers with `status`."""
        if self.operation is not None and (hint := self.operation.hint(status)):
            return hint
        if status == 401 and "authorization" not in self.headers:
            return "no API key was sent: pass api_key, or set LETTA_API_KEY"
        return None


# --- build ------------------------------------------------------------------------------------------------------------


def build(
    operation: type[Operation[Any]], parameters: Mapping[str, object], options: CallOptions, config: ClientConfig
) -> Request:
    """Create the request of a call.

    Args:
        operation: The call.
        parameters: Its parameters, those that were given.
        options: What every method takes beside them.
        config: The client's options.

    Raises:
        InvalidArgumentError: something handed in is wrong; every problem is named, and nothing was sent.

    """
    problems = [] if options is NO_OPTIONS else _option_problems(options)
    try:
        call = check(operation, parameters)
    except InvalidArgumentError as error:
        raise InvalidArgumentError([*error.faults, *problems]) from None
    if options.extra_body and any(place.kind is FormField for place in _places_of(operation).values()):
        problems.append(ArgumentProblem("extra_body", "does not go with a form"))
    if problems:
        raise InvalidArgumentError(problems)
    for message, category in call.advice():
        warn(message, category)
    http = operation.http
    segments: dict[str, str] = {}
    query: dict[str, object] = {}
    body: dict[str, str] = {}
    form: dict[str, tuple[str, Any]] = {}
    places = _places_of(operation)
    for name in parameters:
        value, place = getattr(call, name), places[name]
        if place.kind is Body:
            body[place.key] = _text(value)
        elif place.kind is FormField:
            form[place.key] = name, value
        elif place.kind is Query:
            query[place.key] = write(value)
        else:
            segments[place.key] = quote(value, safe="") if place.quoted else value
    if options.extra_body:
        body |= {_to_json(name): _to_json(value) for name, value in plain(options.extra_body).items()}
    headers = config.json_headers if body or http.body_required else config.headers
    if operation.streams:
        headers = merge_headers(headers, _STREAM_HEADERS)
    return Request(
        method=http.method,
        path=http.path.format_map(segments),
        query=_query(query, options, config),
        headers=_form_headers(options, config) if form else _headers(options, headers),
        body=_object(body) if body or http.body_required else None,
        timeout=_timeout(options, config),
        repeatable=http.repeatable,
        answer=operation.answer,
        operation=call,
        streams=operation.streams,
        traffic=http.traffic,
        form=_form(form) if form else None,
    )


def _form(values: Mapping[str, tuple[str, Any]]) -> Form:
    """Create the form of a call from its values, with the Python parameter of each, by their names on the wire."""
    files = {key: value for key, (_, value) in values.items() if isinstance(value, Upload)}
    others = {key: _query_text(value) for key, (_, value) in values.items() if key not in files and value is not None}
    return Form(others, files, {key: name for key, (name, _) in values.items()})


def _query_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(write(value))


@attrs.frozen
class _Place:
    """Where a parameter goes in the request."""

    kind: type[Placement]
    key: str
    """Its name there; in the body as JSON."""
    quoted: bool
    """Whether its value has to be percent-encoded."""


_places: Final[dict[type[Operation[Any]], Mapping[str, _Place]]] = {}


def _places_of(operation: type[Operation[Any]]) -> Mapping[str, _Place]:
    return _places.get(operation) or _read_places(operation)


def _read_places(operation: type[Operation[Any]]) -> Mapping[str, _Place]:
    """Read from its annotations where each parameter of a call goes; done once per call."""
    places = _places[operation] = dict[str, _Place]()
    for field in attrs.fields(attrs.resolve_types(operation, include_extras=True)):
        placement, annotation = split_placement(field.type)
        key = placement.name or field.name
        kind = type(placement)
        places[field.name] = _Place(kind, _to_json(key) if kind is Body else key, SEGMENT in get_args(annotation))
    return places


_texts: Final = WeakIdCache[str]()


def _text(value: object) -> str:
    """Write a value as JSON; what cannot change, such as settings for a thousand calls, once."""
    text = _texts.get(value)
    if text is None:
        text = _to_json(write(value))
        if is_validated(value):
            _texts.put(value, text)
    return text


def _object(members: Mapping[str, str]) -> bytes:
    """Put an object of JSON together from what its names and values are in JSON."""
    return f"{{{','.join([f'{name}:{text}' for name, text in members.items()])}}}".encode()


def build_raw(
    method: str, path: str, *, body: object, answer: Any, options: CallOptions, config: ClientConfig
) -> Request:
    """Create a request to a path that has no method of its own.

    Raises:
        InvalidArgumentError: something handed in is wrong; nothing was sent.

    """
    problems = [*_path_problems(path), *_option_problems(options)]
    if not is_readable(answer):
        problems.append(
            ArgumentProblem(
                "cast_to", f"{show(answer)} is nothing that an answer can be made into; allowed: {READABLE}"
            )
        )
    if body is not UNSET:
        problems += json_problems(body, "body")
        if options.extra_body and not is_object(body):
            problems.append(ArgumentProblem("extra_body", "goes with a body that is a mapping"))
    if problems:
        raise InvalidArgumentError(problems)
    if options.extra_body:
        body = {**(body if is_object(body) else {}), **options.extra_body}
    return Request(
        method=method,
        path=quote(path, safe="/:@!$&'()*+,;=~%"),
        query=_query({}, options, config),
        headers=_headers(options, config.headers if body is UNSET else config.json_headers),
        body=None if body is UNSET else _to_json(plain(body)).encode(),
        timeout=_timeout(options, config),
        repeatable=method in REPEATABLE,
        answer=answer,
    )


def _headers(options: CallOptions, headers: Mapping[str, str]) -> Mapping[str, str]:
    return merge_headers(headers, options.extra_headers) if options.extra_headers else headers


def _form_headers(options: CallOptions, config: ClientConfig) -> Mapping[str, str]:
    """Return the headers without a content type: the body has one of its own, with a boundary."""
    return merge_headers(_headers(options, config.headers), {"Content-Type": None})


def _timeout(options: CallOptions, config: ClientConfig) -> Timeout:
    return config.timeout if options.timeout is UNSET else Timeout.of(options.timeout)


def _query(query: Mapping[str, object], options: CallOptions, config: ClientConfig) -> str:
    """Encode as the API's server reads it: `true` and `false`, a list as one parameter an item; `None` is left out."""
    if not (query or config.default_query or options.extra_query):
        return ""
    pairs: list[tuple[str, str]] = []
    for name, value in {**config.default_query, **query, **plain(options.extra_query or {})}.items():
        for item in value if is_array(value) else [value]:
            if item is not None:
                pairs.append((name, _query_text(item)))
    return urlencode(pairs)


def _option_problems(options: CallOptions) -> list[ArgumentProblem]:
    problems: list[ArgumentProblem] = []
    for name in ("extra_headers", "extra_query", "extra_body"):
        value: object = getattr(options, name)
        if value is None:
            continue
        if not is_object(value):
            problems.append(ArgumentProblem(name, "is not a mapping of names to values"))
        else:
            problems += header_problems(value, name) if name == "extra_headers" else json_problems(value, name)
    if options.timeout is not UNSET:
        try:
            Timeout.of(options.timeout)
        except InvalidArgumentError as error:
            problems += error.faults
    return problems


def _path_problems(path: object) -> list[ArgumentProblem]:
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//"):
        return [ArgumentProblem("path", f"{path!r} is not a path; it starts with one '/'")]
    if not path.isprintable() or set(path) & set(" \\?#"):
        return [
            ArgumentProblem(
                "path", f"{path!r} holds a space, '\\\\', '?', '#' or an unprintable character; use extra_query"
            )
        ]
    if {".", ".."} & set(path.lower().replace("%2e", ".").replace("%2f", "/").split("/")):
        return [ArgumentProblem("path", f"{path!r} climbs")]
    return []
