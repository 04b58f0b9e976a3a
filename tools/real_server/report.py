"""Tell the person at the terminal what goes on, and what went wrong."""

from __future__ import annotations

import sys
from pathlib import Path

_TAIL = 30


class Failure(Exception):
    """Say why a command cannot go on, with the end of the log that knows more."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        # Read at once: the log may be gone by the time that this is printed.
        super().__init__(message if log is None or not log.exists() else f"{message}\n{_end_of(log)}")


def say(message: str) -> None:
    """Print a line of progress, apart from what a script may want to read."""
    print(message, file=sys.stderr, flush=True)


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
    return "\n".join([f"--- the end of {log.name} ---", *lines])
