"""One call that returns a response as it was received."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from letta_async._http.request import CallOptions, RawMode, Request
from letta_async._utils.tracebacks import drop_frames
from letta_async.errors import Attempt, LettaError
from letta_async.operations._operation import Operation
from letta_async.resources._api_response import AsyncAPIResponse
from letta_async.resources._paging import AsyncPage, AsyncPaginator
from letta_async.resources._stream import AsyncStream

if TYPE_CHECKING:
    from letta_async._http.raw_response import RawResponse
    from letta_async._http.resumption import EventReader

__all__ = ["Capture", "RawCall"]

R_co = TypeVar("R_co", covariant=True)


class Capture:
    """Client of one call: its first request returns the response as received, those for following pages do not."""

    def __init__(self, client: Any, mode: RawMode) -> None:
        self._client = client
        self._mode: RawMode | None = mode
        self.response: RawResponse | None = None

    async def _call(
        self,
        operation: type[Operation[Any]],
        parameters: Mapping[str, object],
        options: CallOptions,
        attempts: list[Attempt] | None = None,
    ) -> Any:
        return await self._capture(self._client._call(operation, parameters, self._raw(options), attempts))

    _edit_and_propagate = _call
    """Refused, since such a call has no single response; see `Operation.raw_problems`."""

    async def _send_raw(self, method: str, path: str, body: object, cast_to: Any, options: CallOptions) -> Any:
        return await self._capture(self._client._send_raw(method, path, body, cast_to, self._raw(options)))

    def _prepare_stream(
        self, operation: type[Operation[Any]], parameters: Mapping[str, object], options: CallOptions
    ) -> tuple[Request, Callable[[], Awaitable[EventReader]]]:
        request, connect = self._client._prepare_stream(operation, parameters, self._raw(options))

        async def connect_raw() -> EventReader:
            reader: EventReader = await connect()
            self.response = reader.raw
            return reader

        return request, connect_raw

    async def _capture(self, sent: Awaitable[Any]) -> Any:
        response = await sent
        if self.response is None:
            self.response = response
        return response

    def _raw(self, options: CallOptions) -> CallOptions:
        mode, self._mode = self._mode, None
        return options if mode is None else attrs.evolve(options, raw=mode)


class RawCall(Coroutine[Any, Any, AsyncAPIResponse[R_co]]):
    """Call that returns a response as it was received: `await` it, or use it as `async with … as response`."""

    def __init__(self, capture: Capture, made: Any) -> None:
        """Prepare a call; nothing is sent.

        Args:
            capture: Client of the call.
            made: What the method returned: a coroutine, a paginator or a stream.

        """
        self._capture = capture
        self._made = made
        self._running: Coroutine[Any, Any, AsyncAPIResponse[R_co]] | None = None
        self._response: AsyncAPIResponse[R_co] | None = None

    async def _run(self) -> AsyncAPIResponse[R_co]:
        """Send the call."""
        made, capture = self._made, self._capture
        stream: AsyncStream[Any] | None = None
        page_of: Callable[[list[Any]], AsyncPage[Any]] | None = None
        try:
            if isinstance(made, AsyncPaginator):
                page_of = await _fetch_first_page(made)  # pyright: ignore[reportUnknownArgumentType] - of any items
            else:
                begun = await made
                stream = begun if isinstance(made, AsyncStream) else None
        except LettaError as error:
            drop_frames(error)
            raise
        assert capture.response is not None  # noqa: S101 - the call sent a request
        response: AsyncAPIResponse[R_co] = AsyncAPIResponse(capture.response, stream, page_of)
        return response

    @property
    def _coroutine(self) -> Coroutine[Any, Any, AsyncAPIResponse[R_co]]:
        """The coroutine; created when it is run, or else Python would warn of two that were never awaited."""
        if self._running is None:
            self._running = self._run()
        return self._running

    def __await__(self) -> Generator[Any, Any, AsyncAPIResponse[R_co]]:
        return self._coroutine.__await__()

    async def __aenter__(self) -> AsyncAPIResponse[R_co]:
        self._response = await self._coroutine
        return self._response

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._response is not None:
            await self._response.close()

    # A task can be made of it, as of any coroutine.

    def send(self, value: Any) -> Any:
        """Continue the call."""
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Continue the call with an error."""
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """End the call."""
        if self._running is not None:
            self._running.close()
        elif isinstance(self._made, Coroutine):
            self._made.close()  # pyright: ignore[reportUnknownMemberType] - of any result


async def _fetch_first_page(paginator: AsyncPaginator[Any]) -> Callable[[list[Any]], AsyncPage[Any]]:
    """Request the first page of a list, and return what makes a page of its items."""
    listing = paginator._listing  # pyright: ignore[reportPrivateUsage] - of a neighbour
    await paginator._fetch(listing)  # pyright: ignore[reportPrivateUsage] - as above
    return lambda items: paginator._first_page(listing, listing.arranged(items))  # pyright: ignore[reportPrivateUsage] - as above
