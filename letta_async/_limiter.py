"""How many requests of a client may be in flight just now."""

from __future__ import annotations

import asyncio

__all__ = ["Limiter"]


class Limiter:
    """Let so many requests through at once, first come, first served."""

    def __init__(self, limit: int) -> None:
        self._slots = asyncio.Semaphore(limit)

    async def acquire(self) -> None:
        """Wait for a slot."""
        await self._slots.acquire()

    def release(self) -> None:
        """Give a slot back."""
        self._slots.release()
