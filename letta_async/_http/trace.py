"""Logging of attempts at level DEBUG: requests and responses, without secrets."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from letta_async._http.error_response import printable
from letta_async._http.request import Request
from letta_async._utils.logging_setup import log
from letta_async._utils.secret_strings import MASK, SECRET_MEMBERS, mask_query, mask_url_passwords, names_secret
from letta_async.errors import APIError, APIStatusError

__all__ = ["Trace", "find_secrets", "mask_secrets"]

_EXCERPT: Final = 500
"""Maximum length of a body that is shown, in characters."""
_READ: Final = 4 * _EXCERPT
"""Maximum number of bytes of a body that are examined."""
_MEMBER: Final = (
    rf'("(?:{SECRET_MEMBERS})"\s*:\s*)'  # the name, and then the value:
    r'(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|\{[^{}]*\}|\[[^\[\]]*\]|[\[{].*)'  # text or a flat collection, else the whole rest
)
"""Pattern of a member of a JSON object that is secret, complete or cut off; compiled on first use."""


def find_secrets(headers: Mapping[str, str]) -> list[str]:
    """Return the secrets in a request's headers, the longest first: one may be the beginning of another."""
    credentials = [value for name, value in headers.items() if names_secret(name)]
    secrets = {str(word) for value in credentials for word in (value, value.rpartition(" ")[2]) if word}
    return sorted(secrets, key=len, reverse=True)


def mask_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return a text, such as a response that echoes headers, with these secrets and URLs' passwords masked.

    Args:
        text: The text.
        secrets: What `find_secrets` returned.

    """
    for secret in secrets:
        text = text.replace(secret, MASK)
    return printable(mask_url_passwords(text))


class Trace:
    """Log of one attempt; created only if the level is DEBUG."""

    def __init__(self, base_url: str, number: int, clock: Callable[[], float]) -> None:
        """Start the clock, before the wait for the limiter.

        Args:
            base_url: URL of the server.
            number: Number of the attempt in its call, from 1.
            clock: Function that returns the time in seconds.

        """
        self._base_url = base_url
        self._number = number
        self._clock = clock
        self._since = clock()
        self._secrets: list[str] = []
        self._what = ""
        self._extra: dict[str, object] = {}

    def log_request(self, request: Request) -> None:
        """Log a request, and the wait before it."""
        waited, self._since = self._clock() - self._since, self._clock()
        self._secrets = find_secrets(request.headers)
        self._what = f"{request.method} {request.path}, attempt {self._number}"
        self._extra = {"method": request.method, "path": request.path, "attempt": self._number}
        query = mask_query(request.query, self._mask_text)
        headers = ", ".join(
            f"{name}: {MASK if names_secret(name) else self._mask_text(value)}"
            for name, value in request.headers.items()
        )
        log.debug(
            "%s: sent to %s after %.3f s of waiting for a slot; headers: %s; %s",
            self._what,
            f"{self._base_url}{request.path}{query and '?'}{query}",
            waited,
            headers,
            self._describe_sent_body(request),
            extra={**self._extra, "queued_for": waited},
        )

    def log_response(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Log a response."""
        elapsed = self._clock() - self._since
        log.debug(
            "%s: answered %d after %.3f s; %s; %s",
            self._what,
            status,
            elapsed,
            self._mask_text(headers.get("Content-Type", "no content type")),
            self._describe_body(body, _decompress_beginning(headers, body)),
            extra={**self._extra, "status_code": status, "elapsed": elapsed},
        )

    def log_error(self, error: APIError) -> None:
        """Log the error of the attempt, except one for a status, which is logged already."""
        if not isinstance(error, APIStatusError):
            elapsed, kind = self._clock() - self._since, type(error).__name__
            extra = {**self._extra, "elapsed": elapsed, "error_type": kind}
            words = self._mask_text(error.message)
            log.debug("%s: failed after %.3f s: %s: %s", self._what, elapsed, kind, words, extra=extra)

    def _describe_sent_body(self, request: Request) -> str:
        if request.body is None:
            return "no body" if request.form is None else "a form with files"
        return self._describe_body(request.body, request.body)

    def _describe_body(self, body: bytes, plain: bytes) -> str:
        """Return the size of a body as it is sent, and its beginning, decompressed."""
        text = self._mask_text(plain[:_READ].decode("utf-8", "replace"))
        text = re.sub(_MEMBER, rf'\1"{MASK}"', text, flags=re.IGNORECASE)
        return f"{len(body)} bytes: {text[:_EXCERPT]}{'…' if len(text) > _EXCERPT or len(plain) > _READ else ''}"

    def _mask_text(self, text: str) -> str:
        return mask_secrets(text, self._secrets)


def _decompress_beginning(headers: Mapping[str, str], body: bytes) -> bytes:
    """Decompress the beginning of a body for an excerpt; return an invalid body unchanged."""
    if not headers.get("Content-Encoding"):
        return body
    try:
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(body, _READ + 1)
    except zlib.error:
        return body
