"""Minimal client that writes the same bytes and counts those received, to measure the maximum rate of a stub."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self, cast

from yarl import URL

from benchmarks.process import place

__all__ = ["RawSockets"]


class RawSockets:
    """Client that posts to one address, with a kept connection per call in progress."""

    def __init__(self, target: str) -> None:
        url = URL(target)
        self._place = place(url)
        self._request = (f"POST {url.raw_path} HTTP/1.1\r\nHost: {url.authority}\r\nContent-Length: 0\r\n\r\n").encode()
        self._idle: list[_Connection] = []

    async def call(self) -> int:
        """Do one exchange; return the size of the response."""
        if self._idle:
            connection = self._idle.pop()
        else:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(_Connection, *self._place)
        size = await connection.exchange(self._request)
        self._idle.append(connection)
        return size

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for connection in self._idle:
            connection.close()


class _Connection(asyncio.Protocol):
    """Connection with one exchange at a time; every response has the length of the first one."""

    def __init__(self) -> None:
        self._length = self._received = 0
        self._transport: asyncio.Transport
        self._answered: asyncio.Future[int]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._length:
            head, _, _ = data.partition(b"\r\n\r\n")
            self._length = len(head) + 4 + int(head.lower().rpartition(b"content-length:")[2])
        self._received += len(data)
        if self._received >= self._length:
            self._received = 0
            self._answered.set_result(self._length)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._answered.done():
            self._answered.set_exception(ConnectionError("the stub hung up"))

    async def exchange(self, request: bytes) -> int:
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        self._transport.close()
