"""Drivers of both clients with the same interface: one lambda makes a call on either, and leaks are detected."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from letta_async import AsyncLetta, Letta
from tests.ids import CONVERSATION

__all__ = ["DRIVERS", "Driver"]

Do = Callable[[Any], Any]


class Driver(ABC):
    """Base class of drivers: a client of a server, whose waits between attempts take no time."""

    many: int
    """Number of calls that is large, but takes only seconds."""

    def __init__(self, url: str, new_loop: Callable[[], asyncio.AbstractEventLoop], **options: Any) -> None:
        self._new_loop = new_loop
        self.waits: list[float] = []
        """Waits between attempts, in seconds."""
        self.lingers = False
        """Whether a task may stay until the client is closed."""
        self.client = self._make(base_url=url, **options)
        self.client._transport.retries.sleep = self._sleep

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    @abstractmethod
    def _make(self, **options: Any) -> Any: ...

    @abstractmethod
    def call(self, do: Do) -> Any:
        """Make a call with `do`, which gets the client; return its result."""

    @abstractmethod
    def together(self, *dos: Do) -> list[Any]:
        """Make calls concurrently; return the value or error of each."""

    @abstractmethod
    def close(self) -> None:
        """Close the client and its loop or threads."""

    @abstractmethod
    def _loop(self) -> asyncio.AbstractEventLoop | None:
        """Return the loop that the client runs on."""

    def recompile(self, **options: Any) -> str:
        """Make a call that is safe to repeat."""
        return self.call(lambda client: client.conversations.recompile(CONVERSATION, **options))

    def create(self, **options: Any) -> Any:
        """Make a call that is not safe to repeat."""
        return self.call(lambda client: client.post("/v1/agents/", body={"name": "Sam"}, cast_to=str, **options))

    def calm(self) -> None:
        """Make a call, then switch off the loop's debug mode, in which tests of many calls would take minutes."""
        self.recompile()
        loop = self._loop()
        assert loop is not None
        loop.set_debug(False)

    def left_behind(self) -> list[str]:
        """Return the tasks and connections that are still active although no call is in progress."""
        loop, binding = self._loop(), self.client._transport._binding
        left = [] if loop is None else [repr(task) for task in asyncio.all_tasks(loop)]
        if binding is not None:
            left += [repr(connection) for connection in binding.session.connector._acquired]
            left += [repr(limiter) for limiter in binding.limiters if limiter.in_flight or limiter.waiting]
        return left


class AsyncDriver(Driver):
    """Driver of `AsyncLetta` on a loop that belongs to the test."""

    many = 5000

    def _make(self, **options: Any) -> Any:
        self.runner = asyncio.Runner(loop_factory=self._new_loop)
        return AsyncLetta(**options)

    def _loop(self) -> asyncio.AbstractEventLoop | None:
        return self.runner.get_loop()

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def call(self, do: Do) -> Any:
        async def main() -> Any:
            return await do(self.client)

        return self.run(main())

    def together(self, *dos: Do) -> list[Any]:
        async def main() -> list[Any]:
            return await asyncio.gather(*(do(self.client) for do in dos), return_exceptions=True)

        return self.run(main())

    def left_behind(self) -> list[str]:
        async def settle() -> None:
            end = time.monotonic() + 10
            while len(asyncio.all_tasks()) > 1 and time.monotonic() < end:
                await asyncio.sleep(0.001)

        self.run(settle())
        return super().left_behind()

    def close(self) -> None:
        self.run(self.client.close())
        self.runner.close()


class SyncDriver(Driver):
    """Driver of `Letta`, called from one or several threads."""

    many = 1000

    def _make(self, **options: Any) -> Any:
        return Letta(**options)

    def _loop(self) -> asyncio.AbstractEventLoop | None:
        running = self.client._portal._loop_thread
        return None if running is None else running.loop

    def call(self, do: Do) -> Any:
        return do(self.client)

    def together(self, *dos: Do) -> list[Any]:
        def attempt(do: Do) -> Any:
            try:
                return do(self.client)
            except BaseException as error:
                return error

        with ThreadPoolExecutor(min(len(dos), 32)) as threads:
            return list(threads.map(attempt, dos))

    def left_behind(self) -> list[str]:
        end = time.monotonic() + 10
        while (left := super().left_behind()) and time.monotonic() < end:
            time.sleep(0.001)
        return left

    def close(self) -> None:
        self.client.close()


DRIVERS: Final = {"AsyncLetta": AsyncDriver, "Letta": SyncDriver}
