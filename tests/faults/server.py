"""Servers on loopback whose behaviour on a connection is a script.

They run on their own thread and loop, so that both clients can use them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final, TypeVar

import attrs

from tests.waiting import PATIENCE, eventually

from .secured import secure

__all__ = ["PROMPT", "RIGHT", "Arrived", "FarSide", "Peer", "Script", "Server", "good"]

T = TypeVar("T")

PROMPT: Final = "You are Sam."
"""Prompt in a correct response."""
RIGHT: Final = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n"You are Sam."'

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER that makes closing a socket send RST instead of FIN."""


@attrs.frozen
class Arrived:
    """A request that a server received."""

    method: str
    target: str
    headers: dict[str, str]
    """Headers by lower-case name."""
    body: bytes


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.limit: int | None = None
        """Maximum number of requests that the script may read; later ones get a correct response."""
        self._turn = server.turn
        self._left: Arrived | None = None

    async def request(self) -> Arrived:
        """Read a whole request.

        Raises:
            IncompleteReadError: The client closed the connection.
            _HandOver: Another script responds to it.

        """
        if self._left is not None:
            seen, self._left = self._left, None
            return seen
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        seen = Arrived(method, target, headers, body)
        self.server.requests.append(seen)
        if self._turn != self.server.turn:
            self._turn, self._left = self.server.turn, seen
            raise _HandOver(self.server.script_for(self))
        if self.limit is not None:
            if self.limit == 0:
                self._left, self.limit = seen, None
                raise _HandOver(good)
            self.limit -= 1
        return seen

    async def send(self, *pieces: bytes, every: float = 0.0) -> None:
        """Send bytes, each piece in its own segment, with a wait of `every` seconds."""
        self.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(every)

    async def close(self) -> None:
        """Close the connection with FIN."""
        self.writer.close()
        await self.writer.wait_closed()

    def reset(self) -> None:
        """Reset the connection."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()

    async def stall(self) -> None:
        """Wait until the client closes the connection."""
        while await self.reader.read(65536):
            pass


Script = Callable[[Peer], Awaitable[None]]
"""Behaviour of a server on a connection; at its end the server waits for the client to close."""


class _HandOver(Exception):
    """Another script takes over a connection."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.script = script


async def answer_rightly(peer: Peer, _: Arrived) -> None:
    await peer.send(RIGHT)


async def good(peer: Peer) -> None:
    """Respond correctly to every request."""
    while True:
        await peer.server.answer(peer, await peer.request())


class Server:
    """Server that follows a script."""

    def __init__(self, far_side: FarSide, context: ssl.SSLContext | None) -> None:
        self.script: Script = good
        self.answer: Callable[[Peer, Arrived], Awaitable[None]] = answer_rightly
        """Response to a request when no script applies."""
        self.elsewhere: Server | None = None
        """Another server, for redirects."""
        self.once = False
        self.turn = 0
        self.requests: list[Arrived] = []
        self.connections = 0
        self.most_at_once = 0
        self.lost = ""
        """Error that ended the last script early."""
        self._far_side = far_side
        self._context = context
        self._open: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self.port = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'http' if self._context is None else 'https'}://{self.host}"

    @property
    def open_connections(self) -> int:
        return len(self._open)

    async def start(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024, limit=2**20)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every connection."""
        assert self._listener is not None
        self._listener.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        with contextlib.suppress(OSError):
            await self._listener.wait_closed()

    def follow(self, script: Script, *, once: bool = False) -> None:
        """Replace the script, and reset the counts.

        Args:
            script: Behaviour for new connections, and for open ones from their next request on.
            once: Apply it to one connection and one of its requests; later ones get a correct response.

        """
        self.script, self.once = script, once
        self.turn += 1
        self.requests.clear()
        self.connections = self.most_at_once = 0

    def script_for(self, peer: Peer) -> Script:
        if not self.once:
            return self.script
        script, peer.limit = self.script, 1
        self.script, self.once = good, False
        return script

    def restart(self) -> None:
        """Close every connection and listen again on the same port."""
        self._far_side.run(self.stop())
        self._far_side.run(self.start())

    def all_closed(self) -> bool:
        """Wait until the clients have closed their connections; return whether they did."""
        return eventually(lambda: not self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        peer = Peer(self, reader, writer)
        self.connections += 1
        self._open.add(task)
        self.most_at_once = max(self.most_at_once, len(self._open))
        script = self.script_for(peer)
        try:
            if self._context is not None:
                peer.reader = await secure(reader, writer, self._context)
            while True:
                try:
                    await script(peer)
                except _HandOver as over:
                    script = over.script
                else:
                    break
            if not writer.is_closing():
                await peer.stall()
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError) as error:
            self.lost = repr(error)
        finally:
            self._open.discard(task)
            writer.transport.abort()


class FarSide:
    """Thread with an event loop, on which servers run."""

    def __init__(self) -> None:
        self._loop = asyncio.SelectorEventLoop()
        self._loop.set_debug(False)
        self._loop.set_exception_handler(lambda _, __: None)  # failing handshakes are the point here
        self._thread = threading.Thread(target=self._loop.run_forever, name="far-side", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    @contextlib.contextmanager
    def server(self, context: ssl.SSLContext | None = None) -> Iterator[Server]:
        """Run a server during a block."""
        server = Server(self, context)
        self.run(server.start())
        try:
            yield server
        finally:
            self.run(server.stop())

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
