"""Retry policy and retry budget: which errors are retried, how often and after which delay."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import attrs

from letta_async._schema.json_values import is_object
from letta_async.errors import APIConnectionError, APIError, APIStatusError, ArgumentProblem, InvalidArgumentError

__all__ = ["Retries", "RetryBudget", "RetryPolicy", "is_overload", "is_temporary_conflict"]

_TEMPORARY_STATUSES: Final = frozenset({408, 425, 429, *range(500, 600)}) - {501, 505}
"""Statuses that may not recur: all server errors but those about unsupported features, and temporary client errors."""

_UNPROCESSED: Final = frozenset({425, 429, 503, 529})
"""Statuses that, with a `Retry-After`, mean that the server did not process the request."""

_OVERLOADED: Final = frozenset({429, 503, 504, 522, 524, 529})
"""Statuses that indicate an overloaded server. Of the proxies' statuses: no connection or no response in time (522,
524) and too many requests (529); the others mean that the server is down or not found."""

_THROTTLED: Final = frozenset({429, 503, 529})
"""Statuses of responses that cost a server hardly any work, so that their retries cost fewer tokens."""

_OVERLOAD_WORDS: Final = ("An unknown error occurred", "A database error occurred")
"""Beginnings of the detail of a 500 that Letta 0.16.8 sends when it runs out of database connections."""

_CONFLICTS: Final[Mapping[str, bool]] = {
    r"\w+ with id '[^']*' was updated by another transaction": True,
    r"Cannot send a new message: Another request (\(run_id=[^)]*\) )?is currently being processed": True,
    r"Cannot modify memory: Another operation is currently in progress": True,
    r"The resource is currently locked by another operation": True,
    r"A database deadlock was detected": True,
    r"Cannot send a new message: The agent is waiting for approval": False,
    r"No active runs to cancel": False,
    r"A (unique|foreign key) constraint was violated for ": False,
    r"\(\S*IntegrityError\)": False,
}
"""Patterns of the beginning of a 409's detail on Letta 0.16.8, after `CONFLICT: ` or alone, and whether the conflict is
temporary. The rest of the detail can be anything: the server appends the failed statement with its values."""

_TEMPORARY_CONFLICT: Final = (
    r"(?i)\b(lock(ed)?|busy|deadlock|being processed|in progress|another (transaction|request|operation)|(re)?try)\b"
)
_LASTING_CONFLICT: Final = r"(?i)approval|no active run|unique|foreign key|already exists|duplicate"
"""Words of temporary and of lasting conflicts, for details that match none of `_CONFLICTS`, as of a newer server."""

_MAX_DESCRIPTOR_RETRIES: Final = 6
"""Number of retries when the process has no file descriptor left, about 12 s in total; nothing is sent meanwhile."""


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """Policy that decides which failed calls are retried, and after which delay.

    These errors are retried: a connection that was refused, reset, dropped or timed out; the statuses 408, 425, 429 and
    500 to 599 except 501 and 505; and a 409 that is temporary (a lock, a concurrent update, or the server sends
    `Retry-After`). `x-should-retry: true` or `false` in a response takes precedence. Calls that are not safe to repeat,
    such as creating something, are retried only if the server cannot have acted on them. Delays grow exponentially with
    full jitter: each is random between zero and its maximum, so that clients that failed together do not retry
    together. A retry is never earlier than a `Retry-After` asks for.

    Raises:
        InvalidArgumentError: A value is out of range.

    """

    max_retries: int = 2
    """Maximum number of retries per call; 0 disables retries. Default: 2, as in the official client."""
    initial_delay: float = 0.5
    """Maximum delay before the first retry, in seconds; it doubles with each further retry. Default: 0.5."""
    max_delay: float = 8.0
    """Maximum delay without a `Retry-After`, in seconds. Default: 8."""
    max_retry_after: float = 60.0
    """Maximum `Retry-After` that is waited for, in seconds; for a longer one the error is raised immediately, with
    `retry_after` set. Default: 60."""

    def __attrs_post_init__(self) -> None:
        problems = [
            ArgumentProblem(
                f"retry.{field.name}", f"{value!r} is not {'a whole number' if whole else 'a number of seconds'} from 0"
            )
            for field in attrs.fields(type(self))
            for value in [getattr(self, field.name)]
            for whole in [field.name == "max_retries"]
            if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not 0 <= value < 1e9
        ]
        if problems:
            raise InvalidArgumentError(problems)

    def should_retry(self, error: BaseException, *, retries: int, repeatable: bool) -> bool:
        """Return whether a call that failed with `error` is retried.

        Args:
            error: The error of the last attempt.
            retries: Number of retries of the call so far.
            repeatable: Whether the call is safe to repeat.

        """
        if isinstance(error, APIConnectionError) and error.exhausted:
            return retries < _MAX_DESCRIPTOR_RETRIES
        if retries >= self.max_retries:
            return False
        if isinstance(error, APIConnectionError):
            return error.transient and (repeatable or error.unprocessed)
        if isinstance(error, APIStatusError):
            if error.retry_after is not None and error.retry_after > self.max_retry_after:
                return False
            return _is_temporary(error) and (repeatable or _cannot_have_acted(error))
        return False

    def delay(self, error: BaseException | None, *, retries: int, rng: random.Random) -> float:
        """Return the delay before the next retry, in seconds.

        A `Retry-After` is waited for in full, and up to a tenth longer, so that clients do not all retry at once.

        Args:
            error: The error of the last attempt.
            retries: Number of retries of the call so far.
            rng: Random number generator for the jitter.

        """
        if isinstance(error, APIStatusError) and error.retry_after is not None:
            return error.retry_after + rng.uniform(0, min(1.0, error.retry_after / 10 + 0.05))
        return rng.uniform(0, min(self.max_delay, self.initial_delay * 2.0 ** min(retries, 60)))


def is_overload(error: APIError) -> bool:
    """Return whether an error indicates that the server is overloaded."""
    if isinstance(error, APIConnectionError):
        return error.transient
    if isinstance(error, APIStatusError):
        return error.status_code in _OVERLOADED or (
            error.status_code == 500 and str(error.detail).startswith(_OVERLOAD_WORDS)
        )
    return False


def is_temporary_conflict(error: APIStatusError) -> bool:
    """Return whether an error is a 409 that passes by itself, such as that of a conversation that is busy."""
    return error.status_code == 409 and (error.retry_after is not None or _is_temporary_conflict(error.detail))


def _is_temporary(error: APIStatusError) -> bool:
    match error.headers.get("x-should-retry"):
        case "true":
            return True
        case "false":
            return False
        case _:
            pass
    if error.status_code == 409:
        return is_temporary_conflict(error)
    return error.status_code in _TEMPORARY_STATUSES


def _is_temporary_conflict(detail: object) -> bool:
    text = str((detail.get("message") if is_object(detail) else None) or detail).removeprefix("CONFLICT: ")
    for beginning, passes in _CONFLICTS.items():
        if re.match(beginning, text):
            return passes
    return bool(re.search(_TEMPORARY_CONFLICT, text) and not re.search(_LASTING_CONFLICT, text))


def _cannot_have_acted(error: APIStatusError) -> bool:
    return error.retry_after is not None and error.status_code in _UNPROCESSED | {409}


@attrs.define(eq=False)
class RetryBudget:
    """Token bucket that limits the retries of all calls of a client, so that an outage does not multiply the load.

    A retry withdraws tokens, which are refunded if the call then succeeds; a call that succeeds without a retry adds
    one token; with too few tokens left, nothing is retried. The amounts are those of the AWS clients' standard mode.
    """

    capacity: int = 500
    cost: int = 14
    throttled_cost: int = 5
    tokens: int = attrs.field(default=attrs.Factory(lambda self: self.capacity, takes_self=True))

    def withdraw(self, error: BaseException) -> int | None:
        """Withdraw the tokens for a retry, and return their number; return `None` if there are too few left."""
        if isinstance(error, APIConnectionError) and error.exhausted:
            return 0  # nothing reached the server
        throttled = isinstance(error, APIStatusError) and error.status_code in _THROTTLED
        cost = self.throttled_cost if throttled else self.cost
        if cost > self.tokens:
            return None
        self.tokens -= cost
        return cost

    def refund(self, withdrawn: int) -> None:
        """Refund the tokens that a successful call withdrew for retries; add one token if it needed no retry."""
        self.tokens = min(self.capacity, self.tokens + (withdrawn or 1))


@attrs.define(eq=False)
class Retries:
    """State of retrying that all calls of a client share."""

    budget: RetryBudget = attrs.field(factory=RetryBudget)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: random.Random = attrs.field(factory=random.Random)
    made: int = 0
    """Number of retries so far."""
