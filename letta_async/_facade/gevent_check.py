"""Check for gevent patches with which a private event loop cannot run."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

from letta_async.errors import LettaError

__all__ = ["refuse_unfit_patches"]

_ADVICE: Final = "gevent.monkey.patch_all(thread=False, select=False) leaves each client a thread of its own"


def refuse_unfit_patches() -> None:
    """Raise an error where a private event loop would not run because of what gevent has patched.

    With neither `threading` nor `select` patched, loops run on threads of their own. With both, a loop runs on a
    greenlet, and there can be one in a thread. With one of the two, a loop or its callers would wait for ever.

    Raises:
        LettaError: Only one of the two is patched, or both are and a loop runs in this thread already.

    """
    monkey: Any = sys.modules.get("gevent.monkey")
    if monkey is None:
        return
    threads, select = (monkey.is_module_patched(module) for module in ("threading", "select"))
    if threads != select:
        patched, left = ("threading", "select") if threads else ("select", "threading")
        raise LettaError(
            f"gevent has patched {patched} but not {left}, so that Letta would wait for ever: patch both or neither; "
            f"{_ADVICE}"
        )
    if threads and _is_loop_running():
        raise LettaError(
            "gevent has patched threading, so that Letta has no thread of its own, and in this one an event loop runs "
            "already, such as that of another Letta: share one Letta among the greenlets (with_options makes copies "
            f"with other options), or close the other one first; {_ADVICE}"
        )


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
