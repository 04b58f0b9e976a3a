"""Iterator over the outcomes of a batch on a cluster, synchronous and asynchronous."""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from typing import Any, Final

from letta_async.batch.outcome import Outcome
from letta_async.errors import ClientClosedError, ClusterError

__all__ = ["Outcomes"]

_INTERRUPT_TIMEOUT: Final = 10.0
"""Maximum time that an interrupted call waits for its cancelled step to end, in seconds."""
_POLL_INTERVAL: Final = 0.1 if sys.platform == "win32" else None
"""Interval at which a waiting thread wakes, in seconds; `None` for never. On Windows, Ctrl-C takes effect only then."""


class Outcomes(Iterator[Outcome], AsyncIterator[Outcome]):
    """Iterator over outcomes as partitions are done: use `for`, or in a coroutine `async for`.

    After the loop was left, what is still on the cluster is cancelled when this object is garbage-collected; `close()`,
    or `aclose()` in a coroutine, does so immediately, and waits until the workers' requests have ended.
    """

    def __init__(self, lists: AsyncGenerator[list[Outcome], None], loop: asyncio.AbstractEventLoop) -> None:
        self._lists: AsyncGenerator[list[Outcome], None] | None = lists
        self._loop = loop
        self._ready: deque[Outcome] = deque()

    def __next__(self) -> Outcome:
        while not self._ready:
            if self._lists is None:
                raise StopIteration
            self._wait(self._fetch(self._lists))
        return self._ready.popleft()

    async def __anext__(self) -> Outcome:
        while not self._ready:
            if self._lists is None:
                raise StopAsyncIteration
            await self._await(self._fetch(self._lists))
        return self._ready.popleft()

    def close(self) -> None:
        """Cancel what is still on the cluster, and wait until the workers' requests have ended."""
        if (lists := self._detach_generator()) is not None:
            self._wait(lists.aclose())

    async def aclose(self) -> None:
        """Cancel what is still on the cluster, and wait until the workers' requests have ended."""
        if (lists := self._detach_generator()) is not None:
            await self._await(lists.aclose())

    def _detach_generator(self) -> AsyncGenerator[list[Outcome], None] | None:
        lists, self._lists = self._lists, None
        self._ready.clear()
        return lists if self._loop.is_running() else None

    async def _fetch(self, lists: AsyncGenerator[list[Outcome], None]) -> None:
        try:
            self._ready.extend(await anext(lists))
        except StopAsyncIteration:
            self._lists = None
        except BaseException:
            self._lists = None
            raise

    async def _await(self, step: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the loop of the cluster's client, which may be another one, and await it."""
        if asyncio.get_running_loop() is self._loop:
            await step
        else:
            self._refuse_if_closed(step)
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(step, self._loop))

    def _wait(self, step: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the loop of the cluster's client, and block this thread until it ends."""
        try:
            on_loop = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            on_loop = False
        if on_loop:
            step.close()
            raise ClientClosedError("the cluster's client runs on this very event loop; use `async for`, or `aclose`")
        self._refuse_if_closed(step)
        started: list[asyncio.Task[Any]] = []

        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a coroutine is run
            started.append(task)
            await step

        future = asyncio.run_coroutine_threadsafe(run(), self._loop)
        try:
            while not future.done():
                concurrent.futures.wait([future], _POLL_INTERVAL)
            future.result()
        except concurrent.futures.CancelledError:
            raise asyncio.CancelledError from None  # the exception that `async for` raises
        except BaseException:
            if not future.done():  # an interrupt, such as Ctrl-C
                self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in started])
                concurrent.futures.wait([future], _INTERRUPT_TIMEOUT)
            raise

    def _refuse_if_closed(self, step: Coroutine[Any, Any, None]) -> None:
        if not self._loop.is_running():
            step.close()
            raise ClusterError("the cluster's client was closed")
