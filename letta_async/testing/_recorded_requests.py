"""Record of the requests that a server received, with keys masked, for tests to inspect."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, overload
from urllib.parse import parse_qsl

import attrs

from letta_async._utils.secret_strings import SENSITIVE
from letta_async.testing._app import RawRequest

__all__ = ["RecordedRequest", "RecordedRequests", "mask_keys"]

_MAX_REQUESTS: Final = 1000
_MAX_BODY_BYTES: Final = 16 * 2**20


@attrs.frozen
class RecordedRequest:
    """A request that the server received."""

    method: str
    """The HTTP method, in upper case."""
    path: str
    """The path, percent-decoded."""
    query: Mapping[str, str]
    """The query parameters; the last value of a repeated one, as the server itself reads it."""
    headers: Mapping[str, str]
    """The headers by their names in lower case; values with a key are masked after the scheme."""
    body: bytes
    """The body; empty if the request had none."""
    target: str = ""
    """The path and query as sent, percent-encoded."""

    def json(self) -> Any:
        """Parse the body as JSON; return `None` if the request had none.

        Raises:
            ValueError: The body is not JSON.

        """
        return json.loads(self.body) if self.body else None


def mask_keys(request: RawRequest) -> RecordedRequest:
    """Return a request with its keys masked, for `RecordedRequests`."""
    given = request.headers.items()
    headers = {name: _mask_value(value) if re.search(SENSITIVE, name) else value for name, value in given}
    query = dict(parse_qsl(request.query_string, keep_blank_values=True))
    return RecordedRequest(request.method, request.path, query, headers, request.body, request.target)


def _mask_value(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme}{space}***" if space else "***"


class RecordedRequests(Sequence[RecordedRequest]):
    """Sequence of the latest requests, the newest last: at most 1000, with bodies of at most 16 MiB.

    It can be read while the server runs on another thread.
    """

    def __init__(self) -> None:
        self._requests: deque[RecordedRequest] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return repr(list(self))

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[RecordedRequest]:
        with self._lock:
            return iter(list(self._requests))

    @overload
    def __getitem__(self, index: int) -> RecordedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> list[RecordedRequest]: ...
    def __getitem__(self, index: int | slice) -> RecordedRequest | list[RecordedRequest]:
        return list(self)[index]

    def clear(self) -> None:
        """Remove all requests."""
        with self._lock:
            self._requests.clear()
            self._bytes = 0

    def add(self, request: RecordedRequest) -> None:
        """Append a request, and remove the oldest beyond the limits; the newest stays whatever its size."""
        with self._lock:
            self._requests.append(request)
            self._bytes += len(request.body)
            while len(self._requests) > 1 and (len(self._requests) > _MAX_REQUESTS or self._bytes > _MAX_BODY_BYTES):
                self._bytes -= len(self._requests.popleft().body)
