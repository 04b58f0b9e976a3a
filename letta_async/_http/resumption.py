"""Continue the event stream of a background run over further connections when one breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from letta_async._http.event_source import EventSource
from letta_async._http.exchange import is_cancelled
from letta_async._http.request import CallOptions, Request
from letta_async._http.request_building import build
from letta_async._http.transport import Transport
from letta_async._utils.logging_setup import log
from letta_async.config import ClientConfig
from letta_async.errors import APIConnectionError, APIError, InvalidArgumentError, NotFoundError
from letta_async.operations._streaming import EventOperation
from letta_async.operations.conversation_messages import StreamConversation
from letta_async.operations.runs import StreamRun
from letta_async.retry import RetryPolicy

if TYPE_CHECKING:
    from letta_async._http.raw_response import RawResponse

__all__ = ["EventReader", "Reconnect", "ResumingSource", "stream_opener"]

Reconnect = Callable[[str | None, int, float | None], Awaitable[EventSource]]
"""Opens the stream of a run anew: its ID, if an event named it; the number of the last event; the deadline on the
loop's clock."""
_AT_THE_END: Final = ("stop_reason", "usage_statistics")
"""Types of the events that come last and have no number."""


class EventReader(Protocol):
    """Source of events, a batch at a time."""

    @property
    def raw(self) -> RawResponse | None:
        """The response that the events began with, if the call asked for it."""
        ...

    async def read(self) -> list[Any]:
        """Return the events that arrived, at least one; an empty list at the end, and once the source is closed."""
        ...

    def close(self) -> None:
        """Release the connection."""
        ...


class ResumingSource:
    """Events of a background run: each once and in order, over as many connections as it takes.

    Connections that break without a single event between them are bounded by the retry policy.
    """

    def __init__(
        self,
        source: EventSource | None,
        reconnect: Reconnect,
        transport: Transport,
        policy: RetryPolicy,
        until: float | None,
        *,
        is_found: bool,
        starting_after: int,
        counts_pings: bool,
    ) -> None:
        """Wrap the first connection.

        Args:
            source: Events of the first connection; `None` where it broke before the response.
            reconnect: Opens a further one.
            transport: Has the retry budget, the jitter and the waiting of the client.
            policy: Bounds the reconnections without progress, and the delays before them.
            until: Deadline of the whole call, on the loop's clock.
            is_found: Whether `reconnect` finds the run before an event has named it.
            starting_after: Number of the event after which the first connection begins.
            counts_pings: Whether a ping is progress.

        """
        self._is_found = is_found
        self._source = source
        self.raw = None if source is None else source.raw
        self._reconnect = reconnect
        self._transport = transport
        self._policy = policy
        self._until = until
        self._run_id: str | None = None
        self._seq_id = starting_after
        """Highest number of an event."""
        self._received = starting_after
        """Highest number of an event of the connections before; what comes up to it, comes again."""
        self._counts_pings = counts_pings
        self._ended: set[str] = set()
        """Types of the events at the end that were received; these have no number."""
        self._failures = 0
        """Number of connections that broke since the last event."""
        self._paid = 0
        """What their resumption took from the retry budget."""
        self._resumption: asyncio.Task[None] | None = None
        """Resumption under way, which a cancelled read does not end."""
        self._reading = False
        self._closed = False

    async def read(self) -> list[Any]:
        """Return the events that arrived, at least one; an empty list at the end, and once the source is closed.

        Cancelling it loses nothing: the next read goes on.

        Raises:
            APIConnectionError: The connection broke too often, or the server does not know the run.
            LettaError: As `EventSource.read`, and the errors of the call that opens the stream anew.

        """
        if self._reading:
            raise APIError("the stream is being read by another task already")
        self._reading = True
        try:
            while self._source is not None and not self._closed:
                if self._resumption is not None:
                    await self._wait_for_resumption(self._resumption)
                    continue
                try:
                    events = await self._source.read()
                except APIConnectionError as error:
                    self._resumption = asyncio.ensure_future(self.resume(error))
                    self._resumption.add_done_callback(_retrieve_error)
                else:
                    fresh = self._take_new_events(events)
                    if fresh or not events:
                        return fresh
        finally:
            self._reading = False
        return []

    def close(self) -> None:
        """Release the connection."""
        self._closed = True
        if self._source is not None:
            self._source.close()
        if self._resumption is not None:
            self._resumption.cancel()

    async def _wait_for_resumption(self, resumption: asyncio.Task[None]) -> None:
        """Wait for a resumption, and raise its error; return also when `close` ended it."""
        try:
            await asyncio.shield(resumption)
        except asyncio.CancelledError:
            if not self._closed or is_cancelled(resumption.get_loop()):
                raise
        finally:
            if resumption.done():
                self._resumption = None

    async def resume(self, failure: APIConnectionError) -> None:
        """Open the stream anew after a failure, or raise it."""
        while not self._closed:
            if not self._may_resume(failure):
                raise failure
            seconds = self._policy.delay(failure, retries=self._failures, rng=self._transport.retries.rng)
            self._failures += 1
            extra = {"delay": seconds, "error_type": type(failure).__name__}
            log.info("resuming a stream after event %d in %.2f s: %s", self._seq_id, seconds, failure, extra=extra)
            await self._transport.pause(seconds)
            self._transport.retries.made += 1
            self._received = self._seq_id
            try:
                self._source = await self._reconnect(self._run_id, self._seq_id, self._until)
                self.raw = self.raw or self._source.raw
            except NotFoundError:
                if self._run_id is not None:
                    raise
            except InvalidArgumentError:  # the ID in the events is none of a run
                raise failure from None
            else:
                break
        if self._closed and self._source is not None:
            self._source.close()

    def _take_new_events(self, events: list[Any]) -> list[Any]:
        """Return the events that were not received before, and note how far they go."""
        fresh: list[Any] = []
        for event in events:
            kind: str = event.message_type
            seq_id: object = getattr(event, "seq_id", None)
            run_id: object = getattr(event, "run_id", None)
            if isinstance(seq_id, int):
                if seq_id <= self._received and kind != "ping":  # the server repeats the number of the first ping
                    continue
                self._seq_id = max(self._seq_id, seq_id)
            elif kind in _AT_THE_END:
                if kind in self._ended:
                    continue
                self._ended.add(kind)
            if self._run_id is None and isinstance(run_id, str) and run_id:
                self._run_id = run_id
            fresh.append(event)
        if self._failures and any(self._counts_pings or event.message_type != "ping" for event in fresh):
            self._failures = 0
            self._transport.retries.budget.refund(self._paid)
            self._paid = 0
        return fresh

    def _may_resume(self, failure: APIConnectionError) -> bool:
        overdue = self._until is not None and asyncio.get_running_loop().time() >= self._until
        known = self._run_id is not None or self._is_found
        if overdue or not known or self._failures >= self._policy.max_retries:
            return False
        paid = self._transport.retries.budget.withdraw(failure)
        self._paid += paid or 0
        return paid is not None


def _retrieve_error(resumption: asyncio.Task[None]) -> None:
    """Mark a resumption's error as seen, since no read may follow that raises it."""
    if not resumption.cancelled():
        resumption.exception()


def stream_opener(
    request: Request, options: CallOptions, config: ClientConfig, transport: Transport
) -> Callable[[], Awaitable[EventReader]]:
    """Return a function that sends the request of a stream, and sees to it that the stream is resumed if it can be."""
    operation = request.operation
    assert isinstance(operation, EventOperation)  # noqa: S101 - no other call streams
    by_otid = operation.find_run_parameters()

    async def send(what: Request, until: float | None) -> EventSource:
        source: EventSource = await transport.send(what, config, until=until)
        return source

    async def reconnect(run_id: str | None, seq_id: int, until: float | None) -> EventSource:
        pings = {name: value for name, value in operation.given().items() if name == "include_pings"}
        again = CallOptions(
            extra_headers=options.extra_headers,
            extra_query=options.extra_query,
            timeout=options.timeout,
            raw=options.raw,
        )
        if run_id is not None:
            numbered = {"path_run_id": run_id, "starting_after": seq_id, **pings}
            return await send(build(StreamRun, numbered, again, config), until)
        if request.repeatable:
            return await send(request, until)
        return await send(build(StreamConversation, {**(by_otid or {}), **pings}, again, config), until)

    async def connect() -> EventReader:
        if not operation.is_resumable:
            return await send(request, None)
        until = None if config.deadline is None else asyncio.get_running_loop().time() + config.deadline
        try:
            source, failure = await send(request, until), None
        except APIConnectionError as error:
            if error.unprocessed or by_otid is None:
                raise
            source, failure = None, error
        is_found = request.repeatable or by_otid is not None
        after = operation.given().get("starting_after")
        resuming = ResumingSource(
            source,
            reconnect,
            transport,
            config.retry,
            until,
            is_found=is_found,
            starting_after=after if isinstance(after, int) else 0,
            counts_pings=request.timeout.pings,
        )
        if failure is not None:
            await resuming.resume(failure)
        return resuming

    return connect
