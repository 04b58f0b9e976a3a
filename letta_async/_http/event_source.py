"""Read an event stream that is open, event by event: the connection and the slot are its own until it is closed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Final, cast

import aiohttp

from letta_async._http.context import CallContext
from letta_async._http.error_request import note_request
from letta_async._http.error_response import printable
from letta_async._http.events import EventDecoder
from letta_async._http.exchange import drop_response, is_cancelled
from letta_async._http.observation import Observation
from letta_async._http.request import Request
from letta_async._http.response_decoding import Response, invalid_response
from letta_async._http.timeouts import Timer
from letta_async._http.translation import connection_error, translate
from letta_async._schema.converter import reader_of
from letta_async._schema.json_values import parse_json
from letta_async.errors import APIConnectionError, APIError, APITimeoutError, ClientClosedError, LettaError, StreamError
from letta_async.operations._operation import Operation

__all__ = ["EventSource"]

_FOR_THE_END: Final = 0.25
"""Seconds to wait for the end of the body after the last event, so that the connection can be used again."""
_PING: Final = "ping"
_TURN: Final = 0.05
"""Minimum number of seconds to wait for data, which may have arrived while the loop was blocked."""


class EventSource:
    """The events of a response.

    Dropped without `close`, it closes itself.
    """

    __slots__ = (
        "__weakref__",
        "_context",
        "_deadline",
        "_decoder",
        "_failure",
        "_finished",
        "_head",
        "_heard",
        "_last",
        "_observation",
        "_pid",
        "_reading",
        "_release",
        "_request",
        "_response",
    )

    def __init__(
        self,
        context: CallContext,
        request: Request,
        head: Response,
        release: Callable[[], None],
        deadline: float | None,
        observation: Observation | None = None,
    ) -> None:
        """Wrap a response whose head was read.

        Args:
            context: What the call shares with others.
            request: The request.
            head: The response.
            release: Gives back the slot of the limiter; called once.
            deadline: When the whole call must end, on the loop's clock.
            observation: Observation of the call, which ends when the stream is closed.

        """
        self._context = context
        self._request = request
        self._head = head
        self._response: aiohttp.ClientResponse | None = head.source
        self._release = release
        self._deadline = deadline
        self._decoder = EventDecoder(context.config.max_response_bytes)
        self._failure: Exception | None = None
        """Exception that the next read raises."""
        self._last: Any = None
        """The last event that was returned."""
        self._finished = False
        """Whether the last event was received."""
        self._reading = False
        self._heard = context.watch.loop.time()
        """Time of the last event other than a ping, on the loop's clock; kept where pings do not count."""
        self._pid = os.getpid()
        self._observation = observation
        if observation is not None:
            observation.held = True
        context.streams.add(self)

    async def read(self) -> list[Any]:
        """Return the events that arrived, at least one; an empty list at the end, and once the stream is closed.

        Cancelling it loses nothing: the next read goes on.

        Raises:
            StreamError: The server reported a failure within the stream.
            APITimeoutError: Nothing arrived within the timeout, or the deadline passed.
            APIConnectionError: The connection broke before the last event.
            APIResponseValidationError: An event is not what the API promises.
            ClientClosedError: The client was closed.

        """
        if self._reading:
            raise APIError("the stream is being read by another task already")
        if asyncio.get_running_loop() is not self._context.watch.loop:
            raise ClientClosedError("a stream is read in the event loop, and the process, in which it was opened")
        self._reading = True
        try:
            while self._failure is None and self._response is not None:
                if self._finished:
                    await self._end_body(self._response)
                    break
                chunk = await self._read_chunk(self._response)
                if events := self._decode_events(self._decoder.feed(chunk)):
                    self._last = events[-1]
                    if not self._request.timeout.pings and any(event.message_type != _PING for event in events):
                        self._heard = self._context.watch.loop.time()
                    if self._observation is not None:
                        self._observation.receive(events)
                    return events
        finally:
            self._reading = False
            self._end_observation()
        if self._failure is not None:
            raise self._failure
        return []

    def end(self, error: Exception) -> None:
        """Close the stream, and have reads raise an error."""
        if self._response is not None:
            self._failure = error
            self.close()

    def close(self) -> None:
        """Cut the connection, unless the whole body was read, and give back the slot."""
        response, self._response = self._response, None
        if response is not None:
            self._context.streams.discard(self)
            _drop_and_release(response, self._release)
            self._end_observation()

    def __del__(self) -> None:
        response = getattr(self, "_response", None)
        loop = self._context.watch.loop
        if response is None or self._pid != os.getpid() or loop.is_closed():
            return
        try:
            here = asyncio.get_running_loop() is loop
        except RuntimeError:
            here = False
        if here:
            _drop_and_release(response, self._release, self._observation)
        else:
            try:
                loop.call_soon_threadsafe(_drop_and_release, response, self._release, self._observation)
            except RuntimeError:  # it was closed meanwhile
                return

    def _end_observation(self) -> None:
        if self._observation is not None and self._response is None and not self._reading:
            self._observation.finish(None, self._failure)

    # --- bytes --------------------------------------------------------------------------------------------------------

    async def _read_chunk(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the next bytes; on a failure, those that arrived before it, if there are any."""
        content = response.content
        loop = self._context.watch.loop
        if self._is_overdue:
            self._fail(self._translate_error(TimeoutError()))
            return b""
        try:
            chunk = content.read_nowait()
            if not chunk:
                with Timer(self._context.watch, self._seconds_to_wait(loop.time())):
                    chunk = await content.readany()
        except LettaError as error:
            self._fail(error)
            return b""
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and is_cancelled(loop):
                raise
            if self._response is None:
                return b""  # it was closed meanwhile, perhaps with an error
            rest = b"" if isinstance(error, TimeoutError) else content._read_nowait(-1)  # pyright: ignore[reportPrivateUsage]  # the public one raises what broke the connection
            self._fail(self._translate_error(error))
            return rest
        if not chunk:
            operation: Any = self._request.operation
            if operation.may_end_after(self._last) and not self._decoder.incomplete:
                self._finished = True
            else:
                self._fail(self._connection_error("the stream ended before its last event"))
        return chunk

    def _seconds_to_wait(self, now: float) -> float | None:
        """Return how long to wait for the next bytes."""
        idle = self._request.timeout.timeout
        if idle is not None and not self._request.timeout.pings:
            idle = max(_TURN, self._heard + idle - now)
        if self._deadline is None:
            return idle
        left = self._deadline - now
        return left if idle is None else min(idle, left)

    @property
    def _is_overdue(self) -> bool:
        return self._deadline is not None and self._context.watch.loop.time() >= self._deadline

    def _translate_error(self, error: Exception | asyncio.CancelledError) -> APIConnectionError:
        request, config = self._request, self._context.config
        if not isinstance(error, TimeoutError):
            return translate(error, request.method, request.path, config.base_url)
        if self._is_overdue:
            words = f"the deadline of {config.deadline:g} s passed"
        else:
            besides = "" if request.timeout.pings else " but pings"
            words = f"nothing{besides} arrived on the stream for {request.timeout.timeout:g} s, its timeout"
        return self._connection_error(words, APITimeoutError)

    def _connection_error(self, words: str, cls: type[APIConnectionError] = APIConnectionError) -> APIConnectionError:
        request = self._request
        return connection_error(words, request.method, request.path, self._context.config.base_url, cls)

    async def _end_body(self, response: aiohttp.ClientResponse) -> None:
        """Read the end of the body, which gives the connection back; where that does not come at once, cut it."""
        watch = self._context.watch
        try:
            with Timer(watch, _FOR_THE_END):
                if not response.content.at_eof():
                    await response.content.readany()
        except (Exception, asyncio.CancelledError) as error:  # the events are complete, whatever this is
            if isinstance(error, asyncio.CancelledError) and is_cancelled(watch.loop):
                raise
        finally:
            self.close()

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
            if isinstance(error, APIError):
                note_request(error, self._request, self._context.config.base_url)
        self.close()

    # --- values -------------------------------------------------------------------------------------------------------

    def _decode_events(self, events: list[str]) -> list[Any]:
        """Decode events, up to the first that is none, the last of the stream, or a failure."""
        operation: Any = cast("Operation[Any]", self._request.operation)
        end, failure, read_event = operation.end, operation.failure, reader_of(operation.event)
        values: list[Any] = []
        for data in events:
            if data == end:
                self._finished = True
                self._failure = None  # what broke after the last event cost nothing
                return values
            try:
                value = read_event(parse_json(data))
                if type(value) is failure:
                    self._fail(self._stream_error(value))
                    return values
            except (TypeError, ValueError, RecursionError) as error:
                reason = f"an event is not what was promised: {printable(str(error))[:200]}"
                self._fail(self._invalid_event_error(reason, data))
                return values
            values.append(value)
        if self._decoder.fault is not None:
            self._fail(self._invalid_event_error(self._decoder.fault, ""))
        return values

    def _invalid_event_error(self, reason: str, data: str) -> APIError:
        head = self._head
        return invalid_response(self._request, head.status, head.headers, data.encode(errors="replace"), reason)

    def _stream_error(self, event: Any) -> StreamError:
        request = self._request
        said = str(event.message or event.error_type or "no reason was given")
        if isinstance(event.detail, str) and event.detail not in said:
            said = f"{said} ({event.detail})"
        said = printable(said)[:500]
        return StreamError(
            f"{request.method} {request.path}: the turn failed: {said}",
            run_id=event.run_id,
            error_type=event.error_type,
            detail=event.detail,
            seq_id=event.seq_id,
            request_method=request.method,
            request_path=request.path,
            body=event.to_dict(),
        )


def _drop_and_release(
    response: aiohttp.ClientResponse, release: Callable[[], None], observation: Observation | None = None
) -> None:
    drop_response(response)
    release()
    if observation is not None:
        observation.finish(None, None)
