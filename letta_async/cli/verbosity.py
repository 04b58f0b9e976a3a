"""The options `-v` and `-vv`: the package's log on standard error while a command runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import click

from letta_async._utils.logging_setup import StderrHandler, configure_logging, log
from letta_async.cli.error_messages import without_control_characters

__all__ = ["log_on_request", "show_warnings", "verbose"]

_COUNT: Final = f"{__name__}.count"
"""Key of the number of `-v` so far, before the command and after it, in click's data of one run."""


class _Formatter(logging.Formatter):
    """Formatter of lines for a terminal, on which a server's control characters must not act."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03d %(levelname)s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return without_control_characters(super().format(record))


class _Handler(StderrHandler):
    """Handler that writes to what `sys.stderr` is at the moment: beside a bar, to lines above it."""

    def __init__(self) -> None:
        super().__init__("letta_async.cli")
        self.setFormatter(_Formatter())

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - name of the base class
        """Ignore an error: the work goes on without the terminal."""


_handler: Final = _Handler()


@contextmanager
def log_on_request() -> Generator[None, None, None]:
    """Undo at the end what `-v` did, since a program can run several commands, as `demo` does."""
    level, present = log.level, _handler in log.handlers
    try:
        yield
    finally:
        if _handler in log.handlers and not present:
            log.removeHandler(_handler)
            log.setLevel(level)


def show_warnings() -> None:
    """Write warnings in the log to standard error until `log_on_request` ends, without `-v`, too."""
    configure_logging(os.environ.get("LETTA_LOG"))
    log.addHandler(_handler)


def _raise_level(context: click.Context, _: click.Parameter, count: int) -> None:
    if not count:
        return
    total: Any = context.meta.get(_COUNT, 0) + count
    context.meta[_COUNT] = total
    configure_logging(os.environ.get("LETTA_LOG"))  # or the client would do so later, and set a lower level
    wanted = logging.INFO if total == 1 else logging.DEBUG
    log.setLevel(min(log.level or wanted, wanted))
    log.addHandler(_handler)


verbose: Final = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_raise_level,
    help="Log retries, pauses and long waits on standard error; -vv also requests and responses, without secrets.",
)
"""Option of a command, and of the program before the command."""
