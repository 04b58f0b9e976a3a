"""Observation of one call: notification of the client's instrumentation, and the log at level DEBUG."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import attrs
from multidict import CIMultiDict

from letta_async._http.masked_headers import MaskedHeaders
from letta_async._http.request import Request
from letta_async._http.trace import Trace
from letta_async._utils.logging_setup import log
from letta_async._utils.tracebacks import drop_frames
from letta_async.config import ClientConfig, header_problems
from letta_async.errors import APIError, ArgumentProblem
from letta_async.instrumentation import Call, Instrumentation, Load

__all__ = ["Observation", "notify"]


class Observation:
    """Observation of one call, from its begin to its end."""

    __slots__ = ("_call", "_clock", "_finished", "_hooks", "_is_raw", "_sent", "_trace", "_waiting_since", "held")

    def __init__(self, request: Request, config: ClientConfig, load: Load, clock: Callable[[], float]) -> None:
        """Prepare the observation; nothing is notified yet.

        Args:
            request: Request of the call.
            config: Options of the client.
            load: Limiter of the call.
            clock: Function that returns the time in seconds.

        """
        self._hooks: Final = config.instrumentation or ()
        self._call: Final = Call(
            method=request.method,
            path=request.path,
            base_url=config.base_url,
            traffic=request.traffic,
            streams=request.streams,
            load=load,
            operation=request.operation,
        )
        self._is_raw: Final = request.raw is not None
        self._clock: Final = clock
        self._trace: Trace | None = None
        self._waiting_since = 0.0
        self._sent: Mapping[str, str] = request.headers
        """Headers of the current attempt."""
        self._finished = False
        self.held: bool = False
        """Whether the call goes on after the head of its response, and `finish` is called when it is closed."""

    async def watch(self, sending: Coroutine[Any, Any, Any]) -> Any:
        """Await what sends the call, and notify of its begin and its end."""
        self._notify(Instrumentation.on_call_started)
        value: Any = None
        failure: BaseException | None = None
        try:
            value = await sending
        except BaseException as error:
            failure = error
            drop_frames(error)
            raise
        finally:
            if not self.held:
                self.finish(value.value_if_valid() if self._is_raw and value is not None else value, failure)
            del failure  # its traceback refers to this frame
        return value

    def start_attempt(self, number: int) -> None:
        """Note an attempt before it waits for the limiter."""
        self._call.attempt = number
        self._waiting_since = self._clock()
        self._trace = Trace(self._call.base_url, number, self._clock) if log.isEnabledFor(logging.DEBUG) else None

    def queue(self) -> None:
        """Note that the attempt waits for the limiter."""
        self._notify(Instrumentation.on_call_queued)

    def send(self, request: Request) -> Request:
        """Note that an attempt is sent, and return the request with the headers that were added."""
        self._call.queued_for += self._clock() - self._waiting_since
        if self._hooks:
            for instrumentation in self._hooks:
                added: dict[str, str] = {}
                notify(instrumentation, Instrumentation.on_attempt_started, self._call, added)
                request = _with_headers(request, added, instrumentation) if added else request
            self._sent = request.headers
        if self._trace is not None:
            self._trace.log_request(request)
        return request

    def redirect(self, status: int, headers: Mapping[str, str]) -> None:
        """Note a response that leads to another one."""
        if self._trace is not None:
            self._trace.log_response(status, headers, b"")

    def respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Note the response of an attempt."""
        if self._trace is not None:
            self._trace.log_response(status, headers, body)
        if self._hooks:
            self._notify(Instrumentation.on_response_started, status, MaskedHeaders(headers, self._sent))

    def fail(self, error: APIError) -> None:
        """Note that an attempt failed."""
        if self._trace is not None:
            self._trace.log_error(error)

    def retry(self, error: APIError, delay: float) -> None:
        """Note that another attempt follows after a delay in seconds."""
        self._notify(Instrumentation.on_retry_scheduled, error, delay)

    def receive(self, events: Sequence[Any]) -> None:
        """Note events of a stream."""
        self._notify(Instrumentation.on_events_received, tuple(events))

    def finish(self, value: Any, error: BaseException | None) -> None:
        """Note the end of the call, once."""
        if not self._finished:
            self._finished = True
            self._notify(Instrumentation.on_call_finished, value, error)

    def _notify(self, hook: Callable[..., None], *arguments: Any) -> None:
        for instrumentation in self._hooks:
            notify(instrumentation, hook, self._call, *arguments)


def notify(instrumentation: Instrumentation, hook: Callable[..., None], *arguments: Any) -> None:
    """Call a method of an instrumentation; an exception is logged, also one that would seem to cancel the call."""
    try:
        getattr(instrumentation, hook.__name__)(*arguments)
    except (Exception, asyncio.CancelledError, GeneratorExit):
        log.exception("%s.%s raised an exception; the call goes on", type(instrumentation).__name__, hook.__name__)


def _with_headers(request: Request, added: Mapping[str, Any], instrumentation: Instrumentation) -> Request:
    """Return the request with headers of an instrumentation; if one is invalid, that is logged and none is added."""
    problems = list(header_problems(added, "headers"))
    problems += [ArgumentProblem("headers", f"{name!r} has no value") for name, value in added.items() if value is None]
    if problems:
        words = "; ".join(map(str, problems))
        log.error("headers of %s are not sent: %s", type(instrumentation).__name__, words)
        return request
    headers = CIMultiDict(request.headers)
    headers.update(added)
    return attrs.evolve(request, headers=headers)
