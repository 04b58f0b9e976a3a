"""`EmbeddedServer`: the server on a port of its own, for as long as a `with` block lasts."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qsl

import attrs
from aiohttp import web

from letta_async.testing._app import Asked, answer
from letta_async.testing._state import Store

__all__ = ["EmbeddedServer", "RecordedRequest"]

_REMEMBERED: Final = 1000
_KEPT_ALIVE: Final = 5.0
_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-bare-password"})


@attrs.frozen
class RecordedRequest:
    """A request that arrived."""

    method: str
    """The HTTP method, in capitals."""
    path: str
    """The path, decoded."""
    query: Mapping[str, str]
    """The query; of parameters given twice, the last, as the server itself reads them."""
    headers: Mapping[str, str]
    """The headers, their names in lower case; of those that carry a key, only the scheme can be read."""
    body: bytes
    """The body, empty where there was none."""

    def json(self) -> Any:
        """Parse the body as JSON; `None` where there was none.

        Raises:
            ValueError: The body is not JSON.

        """
        return json.loads(self.body) if self.body else None


class EmbeddedServer:
    """Serve a Letta 0.16.8 without model, database or installation, on loopback.

    It answers as the real server does: status codes, bodies, quirks. All it knows is in memory and gone with it. Use
    it as an asynchronous context manager, or as a plain one, which runs it on a thread of its own::

        async with EmbeddedServer() as server:
            async with AsyncLetta(base_url=server.base_url) as letta: ...

        with EmbeddedServer() as server:
            letta = Letta(base_url=server.base_url)

    Args:
        host: Address to listen on. Loopback by default, since the server has no encryption and knows no users.
        port: Port to listen on; 0, the default, takes a free one.
        password: Key that requests must carry as `Authorization: Bearer`, as with `letta server --secure`. `None`, the
            default, asks for none.
        clock: Tells the time, aware of its timezone. The default is the machine's; another one makes the times in
            prompts predictable.

    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._password = password
        self._store = Store() if clock is None else Store(clock=clock)
        self._runner: web.ServerRunner | None = None
        self._thread: _Thread | None = None
        self._bound: int | None = None
        self.requests: deque[RecordedRequest] = deque(maxlen=_REMEMBERED)
        """The requests that arrived, the newest last, at most a thousand of them."""

    def __repr__(self) -> str:
        where = "not started" if self._bound is None else self.base_url
        return f"<EmbeddedServer {where}{'' if self._password is None else ', asking for a key'}>"

    @property
    def base_url(self) -> str:
        """The URL to give to a client, without a slash at its end.

        Raises:
            RuntimeError: The server was not started.

        """
        if self._bound is None:
            raise RuntimeError("the embedded server was not started: use it in a `with` or `async with` statement")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._bound}"

    async def start(self) -> None:
        """Listen and serve on the running event loop until `stop()`."""
        if self._bound is not None:
            raise RuntimeError("the embedded server was started already")
        server = web.Server(self._respond, access_log=None, keepalive_timeout=_KEPT_ALIVE, auto_decompress=False)
        runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner
        self._bound = int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Close every connection and stop listening; a server that was not started is left alone."""
        runner, self._runner, self._bound = self._runner, None, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        self._thread = _Thread()
        try:
            self._thread.run(self.start())
        except BaseException:
            self._thread.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            try:
                thread.run(self.stop())
            finally:
                thread.end()

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        asked = Asked(request.method, request.raw_path, headers, await request.content.read())
        self.requests.append(_recorded(asked))
        given = answer(self._store, asked, password=self._password)
        return web.Response(status=given.status, headers={**given.headers, "server": "uvicorn"}, body=given.body)


def _recorded(asked: Asked) -> RecordedRequest:
    headers = {name: _masked(value) if name in _SECRET_HEADERS else value for name, value in asked.headers.items()}
    query = dict(parse_qsl(asked.query_string, keep_blank_values=True))
    return RecordedRequest(asked.method, asked.path, query, headers, asked.body)


def _masked(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme}{space}***" if space else "***"


class _Thread:
    """A thread with an event loop that runs what it is given."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedded-letta", daemon=True)
        self._thread.start()

    def run(self, work: Any) -> None:
        """Run a coroutine to its end."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def end(self) -> None:
        """End the thread and its loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
