"""Idle connections, which are not reused once they received bytes without a request."""

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
"""Whether aiohttp parses responses in Python, because its C extensions are missing."""


class Idle(ResponseHandler):
    """Connection that is not reused once it received bytes without a request."""

    _spent: Any = None
    """Parser of the latest response."""
    _glance: Glance | None = None

    @property
    def should_close(self) -> bool:
        """Whether the response that has just ended is the last one on this connection."""
        if super().should_close:
            return True
        self._spent, self._parser = self._parser, None  # without a parser, later bytes are kept in `_tail`
        return False

    def is_connected(self) -> bool:
        """Whether the connection can be used for another request."""
        if self.transport is None or self.transport.is_closing():
            return False
        if self._glance is None:
            self._glance = _glance_at(self.transport)
        return not (self._buffer or self._tail or _is_begun(self._spent) or self._glance(0))


def is_unspoilt(protocol: Any) -> bool:
    """Return whether an idle connection of aiohttp's own class has received nothing since its last response."""
    glance = _glance_at(protocol.transport)
    return not (protocol._buffer or protocol._tail or _is_begun(protocol._parser) or glance(0))


def _glance_at(transport: Any) -> Glance:
    """Return a function that checks for bytes, or the end of the connection, that the loop has not read yet."""
    socket = transport.get_extra_info("socket")
    if socket is None:
        return lambda _: False
    if sys.platform == "win32":
        return lambda seconds: select.select([socket], [], [], seconds)[0]
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return poll.poll


def _is_begun(parser: Any) -> bool:
    """Return whether a parser has begun a response."""
    if parser is None:
        return False
    if PARSED_IN_PYTHON:
        return bool(parser._tail or parser._lines)
    try:
        return parser.feed_eof() is not None
    except Exception:
        return True
