"""Attempts of one call: retries, the delays between them, and the history of failures."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import attrs
from tenacity import AsyncRetrying, RetryCallState

from letta_async._http.context import CLOSED, CallContext
from letta_async._http.error_request import note_request
from letta_async._http.event_source import EventSource
from letta_async._http.exchange import exchange
from letta_async._http.open_body import OpenBody
from letta_async._http.request import Request
from letta_async._http.response_decoding import Response, decode_response, refuse_error_status
from letta_async._http.timeouts import Timer
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
from letta_async.retry import is_overload, is_temporary_conflict

if TYPE_CHECKING:
    from letta_async._http.observation import Observation

__all__ = ["CallAttempts"]

_MAX_CONFLICT_DELAY: Final = 2.0
"""Maximum delay before a call is repeated that waits for another one to end, in seconds."""
_LONG_WAIT: Final = 1.0
"""Minimum wait for a slot of the limiter that is logged, in seconds."""
_SHORT: Final = 200
"""Maximum length of the description of an attempt's error, in characters."""


class CallAttempts:
    """Attempts of one call, until one succeeds or the error is final."""

    __slots__ = (
        "_attempts",
        "_conflicts",
        "_context",
        "_deadline",
        "_failed",
        "_limiter",
        "_number",
        "_patient_until",
        "_request",
        "_sent",
        "_withdrawn",
        "observation",
    )

    def __init__(self, context: CallContext, request: Request, attempts: list[Attempt]) -> None:
        """Prepare the attempts; nothing is sent.

        Args:
            context: State shared by the calls of the client.
            request: Request to send.
            attempts: List to which failed attempts are appended.

        """
        self._context = context
        self._limiter = context.limiters.limiter(request.traffic)
        self._request = request
        self._attempts = attempts
        self._deadline: float | None = None
        """Deadline of the call, in seconds of the loop's clock; `None` for no deadline."""
        self._number = 1
        """Number of the current attempt, from 1."""
        self._sent: float | None = None
        """Time at which the attempt under way was sent, on the loop's clock; `None` without one."""
        self._withdrawn = 0
        self._failed: APIError | None = None
        self._conflicts = 0
        """Number of conflicts that were waited out."""
        self._patient_until = 0.0
        """Time until which conflicts are waited out, on the loop's clock; 0 before the first one."""
        is_observed = context.config.instrumentation is not None or log.isEnabledFor(logging.DEBUG)
        self.observation: Observation | None = self._observe() if is_observed else None

    async def run(self) -> Any:
        """Return the value of the first successful attempt.

        tenacity is set up only after a failed first attempt, because that costs more than the attempt itself.

        Raises:
            APIError: The last attempt failed.
            ClientClosedError: The client was closed meanwhile.

        """
        context = self._context
        value, retry = None, False
        try:
            try:
                value = await self._run_attempt()
            except APIError as error:
                retry = self._may_retry(error, retries=0)
                if not retry:
                    raise
            if retry:  # outside the handler, or the first error would become the context of the last one
                value = await self._retry()
        except Exception as error:
            if context.session.closed:
                raise ClientClosedError(CLOSED) from None
            drop_frames(error)
            raise
        context.retries.budget.refund(self._withdrawn)
        return value

    async def run_in_time(self, deadline: float, until: float | None = None) -> Any:
        """Do the same as `run` within a deadline, including delays and the waits for the limiter.

        Args:
            deadline: Seconds from now.
            until: Deadline in seconds of the loop's clock, instead.

        Raises:
            APITimeoutError: The deadline passed.

        """
        now = self._context.watch.loop.time()
        self._deadline = now + deadline if until is None else until
        timer = Timer(self._context.watch, self._deadline - now)
        try:
            with timer:
                return await self.run()
        except TimeoutError as error:
            if not timer.expired:
                raise  # of a file that is uploaded, or of the callback for its progress
            failure = self._deadline_error(error)
        except LettaError as error:
            drop_frames(error)
            raise
        raise failure

    def _deadline_error(self, cause: BaseException) -> APITimeoutError:
        words = f"the deadline of {self._context.config.deadline:g} s passed"
        request = self._request
        if self._sent is not None:
            self._attempts.append(Attempt(f"APITimeoutError: {words}", self._context.watch.loop.time() - self._sent))
        error = connection_error(words, request.method, request.path, self._context.config.base_url, APITimeoutError)
        error.attempts = tuple(self._attempts)
        error.request_id = None if self._failed is None else self._failed.request_id
        note_request(error, request, self._context.config.base_url)
        error.__cause__ = self._failed or cause
        return error

    async def _retry(self) -> Any:
        """Continue with tenacity after a failed first attempt, which it counts as its own first."""
        failed = self._failed

        async def next_attempt() -> Any:
            nonlocal failed
            if failed is not None:
                error, failed = failed, None
                raise error
            self._count_retry()
            return await self._run_attempt()

        retrying = AsyncRetrying(
            retry=self._should_retry,
            wait=self._seconds_to_wait,
            stop=self._should_stop,
            before_sleep=self._before_sleep,
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(next_attempt)

    async def _run_attempt(self) -> Any:
        """Make one attempt: acquire a slot of the limiter, exchange request and response, and update the limit.

        An event stream holds the slot until it is closed, and so does a body that the user reads.
        """
        context = self._context
        limiter, loop = self._limiter, context.watch.loop
        observation = self.observation
        if observation is not None:
            observation.start_attempt(self._number)
        if not limiter.try_acquire():
            if observation is not None:
                observation.queue()
            queued = loop.time()
            await limiter.acquire()
            self._log_wait(loop.time() - queued)
            self._refresh_api_key()
        request = self._request
        self._sent = sent = loop.time()
        held = False
        try:
            if observation is not None:
                request = observation.send(request)
            response = await exchange(context, request, sent, observation)
            if observation is not None:
                observation.respond(response.status, response.headers, response.body)
            context.limiters.heed_rate_limit(response.headers, context.config.retry.max_retry_after)
            if request.raw is not None:
                value, held = self._keep_raw(request, response, sent), request.leaves_open
            elif response.source is None:
                config = context.config
                value = decode_response(request, response, limit=config.max_response_bytes, base_url=config.base_url)
            else:
                value, held = EventSource(context, request, response, self._open_body(response)), True
            limiter.limit.answered(request.kind, sent, loop.time(), limiter.in_flight)
        except APIError as error:
            self._record_failure(error, sent, loop.time())
            if observation is not None:
                observation.fail(error)
            raise
        finally:
            if not held:
                limiter.release()
        return value

    def _log_wait(self, seconds: float) -> None:
        """Log a long wait for a slot."""
        if seconds >= _LONG_WAIT and log.isEnabledFor(logging.INFO):
            method, path, waiting = self._request.method, self._request.path, self._limiter.waiting
            extra: dict[str, object] = {"method": method, "path": path, "attempt": self._number}
            extra |= {"queued_for": seconds, "waiting": waiting}
            words = "%s %s: waited %.2f s for a slot; %d more requests are waiting"
            log.info(words, method, path, seconds, waiting, extra=extra)

    def _keep_raw(self, request: Request, response: Response, sent: float) -> Any:
        """Return a response as it was received, or the source of its events, which has it.

        Raises:
            APIStatusError: The status is not a success.

        """
        from letta_async._http.raw_response import RawResponse  # noqa: PLC0415 - imported by those that ask for it

        context, config = self._context, self._context.config
        refuse_error_status(request, response, limit=config.max_response_bytes, base_url=config.base_url)
        body = self._open_body(response) if request.leaves_open else None
        elapsed = context.watch.loop.time() - sent
        limit = config.max_response_bytes
        raw = RawResponse(request, response, body, elapsed, tuple(self._attempts), limit, config.base_url)
        return raw if body is None or not request.streams else EventSource(context, request, response, body, raw)

    def _open_body(self, response: Response) -> OpenBody:
        """Return the body of a response, which holds the slot until it is closed."""
        return OpenBody(self._context, self._request, response, self._limiter.release, self._deadline, self.observation)

    def _refresh_api_key(self) -> None:
        """Update the request after a wait in the limiter's queue; for subclasses."""

    def _count_retry(self) -> None:
        self._number += 1
        self._context.retries.made += 1

    def _record_failure(self, error: APIError, sent: float, now: float) -> None:
        if is_overload(error) and not self._may_be_running(error):
            limiter = self._limiter
            limiter.limit.overloaded(sent, now, limiter.in_flight)
            if isinstance(error, APIConnectionError) and error.exhausted:
                limiter.limit.out_of_file_descriptors(now, limiter.in_flight)
            longest = self._context.config.retry.max_retry_after
            if isinstance(error, APIStatusError) and error.retry_after and error.retry_after <= longest:
                self._context.limiters.pause(error.retry_after)
        words = error.message.removeprefix(f"{self._request.method} {self._request.path}: ")
        self._sent = None
        self._attempts.append(Attempt(f"{type(error).__name__}: {words}"[:_SHORT], now - sent))
        error.attempts = tuple(self._attempts)
        note_request(error, self._request, self._context.config.base_url)
        self._failed = error

    def _observe(self) -> Observation:
        """Create the observation of the call."""
        from letta_async._http.observation import Observation  # noqa: PLC0415 - imported by those that observe

        return Observation(self._request, self._context.config, self._limiter, self._context.watch.loop.time)

    def _may_be_running(self, error: APIError) -> bool:
        """Return whether a timeout does not indicate overload, because a model may still be running."""
        return self._request.traffic != "quick" and isinstance(error, APITimeoutError) and not error.unprocessed

    # --- callbacks of tenacity ----------------------------------------------------------------------------------------

    def _should_retry(self, state: RetryCallState) -> bool:
        error = _error_of_attempt(state)
        if not isinstance(error, Exception) or not self._may_retry(error, retries=state.attempt_number - 1):
            return False
        self._conflicts += self._waits_for_conflict(error)
        return True

    def _may_retry(self, error: Exception, *, retries: int) -> bool:
        request = self._request
        if not request.resendable:
            return False
        retry = self._context.config.retry
        return self._waits_for_conflict(error) or retry.should_retry(
            error, retries=retries - self._conflicts, repeatable=request.repeatable
        )

    def _waits_for_conflict(self, error: BaseException | None) -> bool:
        """Return whether the server is busy with another call, for which this one waits."""
        patience = self._request.conflict_patience
        if not patience or not isinstance(error, APIStatusError) or not is_temporary_conflict(error):
            return False
        now = self._context.watch.loop.time()
        self._patient_until = self._patient_until or now + patience
        return now < self._patient_until

    def _seconds_to_wait(self, state: RetryCallState) -> float:
        error, context = _error_of_attempt(state), self._context
        rng = context.retries.rng
        if self._waits_for_conflict(error):
            longest = min(_MAX_CONFLICT_DELAY, 0.25 * 2.0 ** min(self._conflicts, 10))
            return min(rng.uniform(longest / 2, longest), self._patient_until - context.watch.loop.time())
        return context.config.retry.delay(error, retries=state.attempt_number - 1 - self._conflicts, rng=rng)

    def _should_stop(self, state: RetryCallState) -> bool:
        if self._deadline is not None and self._context.watch.loop.time() + state.upcoming_sleep >= self._deadline:
            return True
        error = _error_of_attempt(state)
        if self._waits_for_conflict(error):
            return False
        withdrawn = None if error is None else self._context.retries.budget.withdraw(error)
        self._withdrawn += withdrawn or 0
        return withdrawn is None

    async def _sleep(self, seconds: float) -> None:
        with Timer(self._context.watch, None):
            await self._context.retries.sleep(seconds)

    def _before_sleep(self, state: RetryCallState) -> None:
        seconds = state.upcoming_sleep
        self._attempts[-1] = attrs.evolve(self._attempts[-1], waited=seconds)
        if self.observation is not None and self._failed is not None:
            self.observation.retry(self._failed, seconds)
        from letta_async._http.trace import find_secrets, mask_secrets  # noqa: PLC0415 - imported by those that retry

        log.info(
            "retrying %s %s in %.2f s, after try %d: %s",
            self._request.method,
            self._request.path,
            seconds,
            state.attempt_number,
            mask_secrets(self._attempts[-1].error, find_secrets(self._request.headers)),
            extra={
                "method": self._request.method,
                "path": self._request.path,
                "attempt": state.attempt_number,
                "delay": seconds,
                "error_type": type(self._failed).__name__,
            },
        )


def _error_of_attempt(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()
