"""A server on a loop and thread of its own, which tells what it saw."""

from __future__ import annotations

import asyncio
import threading

from aiohttp import web

from tests.waiting import PATIENCE

__all__ = ["StubServer"]

"""How long the tests wait for what must come, in seconds."""


class StubServer:
    """Answer on loopback, and count.

    `POST /v1/conversations/{id}/recompile` answers with the id in quotes, `GET /echo/{word}` with the word,
    `GET /refuse/{status}` with that status, `GET /later` with a 503 and then with its path. `GET /hold`, as recompiling
    an id in `hold`, says `arrived` and answers after `let_go`; `dropped` tells that the client hung up instead.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.hold: set[str] = set()
        self.connections = 0
        self.arrived = threading.Semaphore(0)
        self.dropped = threading.Semaphore(0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stub-server")

    def __enter__(self) -> StubServer:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def open_connections(self) -> int:
        assert self._runner.server is not None
        return len(self._runner.server.connections)

    def let_go(self) -> None:
        """Answer what is on hold, and what will be."""
        self._loop.call_soon_threadsafe(self._gate.set)

    async def _open(self) -> None:
        self._gate = asyncio.Event()
        self._known: set[asyncio.BaseTransport] = set()
        app = web.Application()
        app.router.add_post("/v1/conversations/{id}/recompile", self._recompile)
        app.router.add_get("/echo/{word}", self._echo)
        app.router.add_get("/refuse/{status}", self._refuse)
        app.router.add_get("/later", self._later)
        app.router.add_get("/hold", self._hold)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = "http://127.0.0.1:{1}".format(*self._runner.addresses[0])

    def _note(self, request: web.Request) -> None:
        self.requests.append(request.path_qs)
        assert request.transport is not None
        if request.transport not in self._known:
            self._known.add(request.transport)
            self.connections += 1

    async def _recompile(self, request: web.Request) -> web.Response:
        self._note(request)
        if request.match_info["id"] in self.hold:
            await self._wait()
        return web.json_response(f'prompt of "{request.match_info["id"]}"')

    async def _echo(self, request: web.Request) -> web.Response:
        self._note(request)
        return web.json_response(request.match_info["word"])

    async def _refuse(self, request: web.Request) -> web.Response:
        self._note(request)
        return web.json_response({"detail": "no"}, status=int(request.match_info["status"]))

    async def _later(self, request: web.Request) -> web.Response:
        self._note(request)
        if self.requests.count(request.path_qs) == 1:
            return web.json_response({"detail": "later"}, status=503, headers={"Retry-After": "0"})
        return web.json_response(request.path_qs)

    async def _hold(self, request: web.Request) -> web.Response:
        self._note(request)
        await self._wait()
        return web.json_response("held")

    async def _wait(self) -> None:
        self.arrived.release()
        try:
            await asyncio.wait_for(self._gate.wait(), 2 * PATIENCE)  # or a test that fails would hang
        except asyncio.CancelledError:
            self.dropped.release()
            raise
