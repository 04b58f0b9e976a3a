"""Active runs of a server, listed once for all targets of a batch that ask at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Final

import attrs

from letta_async._schema.json_values import show
from letta_async.config import is_seconds
from letta_async.errors import ArgumentProblem

__all__ = ["ActiveRuns", "wait_problems"]

_FIRST_DELAY: Final = 0.25
"""Number of seconds between the first two lists for one target."""
_FACTOR: Final = 1.5
"""Factor by which each delay is longer than the one before."""
_LONGEST_DELAY: Final = 5.0
"""Maximum number of seconds between two lists for one target."""


@attrs.define(eq=False)
class ActiveRuns:
    """Monitor of the conversations, and of the agents in agent-direct mode, that have an active run.

    A question is answered by a list that was begun after it was asked, so that no run is missed that began before;
    questions that are asked while a list is under way share the next one.
    """

    fetch: Callable[[], Awaitable[Collection[str]]]
    """Requests the IDs of the conversations that have active runs, and of the agents that have some of their own."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _next: asyncio.Task[Collection[str]] | None = attrs.field(default=None, init=False)
    """List that has not begun."""
    _current: asyncio.Task[Collection[str]] | None = attrs.field(default=None, init=False)
    """List that began last."""
    _waiting: int = attrs.field(default=0, init=False)
    """Number of questions without an answer."""

    async def becomes_idle(self, name: str, seconds: float) -> bool:
        """Return whether a conversation, or an agent, has no active run, at once or within so many seconds.

        Raises:
            LettaError: The runs could not be listed.

        """
        end = self.clock() + seconds
        delay = _FIRST_DELAY
        while name in await self._list():
            left = end - self.clock()
            if left <= 0:
                return False
            await self.sleep(min(delay, left))
            delay = min(delay * _FACTOR, _LONGEST_DELAY)
        return True

    async def _list(self) -> Collection[str]:
        """Return the list that begins next."""
        if self._next is None:
            self._next = asyncio.create_task(self._fetch_after(self._current))
        self._waiting += 1
        try:
            return await asyncio.shield(self._next)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._cancel()

    def _cancel(self) -> None:
        """Cancel the lists that nobody waits for."""
        for task in (self._next, self._current):
            if task is not None:
                task.cancel()
        self._next = self._current = None

    async def _fetch_after(self, previous: asyncio.Task[Collection[str]] | None) -> Collection[str]:
        if previous is not None:
            await asyncio.wait([previous])
        self._current, self._next = self._next, None
        return await self.fetch()


def wait_problems(wait_if_busy: object) -> Iterable[ArgumentProblem]:
    """Yield the problem of a `wait_if_busy` that is neither `None` nor a number of seconds."""
    is_zero = wait_if_busy == 0 and not isinstance(wait_if_busy, bool)
    if wait_if_busy is not None and not is_zero and not is_seconds(wait_if_busy):
        yield ArgumentProblem("wait_if_busy", f"{show(wait_if_busy)} is neither a number of seconds nor None")
