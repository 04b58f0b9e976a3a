"""Which failures are tried again, how often and how long after: decisions only, the transport does the waiting."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import attrs

from letta_async._schema.json_values import is_object
from letta_async.errors import APIConnectionError, APIError, APIStatusError, ArgumentProblem, InvalidArgumentError

__all__ = ["Retries", "RetryBudget", "RetryPolicy", "is_overload"]

_PASSING: Final = frozenset({408, 425, 429, *range(500, 600)}) - {501, 505}
"""Statuses that may be otherwise next time: of a server's failures all but those that say what it cannot do."""

_UNPROCESSED: Final = frozenset({425, 429, 503, 529})
"""Statuses with which a server, asking to come back later, says that it did nothing."""

_OVERLOADED: Final = frozenset({429, 503, 504, 522, 524, 529})
"""Statuses that say, or mean, that the server has too much to do. Of those of proxies: no connection to the server, or
no answer from it, came in time (522, 524), or too many requests (529); the others mean that it is down or not found."""

_THROTTLED: Final = frozenset({429, 503, 529})
"""Statuses that cost a server next to nothing."""

_OVERLOAD_WORDS: Final = ("An unknown error occurred", "A database error occurred")
"""Details of a 500 with which Letta 0.16.8 answers when it runs out of database connections."""

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
"""How each text begins with which Letta 0.16.8 answers 409, after `CONFLICT: ` or alone, and whether the conflict
passes by itself. What follows can hold anything: the server adds the statement that failed, values included."""

_PASSING_CONFLICT: Final = (
    r"(?i)\b(lock(ed)?|busy|deadlock|being processed|in progress|another (transaction|request|operation)|(re)?try)\b"
)
_LASTING_CONFLICT: Final = r"(?i)approval|no active run|unique|foreign key|already exists|duplicate"
"""Words of a 409 with another text, such as that of a newer server."""

_MOST_WAITS: Final = 6
"""How often a call waits for a file descriptor of its own program, some 12 s together; nothing was sent meanwhile."""


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """Decide which failed calls are tried again, and when.

    Tried again are: a connection that was refused, reset, dropped or too slow; the statuses 408, 425, 429 and 500 to
    599 except 501 and 505; and a 409 that can pass (a lock, a concurrent update, or the server names a time to come
    back). A server that sends `x-should-retry: true` or `false` is obeyed. Calls that are not safe to repeat, such as
    creating something, are tried again only where the server cannot have acted on them. The waits grow exponentially
    and are drawn at random from nothing to their full length, so that clients which failed together do not come back
    together. A `Retry-After` is kept to: never an earlier retry than the server asked for.

    Raises:
        InvalidArgumentError: a value is out of range.

    """

    max_retries: int = 2
    """Most retries of one call; 0 switches retrying off. Default: 2, that of the official client."""
    initial_delay: float = 0.5
    """Longest wait before the first retry, in seconds; doubled for each one after it. Default: 0.5."""
    max_delay: float = 8.0
    """Longest wait that is this client's own choice, in seconds. Default: 8."""
    max_retry_after: float = 60.0
    """Longest `Retry-After` that is waited for, in seconds; beyond it the error is raised at once, with
    `retry_after` set. Default: 60."""

    def __attrs_post_init__(self) -> None:
        faults = [
            ArgumentProblem(
                f"retry.{field.name}", f"{value!r} is not {'a whole number' if whole else 'a number of seconds'} from 0"
            )
            for field in attrs.fields(type(self))
            for value in [getattr(self, field.name)]
            for whole in [field.name == "max_retries"]
            if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not 0 <= value < 1e9
        ]
        if faults:
            raise InvalidArgumentError(faults)

    def should_retry(self, error: BaseException, *, retries: int, repeatable: bool) -> bool:
        """Tell whether a call that met `error` is tried again.

        Args:
            error: What the last try raised.
            retries: How often the call was tried again so far.
            repeatable: Whether doing the call twice does no harm.

        """
        if isinstance(error, APIConnectionError) and error.exhausted:
            return retries < _MOST_WAITS
        if retries >= self.max_retries:
            return False
        if isinstance(error, APIConnectionError):
            return error.transient and (repeatable or error.unprocessed)
        if isinstance(error, APIStatusError):
            if error.retry_after is not None and error.retry_after > self.max_retry_after:
                return False
            return _may_pass(error) and (repeatable or _cannot_have_acted(error))
        return False

    def delay(self, error: BaseException | None, *, retries: int, rng: random.Random) -> float:
        """Give the seconds to wait before the next retry.

        A `Retry-After` is waited for in full, and up to a tenth longer so that not everybody returns at once.

        Args:
            error: What the last try raised.
            retries: How often the call was tried again so far.
            rng: Source of the jitter.

        """
        if isinstance(error, APIStatusError) and error.retry_after is not None:
            return error.retry_after + rng.uniform(0, min(1.0, error.retry_after / 10 + 0.05))
        return rng.uniform(0, min(self.max_delay, self.initial_delay * 2.0 ** min(retries, 60)))


def is_overload(error: APIError) -> bool:
    """Tell whether an error means that the server has too much to do just now."""
    if isinstance(error, APIConnectionError):
        return error.transient
    if isinstance(error, APIStatusError):
        return error.status_code in _OVERLOADED or (
            error.status_code == 500 and str(error.detail).startswith(_OVERLOAD_WORDS)
        )
    return False


def _may_pass(error: APIStatusError) -> bool:
    match error.headers.get("x-should-retry"):
        case "true":
            return True
        case "false":
            return False
        case _:
            pass
    if error.status_code == 409:
        return error.retry_after is not None or _conflict_passes(error.detail)
    return error.status_code in _PASSING


def _conflict_passes(detail: object) -> bool:
    text = str((detail.get("message") if is_object(detail) else None) or detail).removeprefix("CONFLICT: ")
    for beginning, passes in _CONFLICTS.items():
        if re.match(beginning, text):
            return passes
    return bool(re.search(_PASSING_CONFLICT, text) and not re.search(_LASTING_CONFLICT, text))


def _cannot_have_acted(error: APIStatusError) -> bool:
    return error.retry_after is not None and error.status_code in _UNPROCESSED | {409}


@attrs.define
class RetryBudget:
    """Bound what all calls of a client together may retry, so that an outage does not multiply the load.

    A bucket of tokens: a retry takes some and gets them back when it helped, a call that succeeds at once adds one, and
    with too few left nothing is tried again. The amounts are those of the AWS clients' standard mode.
    """

    capacity: int = 500
    cost: int = 14
    throttled_cost: int = 5
    tokens: int = attrs.field(default=attrs.Factory(lambda self: self.capacity, takes_self=True))

    def take(self, error: BaseException) -> int | None:
        """Pay for a retry: the price that was paid, or `None` when there is not enough left."""
        if isinstance(error, APIConnectionError) and error.exhausted:
            return 0  # it never came as far as the server
        throttled = isinstance(error, APIStatusError) and error.status_code in _THROTTLED
        price = self.throttled_cost if throttled else self.cost
        if price > self.tokens:
            return None
        self.tokens -= price
        return price

    def give_back(self, paid: int) -> None:
        """Refund a call that succeeded what its retries cost, or a token when it needed none."""
        self.tokens = min(self.capacity, self.tokens + (paid or 1))


@attrs.define
class Retries:
    """What all calls of a client share of retrying: the budget, the source of jitter, the way of waiting."""

    budget: RetryBudget = attrs.field(factory=RetryBudget)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: random.Random = attrs.field(factory=random.Random)
    made: int = 0
    """How many retries were made so far."""
