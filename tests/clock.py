"""Event loop with a simulated clock."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["Loop"]


class Loop(asyncio.SelectorEventLoop):
    """Event loop whose clock advances only on request, or to the next timer when nothing else is ready."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        timers: Any = self._scheduled
        if not self._ready and timers and not timers[0].cancelled():
            self.now = max(self.now, timers[0].when())
        super()._run_once()
