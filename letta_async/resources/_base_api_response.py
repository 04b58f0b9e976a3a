"""Base class of responses as they were received: what both clients show of one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import timedelta
from typing import Any, Generic, NoReturn, TypeVar

import attrs
from multidict import CIMultiDict, CIMultiDictProxy

from letta_async._http.body_pieces import ByteChunks, Lines, TextChunks
from letta_async._http.raw_response import RawResponse
from letta_async._schema.json_values import is_positive_integer, show
from letta_async.errors import ArgumentProblem, Attempt, InvalidArgumentError
from letta_async.resources._stream import AsyncStream

__all__ = ["BaseAPIResponse", "HTTPRequest"]

R_co = TypeVar("R_co", covariant=True)


@attrs.frozen
class HTTPRequest:
    """Request that a response is about, as it was sent."""

    method: str
    """HTTP method, such as `GET`."""
    url: str = attrs.field(repr=lambda url: repr(url.partition("?")[0]))
    """URL that was requested, before any redirect, with the query."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """Headers, by case-insensitive name, with the API key, whose `repr` is masked."""


class BaseAPIResponse(Generic[R_co]):
    """Base class of responses as they were received, in both clients."""

    def __init__(
        self,
        raw: RawResponse,
        stream: AsyncStream[Any] | None = None,
        page_of: Callable[[Any], Any] | None = None,
    ) -> None:
        """Wrap a response.

        Args:
            raw: The response.
            stream: Stream of its events, if the method returns one.
            page_of: Function that makes a page of its items, if the method returns a list.

        """
        self._raw = raw
        self._stream = stream
        self._page_of = page_of
        self._parsed: dict[Any, Any] = {}

    @property
    def status_code(self) -> int:
        """HTTP status code."""
        return self._raw.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers, by case-insensitive name."""
        return self._raw.headers

    @property
    def url(self) -> str:
        """URL that responded: the one that was requested, or the one that a redirect led to."""
        return self._raw.url

    @property
    def method(self) -> str:
        """HTTP method of the request, such as `GET`."""
        return self._raw.request.method

    @property
    def http_request(self) -> HTTPRequest:
        """The request: `method`, `url` and `headers`."""
        headers = CIMultiDictProxy(CIMultiDict(self._raw.request.headers))  # a copy: those of the client are shared
        return HTTPRequest(self.method, self._raw.requested_url, headers)

    @property
    def http_version(self) -> str:
        """Version of the protocol, such as `HTTP/1.1`."""
        return self._raw.http_version

    @property
    def elapsed(self) -> timedelta:
        """Duration of the last attempt: until its body was read, or its head if the body is read while it arrives."""
        return timedelta(seconds=self._raw.elapsed)

    @property
    def retries_taken(self) -> int:
        """Number of attempts that failed before this one."""
        return len(self._raw.attempts)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Attempts that failed before this one."""
        return self._raw.attempts

    @property
    def request_id(self) -> str | None:
        """ID that the server gave the request, from the header `x-request-id`; `None` without one."""
        return self._raw.request_id

    @property
    def is_closed(self) -> bool:
        """Whether the connection is released, because the body was read to its end or the response was closed."""
        return not self._raw.is_open

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a response is not pickled or copied, its connection belongs to this process; read() its body")

    def __repr__(self) -> str:
        raw = self._raw
        state = "" if self.is_closed else " (open)"
        return f"<{type(self).__name__} {raw.status} {raw.reason} of {self.method} {raw.request.path}{state}>"

    def _parse_loaded(self, to: Any) -> Any:
        """Return the value of a body in memory, or the stream of events; the same one each time."""
        problem = None if to is None or self._stream is None else "does not go with an event stream"
        if problem is not None:
            raise InvalidArgumentError([ArgumentProblem("to", problem)])
        if not isinstance(to, Hashable):  # no type, which the reader says
            return self._read_value(to)
        if to not in self._parsed:
            self._parsed[to] = self._read_value(to)
        return self._parsed[to]

    def _read_value(self, to: Any) -> Any:
        if self._stream is not None:
            self._raw.claim_events()
            return self._stream
        value = self._raw.decode(to)
        return value if to is not None or self._page_of is None else self._page_of(value)

    def _byte_chunks(self, size: int | None) -> ByteChunks:
        return ByteChunks(_checked(size))

    def _text_chunks(self, size: int | None) -> TextChunks:
        return TextChunks(self._raw.encoding, _checked(size))

    def _lines(self) -> Lines:
        return Lines(self._raw.encoding, self._raw.limit)


def _checked(size: int | None) -> int | None:
    """Return the size of chunks.

    Raises:
        InvalidArgumentError: It is not a positive whole number.

    """
    if size is not None and not is_positive_integer(size):
        raise InvalidArgumentError([ArgumentProblem("chunk_size", f"{show(size)} is not a positive whole number")])
    return size
