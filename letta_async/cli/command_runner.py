"""Client and event loop of a command, on which its coroutines run while signals are handled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from letta_async.cli.connection import Connection
from letta_async.cli.error_messages import Unreachable, one_line
from letta_async.cli.stop_signals import Interrupted, Stop
from letta_async.client import AsyncLetta
from letta_async.errors import APIConnectionError

__all__ = ["CommandRunner"]

T = TypeVar("T")


class CommandRunner:
    """Client and event loop of a command; coroutines run on it one after the other.

    The client keeps its connections and its limiter from one to the next. Between them nothing runs: a question can be
    asked, and Ctrl-C raises `KeyboardInterrupt`.
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
        """Run a coroutine to its end, and return its result.

        Args:
            make: Creates the coroutine, which may watch for a request to stop.
            on_stop: Called at the first signal. Default: nothing.

        Raises:
            Interrupted: A stop was requested; the coroutine ended by itself, or was cancelled.
            Unreachable: The server could not be reached, and the environment names a proxy that was not used.

        """
        stop = Stop(on_stop)

        async def run_listening() -> T:
            with stop.listening():
                return await make(self.client, stop)

        try:
            result = self._runner.run(run_listening())
        except (asyncio.CancelledError, KeyboardInterrupt) as interrupt:
            raise Interrupted(getattr(interrupt, "code", stop.code), at_once=True) from None
        except APIConnectionError as error:
            if (variable := self._connection.unused_proxy(self.client.base_url)) is None:
                raise
            words = f"{one_line(error)} ({variable} names a proxy, which is not used without --trust-env)"
            raise Unreachable(words) from error
        if stop.asked.is_set():
            raise Interrupted(stop.code, at_once=False)
        return result
