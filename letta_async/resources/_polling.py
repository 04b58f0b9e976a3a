"""Waiting for a state on the server, by requesting it again and again."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Generic, TypeVar

import attrs

from letta_async._schema.json_values import show
from letta_async.config import deadline_problems, is_seconds
from letta_async.errors import ArgumentProblem

__all__ = ["Polled", "Polling", "polling_problems"]

T = TypeVar("T")

_FIRST_DELAY: Final = 0.25
"""Seconds between the first two requests."""
_FACTOR: Final = 1.5
"""Factor by which each delay is longer than the one before."""


@attrs.frozen
class Polled(Generic[T]):
    """Result of waiting."""

    value: T | None
    """What was returned last; `None` if nothing was."""
    done: bool
    """Whether that is the state that was waited for, rather than the one at the deadline."""


@attrs.define
class Polling:
    """Means of waiting: a clock, a way to sleep, a source of jitter."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: random.Random = attrs.field(factory=random.Random)

    async def until(
        self,
        is_done: Callable[[T], bool],
        retrieve: Callable[[], Awaitable[T]],
        *,
        deadline: float | None,
        poll: float,
        known: T | None = None,
    ) -> Polled[T]:
        """Retrieve a value until it is as wanted, or the deadline has passed.

        It is retrieved at once, then after delays that grow by half from a quarter of a second up to `poll`; each is
        shortened at random, by up to a quarter.

        Args:
            is_done: Function that returns whether a value is as wanted.
            retrieve: Function that requests the value.
            deadline: Limit on the whole wait in seconds; `None` for no limit.
            poll: Maximum delay between two requests, in seconds.
            known: Value that was just received, so that the first request is sent after a delay only. Default: none.

        """
        end = math.inf if deadline is None else self.clock() + deadline
        delay = min(_FIRST_DELAY, poll)
        value = known
        fresh = known is not None
        while (left := end - self.clock()) > 0:
            if not fresh:
                limit = asyncio.timeout(None if left == math.inf else left)
                try:
                    async with limit:
                        value = await retrieve()
                except TimeoutError:
                    if not limit.expired():
                        raise
                    break
            if value is not None and is_done(value):
                return Polled(value, done=True)
            fresh = False
            pause = delay * self.rng.uniform(0.75, 1)
            await self.sleep(min(pause, max(end - self.clock(), 0)))
            delay = min(delay * _FACTOR, poll)
        return Polled(value, done=False)


def polling_problems(deadline: object, poll: object) -> Iterable[ArgumentProblem]:
    """Yield problems of the parameters `deadline` and `poll`."""
    yield from deadline_problems(deadline)
    if not is_seconds(poll):
        yield ArgumentProblem("poll", f"{show(poll)} is not a positive number of seconds")
