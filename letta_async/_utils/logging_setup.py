"""Logger of the package and its configuration by LETTA_LOG; no other logger is changed."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any, Final, TextIO

__all__ = ["StderrHandler", "configure_logging", "log"]

log: Final = logging.getLogger("letta_async")


class StderrHandler(logging.StreamHandler[TextIO]):
    """Handler that writes to what `sys.stderr` is when a record comes, since a test runner may replace it."""

    def __init__(self, name: str) -> None:
        logging.Handler.__init__(self)  # `StreamHandler`'s would keep the stream
        self.set_name(name)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # the base class makes it an attribute
        """The current `sys.stderr`."""
        return sys.stderr


class _FallbackHandler(StderrHandler):
    """Handler of the records that no handler of the application handles."""

    def __init__(self) -> None:
        super().__init__("letta_async")
        self.setFormatter(
            logging.Formatter("[%(asctime)s - %(name)s:%(lineno)d - %(levelname)s] %(message)s", "%Y-%m-%d %H:%M:%S")
        )

    def filter(self, record: logging.LogRecord) -> Any:
        """Return false for a record that another handler handles."""
        return not any(_handles(handler, record) for handler in _effective_handlers()) and super().filter(record)


def _handles(handler: logging.Handler, record: logging.LogRecord) -> bool:
    """Return whether a handler, other than that of this package, handles a record."""
    others = not isinstance(handler, logging.NullHandler) and handler.name != log.name
    return others and record.levelno >= handler.level


def _effective_handlers() -> Iterator[logging.Handler]:
    """Yield the handlers that receive the package's records."""
    logger: logging.Logger | None = log
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def configure_logging(level: str | None) -> None:
    """Set the package's log level to a value of LETTA_LOG, `debug` or `info`; any other value changes nothing."""
    global _configured_level  # noqa: PLW0603 - state of the logger, of which there is one
    wanted = {"debug": logging.DEBUG, "info": logging.INFO}.get((level or "").lower())
    if wanted is None:
        return
    log.addHandler(_stderr_handler)  # once, however often it is called
    if log.level in (logging.NOTSET, _configured_level):
        log.setLevel(wanted)
        _configured_level = wanted


_configured_level = logging.NOTSET
"""Level that LETTA_LOG set; a level that the application sets is not changed."""
_stderr_handler: Final = (
    next((present for present in log.handlers if present.name == log.name), None) or _FallbackHandler()
)
"""The handler; an existing one is used when this module is reloaded."""
