"""A limiter: requests queue here, first come, first served, until the server can take one more."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator

from letta_async._http.limit import AdaptiveLimit, FixedLimit, Limit, OverloadLimit
from letta_async.errors import ClientClosedError
from letta_async.operations._operation import Traffic

__all__ = ["Limiter", "ServerLimiters"]


class Limiter:
    """Admit as many requests at once as a `Limit` allows.

    For one event loop. Waiting is fair, and ends cleanly when the waiting task is cancelled.
    """

    def __init__(self, limit: Limit, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.limit = limit
        self.in_flight = 0
        self.waiting = 0
        self._line: deque[asyncio.Future[None]] = deque()
        self._sleep = sleep
        self._pause: asyncio.Task[None] | None = None
        self._pause_ends = 0.0

    def try_acquire(self) -> bool:
        """Acquire a slot if one is free and nobody waits; return whether it was acquired."""
        if self._line or self.in_flight >= self.limit.value or self._pause is not None:
            return False
        self.in_flight += 1
        return True

    async def acquire(self) -> None:
        """Queue for a slot, and acquire it."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        self.waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # the slot came at the moment of the cancellation: it is the next one's
            raise
        finally:
            self.waiting -= 1

    def release(self) -> None:
        """Release a slot, and wake whoever is next."""
        self.in_flight -= 1
        if self._line:
            self._call_next()

    def pause(self, seconds: float) -> None:
        """Let nobody acquire a slot for so many seconds, as a `Retry-After` asks; requests in flight go on."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        if self._pause is not None:
            if ends <= self._pause_ends:
                return
            self._pause.cancel()
        self._pause_ends = ends
        self._pause = loop.create_task(self._rest(seconds))
        self._pause.add_done_callback(self._go_on)  # not by the task itself, which may have ended already

    def pause_left(self) -> float:
        """Return for how many seconds nobody is let through."""
        return 0.0 if self._pause is None else self._pause_ends - asyncio.get_running_loop().time()

    def close(self, words: str) -> None:
        """Fail everybody in the queue, and end a pause, whose task would outlive the client."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_exception(ClientClosedError(words))

    async def _rest(self, seconds: float) -> None:
        await self._sleep(seconds)

    def _go_on(self, pause: asyncio.Task[None]) -> None:
        if pause is self._pause:
            self._pause = None
            self._call_next()

    def _call_next(self) -> None:
        while self._line and self.in_flight < self.limit.value and self._pause is None:
            turn = self._line.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)


class ServerLimiters:
    """The limiters of one server, one for each class of traffic, so that none waits for another.

    What a server asks for by `Retry-After` concerns them all.
    """

    def __init__(
        self, maximum: int, fixed: int | None = None, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Store how many requests may be in flight.

        Args:
            maximum: Highest limit of a class that a limit may reach by learning.
            fixed: The limit of each class, instead of one that learns.
            sleep: Waits out a pause.

        """
        self._maximum = maximum
        self._fixed = fixed
        self._sleep = sleep
        self._by_traffic: dict[Traffic, Limiter] = {}

    def __iter__(self) -> Iterator[Limiter]:
        return iter(self._by_traffic.values())

    def limiter(self, traffic: Traffic) -> Limiter:
        """Return the limiter of a class; created on first use."""
        limiter = self._by_traffic.get(traffic)
        if limiter is None:
            limiter = Limiter(self._limit(traffic), self._sleep)
            if (left := max((other.pause_left() for other in self), default=0.0)) > 0:
                limiter.pause(left)
            self._by_traffic[traffic] = limiter
        return limiter

    def pause(self, seconds: float) -> None:
        """Let no request of any class through for so long; see `Limiter.pause`."""
        for limiter in self:
            limiter.pause(seconds)

    def _limit(self, traffic: Traffic) -> Limit:
        if self._fixed is not None:
            return FixedLimit(self._fixed)
        return AdaptiveLimit(self._maximum) if traffic == "quick" else OverloadLimit(self._maximum)
