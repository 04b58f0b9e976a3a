"""Response as it was received, with its status, headers and body, for those who want more than its value."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncGenerator, Iterator, Mapping
from types import NoneType
from typing import Any, Final, TypeVar

import attrs

from letta_async._http.body_pieces import Cutter
from letta_async._http.decompression import Decompressor, UnreadableError, decompress
from letta_async._http.error_response import printable
from letta_async._http.open_body import OpenBody
from letta_async._http.request import Request
from letta_async._http.response_decoding import (
    Response,
    decode_body,
    invalid_response,
    is_event_stream,
    parse_body,
    refuse_stream,
)
from letta_async._schema.converter import READABLE, is_readable
from letta_async._schema.json_values import show
from letta_async.errors import APIError, ArgumentProblem, Attempt, InvalidArgumentError
from letta_async.errors._details import request_id_of

__all__ = ["RawResponse"]

T = TypeVar("T")

_CLOSED: Final = "the response was closed before its body was read"
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
"""Encodings of Python that are none of texts, or cannot replace what is invalid."""


class RawResponse:
    """Response of a success as it was received; its body is in memory, or is read while it arrives."""

    def __init__(
        self,
        request: Request,
        head: Response,
        body: OpenBody | None,
        elapsed: float,
        attempts: tuple[Attempt, ...],
        limit: int,
        base_url: str,
    ) -> None:
        """Wrap a response.

        Args:
            request: The request, as it was sent.
            head: The response; its body, if that was read.
            body: Its body, if that is not read yet.
            elapsed: Duration of the attempt, in seconds.
            attempts: The attempts that failed before it.
            limit: Maximum size of a body that is kept in memory, in bytes.
            base_url: URL of the server.

        """
        source = head.source
        assert source is not None  # noqa: S101 - every raw response has it
        version = source.version
        self.request = request
        self.status: int = head.status
        self.reason: str = printable(source.reason or "")
        self.headers: Mapping[str, str] = head.headers
        self.url: str = str(source.url)
        self.requested_url: str = f"{base_url}{request.target}"
        self.http_version: str = "" if version is None else f"HTTP/{version.major}.{version.minor}"
        self.elapsed = elapsed
        self.attempts = attempts
        self._limit = limit
        self._open = body
        self._received = [] if body is not None else [head.body]
        """Pieces of the body as it was sent, still compressed."""
        self._size = 0
        self._content: bytes | None = None
        """The whole body, decompressed."""
        self._use = "" if body is not None else "read"
        """Way in which the body is read: as a whole, in pieces, or as events; empty before it is."""
        self._lock = asyncio.Lock()

    @property
    def request_id(self) -> str | None:
        """ID that the server gave the request; `None` without one."""
        return request_id_of(self.headers)

    @property
    def is_open(self) -> bool:
        """Whether the connection is still in use."""
        return self._open is not None and self._open.is_open

    @property
    def is_loaded(self) -> bool:
        """Whether the whole body is in memory."""
        return self._content is not None or self._open is None

    def close(self) -> None:
        """Cut the connection, unless the whole body was read, and give back the slot of the limiter."""
        if self._open is not None:
            self._open.close()

    # --- the body as a whole ------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read the body to its end; several tasks may wait for it, and a read that was cancelled is continued.

        Raises:
            APIError: The body is iterated over, or was closed, or it broke off, or did not arrive in time.
            APIResponseValidationError: The body is too large.
            ClientClosedError: The client was closed.

        """
        async with self._lock:
            if self.is_loaded:
                return
            self._claim("read")
            while chunk := await self._next_chunk():
                self._received.append(chunk)
                self._size += len(chunk)
                if self._size > self._limit:
                    self._received.clear()
                    raise self._fail(f"the answer is larger than {self._limit} bytes")
            self._open = None

    def content(self) -> bytes:
        """Return the body, decompressed, once it is in memory.

        Raises:
            APIResponseValidationError: The body is too large, or its content encoding is unknown or wrong.

        """
        if self._content is None:
            try:
                self._content = decompress(self.headers, b"".join(self._received), self._limit)
            except UnreadableError as reason:
                raise self._invalid(str(reason)) from reason.__cause__
            self._received.clear()
        return self._content

    def text(self) -> str:
        """Return the body as text, in the encoding that the headers name, else UTF-8."""
        return self.content().decode(self.encoding, "replace")

    def json(self) -> Any:
        """Return the body as a JSON value.

        Raises:
            APIResponseValidationError: It is not JSON.

        """
        content = self.content()
        try:
            return parse_body(content)
        except UnreadableError as reason:
            raise self._invalid(str(reason), content) from None

    def decode(self, to: Any = None) -> Any:
        """Return the value that the body carries.

        Args:
            to: Type of the value. Default: that of the call.

        Raises:
            APIResponseValidationError: The body is not that.
            InvalidArgumentError: The type is none that a body can be read as.

        """
        request = self.request
        if to is not None:
            if not is_readable(to):
                problem = f"{show(to)} is nothing that an answer can be made into; allowed: {READABLE}"
                raise InvalidArgumentError([ArgumentProblem("to", problem)])
            request = attrs.evolve(request, answer=to, operation=None)
        content = self.content()
        try:
            value = decode_body(request, self.headers, content)
        except UnreadableError as reason:
            raise self._invalid(str(reason), content) from reason.__cause__
        return None if request.answer in (None, NoneType) else value

    def value_if_valid(self) -> Any:
        """Return the value that a body in memory carries; `None` if it is not what the API promises."""
        return self._valid_value() if self.is_loaded else None

    def _valid_value(self) -> Any:
        try:
            return self.decode()
        except APIError:
            return None

    # --- the body piece by piece --------------------------------------------------------------------------------------

    async def iterate(self, cutter: Cutter[T]) -> AsyncGenerator[T, None]:
        """Iterate over the body, decompressed, as it arrives; a body in memory is one piece.

        Raises:
            APIError: As for `load`.

        """
        if self.is_loaded:
            for each in self.iterate_loaded(cutter):
                yield each
            return
        async for batch in self.iterate_batches(cutter):
            for each in batch:
                yield each

    async def iterate_batches(self, cutter: Cutter[T]) -> AsyncGenerator[list[T], None]:
        """Iterate over a body that is not in memory, all at a time that was cut from one piece of it.

        Raises:
            APIError: As for `load`.

        """
        self._claim("iterated over")
        coding = self.headers.get("Content-Encoding", "").strip().lower()
        decompressor = None if coding in ("identity", "") else Decompressor(coding)
        batch: list[T] = []
        try:
            while chunk := await self._next_chunk():
                for piece in [chunk] if decompressor is None else decompressor.feed(chunk):
                    batch.extend(cutter.feed(piece))  # what comes before a line that is too long is in it, too
                    if batch:
                        yield batch
                        batch = []
            if decompressor is not None:
                decompressor.finish()
            batch.extend(cutter.finish())
            if batch:
                yield batch
        except UnreadableError as reason:
            if batch:
                yield batch
            raise self._fail(str(reason)) from reason.__cause__

    def iterate_loaded(self, cutter: Cutter[T]) -> Iterator[T]:
        """Iterate over a body in memory.

        Raises:
            APIResponseValidationError: As for `content`, or a line is too long.

        """
        try:
            if content := self.content():
                yield from cutter.feed(content)
            yield from cutter.finish()
        except UnreadableError as reason:
            raise self._invalid(str(reason)) from None

    @property
    def limit(self) -> int:
        """Maximum size of a body that is kept in memory, in bytes."""
        return self._limit

    @property
    def encoding(self) -> str:
        """Encoding of the body as text."""
        for part in self.headers.get("Content-Type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                try:
                    "".encode(named := value.strip().strip("\"'"))
                    known = codecs.lookup(named).name.replace("_", "-")
                except (LookupError, ValueError):
                    break
                return "utf-8" if known in _NO_CHARSETS else named
        return "utf-8"

    # --- the body as events -------------------------------------------------------------------------------------------

    def claim_events(self) -> None:
        """Reserve the body for the reader of its events.

        Raises:
            APIResponseValidationError: The response is no event stream, or a compressed one.
            APIError: The body was read otherwise.

        """
        if self._use != "events":
            if not is_event_stream(self.headers):
                raise self._invalid("the response is no event stream; the server has processed the request")
            refuse_stream(self.request, self.status, self.headers)
            self._claim("read as events")
            self._use = "events"

    # --- helpers ------------------------------------------------------------------------------------------------------

    async def _next_chunk(self) -> bytes:
        """Return the next bytes of the body as it was sent; none at its end."""
        body = self._open
        if body is None:
            return b""
        body.check_loop()
        was_open = body.is_open
        chunk = await body.read_chunk()
        if chunk:
            return chunk
        if body.failure is not None:
            raise body.failure
        if not was_open or not body.is_open:
            raise self._error(_CLOSED)
        body.close(self._valid_value if self._use == "read" else None)
        return b""

    def _claim(self, use: str) -> None:
        """Reserve the body for one way of reading it.

        Raises:
            APIError: It is read in another way already, or broke off, or was closed.
            ClientClosedError: It is read in another loop or process.

        """
        body, used = self._open, self._use
        if body is not None:
            if use != "read as events":
                body.check_loop()  # first: what it refuses leaves the body unread
            if body.failure is not None and used != "events":
                raise body.failure
            if not body.is_open and used in ("", "read"):
                raise self._error(_CLOSED)
        if used not in ("", "read") or (used and use != "read"):
            before = {"events": "read as events", "read": "read as a whole"}.get(used, used)
            keeping = "read() returns it" if used == "read" else "read() first keeps it"
            advice = "parse() it first" if use == "read as events" else keeping
            raise self._error(f"the body is {before} already, and arrives only once; {advice}")
        self._use = use

    def _error(self, words: str) -> APIError:
        method, path = self.request.method, self.request.path
        return APIError(f"{method} {path}: {words}", request_method=method, request_path=path)

    def _fail(self, reason: str) -> APIError:
        """Close the body, and return the error, which further reads raise as well."""
        error = self._invalid(reason)
        if self._open is not None:
            self._open.fail(error)
        return error

    def _invalid(self, reason: str, content: bytes = b"") -> APIError:
        return invalid_response(self.request, self.status, self.headers, content, reason)
