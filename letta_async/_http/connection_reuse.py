"""Reuse of idle connections, except those that received bytes without a request."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from typing import Any, Final

from aiohttp import http_parser
from aiohttp.client_proto import ResponseHandler

__all__ = ["PARSED_IN_PYTHON", "ReusableConnection", "is_reusable"]

UnreadCheck = Callable[[int], object]

PARSED_IN_PYTHON: Final = http_parser.HttpResponseParser is http_parser.HttpResponseParserPy
"""Whether aiohttp parses responses in Python, because its C extensions are missing."""


class ReusableConnection(ResponseHandler):
    """Connection that is checked before it is reused.

    It is not reused if it is closed, or received bytes without a request: in aiohttp's buffers, in the parser of the
    latest response, or in the socket, from which the loop has not read them yet.
    """

    _latest_parser: Any = None
    """Parser of the latest response."""
    _has_unread: UnreadCheck | None = None

    @property
    def should_close(self) -> bool:
        """Whether the response that has just ended is the last one on this connection."""
        if super().should_close:
            return True
        self._latest_parser, self._parser = self._parser, None  # without a parser, later bytes are kept in `_tail`
        return False

    def is_connected(self) -> bool:
        """Whether the connection can be used for another request."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return False
        if self._has_unread is None:
            self._has_unread = _unread_check_of(transport)
        return not (self._buffer or self._tail or _has_begun(self._latest_parser) or self._has_unread(0))


def is_reusable(protocol: Any) -> bool:
    """Return whether an idle connection of aiohttp's own class has received nothing since its last response.

    The caller has checked that it is still connected.
    """
    has_unread = _unread_check_of(protocol.transport)
    return not (protocol._buffer or protocol._tail or _has_begun(protocol._parser) or has_unread(0))


def _unread_check_of(transport: Any) -> UnreadCheck:
    """Return a function that checks for bytes, or the end of the connection, that the loop has not read yet."""
    socket = transport.get_extra_info("socket")
    if socket is None:
        return lambda _: False
    if sys.platform == "win32":
        return lambda seconds: select.select([socket], [], [], seconds)[0]
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return poll.poll


def _has_begun(parser: Any) -> bool:
    """Return whether a parser has begun a response."""
    if parser is None:
        return False
    if PARSED_IN_PYTHON:
        return bool(parser._tail or parser._lines)
    try:
        return parser.feed_eof() is not None
    except Exception:
        return True
