"""Objects that errors carry: problems of arguments, attempts of a call, and the response of an error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

__all__ = [
    "ArgumentProblem",
    "Attempt",
    "ErrorRequest",
    "ErrorResponse",
    "Fault",
    "request_id_of",
    "restore",
    "shortened_repr",
    "summary_of",
]

_MAX_ARGUMENTS: Final = 200
"""Maximum length of a tool call's arguments in a message, in characters."""
_REQUEST_ID: Final = ("x-request-id", "request-id", "x-api-request-log-id")
"""Headers that name a request, the usual one first."""


@attrs.frozen
class ArgumentProblem:
    """One problem of an argument: where it is and what is wrong. An `InvalidArgumentError` lists one per problem."""

    path: str
    """Dotted path to the value, such as `compaction_settings.model_settings.temperature`."""
    problem: str
    """Description of the problem, with the value and what is allowed."""

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


Fault = ArgumentProblem
"""Earlier name of `ArgumentProblem`, kept as an alias."""


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the ID that a server, or a proxy in front of it, gave a request; `None` without one.

    Args:
        headers: Headers of the response, by case-insensitive name.

    """
    found = next((headers[name] for name in _REQUEST_ID if headers.get(name)), None)
    return found if found is None or found.isprintable() else "".join(c if c.isprintable() else "�" for c in found)


@attrs.frozen
class Attempt:
    """One failed attempt of a call."""

    error: str
    """Description of the attempt's error, on one line."""
    seconds: float
    """Duration of the attempt, in seconds."""
    waited: float = 0.0
    """Delay before the next attempt, in seconds; 0 after the last one."""


@attrs.frozen
class ErrorRequest:
    """Request of an error, without its body, with the attributes that programs read of it in the official client."""

    method: str
    """HTTP method, such as `POST`."""
    url: str
    """URL with the query; the values of parameters whose names tell of a secret are masked."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """Headers, by case-insensitive name; the values of those whose names tell of a secret, as the API key, are
    masked."""


@attrs.frozen
class ErrorResponse:
    """Response of an error, with the attributes that programs read of it in the official client."""

    status_code: int
    """HTTP status code."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """Headers, by case-insensitive name."""
    body: object | None = attrs.field(default=None, repr=False)
    """Body: decoded if it is JSON, else text, shortened; `None` for an empty one."""

    @property
    def text(self) -> str:
        """The body as text; that of JSON is written anew."""
        if self.body is None:
            return ""
        return self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)

    def json(self) -> Any:
        """Return the body, decoded.

        Raises:
            ValueError: The body is not JSON.

        """
        return json.loads(self.text) if self.body is None or isinstance(self.body, str) else self.body


def summary_of(attempts: Sequence[Attempt]) -> str:
    """Return the number of attempts and their total duration, with the delays between them, for a message."""
    seconds = sum(attempt.seconds + attempt.waited for attempt in attempts)
    took = f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
    return f"after {len(attempts)} attempts in {took} s"


def shortened_repr(arguments: str | None) -> str:
    """Return the `repr` of a tool call's arguments; only its beginning if it is long."""
    text = repr(arguments)
    return text if len(text) <= _MAX_ARGUMENTS else f"{text[:_MAX_ARGUMENTS]}…"


def restore(cls: type[Exception], args: tuple[Any, ...], state: Mapping[str, Any]) -> Exception:
    """Rebuild a pickled error without its constructor, whose parameters differ between classes."""
    error = cls.__new__(cls, *args)
    error.args = args  # which a `TimeoutError` sets in its constructor alone
    error.__dict__.update(state)
    return error
