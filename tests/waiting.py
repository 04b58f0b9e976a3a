"""Waiting for a condition that other threads or processes bring about, however busy the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 30.0
"""Maximum time that a test waits, in seconds."""


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait until a condition holds; return false if it does not within `PATIENCE` seconds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True
