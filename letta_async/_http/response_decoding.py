"""Decoding of HTTP responses to a value or an error, without input or output."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from types import NoneType
from typing import Any, Final

import aiohttp
import attrs

from letta_async._http.error_response import MAX_REFUSAL, describe_body, excerpt, printable, status_error
from letta_async._http.request import Request
from letta_async._schema.converter import read
from letta_async._schema.json_values import parse_json
from letta_async.errors import APIResponseValidationError, APIStatusError

__all__ = [
    "Response",
    "UnreadableError",
    "decode_body",
    "decode_response",
    "decompress",
    "invalid_response",
    "is_event_stream",
    "make_decompressor",
    "refuse_error_status",
    "refuse_stream",
]

_PROCESSED: Final = "the server has processed the request"


@attrs.define
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
    status, headers, body = response.status, response.headers, response.body
    if not 200 <= status < 300:
        raise _error_response(request, status, headers, body, min(limit, MAX_REFUSAL), base_url)
    if request.streams:
        raise invalid_response(request, status, headers, body, f"the response is no event stream; {_PROCESSED}")
    try:
        return decode_body(request, headers, decompress(headers, body, limit))
    except UnreadableError as reason:
        raise invalid_response(request, status, headers, body, str(reason)) from reason.__cause__


def is_event_stream(headers: Mapping[str, str]) -> bool:
    """Return whether a response is an event stream."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/event-stream"


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


class UnreadableError(ValueError):
    """The body is not what the API promises; the message says why."""


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
    kind = headers.get("Content-Type")
    if kind not in (None, "application/json") and not kind.partition(";")[0].strip().lower().endswith("json"):
        raise UnreadableError("the answer is not JSON")
    try:
        value = _parse_json(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"the answer is malformed JSON ({printable(str(error))[:120]})") from None
    if request.operation is not None and request.operation.answer_is_text and not isinstance(value, str):
        return body.decode(json.detect_encoding(body))
    try:
        return read(request.answer, value)
    except (TypeError, ValueError, RecursionError) as error:
        raise UnreadableError(f"the answer is of the wrong kind: {printable(str(error))[:200]}") from error


def _parse_json(body: bytes) -> Any:
    """Parse JSON, mostly UTF-8; else `json.loads` finds out the encoding."""
    try:
        return parse_json(body.decode())
    except ValueError:
        return json.loads(body)


def decompress(headers: Mapping[str, str], body: bytes, limit: int, *, whole: bool = True) -> bytes:
    """Decompress a body, to at most `limit` bytes; return its beginning if it need not be `whole`.

    Raises:
        UnreadableError: The body is larger, or the content encoding is unknown or wrong.

    """
    coding = headers.get("Content-Encoding", "").strip().lower()
    if coding in ("identity", ""):
        return body
    decompressor = make_decompressor(coding, body)
    try:
        plain: bytes = decompressor.decompress(body, limit + 1)
    except zlib.error as error:
        raise UnreadableError(f"the answer is not valid {coding}") from error
    if not whole:
        return plain[:limit]
    if len(plain) > limit:
        raise UnreadableError(f"the answer unpacks to more than {limit} bytes")
    if not decompressor.eof or decompressor.unused_data:
        raise UnreadableError(f"the answer is not valid {coding}: it ends too early or goes on too long")
    return plain


def make_decompressor(coding: str, beginning: bytes) -> Any:
    """Create what decompresses a body with a content encoding, given its beginning.

    Raises:
        UnreadableError: The content encoding is unknown.

    """
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise UnreadableError(f"the answer's content encoding {printable(coding)[:40]!r} was not asked for")
    raw_deflate = coding == "deflate" and beginning[:1] and (beginning[0] & 0x0F) != zlib.DEFLATED
    return zlib.decompressobj(-zlib.MAX_WBITS if raw_deflate else 32 + zlib.MAX_WBITS)


def refuse_error_status(request: Request, response: Response, *, limit: int, base_url: str) -> None:
    """Refuse a response whose status is not a success.

    Raises:
        APIStatusError: It is not.

    """
    status = response.status
    if not 200 <= status < 300:
        raise _error_response(request, status, response.headers, response.body, min(limit, MAX_REFUSAL), base_url)


def _error_response(
    request: Request, status: int, headers: Mapping[str, str], body: bytes, limit: int, base_url: str
) -> APIStatusError:
    try:
        body = decompress(headers, body, limit, whole=False)
    except UnreadableError:
        pass  # the status decides; the body is shown as it was sent
    hint = request.hint(status)
    return status_error(request.method, request.path, status, headers, body, hint=hint, base_url=base_url)
