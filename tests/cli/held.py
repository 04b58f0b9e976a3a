"""Embedded server that delays recompiles on request."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Any

from aiohttp import web

from letta_async.testing import EmbeddedServer
from tests.waiting import PATIENCE

__all__ = ["HeldServer"]


class HeldServer(EmbeddedServer):
    """Embedded server that delays recompiles, or dry runs, from `hold_after` until `release`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.recompiled: Counter[str] = Counter()
        """Number of recompiles per conversation, without dry runs."""
        self.compacted: Counter[str] = Counter()
        """Number of compactions per conversation, after `summarize`."""
        self._summarizes = False
        self._let_through: int | None = None
        self._holds_dry_runs = False
        self._holding = threading.Event()
        self.held = 0
        """Number of recompiles that were delayed."""
        self._gate: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def hold_after(self, count: int, *, dry_runs: bool = False) -> None:
        """Serve `count` more recompiles (with `dry_runs`, dry runs), and delay those that follow."""
        self._let_through = count
        self._holds_dry_runs = dry_runs

    def summarize(self) -> None:
        """Return a summary for each request to compact, as a server with a model does."""
        self._summarizes = True

    def wait_until_holding(self) -> None:
        assert self._holding.wait(PATIENCE), "no request came to be held"

    def release(self) -> None:
        self._let_through = None
        if self._loop is not None and self._gate is not None:
            self._loop.call_soon_threadsafe(self._gate.set)

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("/compact") and self._summarizes:
            return await self._compact(request)
        if request.path.endswith("/recompile"):
            dry = request.query.get("dry_run") == "true"
            if dry is self._holds_dry_runs and self._let_through is not None:
                self._let_through -= 1
                if self._let_through < 0:
                    await self._held()
            if not dry:
                self.recompiled[request.path.split("/")[-2]] += 1
        return await super()._respond(request)

    async def _compact(self, request: web.BaseRequest) -> web.StreamResponse:
        self.compacted[request.path.split("/")[-2]] += 1
        if self._let_through is not None:
            self._let_through -= 1
            if self._let_through < 0:
                await self._held()
        body = {"summary": "They spoke of\nthe release.", "num_messages_before": 12, "num_messages_after": 2}
        return web.json_response(body)

    async def _held(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._gate is None:
            self._gate = asyncio.Event()
        self.held += 1
        self._holding.set()
        await self._gate.wait()
