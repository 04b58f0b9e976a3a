"""What comes of a batch on a cluster, for both kinds of loops."""

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

_PATIENCE: Final = 10.0
"""How long an interrupt waits for the end of what it interrupted, in seconds."""
_TICK: Final = 0.1 if sys.platform == "win32" else None
"""How often a wait looks up, in seconds: on Windows, Ctrl-C comes through only then."""


class Outcomes(Iterator[Outcome], AsyncIterator[Outcome]):
    """Outcomes as they come back: go through them with `for`, or in a coroutine with `async for`.

    Leaving the loop drops what is still on the cluster, as soon as this is collected; `close()`, or `aclose()` in a
    coroutine, does so at once, and waits until the workers' requests have ended.
    """

    def __init__(self, lists: AsyncGenerator[list[Outcome], None], loop: asyncio.AbstractEventLoop) -> None:
        self._lists: AsyncGenerator[list[Outcome], None] | None = lists
        self._loop = loop
        self._ready: deque[Outcome] = deque()

    def __next__(self) -> Outcome:
        while not self._ready:
            if self._lists is None:
                raise StopIteration
            self._wait(self._more(self._lists))
        return self._ready.popleft()

    async def __anext__(self) -> Outcome:
        while not self._ready:
            if self._lists is None:
                raise StopAsyncIteration
            await self._await(self._more(self._lists))
        return self._ready.popleft()

    def close(self) -> None:
        """Drop what is still on the cluster, and wait until the workers' requests have ended."""
        if (lists := self._let_go()) is not None:
            self._wait(lists.aclose())

    async def aclose(self) -> None:
        """Drop what is still on the cluster, and wait until the workers' requests have ended."""
        if (lists := self._let_go()) is not None:
            await self._await(lists.aclose())

    def _let_go(self) -> AsyncGenerator[list[Outcome], None] | None:
        lists, self._lists = self._lists, None
        self._ready.clear()
        return lists if self._loop.is_running() else None

    async def _more(self, lists: AsyncGenerator[list[Outcome], None]) -> None:
        try:
            self._ready.extend(await anext(lists))
        except StopAsyncIteration:
            self._lists = None
        except BaseException:
            self._lists = None
            raise

    async def _await(self, step: Coroutine[Any, Any, None]) -> None:
        """Run a step, on the loop of the cluster's client, which may be another one."""
        if asyncio.get_running_loop() is self._loop:
            await step
        else:
            self._refuse_if_closed(step)
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(step, self._loop))

    def _wait(self, step: Coroutine[Any, Any, None]) -> None:
        """Run a step on the loop of the cluster's client, and wait for it here."""
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if here:
            step.close()
            raise ClientClosedError("the cluster's client runs on this very event loop; use `async for`, or `aclose`")
        self._refuse_if_closed(step)
        begun: list[asyncio.Task[Any]] = []

        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a coroutine is run
            begun.append(task)
            await step

        future = asyncio.run_coroutine_threadsafe(run(), self._loop)
        try:
            while not future.done():
                concurrent.futures.wait([future], _TICK)
            future.result()
        except concurrent.futures.CancelledError:
            raise asyncio.CancelledError from None  # as `async for` has it
        except BaseException:
            if not future.done():  # an interrupt, such as Ctrl-C
                self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in begun])
                concurrent.futures.wait([future], _PATIENCE)
            raise

    def _refuse_if_closed(self, step: Coroutine[Any, Any, None]) -> None:
        if not self._loop.is_running():
            step.close()
            raise ClusterError("the cluster's client was closed")
