"""`EmbeddedServer`: the server on a port of its own, for as long as a `with` block lasts."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from letta_async._schema.unset import UNSET
from letta_async.testing._app import Answer, Asked, answer, refused
from letta_async.testing._arrivals import RecordedRequest, RecordedRequests, recorded
from letta_async.testing._clock import system_clock
from letta_async.testing._errors import database_error
from letta_async.testing._file import DataFile, DataFileError
from letta_async.testing._model import Model
from letta_async.testing._scripts import Script, Scripts, make_script
from letta_async.testing._state import Store

__all__ = ["EmbeddedServer"]

_logger: Final = logging.getLogger(__name__)
_KEPT_ALIVE: Final = 5.0


class EmbeddedServer:
    """Serve a Letta 0.16.8 without a real model, database or installation, on loopback.

    It answers as the real server does: status codes, bodies, quirks. All it knows is in memory and gone with it, unless
    it has a file. Use it as an asynchronous context manager, or as a plain one, which runs it on a thread of its own,
    also where an event loop runs already::

        async with EmbeddedServer() as server:
            async with AsyncLetta(base_url=server.base_url) as letta: ...

        with EmbeddedServer() as server:
            letta = Letta(base_url=server.base_url)

    Args:
        host: Address to listen on. Loopback by default, since the server has no encryption and knows no users.
        port: Port to listen on; 0, the default, takes a free one.
        password: Key that requests must carry as `Authorization: Bearer`, as with `letta server --secure`. `None`, the
            default, asks for none.
        clock: Tells the time, aware of its timezone. The default is the machine's; a `SimulatedClock` makes the times
            in prompts predictable.
        path: SQLite file to remember all in, made where it is missing, read when the server starts. What a request
            changed is in it before the request is answered, also if the process is killed. One server at a time
            can have it.
        models: Handles of the models, and of the embedding models, that the server has. Besides these it then knows
            `letta/letta-free`, which does not answer, as on a real server without a connection to the Internet.
            Default: any handle, and all models answer.
        ping_interval: Seconds of silence after which a stream says with a ping that it is there. Default: 20, as on
            the real server.

    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str | None = None,
        clock: Callable[[], datetime] | None = None,
        path: str | os.PathLike[str] | None = None,
        models: Iterable[str] | None = None,
        ping_interval: float = 20.0,
    ) -> None:
        self._host = host
        self._port = port
        self._password = password
        self._path = path
        self._store = Store()
        self._store.live.models = None if models is None else frozenset(models)
        self._store.live.ping_interval = ping_interval
        self._store.live.save = self._save
        self.clock = system_clock if clock is None else clock
        self._file: DataFile | None = None
        self._scripts = Scripts()
        self._stopping = asyncio.Event()
        self._runner: web.ServerRunner | None = None
        self._bound: int | None = None
        self.requests: RecordedRequests = RecordedRequests()
        """The requests that arrived, the newest last: at most a thousand of them, their keys masked."""

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

    @property
    def password(self) -> str | None:
        """The key that requests must carry; `None` where none is asked for."""
        return self._password

    @property
    def clock(self) -> Callable[[], datetime]:
        """What tells the server the time; it can be replaced at any time.

        Raises:
            ValueError: on setting: the clock does not say in which timezone its time is.

        """
        return self._store.clock

    @clock.setter
    def clock(self, clock: Callable[[], datetime]) -> None:
        if clock().utcoffset() is None:
            raise ValueError("the clock does not say in which timezone its time is; it needs tzinfo=UTC, say")
        self._store.clock = clock

    @property
    def model(self) -> Model:
        """The model of all agents: what it replies can be written down, and what it was asked can be read."""
        return self._store.live.model

    def script(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        when: Callable[[RecordedRequest], bool] | None = None,
        times: int | None = 1,
        delay: float = 0.0,
        status: int | None = None,
        body: Any = UNSET,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        cut_off: int | None = None,
        cut_after: int | None = None,
        hang_up: bool = False,
    ) -> Script:
        """Write down what the next matching requests meet. It can be called from any thread, at any time.

        A request meets one script: of those that match and have not been met often enough, the one written first.
        Without `status`, `body` and `retry_after` the server does what it is asked to and answers itself; with one of
        them it does nothing but answer as told.

        Args:
            method: Method to match, such as `POST`. Default: any.
            path: Path to match, decoded, with `*` for any characters: `/v1/conversations/*/recompile`. Default: any.
            when: Predicate on a request, as it stands in `requests`. Default: none.
            times: How many requests meet it; `None`: all that come. Default: 1.
            delay: Seconds to wait before anything else. Default: 0.
            status: Status to answer, 200 to 599.
            body: Body to answer: `bytes` as they are, anything else as JSON. Default: a `detail` that fits the status.
            headers: Headers to add to the answer, or to put in the place of the answer's own.
            retry_after: Seconds for `Retry-After`; the status is 429 unless told otherwise.
            cut_off: How many bytes of the body are sent before the connection is closed, in spite of `Content-Length`.
            cut_after: How many events of an event stream are sent before the connection is closed. The turn goes on.
            hang_up: Whether to close the connection without any answer, once the server has done what it is asked to.

        Returns:
            What was written: how often it was `met`, how many are `left`, and a way to `cancel()` it.

        Raises:
            ValueError: an argument is out of range, or nothing would happen.

        """
        script = make_script(
            method,
            path,
            when=when,
            times=times,
            delay=delay,
            status=status,
            body=body,
            headers=headers,
            retry_after=retry_after,
            cut_off=cut_off,
            cut_after=cut_after,
            hang_up=hang_up,
        )
        self._scripts.add(script)
        return script

    async def start(self) -> None:
        """Listen and serve on the running event loop until `stop()`.

        Raises:
            DataFileError: the file cannot be used.
            OSError: the address cannot be listened on.
            RuntimeError: the server was started already.

        """
        if self._bound is not None:
            raise RuntimeError("the embedded server was started already")
        if self._path is not None:
            self._file = DataFile(self._path)
        try:
            if self._file is not None:
                self._store = Store.of(self._file.load(), clock=self.clock, live=self._store.live)
            await self._listen()
        except BaseException:
            self._close_file()
            raise

    async def _listen(self) -> None:
        self._stopping = asyncio.Event()
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
        self._stopping.set()
        runner, self._runner, self._bound = self._runner, None, None
        try:
            await self._store.live.stop()
            if runner is not None:
                await runner.cleanup()
        finally:
            self._close_file()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        thread = _Thread()
        try:
            thread.run(self.start())
        except BaseException:
            thread.end()
            raise
        self._thread = thread
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._thread.run(self.stop())
        finally:
            self._thread.end()

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        asked = Asked(request.method, request.raw_path, headers, await request.content.read())
        arrived = recorded(asked)
        self.requests.add(arrived)
        script = self._scripts.meet(arrived)
        if script is None:
            given = await self._answer(asked)
            return _response(given) if given.stream is None else await _stream(request, given)
        return await self._follow(script, asked, request)

    async def _answer(self, asked: Asked) -> Answer:
        """Do what is asked, and put what that changed into the file, if there is one, before the answer goes out."""
        given = await answer(self._store, asked, password=self._password)
        return given if self._saved() else refused(database_error())

    def _saved(self) -> bool:
        """Write what has changed to the file, if there is one, and tell whether that went well.

        If not, the changes stay noted, and go into the file with those of the next request.
        """
        if self._store.changed:
            if self._file is not None:
                try:
                    self._file.write(self._store.changed)
                except DataFileError:
                    _logger.exception("a change was not written")
                    return False
            self._store.changed.clear()
        return True

    def _save(self) -> None:
        self._saved()

    async def _follow(self, script: Script, asked: Asked, request: web.BaseRequest) -> web.StreamResponse:
        """Do what a script says."""
        if script.delay and await self._stopped_within(script.delay):
            return _hung_up(request)
        given = await script.over(lambda: self._answer(asked))
        if script.hang_up:
            return _hung_up(request)
        if given.stream is not None:
            return await _stream(request, given, cut_off=script.cut_off, cut_after=script.cut_after)
        if script.cut_off is None:
            return _response(given)
        response = web.StreamResponse(status=given.status, headers=_headers(given))
        response.content_length = len(given.body)
        await response.prepare(request)
        await response.write(given.body[: script.cut_off])
        response.force_close()
        return response

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False


def _response(given: Answer) -> web.Response:
    return web.Response(status=given.status, headers=_headers(given), body=given.body)


async def _stream(
    request: web.BaseRequest, given: Answer, *, cut_off: int | None = None, cut_after: int | None = None
) -> web.StreamResponse:
    """Send an event stream, an event at a time, until it ends, the client leaves, or it is to be cut."""
    response = web.StreamResponse(status=given.status, headers=_headers(given))
    sent = events = 0
    if given.stream is None:
        return response
    try:
        async for event in given.stream:
            if not response.prepared:
                await response.prepare(request)
            part = event if cut_off is None else event[: max(0, cut_off - sent)]
            cut = events == cut_after or len(part) < len(event)
            if part and events != cut_after:
                await response.write(part)
            if cut:
                if request.transport is not None:
                    request.transport.close()
                break
            sent, events = sent + len(part), events + 1
    except ConnectionError:
        _logger.debug("a client left its stream", exc_info=True)
    return response


def _headers(given: Answer) -> dict[str, str]:
    return {"server": "uvicorn", **given.headers}


def _hung_up(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


class _Thread:
    """A thread with an event loop that runs what it is given."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="embedded-letta", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    def run(self, work: Any) -> None:
        """Run a coroutine to its end."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def end(self) -> None:
        """End the thread and its loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
