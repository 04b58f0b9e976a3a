"""How connections are made: TLS, proxies, keep-alive."""

from __future__ import annotations

import asyncio
import ssl
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any, Final

import aiohttp
import attrs
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from letta_async._http.timeouts import TimeoutScheduler, Timer
from letta_async._utils.secrets import Secret
from letta_async.errors import ClientClosedError, Fault, InvalidArgumentError

__all__ = ["REUSED", "ConnectionOptions", "abandon_session"]

_KEEP_ALIVE: Final = 4.0
"""How long an idle connection is kept, in seconds: less than the 5 after which a Letta server closes it."""
_UNTIMED: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)

REUSED: Final[ContextVar[bool | None]] = ContextVar("letta_async_reused", default=None)
"""Whether the task's latest request went out on a connection that had been idle; known once that is cut."""


class _Protocol(ResponseHandler):
    """A connection that is cut when it is closed; to close it politely could take as long as the other side likes."""

    def close(self) -> None:
        """End it at once, and say so to the request that failed on it."""
        if REUSED.get() is None:
            REUSED.set(True)
        self.abort()


class _Connector(aiohttp.TCPConnector):
    """A connector that tells which requests it connects for; a tracing signal would cost a tenth of a call."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType] - aiohttp names no type
        protocol: Any = partial(_Protocol, loop=self._loop)
        self._factory = protocol

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        """Make a connection, in time, name resolution and TLS included."""
        REUSED.set(False)
        with Timer(TimeoutScheduler(self._loop), timeout.sock_connect):
            return await super()._create_connection(req, traces, _UNTIMED)


@attrs.frozen(kw_only=True)
class ConnectionOptions:
    """What connections are made with."""

    session: aiohttp.ClientSession | None = None
    """A session to use and not to close."""
    ssl_context: ssl.SSLContext | None = None
    proxy: URL | None = None
    proxy_headers: dict[str, str] | None = None
    trust_env: bool = False

    def timeout(self, connect: float | None) -> aiohttp.ClientTimeout:
        """Bound connecting, in seconds; the session that is made here goes by a clock of its own."""
        return _timeout(connect, self.session is None)

    @classmethod
    def make(cls, *, proxy: str | None, **options: Any) -> ConnectionOptions:
        """Take a proxy's user name and password out of its URL, to where they are sent to the proxy alone.

        Raises:
            InvalidArgumentError: the proxy's URL is wrong; a password in it is not shown.

        """
        if proxy is None:
            return cls(**options)
        url = _proxy_url(proxy)
        if url is None:
            raise InvalidArgumentError([Fault("proxy", "is not a URL such as http://proxy.example:3128")])
        headers: dict[str, str] | None = None
        if url.user is not None:
            credentials = aiohttp.encode_basic_auth(url.user, url.password or "")
            headers = {"Proxy-Authorization": Secret(credentials)}
        return cls(proxy=url.with_user(None), proxy_headers=headers, **options)

    def open_session(self) -> aiohttp.ClientSession:
        """Give the session that was handed in, or make one for the running loop.

        Raises:
            ClientClosedError: the session that was handed in belongs to another loop.

        """
        if self.session is not None:
            loop = self.session._loop  # pyright: ignore[reportPrivateUsage]  # the public one is deprecated
            if loop is not asyncio.get_running_loop():
                raise ClientClosedError("the session that was handed in belongs to another event loop")
            return self.session
        connector = _Connector(
            limit=0,  # the limiter limits
            keepalive_timeout=_KEEP_ALIVE,
            ssl=True if self.ssl_context is None else self.ssl_context,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=self.trust_env,
            auto_decompress=False,
        )
        session._retry_connection = False  # pyright: ignore[reportPrivateUsage]  # else it repeats a GET unasked
        return session


@lru_cache(64)
def _timeout(connect: float | None, own: bool) -> aiohttp.ClientTimeout:
    """Make a timeout; making one for each request would take longer than anything else of ours does."""
    return aiohttp.ClientTimeout(total=None, connect=None if own else connect, sock_connect=connect if own else None)


def _proxy_url(text: str) -> URL | None:
    try:
        url = URL(text)
    except (ValueError, TypeError, IndexError):  # yarl raises the last for some hosts in brackets
        return None
    return url if url.scheme in ("http", "https") and url.host else None


def abandon_session(session: aiohttp.ClientSession) -> None:
    """Close a session where nothing can be awaited, because its loop is closed or out of reach."""
    connector = session.connector
    session.detach()
    if connector is not None and not connector.closed:
        connector._close()  # pyright: ignore[reportPrivateUsage]  # the public one wants awaiting
