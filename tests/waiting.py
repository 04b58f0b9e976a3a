"""Waiting for what others are about to bring about, however busy the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 30.0
"""Seconds after which a test gives up."""


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait until something holds that nothing announces."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True
