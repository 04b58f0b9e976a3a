"""Exit codes and one-line messages of errors."""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Final

from letta_async._utils.logging_setup import log
from letta_async.cli.exits import Exit
from letta_async.errors import (
    APIConnectionError,
    ArgumentProblem,
    AuthenticationError,
    InvalidArgumentError,
    JournalError,
    LettaError,
    NotFoundError,
    WatchLockedError,
    WatchStateError,
)

__all__ = [
    "NoSuchAgent",
    "Refusal",
    "Unreachable",
    "explain",
    "is_hopeless",
    "one_line",
    "show_traceback",
    "without_control_characters",
]

_OPTIONS: Final[Mapping[str, str]] = {
    "agent_id": "--agent",
    "api_key": "API key",
    "api_key_file": "--api-key-file",
    "base_url": "--base-url",
    "block_id": "--block",
    "compaction_settings": "--settings",
    "conversation_id": "ID",
    "every": "--every",
    "journal": "--journal",
    "max_concurrency": "--max-concurrency",
    "max_rate": "--max-rate",
    "max_retries": "--max-retries",
    "project": "--project",
    "project_id": "--project-id",
    "proxy": "--proxy",
    "retry.max_retries": "--max-retries",
    "state": "--state",
    "timeout": "--timeout",
    "wait_if_busy": "--wait-if-busy",
}
"""Option of the command line by the parameter of the client that it sets."""

# Escape sequences would act on the terminal, and marks of direction would show text that is not there.
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Unreachable(Exception):
    """Something other than the server, such as a scheduler, cannot be reached; nothing was sent."""


class NoSuchAgent(Exception):
    """No agent has the given name; nothing was sent."""


class Refusal(Exception):
    """An argument, or a file that it names, is wrong; nothing was sent."""


def is_hopeless(error: LettaError) -> bool:
    """Return whether every other call would fail the same way, as long as none has succeeded."""
    return isinstance(error, AuthenticationError | APIConnectionError)


def explain(error: BaseException) -> tuple[Exit, str]:
    """Return the exit code and the one-line message of an error that ended a command."""
    if isinstance(error, Refusal):
        return Exit.USAGE, str(error)
    if isinstance(error, NoSuchAgent):
        return Exit.NOT_FOUND, str(error)
    if isinstance(error, Unreachable):
        return Exit.UNREACHABLE, one_line(error)
    if isinstance(error, InvalidArgumentError):
        return Exit.USAGE, one_line(error)
    if isinstance(error, AuthenticationError):
        sources = "--api-key-file, LETTA_API_KEY or LETTA_API_KEY_FILE"
        return Exit.UNREACHABLE, f"{one_line(error)} (the key comes from {sources})"
    if isinstance(error, APIConnectionError):
        return Exit.UNREACHABLE, one_line(error)
    if isinstance(error, NotFoundError):
        knows = str(error.detail or "").lower() not in ("", "not found")  # so says what knows no such path at all
        return Exit.NOT_FOUND if knows else Exit.UNREACHABLE, one_line(error)
    if isinstance(error, WatchLockedError):
        return Exit.LOCKED, f"{one_line(error)} (--standby waits for it)"
    if isinstance(error, JournalError | WatchStateError):
        return Exit.UNFINISHED, one_line(error)
    if isinstance(error, LettaError):
        return Exit.UNCHECKED, one_line(error)
    return (
        Exit.FAULT,
        f"{type(error).__name__}: {one_line(error)} (a fault of letta-async; LETTA_LOG=debug shows where)",
    )


def _describe_problem(fault: ArgumentProblem) -> str:
    """Describe a problem by the option of the command line, rather than by the parameter that it sets."""
    path = fault.path.removeprefix("client_options.")  # of workers on a cluster
    head, dot, rest = (path, "", "") if path in _OPTIONS else path.partition(".")
    problem = fault.problem.replace("send_secrets=True", "--send-secrets").replace("trust_env=True", "--trust-env")
    return f"{_OPTIONS.get(head, head)}{dot and ' '}{rest}: {problem}"


def one_line(error: BaseException) -> str:
    """Return an error's message without line breaks and control characters."""
    words = "; ".join(map(_describe_problem, error.faults)) if isinstance(error, InvalidArgumentError) else str(error)
    return " ".join(without_control_characters(words.replace("[agent_id is missing", "[--agent is missing")).split())


def without_control_characters(text: str) -> str:
    """Return text with control characters and direction marks, on which a terminal would act, replaced."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def show_traceback() -> None:
    """Print the traceback of the current exception if `LETTA_LOG` is `debug`, or after `-vv`."""
    if os.environ.get("LETTA_LOG") == "debug" or log.level == logging.DEBUG:
        traceback.print_exc(file=sys.stderr)
