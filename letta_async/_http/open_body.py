"""Body of a response that is read while it arrives: connection and slot are its own until it is closed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from letta_async._http.context import CallContext
from letta_async._http.error_request import note_request
from letta_async._http.exchange import drop_response, is_cancelled
from letta_async._http.request import Request
from letta_async._http.response_decoding import Response
from letta_async._http.timeouts import Timer
from letta_async._http.translation import connection_error, translate
from letta_async.errors import APIConnectionError, APIError, APITimeoutError, ClientClosedError, LettaError
from letta_async.errors._details import request_id_of

if TYPE_CHECKING:
    from letta_async._http.observation import Observation

__all__ = ["OpenBody"]

_FOR_THE_END: Final = 0.25
"""Seconds to wait for the end of the body after the last event, so that the connection can be used again."""
_TURN: Final = 0.05
"""Minimum number of seconds to wait for data, which may have arrived while the loop was blocked."""


class OpenBody:
    """Bytes of a response as they arrive, within the timeout of the request and the deadline of the call.

    Dropped without `close`, it closes itself.
    """

    __slots__ = (
        "__weakref__",
        "_context",
        "_deadline",
        "_observation",
        "_pid",
        "_release",
        "_request",
        "_request_id",
        "_response",
        "failure",
        "heard",
        "reading",
    )

    def __init__(
        self,
        context: CallContext,
        request: Request,
        head: Response,
        release: Callable[[], None],
        deadline: float | None,
        observation: Observation | None,
    ) -> None:
        """Wrap a response whose head was read.

        Args:
            context: What the call shares with others.
            request: The request.
            head: The response, whose body is unread.
            release: Gives back the slot of the limiter; called once.
            deadline: When the whole call must end, on the loop's clock.
            observation: Observation of the call, which ends when the body is closed.

        """
        self._context = context
        self._request = request
        self._request_id = request_id_of(head.headers)
        self._response: aiohttp.ClientResponse | None = head.source
        self._release = release
        self._deadline = deadline
        self.failure: Exception | None = None
        """Error that ended the body early, to be raised once what arrived before is used."""
        self.heard: float = context.watch.loop.time()
        """Time of the last event other than a ping, on the loop's clock; kept where pings do not count."""
        self.reading: bool = False
        """Whether it is being read by a reader whose events are still to be noted when it is closed."""
        self._pid = os.getpid()
        self._observation = observation
        if observation is not None:
            observation.held = True
        context.open_bodies.add(self)

    @property
    def is_open(self) -> bool:
        """Whether the connection is still in use."""
        return self._response is not None

    def check_loop(self) -> None:
        """Check that the body is read where it was opened.

        Raises:
            ClientClosedError: It is read in another loop or process.

        """
        if asyncio.get_running_loop() is not self._context.watch.loop or self._pid != os.getpid():
            raise ClientClosedError("a stream is read in the event loop, and the process, in which it was opened")

    async def read_chunk(self) -> bytes:
        """Return the next bytes; none at the end, and on a failure without any before it, which is then in `failure`.

        Cancelling it loses nothing: the next read goes on.
        """
        response, loop = self._response, self._context.watch.loop
        if response is None:
            return b""
        content = response.content
        if self._is_overdue:
            self.fail(self._translate_error(TimeoutError()))
            return b""
        try:
            chunk = content.read_nowait()
            if not chunk:
                with Timer(self._context.watch, self._seconds_to_wait(loop.time())):
                    chunk = await content.readany()
        except LettaError as error:
            self.fail(error)
            return b""
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and is_cancelled(loop):
                raise
            if self._response is None:
                return b""  # it was closed meanwhile, perhaps with an error
            rest = b"" if isinstance(error, TimeoutError) else content._read_nowait(-1)  # pyright: ignore[reportPrivateUsage]  # the public one raises what broke the connection
            self.fail(self._translate_error(error))
            return rest
        return chunk

    async def finish(self) -> None:
        """Read the end of the body, which gives the connection back; where that does not come at once, cut it."""
        response, watch = self._response, self._context.watch
        if response is None:
            return
        try:
            with Timer(watch, _FOR_THE_END):
                if not response.content.at_eof():
                    await response.content.readany()
        except (Exception, asyncio.CancelledError) as error:  # what was read is complete, whatever this is
            if isinstance(error, asyncio.CancelledError) and is_cancelled(watch.loop):
                raise
        finally:
            self.close()

    def fail(self, error: Exception) -> None:
        """Close the body, and keep the first error."""
        if self.failure is None:
            self.failure = error
            if isinstance(error, APIError):
                error.request_id = error.request_id or self._request_id
                note_request(error, self._request, self._context.config.base_url)
                if self._observation is not None:
                    self._observation.fail(error)
        self.close()

    def end(self, error: Exception) -> None:
        """Close the body if it is open, and have reads raise an error."""
        if self._response is not None:
            self.failure = error
            self.close()

    def close(self, value: Callable[[], Any] | None = None) -> None:
        """Cut the connection, unless the whole body was read, and give back the slot.

        Args:
            value: Returns the value that the body carried, for the observation of the call.

        """
        if self._pid != os.getpid():
            return  # the connection is the parent process's
        response, self._response = self._response, None
        if response is not None:
            self._context.open_bodies.discard(self)
            _drop_and_release(response, self._release)
            self._end_observation(value)

    def stop_reading(self) -> None:
        """Note that nobody reads the body any more, which may be closed."""
        self.reading = False
        self._end_observation()

    def note_events(self, events: list[Any]) -> None:
        """Notify of events that the body held."""
        if self._observation is not None:
            self._observation.receive(events)

    def _end_observation(self, value: Callable[[], Any] | None = None) -> None:
        if self._observation is not None and self._response is None and not self.reading:
            self._observation.finish(None if value is None or self.failure else value(), self.failure)

    def __del__(self) -> None:
        response = getattr(self, "_response", None)
        if response is None or self._pid != os.getpid() or (loop := self._context.watch.loop).is_closed():
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

    def connection_error(self, words: str, cls: type[APIConnectionError] = APIConnectionError) -> APIConnectionError:
        """Create the error for a body that ended early."""
        request = self._request
        return connection_error(words, request.method, request.path, self._context.config.base_url, cls)

    def _seconds_to_wait(self, now: float) -> float | None:
        """Return how long to wait for the next bytes."""
        idle = self._request.timeout.timeout
        if idle is not None and not self._request.timeout.pings and self._request.streams:
            idle = max(_TURN, self.heard + idle - now)
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
            besides = "" if request.timeout.pings or not request.streams else " but pings"
            where = "on the stream" if request.streams else "of the response"
            words = f"nothing{besides} arrived {where} for {request.timeout.timeout:g} s, its timeout"
        return self.connection_error(words, APITimeoutError)


def _drop_and_release(
    response: aiohttp.ClientResponse, release: Callable[[], None], observation: Observation | None = None
) -> None:
    drop_response(response)
    release()
    if observation is not None:
        observation.finish(None, None)
