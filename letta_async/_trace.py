"""What the log says at level DEBUG of an attempt: what goes out and what comes back, without its secrets."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from letta_async._logging import log
from letta_async._protocol import Request
from letta_async._refusal import printable
from letta_async._secret import names_secret
from letta_async.errors import APIError, APIStatusError

__all__ = ["Trace"]

_EXCERPT: Final = 500
"""How much of a body is shown, in characters."""
_READ: Final = 4 * _EXCERPT
"""How much of a body is looked at, in bytes."""
_MASK: Final = "**********"
_MEMBER: Final = re.compile(r'("(?:[^"\\]|\\.)*"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)')
"""A member of a JSON object whose value is a string, or the beginning of one."""


class Trace:
    """Log one attempt; made for it where the level asks for that."""

    def __init__(self, base_url: str, number: int, clock: Callable[[], float]) -> None:
        """Begin, before the wait for a slot.

        Args:
            base_url: Where the request goes.
            number: Which attempt of its call it is, from 1.
            clock: Returns the time in seconds.

        """
        self._base_url = base_url
        self._number = number
        self._clock = clock
        self._since = clock()
        self._secrets: frozenset[str] = frozenset()
        """What the request carries in confidence, which an answer may echo."""
        self._what = ""

    def sends(self, request: Request) -> None:
        """Log what goes out, and the wait before it."""
        waited, self._since = self._clock() - self._since, self._clock()
        credentials = [value for name, value in request.headers.items() if names_secret(name)]
        self._secrets = frozenset(word for value in credentials for word in (str(value), value.rpartition(" ")[2]))
        self._what = f"{request.method} {request.path}, attempt {self._number}"
        query = self._query(request.query)
        headers = ", ".join(
            f"{name}: {_MASK if names_secret(name) else self._shown(value)}" for name, value in request.headers.items()
        )
        log.debug(
            "%s: sent to %s after %.3f s of waiting for a slot; headers: %s; %s",
            self._what,
            f"{self._base_url}{request.path}{query and '?'}{query}",
            waited,
            headers,
            "no body" if request.body is None else self._body(request.body, request.body),
        )

    def receives(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Log what came back."""
        log.debug(
            "%s: answered %d after %.3f s; %s; %s",
            self._what,
            status,
            self._clock() - self._since,
            self._shown(headers.get("Content-Type", "no content type")),
            self._body(body, _plain(headers, body)),
        )

    def fails(self, error: APIError) -> None:
        """Log why there is no value, unless the status, which was logged, says it all."""
        if not isinstance(error, APIStatusError):
            took, words = self._clock() - self._since, self._shown(error.message)
            log.debug("%s: failed after %.3f s: %s: %s", self._what, took, type(error).__name__, words)

    def _query(self, query: str) -> str:
        pairs = parse_qsl(query, keep_blank_values=True)
        shown = [(name, _MASK if names_secret(name) else self._shown(value)) for name, value in pairs]
        return urlencode(shown, safe="*")

    def _body(self, body: bytes, plain: bytes) -> str:
        """Describe a body: how many bytes travel, and how what they stand for begins."""
        text = _MEMBER.sub(_masked_member, self._shown(plain[:_READ].decode("utf-8", "replace")))
        return f"{len(body)} bytes: {text[:_EXCERPT]}{'…' if len(text) > _EXCERPT or len(plain) > _READ else ''}"

    def _shown(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return printable(text)


def _masked_member(member: re.Match[str]) -> str:
    return f'{member[1]}"{_MASK}"' if names_secret(member[1]) else member[0]


def _plain(headers: Mapping[str, str], body: bytes) -> bytes:
    """Undo a compression as far as an excerpt needs it; what cannot be undone is shown as it came."""
    if not headers.get("Content-Encoding"):
        return body
    try:
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(body, _READ + 1)
    except zlib.error:
        return body
