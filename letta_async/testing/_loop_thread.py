"""Thread with an event loop, on which the embedded server runs for code that is not async."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

__all__ = ["LoopThread"]


class LoopThread:
    """Thread with an event loop, on which coroutines can be run."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="embedded-letta", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(_end_tasks())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    def run(self, work: Any) -> None:
        """Run a coroutine on the loop, and block until it ends."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def end(self) -> None:
        """Stop the loop and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


async def _end_tasks() -> None:
    """Cancel what is left, such as a connection that was accepted while the server stopped."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.sleep(0)  # a closed transport closes its socket in the next turn
