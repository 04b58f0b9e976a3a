"""What went wrong, in a line and an exit code."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Final

from letta_async.cli.exits import Exit
from letta_async.errors import (
    APIConnectionError,
    AuthenticationError,
    Fault,
    InvalidArgumentError,
    LettaError,
)

__all__ = ["Refusal", "Unreachable", "explain", "harmless", "is_hopeless", "one_line", "show_traceback"]

_OPTIONS: Final[Mapping[str, str]] = {
    "agent_id": "--agent",
    "api_key": "API key",
    "base_url": "--base-url",
    "block_id": "--block",
    "compaction_settings": "--settings",
    "journal": "--journal",
    "max_concurrency": "--max-concurrency",
}
"""The option that fills a parameter of the client."""

# Escape sequences would act on the terminal, and marks of direction would show text that is not there.
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Unreachable(Exception):
    """Something other than the server cannot be reached; nothing was sent."""


class Refusal(Exception):
    """What was typed, or is in a file that was named, is wrong; nothing was sent."""


def is_hopeless(error: LettaError) -> bool:
    """Tell whether every other call would fail the same way, as long as none has succeeded."""
    return isinstance(error, AuthenticationError | APIConnectionError)


def explain(error: BaseException) -> tuple[Exit, str]:
    """Give the exit code and the words for what ended a command."""
    if isinstance(error, Refusal):
        return Exit.USAGE, str(error)
    if isinstance(error, Unreachable):
        return Exit.UNREACHABLE, one_line(error)
    if isinstance(error, InvalidArgumentError):
        return Exit.USAGE, "; ".join(map(_typed, error.faults))
    if isinstance(error, AuthenticationError):
        return Exit.UNREACHABLE, f"{one_line(error)} (the key comes from --api-key-file or LETTA_API_KEY)"
    if isinstance(error, APIConnectionError):
        return Exit.UNREACHABLE, one_line(error)
    if isinstance(error, LettaError):
        return Exit.UNFINISHED, one_line(error)
    return (
        Exit.FAULT,
        f"{type(error).__name__}: {one_line(error)} (a fault of letta-async; LETTA_LOG=debug shows where)",
    )


def _typed(fault: Fault) -> str:
    """Name what was typed, rather than the parameter that it became."""
    head, dot, rest = fault.path.partition(".")
    return f"{_OPTIONS.get(head, head)}{dot and ' '}{rest}: {fault.problem}"


def one_line(error: BaseException) -> str:
    """Give an error's words without line breaks, and without what would act on a terminal."""
    return " ".join(harmless(str(error)).split())


def harmless(text: str) -> str:
    """Replace what would act on a terminal instead of standing there."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def show_traceback() -> None:
    """Show where the present exception comes from, if LETTA_LOG asks for that much."""
    if os.environ.get("LETTA_LOG") == "debug":
        traceback.print_exc(file=sys.stderr)
