"""TCP relay between a client and a server, in its own process, that times each exchange on the wire.

So every client is timed by the same clock, at the same place, and is left as its users get it. An exchange begins with
the first byte of a request and ends with the last byte before the next request on that connection, or when the client
hangs up; waits inside a client, for a slot or for a connection, are no part of it.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any, cast

import attrs
from yarl import URL

from benchmarks.process import place, serve

__all__ = ["Exchanges"]


@attrs.define(eq=False)
class Exchanges:
    """Exchanges since the last report."""

    seconds: dict[str, list[float]] = attrs.field(factory=dict[str, list[float]])
    """Durations of exchanges in seconds, by status; `none` if the client closed the connection first."""
    under_way: int = 0
    most: int = 0

    def begin(self) -> None:
        """Record the start of a request."""
        self.under_way += 1
        self.most = max(self.most, self.under_way)

    def answered(self) -> None:
        """Record the first byte of a response."""
        self.under_way -= 1

    def end(self, seconds: float, status: str) -> None:
        """Record the end of an exchange."""
        self.seconds.setdefault(status, []).append(seconds)

    def report(self) -> dict[str, Any]:
        """Return the exchanges since the last report, and clear them."""
        seen = {"seconds": self.seconds, "most_at_once": self.most}
        self.seconds, self.most = {}, self.under_way
        return seen


class Downstream(asyncio.Protocol):
    """A client's connection, and that to the server which belongs to it."""

    def __init__(self, server: tuple[str, int], exchanges: Exchanges) -> None:
        self._server = server
        self._exchanges = exchanges
        self._loop = asyncio.get_running_loop()
        self._early: list[bytes] = []
        """Data received before the connection to the server was open."""
        self._began: float | None = None
        self._ended = 0.0
        self._status = ""
        self._up: asyncio.Transport | None = None
        self._down: asyncio.Transport
        self._opening: asyncio.Task[None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the connection to the server."""
        self._down = cast("asyncio.Transport", transport)
        self._opening = self._loop.create_task(self._open())

    async def _open(self) -> None:
        try:
            up, _ = await self._loop.create_connection(lambda: Upstream(self), *self._server)
        except OSError:
            self._down.abort()
            return
        self._up = up
        up.writelines(self._early)
        if self._down.is_closing():
            up.close()

    def data_received(self, data: bytes) -> None:
        """Forward the client's data to the server."""
        if self._began is None or self._status:
            self._settle()
            self._began, self._status = self._loop.time(), ""
            self._exchanges.begin()
        if self._up is None:
            self._early.append(data)
        else:
            self._up.write(data)

    def pass_back(self, data: bytes) -> None:
        """Forward the server's data to the client."""
        if self._began is not None and not self._status:
            self._status = data[9:12].decode(errors="replace")
            self._exchanges.answered()
        self._ended = self._loop.time()
        self._down.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the connection to the server."""
        self._settle()
        if self._up is not None:
            self._up.close()

    def hang_up(self) -> None:
        """Close the connection to the client."""
        self._down.close()

    def _settle(self) -> None:
        if self._began is None:
            return
        if not self._status:
            self._exchanges.answered()
        self._exchanges.end((self._ended if self._status else self._loop.time()) - self._began, self._status or "none")
        self._began = None


class Upstream(asyncio.Protocol):
    """The connection to the server."""

    def __init__(self, downstream: Downstream) -> None:
        self._downstream = downstream

    def data_received(self, data: bytes) -> None:
        """Forward data to the client."""
        self._downstream.pass_back(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the connection to the client, because the server closed this one."""
        self._downstream.hang_up()


def main() -> None:
    """Relay until the parent process ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", type=URL, metavar="URL")
    server = place(parser.parse_args().server)
    exchanges = Exchanges()
    serve(lambda: Downstream(server, exchanges), exchanges.report)


if __name__ == "__main__":
    main()
