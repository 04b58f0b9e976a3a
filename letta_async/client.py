"""The async client."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Mapping
from types import TracebackType
from typing import Any, Final, Self, TypeVar, Unpack

from letta_async._frames import drop_frames
from letta_async._options import ConfiguredClient
from letta_async._protocol import CallOptions, build, build_raw
from letta_async._unset import UNSET
from letta_async.errors import Attempt, ClientClosedError, LettaError
from letta_async.models._operation import Operation
from letta_async.resources._resource import RequestOptions, call_options
from letta_async.resources.agents import AsyncAgents
from letta_async.resources.blocks import AsyncBlocks
from letta_async.resources.conversations import AsyncConversations

__all__ = ["AsyncLetta"]

Answer = TypeVar("Answer")

_RAW: Final = ("path", "body", "cast_to")
"""Parameters of a call that has no method of its own."""


class AsyncLetta(ConfiguredClient):
    """A client of a Letta server, for asyncio.

    Use it as an async context manager, or await `close()` at the end. One client serves any number of tasks of one
    event loop, and may be used in a second loop once the first is closed.
    """

    conversations: AsyncConversations
    """Threads of messages, and the recompiling of their system prompts."""
    agents: AsyncAgents
    """Agents, whose memory these are compiled from."""
    blocks: AsyncBlocks
    """Pieces of memory, which agents may share."""

    def _attach(self) -> None:
        self.conversations = AsyncConversations(self)
        self.agents = AsyncAgents(self)
        self.blocks = AsyncBlocks(self)

    async def get(self, path: str, *, cast_to: Any = object, **options: Unpack[RequestOptions]) -> Any:
        """Send a `GET` to a path that has no method of its own; see `post`."""
        return await self._raw("GET", path, UNSET, cast_to, options)

    async def post(
        self, path: str, *, body: object = UNSET, cast_to: Any = object, **options: Unpack[RequestOptions]
    ) -> Any:
        """Send a `POST` to a path that has no method of its own.

        Not tried again unless the server cannot have acted on it; `get`, `put` and `delete` are.

        Args:
            path: Path behind the base URL, such as `/v1/agents/`, without a query.
            body: JSON value to send; left out, there is no body.
            cast_to: What to make of the answer: `object` for whatever JSON value it is, `str`, `dict` or `list` for
                that and nothing else, a class of this package such as `Block`, or `list[Block]`. Default: `object`.
            **options: `extra_headers`, `extra_query`, `extra_body` and `timeout`, as every method takes them.

        Raises:
            InvalidArgumentError: something handed in is wrong; nothing was sent.
            APIError: no answer came, or one that is no success.

        """
        return await self._raw("POST", path, body, cast_to, options)

    async def put(
        self, path: str, *, body: object = UNSET, cast_to: Any = object, **options: Unpack[RequestOptions]
    ) -> Any:
        """Send a `PUT` to a path that has no method of its own; see `post`."""
        return await self._raw("PUT", path, body, cast_to, options)

    async def patch(
        self, path: str, *, body: object = UNSET, cast_to: Any = object, **options: Unpack[RequestOptions]
    ) -> Any:
        """Send a `PATCH` to a path that has no method of its own; see `post`."""
        return await self._raw("PATCH", path, body, cast_to, options)

    async def delete(
        self, path: str, *, body: object = UNSET, cast_to: Any = object, **options: Unpack[RequestOptions]
    ) -> Any:
        """Send a `DELETE` to a path that has no method of its own; see `post`."""
        return await self._raw("DELETE", path, body, cast_to, options)

    async def close(self) -> None:
        """Close the client: calls under way end with `ClientClosedError`, connections are closed.

        Closing a copy made by `with_options` closes nothing but the copy. A session that was handed in stays open.
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
        # A constructor that raised leaves no transport; a copy leaves the connections to its parent.
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

    def _raw(self, method: str, path: str, body: object, cast_to: Any, options: RequestOptions) -> Awaitable[Any]:
        self._refuse_if_closed()
        given = call_options(options, _RAW)
        try:
            request = build_raw(method, path, body=body, answer=cast_to, options=given, config=self._config)
        except LettaError as error:
            drop_frames(error)
            raise
        return self._transport.send(request, self._config)

    def _refuse_if_closed(self) -> None:
        if self.is_closed:
            raise ClientClosedError("the client is closed; make a new one")
