"""The class `EmbeddedServer`: an HTTP server that runs during a `with` block."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from letta_async._schema.unset import UNSET
from letta_async.testing._app import Answer, RawRequest, refusal_response
from letta_async.testing._app import answer as answer_request
from letta_async.testing._clock import system_clock
from letta_async.testing._data_file import DataFile, DataFileError
from letta_async.testing._errors import database_error
from letta_async.testing._listener import Listener
from letta_async.testing._loop_thread import LoopThread
from letta_async.testing._model import Model
from letta_async.testing._recorded_requests import RecordedRequest, RecordedRequests, mask_keys
from letta_async.testing._scripts import Script, Scripts, make_script
from letta_async.testing._state import Store

__all__ = ["EmbeddedServer"]

_logger: Final = logging.getLogger(__name__)
_KEEPALIVE_TIMEOUT: Final = 5.0


class EmbeddedServer:
    """Embedded Letta 0.16.8 server on loopback, without a real model, database or installation.

    It responds as the real server does, with the same status codes, bodies and quirks. Its data is in memory and lost
    when it stops, unless it has a file. Use it as an asynchronous context manager, or as a synchronous one, which runs
    it on its own thread, also if an event loop is running::

        async with EmbeddedServer() as server:
            async with AsyncLetta(base_url=server.base_url) as letta: ...

        with EmbeddedServer() as server:
            letta = Letta(base_url=server.base_url)

    Args:
        host: Address to listen on. Loopback by default, since the server has no encryption and no users.
        port: Port to listen on; 0, the default, chooses a free one.
        password: Key that requests must carry as `Authorization: Bearer`, as with `letta server --secure`. `None`, the
            default, requires none.
        clock: Function that returns the current time, with a timezone. Default: the machine's clock; a
            `SimulatedClock` makes the times in prompts predictable.
        path: SQLite file for the data, created if it is missing, and read when the server starts. The changes of a
            request are in it before the response is sent, even if the process is killed later. Only one server at a
            time can use it. Default: none, data is in memory.
        models: Handles of the models, and of the embedding models, that the server has. Besides these it then knows
            `letta/letta-free`, which does not respond, as on a real server without a connection to the Internet.
            Default: any handle, and all models respond.
        ping_interval: Seconds of silence after which a stream sends a ping. Default: 20, as on the real server.
        file_polls: Number of times that an uploaded file is returned as being processed before it is. Default: 0.

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
        file_polls: int = 0,
    ) -> None:
        self._host = host
        self._port = port
        self._password = password
        self._path = path
        self._store = Store()
        self._store.live.models = None if models is None else frozenset(models)
        self._store.live.ping_interval = ping_interval
        self._store.live.file_polls = file_polls
        self._store.live.save = self._save
        self.clock = system_clock if clock is None else clock
        self._file: DataFile | None = None
        self._scripts = Scripts()
        self._stopping = asyncio.Event()
        self._listener: Listener | None = None
        self._bound: int | None = None
        self.requests: RecordedRequests = RecordedRequests()
        """The latest requests received, the newest last, at most 1000; keys are masked."""

    def __repr__(self) -> str:
        where = "not started" if self._bound is None else self.base_url
        return f"<EmbeddedServer {where}{'' if self._password is None else ', asking for a key'}>"

    @property
    def base_url(self) -> str:
        """The URL for a client, without a trailing slash.

        Raises:
            RuntimeError: The server was not started.

        """
        if self._bound is None:
            raise RuntimeError("the embedded server was not started: use it in a `with` or `async with` statement")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._bound}"

    @property
    def password(self) -> str | None:
        """The key that requests must have; `None` if none is required."""
        return self._password

    @property
    def clock(self) -> Callable[[], datetime]:
        """Function that returns the server's current time; it can be replaced at any time.

        Raises:
            ValueError: On assignment, if the clock's time has no timezone.

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
        """Script the responses to the next matching requests. It can be called from any thread, at any time.

        A request uses one script: of those that match and are not used up, the one added first. Without `status`,
        `body` and `retry_after` the server processes the request and sends its own response; with one of them it only
        sends the scripted response.

        Args:
            method: Method to match, such as `POST`. Default: any.
            path: Path to match, decoded, with `*` for any characters: `/v1/conversations/*/recompile`. Default: any.
            when: Predicate on a request, as it is in `requests`. Default: none.
            times: Number of requests that use the script; `None` for no limit. Default: 1.
            delay: Time to wait before anything else, in seconds. Default: 0.
            status: Status of the response, 200 to 599.
            body: Body of the response: `bytes` unchanged, anything else as JSON. Default: a `detail` for the status.
            headers: Headers to add or replace in the response.
            retry_after: Seconds for `Retry-After`; the default of `status` is then 429.
            cut_off: Number of bytes of the body to send before the connection is closed, in spite of `Content-Length`.
            cut_after: Number of events of an event stream to send before the connection is closed. The turn goes on.
            hang_up: Close the connection without a response, after the request was processed. Default: `False`.

        Returns:
            The script: `met` counts the requests that used it, `left` those that still can, and `cancel()` removes it.

        Raises:
            ValueError: An argument is out of range, or the script would have no effect.

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
        """Start to listen and serve on the running event loop, until `stop()` is called.

        Raises:
            DataFileError: The file cannot be used.
            OSError: The address cannot be listened on.
            RuntimeError: The server was started already.

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
        server = web.Server(self._respond, access_log=None, keepalive_timeout=_KEEPALIVE_TIMEOUT, auto_decompress=False)
        listener = Listener(server)
        self._bound = await listener.start(self._host, self._port)
        self._listener = listener

    async def stop(self) -> None:
        """Close every connection and stop listening; do nothing if the server was not started."""
        self._stopping.set()
        listener, self._listener, self._bound = self._listener, None, None
        try:
            await self._store.live.stop()
            if listener is not None:
                await listener.stop()
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
        thread = LoopThread()
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
        raw = RawRequest(request.method, request.raw_path, headers, await request.content.read())
        recorded = mask_keys(raw)
        self.requests.add(recorded)
        script = self._scripts.meet(recorded)
        if script is None:
            answer = await self._answer(raw)
            return _response(answer) if answer.stream is None else await _stream(request, answer)
        return await self._follow(script, raw, request)

    async def _answer(self, raw: RawRequest) -> Answer:
        """Process a request, and write its changes to the file, if there is one; return the response."""
        response = await answer_request(self._store, raw, password=self._password)
        return response if self._saved() else refusal_response(database_error())

    def _saved(self) -> bool:
        """Write the changes to the file, if there is one, and return whether that succeeded.

        If not, they stay in the store, and are written with those of the next request.
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

    async def _follow(self, script: Script, raw: RawRequest, request: web.BaseRequest) -> web.StreamResponse:
        """Respond to a request as a script says."""
        if script.delay and await self._wait_for_stop(script.delay):
            return _abort_connection(request)
        answer = await script.over(lambda: self._answer(raw))
        if script.hang_up:
            return _abort_connection(request)
        if answer.stream is not None:
            return await _stream(request, answer, cut_off=script.cut_off, cut_after=script.cut_after)
        if script.cut_off is None:
            return _response(answer)
        response = web.StreamResponse(status=answer.status, headers=_headers(answer))
        response.content_length = len(answer.body)
        await response.prepare(request)
        await response.write(answer.body[: script.cut_off])
        response.force_close()
        return response

    async def _wait_for_stop(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, headers=_headers(answer), body=answer.body)


async def _stream(
    request: web.BaseRequest, answer: Answer, *, cut_off: int | None = None, cut_after: int | None = None
) -> web.StreamResponse:
    """Send an event stream, one event at a time, until it ends, the client leaves, or it is to be cut."""
    response = web.StreamResponse(status=answer.status, headers=_headers(answer))
    sent = events = 0
    if answer.stream is None:
        return response
    try:
        async for event in answer.stream:
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


def _headers(answer: Answer) -> dict[str, str]:
    return {"server": "uvicorn", **answer.headers}


def _abort_connection(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
