"""The package's logger, and what LETTA_LOG does to it: nothing outside the package is touched."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any, Final, TextIO

__all__ = ["log", "switch_on"]

log: Final = logging.getLogger("letta_async")


class _LastResort(logging.StreamHandler[TextIO]):
    """Write to standard error what nobody else shows: once an application has handlers of its own, they do it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)  # not the stream's of this moment: it may be replaced, as by a test runner
        self.set_name("letta_async")
        self.setFormatter(
            logging.Formatter("[%(asctime)s - %(name)s:%(lineno)d - %(levelname)s] %(message)s", "%Y-%m-%d %H:%M:%S")
        )

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # the base class makes it an attribute
        """Standard error as it is now."""
        return sys.stderr

    def filter(self, record: logging.LogRecord) -> Any:
        """Refuse a record that another handler shows."""
        return not any(_shows(handler, record) for handler in _handlers()) and super().filter(record)


def _shows(handler: logging.Handler, record: logging.LogRecord) -> bool:
    """Tell whether a handler other than ours takes a record."""
    others = not isinstance(handler, logging.NullHandler) and handler.name != log.name
    return others and record.levelno >= handler.level


def _handlers() -> Iterator[logging.Handler]:
    """Find the handlers that the package's records reach."""
    logger: logging.Logger | None = log
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def switch_on(level: str | None) -> None:
    """Do what LETTA_LOG asks for: `debug` or `info`; anything else changes nothing."""
    global _chosen  # noqa: PLW0603 - it is the logger's, of which there is one
    wanted = {"debug": logging.DEBUG, "info": logging.INFO}.get((level or "").lower())
    if wanted is None:
        return
    log.addHandler(_last_resort)  # once, however often it is called
    if log.level in (logging.NOTSET, _chosen):
        log.setLevel(wanted)
        _chosen = wanted


_chosen = logging.NOTSET
"""The level that LETTA_LOG set; one that the application sets is left alone."""
_last_resort: Final = next((present for present in log.handlers if present.name == log.name), None) or _LastResort()
"""Found rather than made when this module is loaded once more."""
