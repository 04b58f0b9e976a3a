"""HTTP sessions: TLS, proxies, keep-alive, and the use of a session that the user passes."""

from __future__ import annotations

import asyncio
import base64
import copy
import re
import ssl
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any, Final

import aiohttp
import attrs
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict
from yarl import URL

from letta_async._http.connection_reuse import ReusableConnection, is_reusable
from letta_async._http.middlewares import checked_middlewares, guarded
from letta_async._http.proxies import environment_proxy
from letta_async._http.timeouts import TimeoutScheduler, Timer
from letta_async._schema.json_parsing import fast_decode
from letta_async._utils.secret_strings import Secret
from letta_async.errors import ArgumentProblem, ClientClosedError, InvalidArgumentError

__all__ = ["REUSED", "ConnectionOptions", "abandon_session", "aiohttp_timeout"]

_KEEP_ALIVE: Final = 4.0
"""Lifetime of an idle connection, in seconds; less than the 5 s after which a Letta server closes it."""
_UNTIMED: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)

_PER_REQUEST_HEADERS: Final = r"(?i:content-.*|transfer-encoding|te|trailer|expect|upgrade|connection|host|range|if-.*)"
"""Pattern of headers that belong to one request, such as its length; as a session's defaults they would break calls."""

REUSED: Final[ContextVar[bool | None]] = ContextVar("letta_async_reused", default=None)
"""Whether the task's latest request was sent on a connection that had been idle; set when the connection is aborted."""


class _AbortedConnection(ReusableConnection):
    """Connection that is aborted when it is closed, because a graceful shutdown depends on the other side."""

    def close(self) -> None:
        """Abort the connection, and record in `REUSED` that the failed request reused it."""
        if REUSED.get() is None:
            REUSED.set(True)
        self.abort()


class _Connector(aiohttp.TCPConnector):
    """Connector that records in `REUSED` which requests it opens a connection for; aiohttp's tracing costs more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType] - aiohttp names no type
        protocol: Any = partial(_AbortedConnection, loop=self._loop)
        self._factory = protocol

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        """Open a connection within the timeout, including name resolution and TLS."""
        REUSED.set(False)
        if len(self._acquired) > 1:
            fast_decode()  # imports what parses responses, which needs a descriptor: later all may be connections
        with Timer(TimeoutScheduler(self._loop), timeout.sock_connect):
            return await super()._create_connection(req, traces, _UNTIMED)


@attrs.frozen(eq=False, kw_only=True)
class ConnectionOptions:
    """Options of the connections of a client."""

    session: aiohttp.ClientSession | None = None
    """Session of the user, which is used but not closed; `None` to create one."""
    ssl_context: ssl.SSLContext | None = None
    proxy: URL | None = None
    proxy_headers: dict[str, str] | None = None
    trust_env: bool = False
    middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = attrs.field(default=(), repr=False)
    """Middlewares that each request of the session that is created passes."""

    @classmethod
    def make(cls, *, proxy: str | None, middlewares: Any = None, **options: Any) -> ConnectionOptions:
        """Create the options from those of a client.

        Raises:
            InvalidArgumentError: The proxy's URL is invalid, of which the error does not show a password, or the
                middlewares are.

        """
        connection = cls(**options, middlewares=checked_middlewares(middlewares, options.get("session")))
        return connection if proxy is None else connection._with_proxy(proxy, "proxy")

    def for_server(self, base_url: str) -> ConnectionOptions:
        """Return the options for one server, with the proxy that the environment names for it if `trust_env` is set.

        Raises:
            InvalidArgumentError: The environment names a proxy that cannot be used.

        """
        if self.proxy is not None or not self._trusts_environment():
            return self
        try:
            found = environment_proxy(base_url)
        except InvalidArgumentError:
            if self._has_foreign_connector():
                return self
            raise
        return self if found is None else self._with_proxy(found.url, found.variable)

    def _trusts_environment(self) -> bool:
        session = self.session
        if session is None:
            return self.trust_env
        given = session._default_proxy is not None  # pyright: ignore[reportPrivateUsage]  # there is no public one
        goes_by_tcp = isinstance(session.connector, aiohttp.TCPConnector)
        return goes_by_tcp and not given and (self.trust_env or session.trust_env)

    def _has_foreign_connector(self) -> bool:
        """Return whether another library opens the connections of the session, such as one for SOCKS."""
        return self.session is not None and not type(self.session.connector).__module__.startswith("aiohttp.")

    def _with_proxy(self, proxy: str, source: str) -> ConnectionOptions:
        """Return the options with a proxy; its user name and password become headers that only the proxy receives.

        Args:
            proxy: URL of the proxy.
            source: Name of the parameter or of the environment variable that holds the URL, for errors.

        """
        url = _proxy_url(proxy)
        if url is None:
            raise InvalidArgumentError([ArgumentProblem(source, "is not a URL such as http://proxy.example:3128")])
        headers: dict[str, str] | None = None
        if url.user is not None:
            credentials = base64.b64encode(f"{url.user}:{url.password or ''}".encode()).decode()
            headers = {"Proxy-Authorization": Secret(f"Basic {credentials}")}
        return attrs.evolve(self, proxy=url.with_user(None), proxy_headers=headers)

    def open_session(self) -> aiohttp.ClientSession:
        """Create a session for the running loop, or adapt the one that the user passed.

        Raises:
            ClientClosedError: The session that the user passed belongs to another loop.

        """
        if self.session is not None:
            fast_decode()  # its connections are not known
            loop = self.session._loop  # pyright: ignore[reportPrivateUsage]  # the public one is deprecated
            if loop is not asyncio.get_running_loop():
                raise ClientClosedError("the session that was handed in belongs to another event loop")
            return _share_session(self.session)
        connector = _Connector(
            limit=0,  # the limiter does that
            keepalive_timeout=_KEEP_ALIVE,
            ssl=True if self.ssl_context is None else self.ssl_context,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            middlewares=tuple(map(guarded, self.middlewares)),
        )  # not trust_env: aiohttp would ignore proxies that it does not support, and read netrc
        session._retry_connection = False  # pyright: ignore[reportPrivateUsage]  # or it repeats a GET by itself
        return session


@lru_cache(64)
def aiohttp_timeout(connect: float | None, own: bool) -> aiohttp.ClientTimeout:
    """Return aiohttp's timeout; cached, because creating one per request would be the most expensive step of a call.

    Args:
        connect: Limit on connecting in seconds; `None` for no limit.
        own: Whether the session is not the user's.

    """
    return aiohttp.ClientTimeout(total=None, connect=None if own else connect, sock_connect=connect if own else None)


def _proxy_url(text: str) -> URL | None:
    try:
        url = URL(text)
    except (ValueError, TypeError, IndexError):  # yarl raises the last for some hosts in brackets
        return None
    return url if url.scheme in ("http", "https") and url.host else None


def _share_session(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Create a session that shares the connections, cookies, proxy, tracing and middlewares of the user's session.

    It differs where calls would break: it omits default headers about framing or ranges, sends its own credentials only
    without an API key, repeats no request, and raises for no status.
    """
    auth, origin = session.auth, session._base_url_origin  # pyright: ignore[reportPrivateUsage]  # as its middlewares

    async def guard(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if session.closed:
            raise ClientClosedError("the session that was handed in is closed")
        if auth is not None and "Authorization" not in request.headers and origin in (None, request.url.origin()):
            request.headers["Authorization"] = auth.encode()
        pool: Any = session.connector
        for protocol, _ in pool._conns.get(request.connection_key, ()):
            if protocol.is_connected() and not is_reusable(protocol):
                protocol.close()
        return await send(request)

    adopted = copy.copy(session)
    headers = [(name, value) for name, value in session.headers.items() if not re.fullmatch(_PER_REQUEST_HEADERS, name)]
    vars(adopted).update(
        _auto_decompress=False,
        _connector_owner=False,
        _default_auth=None,
        _default_headers=CIMultiDict(headers),
        _middlewares=(*session._middlewares, guard),  # pyright: ignore[reportPrivateUsage]  # there is no public one
        _raise_for_status=False,
        _read_bufsize=2**16,
        _retry_connection=False,
        _skip_auto_headers=frozenset[str](),
        _trust_env=False,
    )
    return adopted


def abandon_session(session: aiohttp.ClientSession) -> None:
    """Close a session without awaiting, because its loop is closed or belongs to another thread."""
    connector = session.connector
    owned = session.connector_owner
    session.detach()
    if owned and connector is not None and not connector.closed:
        connector._close()  # pyright: ignore[reportPrivateUsage]  # the public one must be awaited
