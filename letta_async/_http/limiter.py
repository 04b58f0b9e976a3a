"""Limiter of requests in flight, with a first-in, first-out queue."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from multidict import istr

from letta_async._http.limit import AdaptiveLimit, ConfiguredLimit, Limit, OverloadLimit
from letta_async._utils.logging_setup import log
from letta_async.errors import ClientClosedError
from letta_async.operations._operation import Traffic

if TYPE_CHECKING:
    from letta_async._http.rate_limit import RateLimit

__all__ = ["RATE_LIMIT", "REMAINING", "X_REMAINING", "Limiter", "ServerLimiters"]


_SILENCE: Final = 1.0
"""Seconds without a response after which a limit may grow."""

RATE_LIMIT: Final = istr("RateLimit")
"""Header of a rate limit, of the current draft (draft-ietf-httpapi-ratelimit-headers, since its seventh version)."""
REMAINING: Final = istr("RateLimit-Remaining")
"""Header of the draft's earlier versions, beside `RateLimit-Limit` and `RateLimit-Reset`."""
X_REMAINING: Final = istr("X-RateLimit-Remaining")
"""Header of servers older than the draft, beside `X-RateLimit-Limit` and `X-RateLimit-Reset`."""


class Limiter:
    """Limiter that admits as many requests at once as a `Limit` allows, on one event loop.

    Requests acquire slots in the order in which they queued; a waiting task can be cancelled.
    """

    def __init__(self, limit: Limit, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.limit: Limit = limit
        self.in_flight: int = 0
        self.waiting: int = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._sleep = sleep
        self._pause: asyncio.Task[None] | None = None
        self._pause_ends = 0.0
        self._silence: asyncio.TimerHandle | None = None

    @property
    def maximum(self) -> int:
        """Maximum number of requests in flight at this moment."""
        return self.limit.value

    def try_acquire(self) -> bool:
        """Acquire a slot if one is free and the queue is empty; return whether it was acquired."""
        if self._queue or self.in_flight >= self.limit.value or self._pause is not None:
            return False
        self.in_flight += 1
        return True

    async def acquire(self) -> None:
        """Acquire a slot, and wait in the queue until one is free."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._queue.append(waiter)
        self.waiting += 1
        if self._silence is None:
            self._silence = loop.call_later(_SILENCE, self._grow_without_responses, loop, loop.time())
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.release()  # acquired at the moment of the cancellation: pass the slot on
            raise
        finally:
            self.waiting -= 1

    def release(self) -> None:
        """Release a slot, and wake the next request in the queue."""
        self.in_flight -= 1
        if self._queue:
            self._wake_next()

    def pause(self, seconds: float) -> None:
        """Admit no request for a number of seconds, as a `Retry-After` asks; requests in flight continue."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        if self._pause is not None:
            if ends <= self._pause_ends:
                return
            self._pause.cancel()
        self._pause_ends = ends
        self._pause = loop.create_task(self._wait_out(seconds))
        self._pause.add_done_callback(self._end_pause)  # a callback, because the task may be done already

    def pause_left(self) -> float:
        """Return the rest of the current pause in seconds; 0 without one."""
        return 0.0 if self._pause is None else self._pause_ends - asyncio.get_running_loop().time()

    def close(self, words: str) -> None:
        """Raise `ClientClosedError` in all queued tasks, and cancel the task of a pause."""
        if self._silence is not None:
            self._silence.cancel()
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        while self._queue:
            waiter = self._queue.popleft()
            if not waiter.done():
                waiter.set_exception(ClientClosedError(words))

    async def _wait_out(self, seconds: float) -> None:
        await self._sleep(seconds)

    def _end_pause(self, pause: asyncio.Task[None]) -> None:
        if pause is self._pause:
            self._pause = None
            self._wake_next()

    def _grow_without_responses(self, loop: asyncio.AbstractEventLoop, since: float) -> None:
        """Raise the limit if requests are queued and no response arrived since a time; a timer calls it."""
        self._silence = None
        now = loop.time()
        if self._queue and self.limit.grow_in_silence(since, now):
            self._silence = loop.call_later(_SILENCE, self._grow_without_responses, loop, now)
            self._wake_next()

    def _wake_next(self) -> None:
        while self._queue and self.in_flight < self.limit.value and self._pause is None:
            waiter = self._queue.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)


class ServerLimiters:
    """Limiters of one server, one per class of traffic, so that no class waits for another.

    A `Retry-After` pauses all of them, and so does a rate limit that is used up.
    """

    def __init__(
        self, maximum: int, fixed: int | None = None, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Create the limiters of a server.

        Args:
            maximum: Maximum that an adaptive limit of a class can reach.
            fixed: Fixed limit of each class, instead of an adaptive one.
            sleep: Coroutine function that waits for the end of a pause.

        """
        self._maximum = maximum
        self._fixed = fixed
        self._sleep = sleep
        self._by_traffic: dict[Traffic, Limiter] = {}
        self.rate_limit: RateLimit | None = None
        """Rate limit that the server reported last; `None` if it reported none."""

    def __iter__(self) -> Iterator[Limiter]:
        return iter(self._by_traffic.values())

    def items(self) -> list[tuple[Traffic, Limiter]]:
        """Return the limiter of each class of traffic in use."""
        return list(self._by_traffic.items())  # a copy, because other threads read it

    def limiter(self, traffic: Traffic) -> Limiter:
        """Return the limiter of a class of traffic; create it on first use."""
        limiter = self._by_traffic.get(traffic)
        if limiter is None:
            limiter = Limiter(self._limit(traffic), self._sleep)
            if (left := max((other.pause_left() for other in self), default=0.0)) > 0:
                limiter.pause(left)
            self._by_traffic[traffic] = limiter
        return limiter

    def pause(self, seconds: float) -> None:
        """Admit no request of any class for a number of seconds; see `Limiter.pause`."""
        if max((limiter.pause_left() for limiter in self), default=0.0) <= 0:
            log.info("sending nothing for %.2f s, as the server asks", seconds, extra={"delay": seconds})
        for limiter in self:
            limiter.pause(seconds)

    def heed_rate_limit(self, headers: Mapping[str, str], longest: float) -> None:
        """Keep a rate limit that a response reports, and pause until a window ends in which no request is left.

        Args:
            headers: Headers of the response, by case-insensitive name.
            longest: Maximum length of such a pause, in seconds; a longer one is not made.

        """
        if not (RATE_LIMIT in headers or REMAINING in headers or X_REMAINING in headers):
            return
        from letta_async._http.rate_limit import read_rate_limit  # noqa: PLC0415 - few servers have one

        if (reported := read_rate_limit(headers)) is None:
            return
        self.rate_limit = reported
        seconds = reported.exhausted_for
        if seconds is not None and seconds <= longest:
            self.pause(seconds)

    def _limit(self, traffic: Traffic) -> Limit:
        if self._fixed is not None:
            return ConfiguredLimit(self._fixed)
        if traffic == "model":
            from letta_async._http.throughput_based_limit import ThroughputBasedLimit  # noqa: PLC0415 - not in each program

            return ThroughputBasedLimit(self._maximum)
        return AdaptiveLimit(self._maximum) if traffic == "quick" else OverloadLimit(self._maximum)
