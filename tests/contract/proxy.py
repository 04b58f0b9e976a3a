"""TCP proxy in front of the server under test that cuts event streams where a test says."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

__all__ = ["CuttingProxy"]

_STREAM: Final = b"text/event-stream"
_EVENT_END: Final = b"\n\n"


class CuttingProxy:
    """Proxy that cuts the first event streams, each after a number of events and of bytes of the next one."""

    def __init__(self, base_url: str) -> None:
        target = urlsplit(base_url)
        self._target = target.hostname, target.port
        self.cuts: list[tuple[int, int]] = []
        """Where each stream is cut, in turn; streams beyond the list are whole."""
        self.streams = 0
        """Number of streams that began."""
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """URL to give to a client."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(*self._target)
        forward = asyncio.ensure_future(_copy(reader, to_server))
        try:
            await self._respond(from_server, writer)
        except OSError:
            pass
        finally:
            forward.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await forward
            for each in (writer, to_server):
                each.transport.abort()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cut: tuple[int, int] | None = None
        stream = b""
        while data := await reader.read(65536):
            if not stream and _STREAM in data:
                self.streams += 1
                cut = self.cuts.pop(0) if self.cuts else None
            if cut is not None:
                before = len(stream)
                stream += data
                place = _place(stream, cut)
                if place is not None:
                    writer.write(data[: max(0, place - before)])
                    await writer.drain()
                    writer.close()  # in order: what was sent before arrives
                    await writer.wait_closed()
                    return
            writer.write(data)
            await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


def _place(stream: bytes, cut: tuple[int, int]) -> int | None:
    """Return where a stream is to be cut, if it has come so far."""
    events, more = cut
    place = stream.find(b"\r\n\r\n") + 4
    for _ in range(events):
        end = stream.find(_EVENT_END, place)
        if end < 0:
            return None
        place = end + len(_EVENT_END)
    return place + more if len(stream) >= place + more else None
