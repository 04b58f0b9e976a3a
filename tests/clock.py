"""A loop whose clock need not be waited for."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["Loop"]


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock goes on only as it is told, or as far as the next timer when there is nothing else to do."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        timers: Any = self._scheduled
        if not self._ready and timers and not timers[0].cancelled():
            self.now = max(self.now, timers[0].when())
        super()._run_once()
