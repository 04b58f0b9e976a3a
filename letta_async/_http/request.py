"""Building of HTTP requests from calls: validation of arguments, encoding and headers, without input or output."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args
from urllib.parse import quote, urlencode

import attrs
from multidict import CIMultiDict

from letta_async._schema.converter import READABLE, is_readable, reader_of, write
from letta_async._schema.json_values import is_array, is_object, json_problems, show, to_builtins
from letta_async._schema.placement import Body, Header, Path, Placement, Query, WholeBody, split_placement
from letta_async._schema.placement import Form as FormField
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.upload import Upload
from letta_async._schema.validation import check, is_validated
from letta_async._schema.weak_cache import WeakIdCache
from letta_async._utils.caller_warnings import warn
from letta_async._utils.secret_strings import MASK, mask_url_passwords
from letta_async.config import ClientConfig, Timeout, header_problems, merge_headers
from letta_async.errors import ArgumentProblem, InvalidArgumentError, InvalidRequestError
from letta_async.operations._operation import SEGMENT, Operation, Traffic
from letta_async.types.upload import UploadProgress

if TYPE_CHECKING:
    from letta_async._http.form import Form

__all__ = ["NO_OPTIONS", "REPEATABLE", "CallOptions", "RawMode", "Request", "build", "build_raw", "option_problems"]


RawMode: TypeAlias = Literal["read", "stream"]
"""Form of a response that is returned as it was received: with its body read, or left for the user to read."""

_to_json: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Encode a value as compact JSON; `json.dumps` would create an encoder per call."""
_STREAM_HEADERS: Final = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}


@attrs.frozen(eq=False, kw_only=True)
class CallOptions:
    """Options that every method has besides its own parameters."""

    extra_headers: Mapping[str, str | None] | None = None
    """Headers to add to the client's or replace in them; `None` as a value removes one."""
    extra_query: Mapping[str, object] | None = None
    """Query parameters to add to the method's and the client's, or replace in them."""
    extra_body: Mapping[str, object] | None = None
    """Members to add to the body or replace in it, without validation."""
    timeout: float | Timeout | Unset | None = UNSET
    """Limit on one attempt in seconds, `None` for no limit, or a `Timeout`; `UNSET` for the client's."""
    raw: RawMode | None = None
    """Form in which the response is returned as it was received; `None` for its value alone."""


NO_OPTIONS: Final = CallOptions()
REPEATABLE: Final = frozenset({"GET", "PUT", "DELETE"})
"""HTTP methods that are safe to repeat, unless an operation declares otherwise."""


@attrs.define(eq=False, kw_only=True)
class Request:
    """HTTP request, ready to be sent; not changed after its creation, but not frozen either, because that is slower."""

    method: str
    path: str
    """Path below the base URL, without the query; a secret in it is masked."""
    query: str = attrs.field(repr=False)
    """Percent-encoded query; empty when there is none."""
    headers: Mapping[str, str]
    body: bytes | None = attrs.field(repr=False)
    """Body as JSON; `None` when there is none, or a form."""
    timeout: Timeout
    repeatable: bool
    answer: Any
    """Type of the response."""
    operation: Operation[Any] | None = None
    """Operation of the call; `None` for a path without a method of its own."""
    streams: bool = False
    """Whether the response is an event stream."""
    traffic: Traffic = "quick"
    """Class of traffic, whose requests share a limit."""
    conflict_patience: float = 0.0
    """Seconds for which it is repeated while the server is busy with another call (409)."""
    form: Form | None = None
    """Body with files; `None` when there is none."""
    sent_path: str | None = attrs.field(default=None, repr=False)
    """Path with the secret that is masked in `path`; `None` when none is."""
    raw: RawMode | None = None
    """Form in which the response is returned as it was received; `None` for its value alone."""

    @property
    def resendable(self) -> bool:
        """Whether the request can be sent again, because its body can be read again."""
        return self.form is None or self.form.resendable

    @property
    def leaves_open(self) -> bool:
        """Whether a successful raw response is returned before its body is read."""
        return self.raw == "stream" or self.streams

    @property
    def kind(self) -> object:
        """Kind of the request for the limiter, which compares response times only within a kind."""
        kind = type(self.operation) if self.operation is not None else self.method
        return kind if self.raw is None else (kind, self.raw)

    @property
    def target(self) -> str:
        """Path and query, below the base URL."""
        path = self.path if self.sent_path is None else self.sent_path
        return f"{path}?{self.query}" if self.query else path

    def hint(self, status: int) -> str | None:
        """Return a suggestion for the caller when the server responds with `status`; `None` without one."""
        if self.operation is not None and (hint := self.operation.hint(status)):
            return hint
        if status == 401 and "authorization" not in self.headers:
            return "no API key was sent: pass api_key, or set LETTA_API_KEY"
        return None


def build(
    operation: type[Operation[Any]], parameters: Mapping[str, object], options: CallOptions, config: ClientConfig
) -> Request:
    """Create the request of a call.

    Args:
        operation: Operation of the call.
        parameters: Parameters that the caller passed.
        options: Options of the call.
        config: Options of the client.

    Raises:
        InvalidRequestError: An argument is invalid; the error lists all problems.

    """
    problems = [] if options is NO_OPTIONS else option_problems(options)
    try:
        call = check(operation, parameters)
    except InvalidArgumentError as error:
        raise InvalidRequestError([*error.faults, *problems]) from None
    if options.extra_body:
        problems += _extra_body_problems(operation)
    problems += call.argument_problems(options.extra_body or ())
    problems += call.raw_problems() if options.raw is not None else ()
    if problems:
        raise InvalidRequestError(problems)
    for message, category in call.parameter_warnings():
        warn(message, category)
    if (prepared := call.prepared()) is not call:
        call, parameters = prepared, prepared.given()
    http = operation.http
    parts = _placed(call, parameters)
    body = parts.body
    if options.extra_body:
        body |= {_to_json(name): _to_json(value) for name, value in to_builtins(options.extra_body).items()}
    path = http.path.format_map(parts.segments)
    sent_path = None
    if operation.masked_segment is not None:
        path, sent_path = http.path.format_map({**parts.segments, operation.masked_segment: MASK}), path
    encoded = parts.whole_body
    if encoded is None and (body or http.body_required):
        encoded = f"{{{','.join([f'{name}:{text}' for name, text in body.items()])}}}".encode()
    headers = config.headers if encoded is None else config.json_headers
    if parts.headers:
        headers = merge_headers(headers, parts.headers)
    if streams := call.streams:
        headers = CIMultiDict(headers)
        headers.update(_STREAM_HEADERS)
    return Request(
        method=http.method,
        path=path,
        query=_encode_query(parts.query, options, config),
        headers=_form_headers(options, headers) if parts.form else _headers(options, headers),
        body=encoded,
        timeout=_timeout(options, config),
        repeatable=call.is_repeatable,
        answer=operation.answer,
        operation=call,
        streams=streams,
        traffic="stream" if streams or options.raw == "stream" else http.traffic,
        conflict_patience=call.conflict_patience,
        form=_make_form(parts.form, getattr(call, "on_progress", None) or None) if parts.form else None,
        sent_path=sent_path,
        raw=options.raw,
    )


def _extra_body_problems(operation: type[Operation[Any]]) -> Iterable[ArgumentProblem]:
    """Yield a problem if the body, to which members are to be added, is no JSON object."""
    kinds = {place.kind for place in _places_of(operation).values()}
    for kind, words in ((FormField, "a form"), (WholeBody, "a body that is one parameter")):
        if kind in kinds:
            yield ArgumentProblem("extra_body", f"does not go with {words}")


class _Parts:
    """Parameters of a call, by the part of the request that carries them; one is made per call, without attrs."""

    __slots__ = ("body", "form", "headers", "query", "segments", "whole_body")

    def __init__(self) -> None:
        self.segments: dict[str, str] = {}
        self.query: dict[str, object] = {}
        self.headers: dict[str, str] = {}
        self.body: dict[str, str] = {}  # names and values are encoded as JSON
        self.whole_body: bytes | None = None
        self.form: dict[str, tuple[str, Any]] = {}
        """Python parameter and value of each field of a form."""


def _placed(call: Operation[Any], parameters: Iterable[str]) -> _Parts:
    """Return some parameters of a call by the part of the request that carries them."""
    parts = _Parts()
    places = _places_of(type(call))
    for name in parameters:
        value, place = getattr(call, name), places[name]
        if place.kind is Path:
            parts.segments[place.key] = quote(value, safe="") if place.quoted else value
        elif place.kind is Body:
            parts.body[place.key] = _encode_value(value)
        elif place.kind is FormField:
            parts.form[place.key] = name, value
        elif place.kind is Query:
            parts.query[place.key] = write(value)
        elif place.kind is Header:
            parts.headers[place.key] = value
        elif place.kind is WholeBody:
            parts.whole_body = _encode_value(value).encode()
    return parts


def _make_form(values: Mapping[str, tuple[str, Any]], on_progress: UploadProgress | None) -> Form:
    """Create the form of a call from the Python parameter and value of each field, by its name in the request."""
    from letta_async._http.form import Form  # noqa: PLC0415 - imported by uploads

    files = {key: value for key, (_, value) in values.items() if isinstance(value, Upload)}
    others = {key: _query_text(value) for key, (_, value) in values.items() if key not in files and value is not None}
    return Form(others, files, {key: name for key, (name, _) in values.items()}, on_progress)


def _query_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(write(value))


@attrs.frozen(eq=False)
class _ParameterPlace:
    """Place of a parameter in the request."""

    kind: type[Placement]
    key: str
    """Name of the parameter in the request; in the body, encoded as JSON."""
    quoted: bool
    """Whether the value has to be percent-encoded."""


_places: Final[dict[type[Operation[Any]], Mapping[str, _ParameterPlace]]] = {}


def _places_of(operation: type[Operation[Any]]) -> Mapping[str, _ParameterPlace]:
    return _places.get(operation) or _find_places(operation)


def _find_places(operation: type[Operation[Any]]) -> Mapping[str, _ParameterPlace]:
    """Return the place of each parameter of an operation, from its annotations; cached per operation."""
    reader_of(operation.answer)  # imports what the response is made into, before it arrives
    places: dict[str, _ParameterPlace] = {}
    for field in attrs.fields(attrs.resolve_types(operation, include_extras=True)):
        placement, annotation = split_placement(field.type)
        key = placement.name or field.name
        kind = type(placement)
        places[field.name] = _ParameterPlace(
            kind, _to_json(key) if kind is Body else key, SEGMENT in get_args(annotation)
        )
    _places[operation] = places  # only now that it is complete: other threads read it
    return places


_encoded: Final = WeakIdCache[str]()


def _encode_value(value: object) -> str:
    """Return a value as JSON; cached for immutable values, such as settings that a thousand calls share."""
    text = _encoded.get(value)
    if text is None:
        text = _to_json(write(value))
        if is_validated(value):
            _encoded.put(value, text)
    return text


def build_raw(
    method: str, path: str, *, body: object, answer: Any, options: CallOptions, config: ClientConfig
) -> Request:
    """Create a request to a path that has no method of its own.

    Raises:
        InvalidRequestError: An argument is invalid; the error lists all problems.

    """
    problems = [*_path_problems(path), *option_problems(options)]
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
        raise InvalidRequestError(problems)
    if options.extra_body:
        body = {**(body if is_object(body) else {}), **options.extra_body}
    return Request(
        method=method,
        path=quote(path, safe="/:@!$&'()*+,;=~%"),
        query=_encode_query({}, options, config),
        headers=_headers(options, config.headers if body is UNSET else config.json_headers),
        body=None if body is UNSET else _to_json(to_builtins(body)).encode(),
        timeout=_timeout(options, config),
        repeatable=method in REPEATABLE,
        answer=answer,
        traffic="stream" if options.raw == "stream" else "quick",
        raw=options.raw,
    )


def _headers(options: CallOptions, headers: Mapping[str, str]) -> Mapping[str, str]:
    return merge_headers(headers, options.extra_headers) if options.extra_headers else headers


def _form_headers(options: CallOptions, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers without a content type, because the form has its own, with a boundary."""
    return merge_headers(_headers(options, headers), {"Content-Type": None})


def _timeout(options: CallOptions, config: ClientConfig) -> Timeout:
    return config.timeout if options.timeout is UNSET else Timeout.of(options.timeout)


def _encode_query(query: Mapping[str, object], options: CallOptions, config: ClientConfig) -> str:
    """Return the encoded query, with lower-case booleans, one parameter per item of a list, and without `None`."""
    if not (query or config.default_query or options.extra_query):
        return ""
    pairs: list[tuple[str, str]] = []
    for name, value in {**config.default_query, **query, **to_builtins(options.extra_query or {})}.items():
        for item in value if is_array(value) else [value]:
            if item is not None:
                pairs.append((name, _query_text(item)))
    return urlencode(pairs)


def option_problems(options: CallOptions) -> list[ArgumentProblem]:
    """Return the problems of the options of a call."""
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
        return [ArgumentProblem("path", f"{_shown_path(path)} is not a path; it starts with one '/'")]
    if not path.isprintable() or set(path) & set(" \\?#"):
        return [
            ArgumentProblem(
                "path",
                f"{_shown_path(path)} holds a space, '\\\\', '?', '#' or an unprintable character; use extra_query",
            )
        ]
    if {".", ".."} & set(path.lower().replace("%2e", ".").replace("%2f", "/").split("/")):
        return [ArgumentProblem("path", f"{path!r} climbs")]
    return []


def _shown_path(path: object) -> str:
    """Return a path that is refused, without its query and a password, which may be secrets."""
    if not isinstance(path, str):
        return repr(path)
    shown, mark, _ = path.partition("?")
    return repr(f"{mask_url_passwords(shown)}{mark and '?…'}")
