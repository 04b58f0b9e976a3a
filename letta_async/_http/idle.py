"""Idle connections: one that received bytes before its next request is never used again."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from typing import Any, Final

from aiohttp import http_parser
from aiohttp.client_proto import ResponseHandler

__all__ = ["PARSED_IN_PYTHON", "Idle", "is_unspoilt"]

Glance = Callable[[int], object]

PARSED_IN_PYTHON: Final = http_parser.HttpResponseParser is http_parser.HttpResponseParserPy
"""Whether the HTTP library parses in Python, as where its extensions are missing."""


class Idle(ResponseHandler):
    """A connection that is not used again once it received anything that no request asked for."""

    _spent: Any = None
    """The parser of the response that came last."""
    _glance: Glance | None = None

    @property
    def should_close(self) -> bool:
        """Whether the response that has just ended is the last one here; if not, what follows it is nobody's."""
        if super().should_close:
            return True
        self._spent, self._parser = self._parser, None  # without a parser, what comes is kept in `_tail`
        return False

    def is_connected(self) -> bool:
        """Whether another request may go out here."""
        if self.transport is None or self.transport.is_closing():
            return False
        if self._glance is None:
            self._glance = _glance_at(self.transport)
        return not (self._buffer or self._tail or _is_begun(self._spent) or self._glance(0))


def is_unspoilt(protocol: Any) -> bool:
    """Return whether an idle connection of the HTTP library's own kind has received nothing since its last response."""
    glance = _glance_at(protocol.transport)
    return not (protocol._buffer or protocol._tail or _is_begun(protocol._parser) or glance(0))


def _glance_at(transport: Any) -> Glance:
    """Return what finds out whether something came, the end included, that the loop had no time to read yet."""
    socket = transport.get_extra_info("socket")
    if socket is None:
        return lambda _: False
    if sys.platform == "win32":
        return lambda seconds: select.select([socket], [], [], seconds)[0]
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return poll.poll


def _is_begun(parser: Any) -> bool:
    """Return whether a parser is in the middle of a response."""
    if parser is None:
        return False
    if PARSED_IN_PYTHON:
        return bool(parser._tail or parser._lines)
    try:
        return parser.feed_eof() is not None
    except Exception:
        return True
