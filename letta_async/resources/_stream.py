"""Event streams as the methods of both clients return them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from letta_async._facade.iteration import Iteration, context_with_call_site
from letta_async._facade.portal import Portal
from letta_async._utils.caller_warnings import CallSite
from letta_async._utils.tracebacks import drop_frames
from letta_async.errors import APIConnectionError, APIError, LettaError
from letta_async.types.accumulation import Accumulator
from letta_async.types.message import AssistantMessage
from letta_async.types.turn_response import LettaResponse

if TYPE_CHECKING:
    from letta_async._http.resumption import EventReader

__all__ = ["AsyncStream", "Stream"]

Event = TypeVar("Event")

_MAX_KEPT: Final = 10_000
"""Maximum number of events that a stream keeps: for its errors, and for `collect`."""


class AsyncStream(Generic[Event]):
    """The events of a response, each as it arrives.

    Use it as `async with … as stream: async for event in stream`, or iterate it at once; `text_stream` iterates over
    the text alone, and `collect()` returns the whole response. The request is sent on first use; `await` sends it and
    returns the stream once the response has begun. Leaving it early cuts the connection. `timeout` bounds each wait for
    data, `deadline` the whole stream. An error has the `run_id`, the `seq_id` of the last event, and the `events` that
    were received.
    """

    def __init__(self, connect: Callable[[], Awaitable[EventReader]], request: str) -> None:
        """Create a stream that is not open yet.

        Args:
            connect: Sends the request and returns the response's events.
            request: Method and path of the request, for messages.

        """
        self._connect: Callable[[], Awaitable[EventReader]] | None = connect
        self._request = request
        self._source: EventReader | None = None
        self._arrived: deque[Event] = deque()
        self._received: deque[Event] = deque(maxlen=_MAX_KEPT)
        self._count = 0
        self._closed = False
        self._ended = False

    @property
    async def text_stream(self) -> AsyncGenerator[str, None]:
        """Iterate over the text of the assistant's messages, each piece as it arrives."""
        async for event in self:
            if isinstance(event, AssistantMessage) and event.text:
                yield event.text

    async def collect(self) -> LettaResponse:
        """Read the stream to its end and return the whole response: pieces joined, tool calls assembled.

        Events that were iterated over before are part of it, unless there were more than 10,000.

        Raises:
            APIError: Too many events were iterated over before, or the stream was closed before its end.
            LettaError: As while iterating; `accumulate(error.events)` returns the response so far.

        """
        whole = Accumulator()
        if self._count > _MAX_KEPT:
            raise APIError(f"{self._request}: more than {_MAX_KEPT} events were read before collect() was called")
        before = list(self._received)
        for event in before[: len(before) - len(self._arrived)]:
            whole.add(event)
        async for event in self:
            whole.add(event)
        if not self._ended:
            raise APIError(f"{self._request}: the stream was closed before its end; collect() would miss the rest")
        return whole.response

    async def _open(self) -> EventReader:
        """Return the source of events; send the request if that was not done."""
        source = self._source
        if source is None:
            connect, self._connect = self._connect, None
            if connect is None:
                raise APIConnectionError(
                    f"{self._request}: the request of this stream is under way or got no response; call the method anew"
                )
            source = self._source = await connect()
            if self._closed:
                source.close()
        return source

    async def _read(self) -> list[Event]:
        """Return the events that arrived, at least one; none at the end."""
        if self._closed:
            return []
        try:
            source = self._source or await self._open()
            events: list[Event] = await source.read()
        except LettaError as error:
            drop_frames(error)
            if isinstance(error, APIError):
                self._add_received_events(error)
            raise
        self._received.extend(events)
        self._count += len(events)
        self._ended = not events and not self._closed
        return events

    def _add_received_events(self, error: APIError) -> None:
        """Note in an error what was received before it."""
        error.events = list(self._received)
        if error.run_id is None:
            run_ids = (getattr(event, "run_id", None) for event in reversed(self._received))
            error.run_id = next((run_id for run_id in run_ids if isinstance(run_id, str)), None)
        if error.seq_id is None:
            numbers = (getattr(event, "seq_id", None) for event in self._received)
            # The highest, not the last: a ping repeats the number of the first one.
            error.seq_id = max((number for number in numbers if isinstance(number, int)), default=None)

    async def _begin(self) -> Self:
        try:
            if not self._closed:
                await self._open()
        except LettaError as error:
            drop_frames(error)
            raise
        return self

    def __await__(self) -> Generator[Any, Any, Self]:
        return self._begin().__await__()

    async def __aenter__(self) -> Self:
        return await self._begin()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        arrived = self._arrived
        if not arrived:
            arrived.extend(await self._read())
            if not arrived:
                raise StopAsyncIteration
        return arrived.popleft()

    async def close(self) -> None:
        """Close the stream: the connection is cut unless the stream was read to its end, and iteration ends."""
        self._closed = True
        self._arrived.clear()
        if self._source is not None:
            self._source.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._request}{self._state()}>"

    def _state(self) -> str:
        return " (closed)" if self._closed else " (ended)" if self._ended else ": iterate it"


class _EventBatches(Generic[Event]):
    """The events of a stream for the sync client, as many at a time as arrived: each change of threads is expensive."""

    def __init__(self, stream: AsyncStream[Event]) -> None:
        self._stream = stream

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Event]:
        events = await self._stream._read()  # pyright: ignore[reportPrivateUsage] - of its own core
        if not events:
            raise StopAsyncIteration
        return events

    async def aclose(self) -> None:
        await self._stream.close()


class Stream(Generic[Event]):
    """The events of a response, each as it arrives.

    Iterate it, or use it as a context manager, which closes it: leaving it early cuts the connection. `text_stream`
    iterates over the text alone, and `collect()` returns the whole response. The request was sent when the method was
    called. `timeout` bounds each wait for data, `deadline` the whole stream. An error has the `run_id`, the `seq_id` of
    the last event, and the `events` that were received.
    """

    def __init__(self, stream: AsyncStream[Event], portal: Portal, caller: CallSite) -> None:
        self._stream = stream
        self._portal = portal
        self._caller = caller
        portal.run(stream._begin, context_with_call_site(caller))  # pyright: ignore[reportPrivateUsage] - of its own core
        self._batches: Iteration[list[Event]] = Iteration(_EventBatches(stream), portal, caller)
        self._arrived: deque[Event] = stream._arrived  # pyright: ignore[reportPrivateUsage] - of its own core

    @property
    def text_stream(self) -> Iterator[str]:
        """Iterate over the text of the assistant's messages, each piece as it arrives."""
        for event in self:
            if isinstance(event, AssistantMessage) and event.text:
                yield event.text

    def collect(self) -> LettaResponse:
        """Read the stream to its end and return the whole response: pieces joined, tool calls assembled.

        Events that were iterated over before are part of it, unless there were more than 10,000.

        Raises:
            APIError: Too many events were iterated over before, or the stream was closed before its end.
            LettaError: As while iterating; `accumulate(error.events)` returns the response so far.

        """
        return self._portal.run(self._stream.collect, context_with_call_site(self._caller))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        arrived = self._arrived
        while True:
            if arrived:
                with suppress(IndexError):  # another thread was faster, or closed the stream
                    return arrived.popleft()
            arrived.extend(next(self._batches))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the stream: the connection is cut unless the stream was read to its end, and iteration ends."""
        self._arrived.clear()
        self._batches.close()

    def __repr__(self) -> str:
        return repr(self._stream).replace("AsyncStream", type(self).__name__)
