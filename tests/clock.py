"""Event loop with a simulated clock."""

from __future__ import annotations

import asyncio
import heapq
from typing import Any

__all__ = ["Loop"]


class Loop(asyncio.SelectorEventLoop):
    """Event loop whose clock advances only on request, or to the next timer when nothing else is ready."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        this: Any = self
        timers: list[Any] = this._scheduled
        while timers and timers[0].cancelled():  # else the loop would wait for the one behind it, in real time
            heapq.heappop(timers)._scheduled = False
            this._timer_cancelled_count -= 1
        if not this._ready and timers:
            self.now = max(self.now, timers[0].when())
        super()._run_once()
