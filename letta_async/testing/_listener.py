"""HTTP listener of the embedded server, whose stop leaves no connection open, whenever it was made."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

__all__ = ["Listener"]

_SHUTDOWN_TIMEOUT: Final = 1.0
"""Maximum time that requests in progress may take to end, in seconds."""


class Listener:
    """Listening socket and the connections that were accepted on it."""

    def __init__(self, server: web.Server) -> None:
        self._runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_TIMEOUT)
        self._server = server
        self._listening: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Start to listen, and return the port; port 0 chooses a free one.

        Raises:
            OSError: The address cannot be listened on.

        """
        await self._runner.setup()
        try:
            self._listening = await asyncio.get_running_loop().create_server(self._server, host, port, backlog=128)
        except BaseException:
            await self._runner.cleanup()
            raise
        return int(self._listening.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop to listen, and close every connection; do nothing if it does not listen."""
        listening, self._listening = self._listening, None
        if listening is None:
            return
        # asyncio creates a connection some turns of the loop after it accepted one, and leaves its socket open if the
        # listening socket was closed in between: so accept no more first, then let those in progress come to an end.
        loop = asyncio.get_running_loop()
        for socket in listening.sockets:
            loop.remove_reader(socket)
        for _turn in range(3):
            await asyncio.sleep(0)
        listening.close()
        await self._runner.cleanup()
