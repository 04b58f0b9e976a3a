"""Rate limits that a server reports in the headers of its responses."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import attrs

from letta_async._http.error_response import printable
from letta_async._http.limiter import RATE_LIMIT, REMAINING, X_REMAINING
from letta_async._schema.record import Record

__all__ = ["RateLimit", "read_rate_limit"]

_EPOCH: Final = 1e9
"""Number from which a reset is a time in seconds since the epoch rather than a delay."""
_EPOCH_MILLISECONDS: Final = 1e12
_LONG: Final = 500
"""Maximum length of a header that is read, in characters."""
_ITEM: Final = r'(?:"(?:[^"\\]|\\.)*"|[^",])+'
"""Pattern of an item of a list, in which a comma can be quoted."""
_PART: Final = r'(?:"(?:[^"\\]|\\.)*"|[^";])+'
"""Pattern of the value or a parameter of an item."""


@attrs.frozen(kw_only=True)
class RateLimit(Record):
    """Rate limit of a server, as the headers of its latest response that had such headers reported it."""

    limit: int | None
    """Maximum number of requests per window; `None` if the server did not report it."""
    remaining: int | None
    """Number of requests that were left in the window."""
    reset_seconds: float | None
    """Seconds from the response to the end of the window; `None` if the server did not report it."""
    policy: str | None = None
    """Value of the header `RateLimit-Policy`, such as `100;w=60` for 100 requests per minute; `None` without one."""
    received_at: datetime
    """Time at which the response arrived, in UTC."""

    @property
    def exhausted_for(self) -> float | None:
        """Seconds from the response during which no request is left; `None` if some are, or if it is not known."""
        if self.remaining != 0 or not self.reset_seconds or self.limit == 0:
            return None
        return self.reset_seconds


def read_rate_limit(headers: Mapping[str, str], clock: Callable[[], float] = time.time) -> RateLimit | None:
    """Return the rate limit in the headers of a response; `None` if they report none.

    Of several limits it is the one with the fewest requests left.

    Args:
        headers: Headers of the response, by case-insensitive name.
        clock: Function that returns the time in seconds since the epoch. Default: that of the system.

    """
    if RATE_LIMIT in headers:
        limit, remaining, reset = _of_the_field(headers)
    elif REMAINING in headers:
        limit, remaining, reset = _of_three_headers(headers, "RateLimit", clock())
    elif X_REMAINING in headers:
        limit, remaining, reset = _of_three_headers(headers, "X-RateLimit", clock())
    else:
        return None
    if remaining is None:
        return None
    policy = headers.get("RateLimit-Policy")
    return RateLimit(
        limit=limit,
        remaining=remaining,
        reset_seconds=reset,
        policy=None if policy is None else printable(policy)[:_LONG],
        received_at=datetime.fromtimestamp(clock(), UTC),
    )


def _of_three_headers(
    headers: Mapping[str, str], prefix: str, now: float
) -> tuple[int | None, int | None, float | None]:
    """Read the limit, what remains and the seconds to the reset from a header each."""
    limit, remaining = _number(headers.get(f"{prefix}-Limit")), _number(headers.get(f"{prefix}-Remaining"))
    reset = _number(headers.get(f"{prefix}-Reset"))
    if reset is not None and reset >= _EPOCH:
        reset = max(0.0, (reset / 1000 if reset >= _EPOCH_MILLISECONDS else reset) - now)
    return _whole(limit), _whole(remaining), reset


def _of_the_field(headers: Mapping[str, str]) -> tuple[int | None, int | None, float | None]:
    """Read them from the field `RateLimit`: `"name";r=50;t=30`, or `limit=100, remaining=50, reset=30` before that."""
    text = headers[RATE_LIMIT]
    quotas = {name: _number(given.get("q")) for name, given in _items(headers.get("RateLimit-Policy", ""))}
    found: list[tuple[int, float | None, int | None]] = []
    for name, given in _items(text):
        remaining = _whole(_number(given.get("r")))
        if remaining is not None:
            found.append((remaining, _number(given.get("t")), _whole(quotas.get(name))))
    if found:
        remaining, reset, limit = min(found, key=lambda each: (each[0], -(each[1] or 0)))
        return limit, remaining, reset
    pairs = dict(pair for _, given in _items(text.replace(",", ";")) for pair in given.items())
    return _whole(_number(pairs.get("limit"))), _whole(_number(pairs.get("remaining"))), _number(pairs.get("reset"))


def _items(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the items of a list of structured fields (RFC 9651), each as its value and its parameters."""
    for item in re.findall(_ITEM, text[:_LONG]):
        parts = [part.strip() for part in re.findall(_PART, item)]
        pairs = (part.partition("=") for part in parts)
        yield parts[0] if parts else "", {name.lower(): value for name, equals, value in pairs if equals}


def _number(text: str | None) -> float | None:
    """Return the number with which a text begins, such as 100 of `100, 100;w=60`; `None` without one."""
    match = re.match(r"\s*(\d{1,15}(?:\.\d{1,9})?)(?=\s*(?:$|[,;]))", text or "", re.ASCII)
    return None if match is None else float(match[1])


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
