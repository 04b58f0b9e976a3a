"""Means of a watch to tell the time and to sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import attrs

__all__ = ["Clock"]


@attrs.frozen
class Clock:
    """Clocks, and a way to sleep."""

    wall: Callable[[], float] = time.time
    """Returns the time in seconds since 1970, which leases and delays in the state are compared with."""
    monotonic: Callable[[], float] = time.monotonic
    """Returns the time that durations are measured with, in seconds."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
