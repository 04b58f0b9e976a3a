"""Run coroutines of a command on one client and one event loop, and handle signals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from letta_async.cli.connection import Connection
from letta_async.cli.failing import Unreachable, one_line
from letta_async.cli.stopping import Interrupted, Stop
from letta_async.client import AsyncLetta
from letta_async.errors import APIConnectionError

__all__ = ["Work"]

T = TypeVar("T")


class Work:
    """Run coroutines one after the other with one client, which so keeps what it has learnt of the server.

    Between them nothing runs, so that a question can be asked and Ctrl-C is what it always is.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.client: AsyncLetta = connection.client()
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self.client.close())
        finally:
            self._runner.close()

    def run(
        self,
        make: Callable[[AsyncLetta, Stop], Coroutine[Any, Any, T]],
        *,
        on_stop: Callable[[], object] = lambda: None,
    ) -> T:
        """Run a coroutine that watches for a wish to stop.

        Args:
            make: Makes it.
            on_stop: Called at the first wish to stop.

        Raises:
            Interrupted: somebody asked to stop; the coroutine came to an end by itself, or was ended.
            Unreachable: there was no connection, and the environment names a proxy that was not used.

        """
        stop = Stop(on_stop)

        async def heard() -> T:
            with stop.listening():
                return await make(self.client, stop)

        try:
            result = self._runner.run(heard())
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise Interrupted(stop.code, at_once=True) from None
        except APIConnectionError as error:
            if (variable := self._connection.unused_proxy(self.client.base_url)) is None:
                raise
            words = f"{one_line(error)} ({variable} names a proxy, which is not used without --trust-env)"
            raise Unreachable(words) from error
        if stop.asked.is_set():
            raise Interrupted(stop.code, at_once=False)
        return result
