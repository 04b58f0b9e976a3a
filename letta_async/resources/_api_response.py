"""Responses as they were received: what the methods of `with_raw_response` and `with_streaming_response` return."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from itertools import chain
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from letta_async._facade.iteration import Iteration, context_with_call_site
from letta_async._facade.portal import Portal
from letta_async._http.body_pieces import Cutter
from letta_async._utils.caller_warnings import CallSite
from letta_async._utils.tracebacks import drop_frames
from letta_async.errors import ClientClosedError, LettaError
from letta_async.resources._base_api_response import BaseAPIResponse
from letta_async.resources._paging import AsyncPage, Page
from letta_async.resources._stream import Stream

__all__ = ["APIResponse", "AsyncAPIResponse"]

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)


class AsyncAPIResponse(BaseAPIResponse[R_co]):
    """Response as it was received: status, headers and body; `parse()` returns what the method itself returns.

    After `with_streaming_response`, the body is read when it is asked for: use it as `async with … as response`, which
    closes the connection at the end of the block.
    """

    @overload
    async def parse(self) -> R_co: ...
    @overload
    async def parse(self, *, to: type[T]) -> T: ...
    async def parse(self, *, to: Any = None) -> Any:
        """Return what the method returns: an object, the first page of a list, a stream, or `None` after a deletion.

        Called again, it returns the same object.

        Args:
            to: Type to read the body as instead: `object` for any JSON value, `str`, `dict` or `list` for exactly that,
                a class of this package such as `Block`, or `list[Block]`.

        Raises:
            InvalidArgumentError: `to` is no such type, or the response is an event stream.
            APIResponseValidationError: The body is not what the API promises.
            APIError: The body did not arrive, or was read piece by piece before.
            ClientClosedError: The client was closed before the body had arrived.

        """
        try:
            if self._stream is None:
                await self._raw.load()
            return self._parse_loaded(to)
        except LettaError as error:
            drop_frames(error)
            raise

    async def read(self) -> bytes:
        """Return the body, decompressed; called again, the same bytes.

        Raises:
            APIResponseValidationError: The body is larger than `max_response_bytes`, or not validly compressed.
            APIError: The body did not arrive, or was read piece by piece before.
            ClientClosedError: The client was closed before the body had arrived.

        """
        return await self._load(self._raw.content)

    async def text(self) -> str:
        """Return the body as text, in the encoding that the headers name, else UTF-8.

        Raises:
            LettaError: As for `read`.

        """
        return await self._load(self._raw.text)

    async def json(self) -> Any:
        """Return the body as a JSON value.

        Raises:
            APIResponseValidationError: The body is not JSON.
            LettaError: As for `read`.

        """
        return await self._load(self._raw.json)

    async def _load(self, read: Callable[[], T]) -> T:
        try:
            await self._raw.load()
            return read()
        except LettaError as error:
            drop_frames(error)
            raise

    def iter_bytes(self, chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        """Iterate over the body, decompressed, as it arrives; it can be larger than `max_response_bytes`.

        Args:
            chunk_size: Number of bytes at a time. Default: as many as arrive.

        Raises:
            InvalidArgumentError: `chunk_size` is not a positive number.
            LettaError: As for `read`.

        """
        return self._iterate(self._byte_chunks(chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> AsyncGenerator[str, None]:
        """Iterate over the body as text, as it arrives.

        Args:
            chunk_size: Number of characters at a time. Default: as many as arrive.

        Raises:
            InvalidArgumentError: `chunk_size` is not a positive number.
            LettaError: As for `read`.

        """
        return self._iterate(self._text_chunks(chunk_size))

    def iter_lines(self) -> AsyncGenerator[str, None]:
        r"""Iterate over the lines of the body as they arrive, without their ends: `\n`, `\r\n` or `\r`.

        Raises:
            LettaError: As for `read`.

        """
        return self._iterate(self._lines())

    async def _iterate(self, cutter: Cutter[T]) -> AsyncGenerator[T, None]:
        try:
            async for piece in self._raw.iterate(cutter):
                yield piece
        except LettaError as error:
            drop_frames(error)
            raise

    async def close(self) -> None:
        """Close the response: the connection is cut unless the body was read to its end."""
        if self._stream is not None:
            await self._stream.close()
        self._raw.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class APIResponse(BaseAPIResponse[R_co]):
    """Response as it was received: status, headers and body; `parse()` returns what the method itself returns.

    After `with_streaming_response`, the body is read when it is asked for: use it as `with … as response`, which closes
    the connection at the end of the block.
    """

    def __init__(self, response: AsyncAPIResponse[Any], portal: Portal, call_site: CallSite) -> None:
        """Wrap a response of the async client."""
        super().__init__(response._raw, response._stream, response._page_of)
        self._response = response
        self._portal = portal
        self._call_site = call_site

    @overload
    def parse(self) -> R_co: ...
    @overload
    def parse(self, *, to: type[T]) -> T: ...
    def parse(self, *, to: Any = None) -> Any:
        """Return what the method returns: an object, the first page of a list, a stream, or `None` after a deletion.

        Called again, it returns the same object.

        Args:
            to: Type to read the body as instead: `object` for any JSON value, `str`, `dict` or `list` for exactly that,
                a class of this package such as `Block`, or `list[Block]`.

        Raises:
            InvalidArgumentError: `to` is no such type, or the response is an event stream.
            APIResponseValidationError: The body is not what the API promises.
            APIError: The body did not arrive, or was read piece by piece before.
            ClientClosedError: The client was closed before the body had arrived.

        """
        try:
            if self._stream is None:
                self._load()
            return self._parse_loaded(to)
        except LettaError as error:
            drop_frames(error)
            raise

    def _read_value(self, to: Any) -> Any:
        value = super()._read_value(to)
        if isinstance(value, AsyncPage):
            return Page(value, self._portal, self._call_site)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - of any items
        return Stream(self._stream, self._portal, self._call_site) if self._stream is not None else value

    def read(self) -> bytes:
        """Return the body, decompressed; called again, the same bytes.

        Raises:
            APIResponseValidationError: The body is larger than `max_response_bytes`, or not validly compressed.
            APIError: The body did not arrive, or was read piece by piece before.
            ClientClosedError: The client was closed before the body had arrived.

        """
        return self._loaded(self._raw.content)

    def text(self) -> str:
        """Return the body as text, in the encoding that the headers name, else UTF-8.

        Raises:
            LettaError: As for `read`.

        """
        return self._loaded(self._raw.text)

    def json(self) -> Any:
        """Return the body as a JSON value.

        Raises:
            APIResponseValidationError: The body is not JSON.
            LettaError: As for `read`.

        """
        return self._loaded(self._raw.json)

    def _load(self) -> None:
        if not self._raw.is_loaded:
            self._portal.run(self._raw.load, context_with_call_site(self._call_site))

    def _loaded(self, read: Callable[[], T]) -> T:
        try:
            self._load()
            return read()
        except LettaError as error:
            drop_frames(error)
            raise

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Iterate over the body, decompressed, as it arrives; it can be larger than `max_response_bytes`.

        Args:
            chunk_size: Number of bytes at a time. Default: as many as arrive.

        Raises:
            InvalidArgumentError: `chunk_size` is not a positive number.
            LettaError: As for `read`.

        """
        return self._iterate(self._byte_chunks(chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        """Iterate over the body as text, as it arrives.

        Args:
            chunk_size: Number of characters at a time. Default: as many as arrive.

        Raises:
            InvalidArgumentError: `chunk_size` is not a positive number.
            LettaError: As for `read`.

        """
        return self._iterate(self._text_chunks(chunk_size))

    def iter_lines(self) -> Iterator[str]:
        r"""Iterate over the lines of the body as they arrive, without their ends: `\n`, `\r\n` or `\r`.

        Raises:
            LettaError: As for `read`.

        """
        return self._iterate(self._lines())

    def _iterate(self, cutter: Cutter[T]) -> Iterator[T]:
        if self._raw.is_loaded:
            return self._raw.iterate_loaded(cutter)
        batches = Iteration(self._raw.iterate_batches(cutter), self._portal, self._call_site)
        return chain.from_iterable(batches)  # the threads change once per batch

    def close(self) -> None:
        """Close the response: the connection is cut unless the body was read to its end."""
        if not self.is_closed or self._stream is not None:
            with suppress(ClientClosedError):  # then the connection is closed
                self._portal.run(self._response.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
