"""Proxy that opens tunnels, and itself responds to plain requests."""

from __future__ import annotations

import asyncio

from .server import RIGHT, Arrived, Peer

__all__ = ["tunnel"]


async def tunnel(peer: Peer, seen: Arrived) -> None:
    """Open the tunnel that a request asks for, or respond to a plain request."""
    if seen.method != "CONNECT":
        await peer.send(RIGHT)
        return
    host, _, port = seen.target.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    try:
        await asyncio.gather(_pump(peer.reader, writer), _pump(reader, peer.writer))
    finally:
        writer.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()
