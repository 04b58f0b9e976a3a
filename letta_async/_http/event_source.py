"""Read an event stream that is open, event by event: the connection and the slot are its own until it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from letta_async._http.context import CallContext
from letta_async._http.error_response import printable
from letta_async._http.events import EventDecoder
from letta_async._http.open_body import OpenBody
from letta_async._http.request import Request
from letta_async._http.response_decoding import Response, invalid_response
from letta_async._schema.converter import reader_of
from letta_async._schema.json_parsing import parse_json
from letta_async.errors import APIError, StreamError
from letta_async.errors._details import request_id_of
from letta_async.operations._operation import Operation

if TYPE_CHECKING:
    from letta_async._http.raw_response import RawResponse

__all__ = ["EventSource"]

_PING: Final = "ping"


class EventSource:
    """The events of a response.

    Dropped without `close`, it closes itself.
    """

    __slots__ = ("_body", "_clock", "_decoder", "_finished", "_head", "_last", "_request", "raw")

    def __init__(
        self, context: CallContext, request: Request, head: Response, body: OpenBody, raw: RawResponse | None = None
    ) -> None:
        """Wrap a response whose head was read.

        Args:
            context: What the call shares with others.
            request: The request.
            head: The response.
            body: Its body.
            raw: The same response, for those who want to see it as it was received.

        """
        self._clock = context.watch.loop.time
        self._request = request
        self._head = head
        self._body = body
        self._decoder = EventDecoder(context.config.max_response_bytes)
        self._last: Any = None
        """The last event that was returned."""
        self._finished = False
        """Whether the last event was received."""
        self.raw = raw

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
        body = self._body
        if body.reading:
            raise APIError("the stream is being read by another task already")
        body.check_loop()
        if self.raw is not None:
            self.raw.claim_events()
        body.reading = True
        try:
            while body.failure is None and body.is_open:
                if self._finished:
                    await body.finish()
                    break
                chunk = await body.read_chunk()
                if not chunk and body.is_open:
                    self._end()
                if events := self._decode_events(self._decoder.feed(chunk)):
                    self._last = events[-1]
                    if not self._request.timeout.pings and any(event.message_type != _PING for event in events):
                        body.heard = self._clock()
                    body.note_events(events)
                    return events
        finally:
            body.stop_reading()
        if body.failure is not None:
            raise body.failure
        return []

    def close(self) -> None:
        """Cut the connection, unless the whole body was read, and give back the slot."""
        self._body.close()

    def _end(self) -> None:
        """Note that the body ended: after the last event, or before it."""
        operation: Any = self._request.operation
        if operation.may_end_after(self._last) and not self._decoder.incomplete:
            self._finished = True
        else:
            self._body.fail(self._body.connection_error("the stream ended before its last event"))

    # --- values -------------------------------------------------------------------------------------------------------

    def _decode_events(self, events: list[str]) -> list[Any]:
        """Decode events, up to the first that is none, the last of the stream, or a failure."""
        operation: Any = cast("Operation[Any]", self._request.operation)
        end, failure, read_event = operation.end, operation.failure, reader_of(operation.event)
        values: list[Any] = []
        for data in events:
            if data == end:
                self._finished = True
                self._body.failure = None  # what broke after the last event cost nothing
                return values
            try:
                value = read_event(parse_json(data))
                if type(value) is failure:
                    self._body.fail(self._stream_error(value))
                    return values
            except (TypeError, ValueError, RecursionError) as error:
                reason = f"an event is not what was promised: {printable(str(error))[:200]}"
                self._body.fail(self._invalid_event_error(reason, data))
                return values
            values.append(value)
        if self._decoder.fault is not None:
            self._body.fail(self._invalid_event_error(self._decoder.fault, ""))
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
        error = StreamError(
            f"{request.method} {request.path}: the turn failed: {said}",
            run_id=event.run_id,
            error_type=event.error_type,
            detail=event.detail,
            seq_id=event.seq_id,
            request_method=request.method,
            request_path=request.path,
            body=event.to_dict(),
        )
        error.request_id = request_id_of(self._head.headers)
        return error
