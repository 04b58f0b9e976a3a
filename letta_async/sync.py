"""`Letta`, the client for code without asyncio, which runs `AsyncLetta` on a private event loop."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from letta_async._base_client import BaseClient
from letta_async._facade.portal import Portal
from letta_async.client import AsyncLetta
from letta_async.errors import ArgumentProblem, ClientClosedError, InvalidArgumentError
from letta_async.resources._client import Resources

__all__ = ["Client", "Letta"]


class Letta(BaseClient, Resources):
    """Client of a Letta server, for code without asyncio.

    It runs `AsyncLetta` on a private event loop, on its own thread. Use it as a context manager, or call `close()` at
    the end; otherwise it is closed when it is garbage-collected or the interpreter exits. One client serves any number
    of threads, works inside a running event loop (which it blocks during calls), and works in a forked child.
    """

    _asks_on_thread = True

    def _finish_init(self) -> None:
        if self._transport.connection.session is not None:
            raise InvalidArgumentError(
                [
                    ArgumentProblem(
                        "session", "belongs to an event loop of yours, but Letta runs its own; use AsyncLetta"
                    )
                ]
            )
        self._core = AsyncLetta._from_config(self._config, self._transport)  # pyright: ignore[reportPrivateUsage] - of its own core
        if self._parent is None:
            self._portal = Portal(self._transport.close)

    def close(self) -> None:
        """Close the client, its connections and its thread; calls in flight raise `ClientClosedError`.

        Closing a copy made by `with_options` closes only the copy.
        """
        self._closed = self._core._closed = True  # pyright: ignore[reportPrivateUsage] - of its own core
        if self._parent is None:
            self._transport.closed = True  # for copies too, even if no loop was started that could set it
            self._portal.close()

    def __enter__(self) -> Self:
        if self.is_closed:
            raise ClientClosedError("the client is closed; make a new one")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


Client = Letta  # the official client's other name
