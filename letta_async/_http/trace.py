"""Log attempts at level DEBUG: requests and responses, without secrets."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from letta_async._http.error_response import printable
from letta_async._http.request import Request
from letta_async._utils.logging_setup import log
from letta_async._utils.secret_strings import SENSITIVE, names_secret
from letta_async.errors import APIError, APIStatusError

__all__ = ["Trace", "scrubbed"]

_EXCERPT: Final = 500
"""How much of a body is shown, in characters."""
_READ: Final = 4 * _EXCERPT
"""How much of a body is looked at, in bytes."""
_MASK: Final = "**********"
_MEMBER: Final = (
    rf'("[^"]*(?:{SENSITIVE.pattern}|environment_variables)[^"]*"\s*:\s*)'  # a name, and then what it stands for:
    r'(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|\{[^{}]*\}|\[[^\[\]]*\]|[\[{].*)'  # text or a flat collection; else all the rest
)
"""A member of a JSON object that is a secret, or holds some, or the beginning of one; compiled when it is needed."""


def scrubbed(text: str, headers: Mapping[str, str]) -> str:
    """Mask in a text what a request's headers carry in confidence, which an answer may echo."""
    credentials = [value for name, value in headers.items() if names_secret(name)]
    secrets = {str(word) for value in credentials for word in (value, value.rpartition(" ")[2]) if word}
    for secret in sorted(secrets, key=len, reverse=True):  # one may begin another
        text = text.replace(secret, _MASK)
    return printable(text)


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
        self._headers: Mapping[str, str] = {}
        self._what = ""

    def sends(self, request: Request) -> None:
        """Log what goes out, and the wait before it."""
        waited, self._since = self._clock() - self._since, self._clock()
        self._headers = request.headers
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
            self._sent_body(request),
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

    def _sent_body(self, request: Request) -> str:
        if request.body is None:
            return "no body" if request.form is None else "a form with files"
        return self._body(request.body, request.body)

    def _body(self, body: bytes, plain: bytes) -> str:
        """Describe a body: how many bytes travel, and how what they stand for begins."""
        text = self._shown(plain[:_READ].decode("utf-8", "replace"))
        text = re.sub(_MEMBER, rf'\1"{_MASK}"', text, flags=SENSITIVE.flags)
        return f"{len(body)} bytes: {text[:_EXCERPT]}{'…' if len(text) > _EXCERPT or len(plain) > _READ else ''}"

    def _shown(self, text: str) -> str:
        return scrubbed(text, self._headers)


def _plain(headers: Mapping[str, str], body: bytes) -> bytes:
    """Undo a compression as far as an excerpt needs it; what cannot be undone is shown as it came."""
    if not headers.get("Content-Encoding"):
        return body
    try:
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(body, _READ + 1)
    except zlib.error:
        return body
