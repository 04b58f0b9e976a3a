"""Decoding of HTTP responses to a value or an error, without input or output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import NoneType
from typing import Any, Final

import aiohttp
import attrs
from aiohttp.hdrs import CONTENT_TYPE

from letta_async._http.decompression import UnreadableError, decompress
from letta_async._http.error_response import MAX_REFUSAL, describe_body, excerpt, printable, status_error
from letta_async._http.request import Request
from letta_async._schema.converter import read
from letta_async._schema.json_parsing import parse_json
from letta_async.errors import APIResponseValidationError

__all__ = [
    "Response",
    "decode_body",
    "decode_response",
    "invalid_response",
    "is_event_stream",
    "parse_body",
    "refuse_error_status",
    "refuse_stream",
]

_JSON: Final = (None, "application/json")
"""Content types of most responses that are JSON, which need no parsing."""
_PROCESSED: Final = "the server has processed the request"


@attrs.define(eq=False)
class Response:
    """HTTP response as it was received."""

    status: int
    headers: Mapping[str, str]
    """Headers, by case-insensitive name."""
    body: bytes
    """Body as it was sent, still compressed; of an error response, the beginning."""
    source: aiohttp.ClientResponse | None = None
    """Response of the HTTP library: of an event stream, whose body is not read yet, and of a raw response."""


def decode_response(request: Request, response: Response, *, limit: int, base_url: str = "") -> Any:
    """Return the value that a response carries.

    Args:
        request: The request that it responds to.
        response: The response.
        limit: Maximum size of the unpacked body, in bytes.
        base_url: URL of the server, for the message of an error.

    Raises:
        APIStatusError: The status is not a success.
        APIResponseValidationError: The status is a success, but the body is not what the API promises.

    """
    refuse_error_status(request, response, limit=limit, base_url=base_url)
    status, headers, body = response.status, response.headers, response.body
    if request.streams:
        raise invalid_response(request, status, headers, body, f"the response is no event stream; {_PROCESSED}")
    try:
        return decode_body(request, headers, decompress(headers, body, limit))
    except UnreadableError as reason:
        raise invalid_response(request, status, headers, body, str(reason)) from reason.__cause__


def is_event_stream(headers: Mapping[str, str]) -> bool:
    """Return whether a response is an event stream."""
    kind = headers.get(CONTENT_TYPE)
    return kind not in _JSON and kind.partition(";")[0].strip().lower() == "text/event-stream"


def refuse_stream(request: Request, status: int, headers: Mapping[str, str]) -> None:
    """Refuse an event stream that cannot be read, before any of it is.

    Raises:
        APIResponseValidationError: The call does not read event streams, or the stream is compressed.

    """
    if not request.streams:
        hint = "the methods that stream do, such as client.agents.messages.stream"
        reason = f"the response is an event stream, which this call does not read; {hint}; {_PROCESSED}"
        raise invalid_response(request, status, headers, b"", reason)
    if headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", ""):
        raise invalid_response(request, status, headers, b"", "the event stream is compressed, unasked")


def invalid_response(
    request: Request, status: int, headers: Mapping[str, str], body: bytes, reason: str
) -> APIResponseValidationError:
    """Create the error for a response that cannot be used."""
    kind = headers.get("Content-Type", "no content type")
    shown = f": {describe_body(body)}" if body else ""
    return APIResponseValidationError(
        f"{request.method} {request.path}: {reason} ({status}, {printable(kind)[:80]}){shown}",
        status_code=status,
        headers=headers,
        body=excerpt(body),
        request_method=request.method,
        request_path=request.path,
    )


def decode_body(request: Request, headers: Mapping[str, str], body: bytes) -> Any:
    """Return the value that the body of a success carries.

    Raises:
        UnreadableError: The body is not what the API promises.

    """
    if not body or body.isspace():
        if request.answer in (object, None, NoneType):  # such as the 204 of a deletion
            return None
        raise UnreadableError("the answer is empty")
    kind = headers.get(CONTENT_TYPE)
    if kind not in _JSON and not kind.partition(";")[0].strip().lower().endswith("json"):
        raise UnreadableError("the answer is not JSON")
    value = parse_body(body)
    if request.operation is not None and request.operation.answer_is_text and not isinstance(value, str):
        return body.decode(json.detect_encoding(body))
    try:
        return read(request.answer, value)
    except (TypeError, ValueError, RecursionError) as error:
        raise UnreadableError(f"the answer is of the wrong kind: {printable(str(error))[:200]}") from error


def parse_body(body: bytes) -> Any:
    """Parse JSON.

    Raises:
        UnreadableError: The body is not JSON.

    """
    try:
        return parse_json(body)
    except (ValueError, RecursionError) as error:
        reason = f"the answer is malformed JSON ({printable(str(error))[:120]})"
    raise UnreadableError(reason)


def refuse_error_status(request: Request, response: Response, *, limit: int, base_url: str) -> None:
    """Refuse a response whose status is not a success.

    Raises:
        APIStatusError: It is not.

    """
    status, headers, body = response.status, response.headers, response.body
    if 200 <= status < 300:
        return
    try:
        body = decompress(headers, body, min(limit, MAX_REFUSAL), whole=False)
    except UnreadableError:
        pass  # the status decides; the body is shown as it was sent
    hint = request.hint(status)
    raise status_error(request.method, request.path, status, headers, body, hint=hint, base_url=base_url)
