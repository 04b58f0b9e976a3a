"""How connections are made: TLS, proxies, keep-alive."""

from __future__ import annotations

import asyncio
import ssl
from contextvars import ContextVar
from typing import Any, Final
from weakref import WeakSet

import aiohttp
import attrs
from yarl import URL

from letta_async._secret import Secret
from letta_async._timer import Timer
from letta_async.errors import Fault, InvalidArgumentError

__all__ = ["LINK", "NO_LINK", "Link", "Wiring", "let_go"]

_KEEP_ALIVE: Final = 4.0
"""How long an idle connection is kept, in seconds: less than the 5 after which a Letta server closes it."""
_UNTIMED: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)


@attrs.frozen
class Link:
    """The connection that a request went out on."""

    transport: asyncio.Transport | None = None
    reused: bool = False
    """Whether it was used before."""

    def cut(self) -> None:
        """End the connection at once; to close it politely could take as long as the other side likes."""
        if self.transport is not None:
            self.transport.abort()


NO_LINK: Final = Link()

LINK: Final[ContextVar[Link]] = ContextVar("letta_async_link", default=NO_LINK)
"""The connection of the task's request, while that is on its way."""


class _Connector(aiohttp.TCPConnector):
    """A connector that tells which connection a request goes out on; a tracing signal would cost a tenth of a call."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType]
        self._used: WeakSet[object] = WeakSet()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        """Get a connection in time, and note it in `LINK`."""
        loop = asyncio.get_running_loop()
        async with Timer(loop, None if timeout.connect is None else loop.time() + timeout.connect):
            connection = await super().connect(req, traces, _UNTIMED)
        LINK.set(Link(connection.transport, connection.protocol in self._used))
        self._used.add(connection.protocol)
        return connection


@attrs.frozen(kw_only=True)
class Wiring:
    """What connections are made with."""

    session: aiohttp.ClientSession | None = None
    """A session to use and not to close."""
    ssl_context: ssl.SSLContext | None = None
    proxy: URL | None = None
    proxy_headers: dict[str, str] | None = None
    trust_env: bool = False

    @classmethod
    def make(cls, *, proxy: str | None, **options: Any) -> Wiring:
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
        """Give the session that was handed in, or make one for the running loop."""
        if self.session is not None:
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


def _proxy_url(text: str) -> URL | None:
    try:
        url = URL(text)
    except (ValueError, TypeError, IndexError):  # yarl raises the last for some hosts in brackets
        return None
    return url if url.scheme in ("http", "https") and url.host else None


def let_go(session: aiohttp.ClientSession) -> None:
    """Close a session where nothing can be awaited, because its loop is closed or out of reach."""
    connector = session.connector
    session.detach()
    if connector is not None and not connector.closed:
        connector._close()  # pyright: ignore[reportPrivateUsage]  # the public one wants awaiting
