"""Building of HTTP requests from calls: validation of arguments, encoding and headers, without input or output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from multidict import CIMultiDict

from letta_async._http.request import NO_OPTIONS, REPEATABLE, CallOptions, Request, option_problems
from letta_async._http.request_layout import NO_OTHERS, Layout, OtherParts, layout_of, to_json
from letta_async._schema.converter import READABLE, is_readable, write
from letta_async._schema.json_values import is_array, is_object, json_problems, show, to_builtins
from letta_async._schema.placement import Form as FormField
from letta_async._schema.placement import WholeBody
from letta_async._schema.unset import UNSET
from letta_async._schema.upload import Upload
from letta_async._schema.validation import check
from letta_async._utils.caller_warnings import warn
from letta_async._utils.secret_strings import MASK, mask_url_passwords
from letta_async.config import ClientConfig, Timeout, merge_headers
from letta_async.errors import ArgumentProblem, InvalidArgumentError, InvalidRequestError
from letta_async.operations._operation import Operation
from letta_async.types.upload import UploadProgress

if TYPE_CHECKING:
    from letta_async._http.form import Form

__all__ = ["build", "build_raw"]

_STREAM_HEADERS: Final = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}


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
    layout = layout_of(operation)
    try:
        call: Operation[Any] | None = layout.make(parameters, None)
    except Exception:  # they are invalid, or not as usual
        call = None
    if call is None:
        call = _checked(operation, parameters, options)
    if layout.checks or options is not NO_OPTIONS:
        _check_further(call, layout, options)
    if layout.warns:
        for message, category in call.parameter_warnings():
            warn(message, category)
    if layout.prepares and (prepared := call.prepared()) is not call:
        call, parameters = prepared, prepared.given()
    http = operation.http
    segments, members, others = layout.place(call, parameters)
    if options.extra_body:
        members |= {to_json(name): to_json(value) for name, value in to_builtins(options.extra_body).items()}
    body = others.whole_body
    if body is None and (members or http.body_required):
        body = f"{{{','.join([f'{name}:{text}' for name, text in members.items()])}}}".encode()
    request = Request(
        method=http.method,
        path=http.path.format_map(segments),
        headers=config.headers if body is None else config.json_headers,
        body=body,
        timeout=config.timeout,
        repeatable=http.repeatable,
        answer=operation.answer,
        operation=call,
        traffic=http.traffic,
    )
    if others is not NO_OTHERS or options is not NO_OPTIONS or layout.decides or config.default_query:
        _complete(request, call, segments, others, options, config)
    return request


def _checked(operation: type[Operation[Any]], parameters: Mapping[str, object], options: CallOptions) -> Operation[Any]:
    """Return a call with parameters that are invalid, or not as usual.

    Raises:
        InvalidRequestError: An argument is invalid; the error lists all problems.

    """
    try:
        return check(operation, parameters)
    except InvalidArgumentError as error:
        raise InvalidRequestError([*error.faults, *option_problems(options)]) from None


def _check_further(call: Operation[Any], layout: Layout, options: CallOptions) -> None:
    """Check the options of a call, and what the annotations of its parameters do not tell.

    Raises:
        InvalidRequestError: Something is wrong; the error lists all problems.

    """
    problems = option_problems(options)
    if options.extra_body:
        problems += _extra_body_problems(layout)
    if layout.checks:
        problems += call.argument_problems(options.extra_body or ())
    if options.raw is not None:
        problems += call.raw_problems()
    if problems:
        raise InvalidRequestError(problems)


def _extra_body_problems(layout: Layout) -> Iterable[ArgumentProblem]:
    """Yield a problem if the body, to which members are to be added, is no JSON object."""
    kinds = {place.kind for place in layout.places.values()}
    for kind, words in ((FormField, "a form"), (WholeBody, "a body that is one parameter")):
        if kind in kinds:
            yield ArgumentProblem("extra_body", f"does not go with {words}")


def _complete(
    request: Request,
    call: Operation[Any],
    segments: Mapping[str, str],
    others: OtherParts,
    options: CallOptions,
    config: ClientConfig,
) -> None:
    """Add what few requests have: a query, headers, a form, options of the call, and what the operation decides."""
    if call.masked_segment is not None:
        request.sent_path = request.path
        request.path = call.http.path.format_map({**segments, call.masked_segment: MASK})
    headers = request.headers
    if others.headers:
        headers = merge_headers(headers, others.headers)
    if streams := call.streams:
        headers = CIMultiDict(headers)
        headers.update(_STREAM_HEADERS)
        request.streams = True
    if streams or options.raw == "stream":
        request.traffic = "stream"
    if others.form:
        request.headers = _form_headers(options, headers)
        request.form = _make_form(others.form, getattr(call, "on_progress", None) or None)
    else:
        request.headers = _headers(options, headers)
    request.query = _encode_query(others.query, options, config)
    request.timeout = _timeout(options, config)
    request.repeatable = call.is_repeatable
    request.conflict_patience = call.conflict_patience
    request.raw = options.raw


def _make_form(values: Mapping[str, tuple[str, Any]], on_progress: UploadProgress | None) -> Form:
    """Create the form of a call from the Python parameter and value of each field, by its name in the request."""
    from letta_async._http.form import Form  # noqa: PLC0415 - imported by uploads

    files = {key: value for key, (_, value) in values.items() if isinstance(value, Upload)}
    others = {key: _query_text(value) for key, (_, value) in values.items() if key not in files and value is not None}
    return Form(others, files, {key: name for key, (name, _) in values.items()}, on_progress)


def _query_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(write(value))


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
        body=None if body is UNSET else to_json(to_builtins(body)).encode(),
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
