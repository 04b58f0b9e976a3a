"""Behaviours of servers, of which faults are composed."""

from __future__ import annotations

import asyncio
import functools
import gzip
import json
import zlib
from collections.abc import Callable, Iterable

from .server import PROMPT, RIGHT, Peer, Script, good

__all__ = [
    "answer",
    "answers",
    "answers_in_turn",
    "bomb",
    "closes",
    "drips",
    "endless",
    "good",
    "gzipped",
    "hears_and_says",
    "ok",
    "redirects",
    "resets",
    "says",
    "stalls",
    "stalls_at_once",
    "takes",
]

_BODY = json.dumps(PROMPT).encode()


def answer(status: int | str = 200, body: bytes = _BODY, *headers: str, length: int | str | None = -1) -> bytes:
    """Return the bytes of a response; `length` replaces the true `Content-Length`, `None` omits it."""
    lines = [f"HTTP/1.1 {status} Whatever", *headers]
    if not any(line.lower().startswith("content-type") for line in headers):
        lines.append("Content-Type: application/json")
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length == -1 else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def ok(body: bytes = _BODY, *headers: str, length: int | str | None = -1) -> bytes:
    return answer(200, body, *headers, length=length)


def says(*pieces: bytes, every: float = 0.0, then: str = "more") -> Script:
    """Send bytes in response to each request.

    Args:
        pieces: Bytes, each in a segment of its own.
        every: Wait after each piece, in seconds.
        then: Next event: `more` requests, `fin` or `rst`.

    """

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(*pieces, every=every)
            if then == "fin":
                await peer.close()
            elif then == "rst":
                await asyncio.sleep(0.005)  # else the bytes just sent are lost with the connection
                peer.reset()
            if then != "more":
                return

    return script


def closes(when: str) -> Script:
    """Close the connection `at once` or `after the request`."""

    async def script(peer: Peer) -> None:
        if when == "after the request":
            await peer.request()
        await peer.close()

    return script


def resets(when: str) -> Script:
    """Reset the connection `at once` or `after the request`."""

    async def script(peer: Peer) -> None:
        if when == "after the request":
            await peer.request()
        else:
            await asyncio.sleep(0.01)  # else connecting may fail already
        peer.reset()

    return script


def hears_and_says(message: bytes) -> Script:
    """Send bytes as soon as data arrives, and close."""

    async def script(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(message)
        await peer.close()

    return script


async def stalls_at_once(peer: Peer) -> None:
    """Accept the connection, and send nothing."""
    await peer.stall()


async def stalls(peer: Peer) -> None:
    """Read the request, and send nothing."""
    await peer.request()


def drips(message: bytes, head: int = 0, every: float = 0.05) -> Script:
    """Send a response byte by byte, after the first `head` bytes."""
    return says(message[:head], *(message[i : i + 1] for i in range(head, len(message))), every=every)


def answers(make: Callable[[], bytes]) -> Script:
    """Respond to each request with the bytes that a function returns."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(make())

    return script


def takes(seconds: float) -> Script:
    """Respond correctly to each request, after a number of seconds."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await asyncio.sleep(seconds)
            await peer.send(RIGHT)

    return script


def redirects(status: int, location: str | None, *, once: bool = False) -> Script:
    """Redirect each request, or `once` the first of a connection.

    The location may refer to this server as `{here}` or `{host}`, and another as `{elsewhere}` or `{elsewhere_host}`.
    """

    async def script(peer: Peer) -> None:
        server, other = peer.server, peer.server.elsewhere
        assert other is not None
        names = {"here": server.url, "host": server.host, "elsewhere": other.url, "elsewhere_host": other.host}
        headers = [] if location is None else [f"Location: {location.format_map(names)}"]
        while True:
            await peer.request()
            await peer.send(answer(status, b"", *headers))
            while once:
                await peer.request()
                await peer.send(RIGHT)

    return script


def answers_in_turn(*messages: bytes) -> Script:
    """Respond to each request, on any connection, with the next of these responses; the last one repeats."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(messages[min(len(peer.server.requests), len(messages)) - 1])

    return script


def endless(head: bytes, piece: bytes, every: float = 0.0) -> Script:
    """Send without end, as fast as the client reads, or a piece `every` number of seconds."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head)
        while True:
            await peer.send(piece, every=every)

    return script


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


@functools.cache
def bomb(size: int) -> bytes:
    """Create a gzip body that unpacks to `size` zeros, without holding them in memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = bytes(2**20)
    parts: Iterable[bytes] = [packer.compress(block) for _ in range(size // len(block))]
    return b"".join(parts) + packer.flush()
