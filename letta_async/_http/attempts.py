"""The attempts of one call: retries, the waits between them, and the history of failures."""

from __future__ import annotations

import logging
from typing import Any, Final

import attrs
from tenacity import AsyncRetrying, RetryCallState

from letta_async._http.context import CLOSED, CallContext
from letta_async._http.event_source import EventSource
from letta_async._http.exchange import exchange
from letta_async._http.request import Request
from letta_async._http.response import decode_response
from letta_async._http.timeouts import Timer
from letta_async._http.trace import Trace, scrubbed
from letta_async._http.translation import connection_error
from letta_async._utils.logging_setup import log
from letta_async._utils.tracebacks import drop_frames
from letta_async.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    Attempt,
    ClientClosedError,
    LettaError,
)
from letta_async.retry import is_overload

__all__ = ["CallAttempts"]

_SHORT: Final = 200
"""Maximum length of an attempt's error in the history, in characters."""


class CallAttempts:
    """Try a request until there is an answer, or no try is left."""

    __slots__ = ("_attempts", "_deadline", "_failed", "_lane", "_limiter", "_number", "_paid", "_request")

    def __init__(self, lane: CallContext, request: Request, attempts: list[Attempt]) -> None:
        """Store what is sent.

        Args:
            lane: What it is sent with.
            request: What is sent.
            attempts: Where to note the tries that fail.

        """
        self._lane = lane
        self._limiter = lane.limiters.limiter(request.traffic)
        self._request = request
        self._attempts = attempts
        self._deadline: float | None = None
        """Deadline of the call, on the loop's clock."""
        self._number = 1
        """Which attempt it is."""
        self._paid = 0
        self._failed: APIError | None = None

    async def run(self) -> Any:
        """Try, and try again.

        The machinery of retrying is set up only for a call whose first try failed, since it costs more than a try does.
        """
        lane = self._lane
        value, again = None, False
        try:
            try:
                value = await self._try()
            except APIError as error:
                again = lane.config.retry.should_retry(error, retries=0, repeatable=self._request.repeatable)
                again = again and self._request.resendable
                if not again:
                    raise
            if again:  # outside the handler, or what the first try met would be a part of the error
                value = await self._try_on()
        except Exception as error:
            if lane.session.closed:
                raise ClientClosedError(CLOSED) from None
            drop_frames(error)
            raise
        lane.retries.budget.refund(self._paid)
        return value

    async def run_in_time(self, deadline: float) -> Any:
        """Do so within a number of seconds: tries, the waits between them and the waits for a slot."""
        self._deadline = self._lane.watch.loop.time() + deadline
        try:
            with Timer(self._lane.watch, deadline):
                return await self.run()
        except TimeoutError as error:
            failure = self._deadline_error(error)
        except LettaError as error:
            drop_frames(error)
            raise
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
            self._count_retry()
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
        """Wait for a slot, do one exchange, and tell the limiter how it went.

        An event stream keeps the slot until it is closed.
        """
        lane = self._lane
        limiter, loop = self._limiter, lane.watch.loop
        trace = Trace(lane.config.base_url, self._number, loop.time) if log.isEnabledFor(logging.DEBUG) else None
        if not limiter.try_acquire():
            await limiter.acquire()
            self._waited()
        request = self._request
        sent = loop.time()
        held = False
        try:
            if trace is not None:
                trace.sends(request)
            response = await exchange(lane.session, lane.connection, lane.watch, request, lane.config, trace)
            if trace is not None:
                trace.receives(response.status, response.headers, response.body)
            if response.source is None:
                config = lane.config
                value = decode_response(request, response, limit=config.max_response_bytes, base_url=config.base_url)
            else:
                value, held = EventSource(lane, request, response, limiter.release, self._deadline), True
            limiter.limit.answered(request.kind, sent, loop.time(), limiter.in_flight)
        except APIError as error:
            self._note(error, sent, loop.time())
            if trace is not None:
                trace.fails(error)
            raise
        finally:
            if not held:
                limiter.release()
        return value

    def _waited(self) -> None:
        """Bring the request up to date after the wait for a slot."""

    def _count_retry(self) -> None:
        self._number += 1
        self._lane.retries.made += 1

    def _note(self, error: APIError, sent: float, now: float) -> None:
        if is_overload(error) and not self._may_only_take_long(error):
            limiter = self._limiter
            limiter.limit.overloaded(sent, now, limiter.in_flight)
            if isinstance(error, APIConnectionError) and error.exhausted:
                limiter.limit.exhausted(now, limiter.in_flight)
            longest = self._lane.config.retry.max_retry_after
            if isinstance(error, APIStatusError) and error.retry_after and error.retry_after <= longest:
                self._lane.limiters.pause(error.retry_after)
        words = error.message.removeprefix(f"{self._request.method} {self._request.path}: ")
        self._attempts.append(Attempt(f"{type(error).__name__}: {words}"[:_SHORT], now - sent))
        error.attempts = tuple(self._attempts)
        self._failed = error

    def _may_only_take_long(self, error: APIError) -> bool:
        """Return whether a response that was waited for in vain may be one of a model that is still at work."""
        return self._request.traffic != "quick" and isinstance(error, APITimeoutError) and not error.unprocessed

    # --- what tenacity asks -------------------------------------------------------------------------------------------

    def _should_retry(self, state: RetryCallState) -> bool:
        error = _error(state)
        return (
            isinstance(error, Exception)
            and self._request.resendable
            and self._lane.config.retry.should_retry(
                error, retries=state.attempt_number - 1, repeatable=self._request.repeatable
            )
        )

    def _wait(self, state: RetryCallState) -> float:
        return self._lane.config.retry.delay(
            _error(state), retries=state.attempt_number - 1, rng=self._lane.retries.rng
        )

    def _should_stop(self, state: RetryCallState) -> bool:
        if self._deadline is not None and self._lane.watch.loop.time() + state.upcoming_sleep >= self._deadline:
            return True
        error = _error(state)
        paid = None if error is None else self._lane.retries.budget.withdraw(error)
        self._paid += paid or 0
        return paid is None

    async def _sleep(self, seconds: float) -> None:
        with Timer(self._lane.watch, None):
            await self._lane.retries.sleep(seconds)

    def _before_sleep(self, state: RetryCallState) -> None:
        seconds = state.upcoming_sleep
        self._attempts[-1] = attrs.evolve(self._attempts[-1], waited=seconds)
        log.info(
            "retrying %s %s in %.2f s, after try %d: %s",
            self._request.method,
            self._request.path,
            seconds,
            state.attempt_number,
            scrubbed(self._attempts[-1].error, self._request.headers),
        )


def _error(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()
