"""Simulated time for a watch, and the requests that it sends."""

from __future__ import annotations

import asyncio
import heapq
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import aiohttp
import attrs

from letta_async import AsyncLetta
from letta_async.watching.clock import Clock

__all__ = ["LEASE_TASK", "Requests", "Time", "watching_client"]

LEASE_TASK = "letta-async-lease"
"""Name of the task that renews a lease."""


@attrs.define(eq=False)
class Time:
    """Time that passes only while a watch sleeps: then at once, with what is to happen meanwhile."""

    now: float = 1_800_000_000.0
    _events: list[tuple[float, int, Callable[[], Awaitable[object]]]] = attrs.field(
        factory=list[tuple[float, int, Callable[[], Awaitable[object]]]], init=False
    )
    _numbers: Any = attrs.field(factory=count, init=False)

    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: self.now, self.sleep)

    def at(self, seconds: float, action: Callable[[], Awaitable[object]]) -> None:
        """Do something at a time, in seconds from now."""
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), action))

    async def sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        if task.get_name() == LEASE_TASK:
            await self._sleep_beside(seconds)
            return
        until = self.now + seconds
        while self._events and self._events[0][0] <= until:
            self.now, _, action = heapq.heappop(self._events)
            await action()
        self.now = until
        await asyncio.sleep(0)

    async def _sleep_beside(self, seconds: float) -> None:
        """Sleep until another task's sleep has passed the time; it waits until this task sleeps again, or has ended."""
        awake = asyncio.get_running_loop().create_future()
        task: Any = asyncio.current_task()

        async def wake() -> None:
            if awake.done():
                return
            awake.set_result(None)
            waiting = len(self._events)
            while not task.done() and len(self._events) <= waiting:
                await asyncio.sleep(0)

        self.at(seconds, wake)
        await awake


@attrs.define(eq=False)
class Requests:
    """Requests that a client sends, counted by what they are."""

    kinds: Counter[str] = attrs.field(factory=Counter[str])
    recompiled: Counter[str] = attrs.field(factory=Counter[str])
    """Number of recompiles that store a prompt, by conversation, or by agent for its own prompt."""
    before: Callable[[str], Awaitable[object]] | None = None
    """Called with the kind of a request before it is sent."""
    after: Callable[[str], Awaitable[object]] | None = None
    """Called with the kind of a request after its response."""

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        kind = self._kind_of(request)
        if self.before is not None:
            await self.before(kind)
        self.kinds[kind] += 1
        if kind == "recompile":
            body: Any = request.body
            owner = re.search(rb"agent-[-0-9a-f]+", getattr(body, "_value", b"") or b"")
            (segment,) = re.findall(r"conversations/([^/]+)/", request.url.path)
            self.recompiled[owner[0].decode() if owner else segment] += 1
        response = await handler(request)
        if self.after is not None:
            await self.after(kind)
        return response

    def _kind_of(self, request: aiohttp.ClientRequest) -> str:
        path = request.url.path
        if path.endswith("/recompile"):
            return "dry run" if request.url.query.get("dry_run") == "true" else "recompile"
        if path.endswith("/messages"):
            return "message"
        if path == "/v1/conversations/":
            return "conversations"
        return "agents" if "agents" in path else path

    @property
    def number(self) -> int:
        return self.kinds.total()

    def reset(self) -> None:
        self.kinds.clear()
        self.recompiled.clear()


def watching_client(base_url: str, time: Time, requests: Requests | None = None, **settings: Any) -> AsyncLetta:
    """Create a client whose watches run in simulated time."""
    middlewares = [] if requests is None else [requests]
    client = AsyncLetta(base_url=base_url, api_key="k", middlewares=middlewares, **settings)
    client._watch_clock = time.clock()  # pyright: ignore[reportPrivateUsage] - time is to pass at once
    return client
