"""Parts of the package that are installed as extras."""

from __future__ import annotations

from importlib.util import find_spec

from letta_async.cli.report import say

__all__ = ["is_missing"]


def is_missing(part: str, what: str) -> bool:
    """Return whether a part of the package is not installed; if so, write to standard error how to install it."""
    if find_spec(f"letta_async.{part}") is not None:
        return False
    say(f"error: {what} needs letta-async-{part}: pip install 'letta-async[{part}]'")
    return True
