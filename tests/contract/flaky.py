"""Reverse proxy of the server under test that fails a share of the requests, in several ways."""

from __future__ import annotations

import random
from collections import Counter
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

__all__ = ["FlakyProxy"]

FAULTS = ("refuse", "overload", "busy", "cut", "drop")


class FlakyProxy:
    """Proxy that forwards requests, but fails every n-th, before or after the server has processed it."""

    def __init__(self, upstream: str, share: float, seed: int = 1) -> None:
        self._upstream = upstream
        self._share = share
        self._rng = random.Random(seed)
        self.faults: Counter[str] = Counter()
        self.base_url = ""

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        fault = self._rng.choice(FAULTS) if self._rng.random() < self._share else "none"
        self.faults[fault] += 1
        match fault:
            case "overload":
                return web.json_response({"detail": "An unknown error occurred"}, status=500)
            case "busy":
                return web.json_response({"detail": "slow down"}, status=503, headers={"retry-after-ms": "5"})
            case "refuse":
                request.transport.abort()  # type: ignore[union-attr]
                return web.Response()
            case _:
                pass
        url = f"{self._upstream}{request.path_qs}"
        body = await request.read()
        async with self._session.request(request.method, url, data=body, headers=_kept(request)) as answer:
            content = await answer.read()
        if fault == "drop":
            request.transport.abort()  # type: ignore[union-attr]
        if fault == "cut":
            response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "100000"})
            await response.prepare(request)
            await response.write(content[:10])
            request.transport.abort()  # type: ignore[union-attr]
            return response
        return web.Response(body=content, status=answer.status, content_type="application/json")


def _kept(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name.lower() in ("content-type", "authorization")}
