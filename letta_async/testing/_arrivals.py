"""What arrived at the server, for tests to look at: the last requests, without keys."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, overload
from urllib.parse import parse_qsl

import attrs

from letta_async._utils.secret_strings import names_secret
from letta_async.testing._app import Asked

__all__ = ["RecordedRequest", "RecordedRequests", "recorded"]

_REMEMBERED: Final = 1000
_REMEMBERED_BYTES: Final = 16 * 2**20


@attrs.frozen
class RecordedRequest:
    """A request that arrived."""

    method: str
    """The HTTP method, in capitals."""
    path: str
    """The path, decoded."""
    query: Mapping[str, str]
    """The query; of parameters given twice, the last, as the server itself reads them."""
    headers: Mapping[str, str]
    """The headers, their names in lower case; of those that carry a key, only the scheme can be read."""
    body: bytes
    """The body, empty where there was none."""
    target: str = ""
    """Path and query as they were sent, percent-encoded."""

    def json(self) -> Any:
        """Parse the body as JSON; `None` where there was none.

        Raises:
            ValueError: The body is not JSON.

        """
        return json.loads(self.body) if self.body else None


def recorded(asked: Asked) -> RecordedRequest:
    """Record a request, its keys masked."""
    headers = {name: _masked(value) if names_secret(name) else value for name, value in asked.headers.items()}
    query = dict(parse_qsl(asked.query_string, keep_blank_values=True))
    return RecordedRequest(asked.method, asked.path, query, headers, asked.body, asked.target)


def _masked(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme}{space}***" if space else "***"


class RecordedRequests(Sequence[RecordedRequest]):
    """The requests that arrived, the newest last: at most 1000 of them, and of their bodies 16 MiB.

    Reading it is safe while the server runs in another thread.
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
        """Forget them."""
        with self._lock:
            self._requests.clear()
            self._bytes = 0

    def add(self, request: RecordedRequest) -> None:
        """Remember one more, and forget the oldest where there are too many; the newest stays whatever its size."""
        with self._lock:
            self._requests.append(request)
            self._bytes += len(request.body)
            while len(self._requests) > 1 and (len(self._requests) > _REMEMBERED or self._bytes > _REMEMBERED_BYTES):
                self._bytes -= len(self._requests.popleft().body)
