"""`AsyncLetta`, the client for asyncio."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from letta_async._base_client import BaseClient
from letta_async._http.request import CallOptions, Request
from letta_async._http.request_building import build, build_raw
from letta_async.errors import Attempt, ClientClosedError
from letta_async.operations._operation import Operation
from letta_async.resources._client import AsyncResources

if TYPE_CHECKING:
    from letta_async._http.resumption import EventReader
    from letta_async.sync import Letta
    from letta_async.types.tool import BaseTool

__all__ = ["AsyncClient", "AsyncLetta", "BaseTool", "Letta"]

Answer = TypeVar("Answer")


class AsyncLetta(BaseClient, AsyncResources):
    """Client of a Letta server, for asyncio.

    Use it as an async context manager, or await `close()` at the end. One client serves any number of tasks of one
    event loop, and can be used in another loop after the first one is closed.
    """

    def _make_part(self, kind: Any, name: str) -> Any:
        del name
        return kind(self)

    async def close(self) -> None:
        """Close the client and its connections; calls in flight raise `ClientClosedError`.

        Closing a copy made by `with_options` closes only the copy. A session passed as `session` stays open.
        """
        self._closed = True
        if self._parent is None:
            await self._transport.close()

    async def __aenter__(self) -> Self:
        self._refuse_if_closed()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        # There is no transport if the constructor raised; a copy's connections belong to its parent.
        transport = getattr(self, "_transport", None)
        if transport is not None and self._parent is None:
            if transport.is_open:
                warnings.warn(f"{self!r} was never closed", ResourceWarning, source=self, stacklevel=2)
            transport.abandon()

    def _call(
        self,
        operation: type[Operation[Answer]],
        parameters: Mapping[str, object],
        options: CallOptions,
        attempts: list[Attempt] | None = None,
    ) -> Awaitable[Answer]:
        self._refuse_if_closed()
        request = build(operation, parameters, options, self._config)
        return self._transport.send(request, self._config, attempts)

    def _prepare_stream(
        self, operation: type[Operation[Any]], parameters: Mapping[str, object], options: CallOptions
    ) -> tuple[Request, Callable[[], Awaitable[EventReader]]]:
        """Return the request of a stream, and what sends it."""
        self._refuse_if_closed()
        request = build(operation, parameters, options, self._config)
        from letta_async._http.resumption import stream_opener  # noqa: PLC0415 - imported by those that stream

        return request, stream_opener(request, options, self._config, self._transport)

    def _send_raw(self, method: str, path: str, body: object, cast_to: Any, options: CallOptions) -> Awaitable[Any]:
        self._refuse_if_closed()
        request = build_raw(method, path, body=body, answer=cast_to, options=options, config=self._config)
        return self._transport.send(request, self._config)

    def _refuse_if_closed(self) -> None:
        if self.is_closed:
            raise ClientClosedError("the client is closed; make a new one")


AsyncClient = AsyncLetta  # the official client's other name

if not TYPE_CHECKING:  # pragma: no branch - true whenever it runs

    def __getattr__(name: str) -> Any:
        """Return what programs for letta-client before 1.0 import from this module besides, loaded on first use."""
        if name in ("BaseTool", "Letta"):
            return getattr(import_module("letta_async"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
