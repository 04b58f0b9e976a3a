"""One call on its way: its tries, the waits between them, and what each of them met."""

from __future__ import annotations

import logging
from typing import Any, Final

import aiohttp
import attrs
from tenacity import AsyncRetrying, RetryCallState

from letta_async._exchange import exchange
from letta_async._limiter import Limiter
from letta_async._protocol import Request
from letta_async._session import Wiring
from letta_async._timer import Timer, Watch
from letta_async._translation import connection_error
from letta_async.config import ClientConfig
from letta_async.errors import APIConnectionError, APIError, APIStatusError, APITimeoutError, Attempt, ClientClosedError
from letta_async.retry import Retries, is_overload

__all__ = ["CLOSED", "Lane", "Tries"]

CLOSED: Final = "the client was closed while this call was under way"
_log: Final = logging.getLogger("letta_async")

_SHORT: Final = 200
"""How much a try's error takes of the history, in characters."""


@attrs.frozen
class Lane:
    """What the calls of a client share, on one loop and with the same options."""

    session: aiohttp.ClientSession
    wiring: Wiring
    watch: Watch
    config: ClientConfig
    limiter: Limiter
    retries: Retries
    """What all calls of the client together may retry, and how waiting is done."""


class Tries:
    """Try a request until there is an answer, or no try is left."""

    __slots__ = ("_attempts", "_deadline", "_failed", "_lane", "_paid", "_request")

    def __init__(self, lane: Lane, request: Request, attempts: list[Attempt]) -> None:
        """Take what is sent.

        Args:
            lane: What it is sent with.
            request: What is sent.
            attempts: Where to note the tries that fail.

        """
        self._lane = lane
        self._request = request
        self._attempts = attempts
        self._deadline: float | None = None
        """When the call must end, on the loop's clock."""
        self._paid = 0
        self._failed: APIError | None = None

    async def run(self) -> Any:
        """Try, and try again.

        The machinery of retrying is set up only for a call whose first try failed, since it costs more than a try does.
        """
        lane = self._lane
        try:
            try:
                value = await self._try()
            except APIError as error:
                if not lane.config.retry.should_retry(error, retries=0, repeatable=self._request.repeatable):
                    raise
                value = await self._try_on()
        except Exception:
            if lane.session.closed:
                raise ClientClosedError(CLOSED) from None
            raise
        lane.retries.budget.give_back(self._paid)
        return value

    async def run_in_time(self, deadline: float) -> Any:
        """Do so within a number of seconds: tries, the waits between them and the waits for a slot."""
        self._deadline = self._lane.watch.loop.time() + deadline
        try:
            with Timer(self._lane.watch, deadline):
                return await self.run()
        except TimeoutError as error:
            failure = self._deadline_error(error)
        raise failure

    def _deadline_error(self, cause: BaseException) -> APITimeoutError:
        words = f"the deadline of {self._lane.config.deadline:g} s passed"
        request = self._request
        error = connection_error(words, request.method, request.path, self._lane.config.base_url, APITimeoutError)
        error.attempts = tuple(self._attempts)
        error.__cause__ = self._failed or cause
        return error

    async def _try_on(self) -> Any:
        """Have tenacity go on after a first try that failed, which it takes for the first one of its own."""
        failed = self._failed

        async def next_try() -> Any:
            nonlocal failed
            if failed is not None:
                error, failed = failed, None
                raise error
            self._lane.retries.made += 1
            return await self._try()

        retrying = AsyncRetrying(
            retry=self._should_retry,
            wait=self._wait,
            stop=self._should_stop,
            before_sleep=self._before_sleep,
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(next_try)

    async def _try(self) -> Any:
        """Wait for a slot, do one exchange, and tell the limiter how it went."""
        lane, request = self._lane, self._request
        limiter, loop = lane.limiter, lane.watch.loop
        if not limiter.take():
            await limiter.wait()
        sent = loop.time()
        try:
            value = await exchange(lane.session, lane.wiring, lane.watch, request, lane.config)
            limiter.limit.answered(request.kind, sent, loop.time(), limiter.in_flight)
        except APIError as error:
            self._note(error, sent, loop.time())
            raise
        finally:
            limiter.give_back()
        return value

    def _note(self, error: APIError, sent: float, now: float) -> None:
        if is_overload(error):
            limiter = self._lane.limiter
            limiter.limit.overloaded(sent, now, limiter.in_flight)
            if isinstance(error, APIConnectionError) and error.exhausted:
                limiter.limit.exhausted(now, limiter.in_flight)
            longest = self._lane.config.retry.max_retry_after
            if isinstance(error, APIStatusError) and error.retry_after and error.retry_after <= longest:
                limiter.pause(error.retry_after)
        words = error.message.removeprefix(f"{self._request.method} {self._request.path}: ")
        self._attempts.append(Attempt(f"{type(error).__name__}: {words}"[:_SHORT], now - sent))
        error.attempts = tuple(self._attempts)
        self._failed = error

    # --- what tenacity asks -------------------------------------------------------------------------------------------

    def _should_retry(self, state: RetryCallState) -> bool:
        error = _error(state)
        return isinstance(error, Exception) and self._lane.config.retry.should_retry(
            error, retries=state.attempt_number - 1, repeatable=self._request.repeatable
        )

    def _wait(self, state: RetryCallState) -> float:
        return self._lane.config.retry.delay(
            _error(state), retries=state.attempt_number - 1, rng=self._lane.retries.rng
        )

    def _should_stop(self, state: RetryCallState) -> bool:
        if self._deadline is not None and self._lane.watch.loop.time() + state.upcoming_sleep >= self._deadline:
            return True
        error = _error(state)
        paid = None if error is None else self._lane.retries.budget.take(error)
        self._paid += paid or 0
        return paid is None

    async def _sleep(self, seconds: float) -> None:
        with Timer(self._lane.watch, None):
            await self._lane.retries.sleep(seconds)

    def _before_sleep(self, state: RetryCallState) -> None:
        seconds = state.upcoming_sleep
        self._attempts[-1] = attrs.evolve(self._attempts[-1], waited=seconds)
        _log.info(
            "retrying %s %s in %.2f s, after try %d: %s",
            self._request.method,
            self._request.path,
            seconds,
            state.attempt_number,
            self._attempts[-1].error,
        )


def _error(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()
