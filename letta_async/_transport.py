"""The only module that does input and output: an aiohttp session, tenacity and the limiter."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import ssl
import warnings
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Final

import aiohttp
import attrs
from tenacity import AsyncRetrying, RetryCallState
from yarl import URL

from letta_async._limiter import Limiter
from letta_async._protocol import Request, decipher, invalid_answer
from letta_async._redirect import redirected
from letta_async._secret import Secret
from letta_async._timer import Timer
from letta_async._translation import connection_error, translate
from letta_async.config import ClientConfig
from letta_async.errors import (
    APIError,
    APITimeoutError,
    Attempt,
    ClientClosedError,
    Fault,
    InvalidArgumentError,
)
from letta_async.retry import RetryBudget

__all__ = ["Transport"]

_log: Final = logging.getLogger("letta_async")

_KEEP_ALIVE: Final = 4.0
"""How long an idle connection is kept, in seconds: less than the 5 after which a Letta server closes it."""
_MAX_REFUSAL: Final = 64 * 1024
"""How much of a refusal's body is read, in bytes; the rest is nobody's reading."""
_SHORT: Final = 200
"""How much a try's error takes of the history, in characters."""
_NO_TOTAL: Final = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)

_TURNS_TO_END: Final = 5
"""Turns of the loop in which calls that were ended see it, before their connections go."""

_reused: Final[ContextVar[bool]] = ContextVar("letta_async_reused_connection", default=False)


async def _note_reuse(*_: object) -> None:
    _reused.set(True)


@attrs.frozen
class _Binding:
    """The loop and process that a session belongs to."""

    pid: int
    loop: asyncio.AbstractEventLoop
    session: aiohttp.ClientSession
    limiter: Limiter
    timers: set[Timer] = attrs.field(factory=set[Timer])
    """One for each call under way, by which closing ends it."""


@attrs.define(eq=False)
class Transport:
    """Send requests and see each one through to its answer or its error.

    The session is made on first use, in the loop that uses it, and made anew in another loop once the first is closed.
    """

    given_session: aiohttp.ClientSession | None = attrs.field(default=None, alias="session")
    ssl_context: ssl.SSLContext | None = None
    proxy: URL | None = None
    proxy_headers: dict[str, str] | None = None
    trust_env: bool = False
    max_concurrency: int = 100
    budget: RetryBudget = attrs.field(factory=RetryBudget)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: random.Random = attrs.field(factory=random.Random)
    closed: bool = False
    _binding: _Binding | None = None

    @classmethod
    def make(cls, *, proxy: str | None, **options: Any) -> Transport:
        """Make a transport, with a proxy's user name and password taken out of its URL.

        Raises:
            InvalidArgumentError: the proxy's URL is wrong; a password in it is not shown.

        """
        limit: object = options["max_concurrency"]
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise InvalidArgumentError([Fault("max_concurrency", f"{limit!r} is not a positive whole number")])
        if proxy is None:
            return cls(**options)
        try:
            url = URL(proxy)
        except (ValueError, TypeError):
            url = URL()
        if url.scheme not in ("http", "https") or not url.host:
            raise InvalidArgumentError([Fault("proxy", "is not a URL such as http://proxy.example:3128")])
        headers: dict[str, str] | None = None
        if url.user is not None:
            credentials = aiohttp.encode_basic_auth(url.user, url.password or "")
            headers = {"Proxy-Authorization": Secret(credentials)}
        return cls(proxy=url.with_user(None), proxy_headers=headers, **options)

    async def send(self, request: Request, config: ClientConfig) -> Any:
        """Send a request, again if need be, and give what its answer carries.

        Raises:
            APIError: no answer came, or one that is no success, or none in time.
            ClientClosedError: the client is closed, was closed meanwhile, or belongs to another loop.

        """
        binding = self._bind()
        started = binding.loop.time()
        deadline = None if config.deadline is None else started + config.deadline
        call = _Call(self, binding, request, config, deadline)
        timer = Timer(binding.loop, deadline)
        binding.timers.add(timer)
        try:
            async with timer:
                return await call.run()
        except TimeoutError as error:
            if self.closed:
                raise ClientClosedError("the client was closed while this call was under way") from None
            failure = call.deadline_error(error)
        finally:
            binding.timers.discard(timer)
        raise failure

    async def close(self) -> None:
        """End what is under way and close the connections; a session that was given stays open."""
        self.closed = True
        binding, self._binding = self._binding, None
        if binding is None:
            return
        for timer in list(binding.timers):
            timer.expire()
        for _ in range(_TURNS_TO_END):
            await asyncio.sleep(0)
        if binding.session is not self.given_session and binding.pid == os.getpid():
            await binding.session.close()
            # Transports close in the next turn of the loop; without it a loop that ends now would leave them open.
            await asyncio.sleep(0)

    @property
    def is_open(self) -> bool:
        """Whether there is a session that wants closing."""
        return self._binding is not None and self._binding.session is not self.given_session

    def abandon(self) -> None:
        """Let go of the connections without a loop to close them in."""
        binding, self._binding = self._binding, None
        if binding is not None:
            _let_go(binding.session)

    def _bind(self) -> _Binding:
        """Find the session for the running loop, or make it."""
        if self.closed:
            raise ClientClosedError("the client is closed; make a new one")
        loop = asyncio.get_running_loop()
        binding = self._binding
        if binding is not None:
            if binding.loop is loop and binding.pid == os.getpid():
                return binding
            self._unbind(binding)
        session = self._make_session() if self.given_session is None else self.given_session
        self._binding = _Binding(os.getpid(), loop, session, Limiter(self.max_concurrency))
        return self._binding

    def _unbind(self, binding: _Binding) -> None:
        """Leave a session whose loop is gone; refuse to leave one whose loop may still run."""
        if binding.pid != os.getpid():
            _inherited.append(binding)  # it is the parent's: closing it here would disturb the parent's loop
        elif not binding.loop.is_closed():
            raise ClientClosedError(
                "the client is in use in another event loop; make one client a loop, or close this one there first"
            )
        elif binding.session is not self.given_session:
            warnings.warn(
                "a client was still open when its event loop closed; use `async with`, or await its close()",
                ResourceWarning,
                stacklevel=4,
            )
            _let_go(binding.session)

    def _make_session(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # the limiter limits
                keepalive_timeout=_KEEP_ALIVE,
                ssl=True if self.ssl_context is None else self.ssl_context,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=self.trust_env,
            timeout=_NO_TOTAL,
            auto_decompress=False,
            trace_configs=[trace],
        )
        session._retry_connection = False  # pyright: ignore[reportPrivateUsage]
        return session


def _let_go(session: aiohttp.ClientSession) -> None:
    """Close a session where nothing can be awaited, because its loop is closed or out of reach."""
    connector = session.connector
    session.detach()
    if connector is not None and not connector.closed:
        connector._close()  # pyright: ignore[reportPrivateUsage]  # the public one wants awaiting


_inherited: Final[list[_Binding]] = []
"""Sessions of the parent process, kept from the garbage collector, which would close them."""


class _Call:
    """One call on its way: its tries, and what each of them met."""

    def __init__(
        self, transport: Transport, binding: _Binding, request: Request, config: ClientConfig, deadline: float | None
    ) -> None:
        self._transport = transport
        self._binding = binding
        self._request = request
        self._config = config
        self._deadline = deadline
        self._attempts: list[Attempt] = []
        self._last: APIError | None = None
        self._paid = 0

    async def run(self) -> Any:
        """Try until there is an answer, or no try is left."""
        retrying = AsyncRetrying(
            retry=self._should_retry,
            wait=self._wait,
            stop=self._should_stop,
            before_sleep=self._before_sleep,
            sleep=self._transport.sleep,
            reraise=True,
        )
        value: Any = await retrying(self._try)
        self._transport.budget.give_back(self._paid)
        return value

    def deadline_error(self, cause: BaseException) -> APITimeoutError:
        """Make the error for a call whose deadline passed."""
        seconds = self._config.deadline
        error = connection_error(
            f"the deadline of {seconds:g} s passed",
            self._request.method,
            self._request.path,
            self._config.base_url,
            APITimeoutError,
        )
        assert isinstance(error, APITimeoutError)  # noqa: S101 - for the type checker
        error.attempts = tuple(self._attempts)
        error.__cause__ = self._last or cause
        return error

    async def _try(self) -> Any:
        loop = self._binding.loop
        await self._binding.limiter.acquire()
        started = loop.time()
        try:
            return await self._exchange_in_time()
        except APIError as error:
            self._last = error
            self._attempts.append(Attempt(self._in_short(error), loop.time() - started))
            error.attempts = tuple(self._attempts)
            raise
        finally:
            self._binding.limiter.release()

    async def _exchange_in_time(self) -> Any:
        """Do one exchange within the try's timeout, putting foreign exceptions in our own words."""
        seconds = self._request.timeout.timeout
        loop = self._binding.loop
        try:
            async with Timer(loop, None if seconds is None else loop.time() + seconds):
                return await self._exchange()
        except (APIError, ClientClosedError):
            raise
        except Exception as error:
            if self._transport.closed or self._binding.session.closed:
                raise ClientClosedError("the client was closed while this call was under way") from None
            failure = translate(error, self._request.method, self._request.path, self._config.base_url)
            if failure is None:
                raise
        raise failure  # outside the handler: the foreign error, its frames dropped, is the cause and not the context

    async def _exchange(self) -> Any:
        """Send the request and read its answer, following a redirect within the origin."""
        request = self._request
        target = URL(f"{self._config.base_url}{request.target}", encoded=True)
        hops = 0
        while True:
            response = await self._open(target)
            try:
                location = redirected(request, response.status, response.headers, target, self._config.base_url, hops)
                if location is None:
                    body = await self._read(response)
                    break
            except BaseException:
                response.close()
                raise
            response.close()
            target = location
            hops += 1
        return decipher(request, response.status, response.headers, body, limit=self._config.max_response_bytes)

    async def _open(self, target: URL) -> aiohttp.ClientResponse:
        """Send the request as far as the answer's headers.

        A server may close an idle connection at the moment in which it is used again. That is nobody's failure: the
        request goes out once more, and no retry is spent.
        """
        request, transport = self._request, self._transport
        timeout = _client_timeout(request)
        while True:
            _reused.set(False)
            try:
                return await self._binding.session.request(
                    request.method,
                    target,
                    data=request.body,
                    headers=request.headers,
                    allow_redirects=False,
                    timeout=timeout,
                    proxy=transport.proxy,
                    proxy_headers=transport.proxy_headers,
                    auto_decompress=False,
                )
            except (aiohttp.ServerDisconnectedError, ConnectionError):
                if not (_reused.get() and request.repeatable):
                    raise

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """Read the body, no further than it may go; of a refusal only the beginning."""
        success = 200 <= response.status < 300
        limit = self._config.max_response_bytes if success else _MAX_REFUSAL
        length = response.content_length
        chunks: list[bytes] = []
        size = 0
        if not success or length is None or length <= limit:
            while chunk := await response.content.readany():
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    break
        if response.content.at_eof() and size <= limit:
            response.release()
        else:
            response.close()  # the rest is not drained
            if success:
                raise invalid_answer(
                    self._request, response.status, response.headers, b"", f"the answer is larger than {limit} bytes"
                )
        return b"".join(chunks)[:limit] if len(chunks) != 1 else chunks[0][:limit]

    def _in_short(self, error: APIError) -> str:
        words = error.message.removeprefix(f"{self._request.method} {self._request.path}: ")
        return f"{type(error).__name__}: {words}"[:_SHORT]

    # --- what tenacity asks -------------------------------------------------------------------------------------------

    def _should_retry(self, state: RetryCallState) -> bool:
        error = _error(state)
        return isinstance(error, Exception) and self._config.retry.should_retry(
            error, retries=state.attempt_number - 1, repeatable=self._request.repeatable
        )

    def _wait(self, state: RetryCallState) -> float:
        return self._config.retry.delay(_error(state), retries=state.attempt_number - 1, rng=self._transport.rng)

    def _should_stop(self, state: RetryCallState) -> bool:
        if self._deadline is not None and self._binding.loop.time() + state.upcoming_sleep >= self._deadline:
            return True
        error = _error(state)
        paid = None if error is None else self._transport.budget.take(error)
        if paid is not None:
            self._paid += paid
        return paid is None

    def _before_sleep(self, state: RetryCallState) -> None:
        seconds = state.upcoming_sleep
        self._attempts[-1] = attrs.evolve(self._attempts[-1], waited=seconds)
        _log.info(
            "retrying %s %s in %.2f s, after try %d: %s",
            self._request.method,
            self._request.path,
            seconds,
            state.attempt_number,
            self._attempts[-1].error,
        )


def _client_timeout(request: Request) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=request.timeout.connect_seconds())


def _error(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()
