"""Transport that all calls of a client share: one session per event loop, and limiters per server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

import aiohttp
import attrs

from letta_async._http.api_key_attempts import ApiKeyCallAttempts
from letta_async._http.attempts import CallAttempts
from letta_async._http.context import CLOSED, CallContext
from letta_async._http.limiter import Limiter, ServerLimiters
from letta_async._http.open_body import OpenBody
from letta_async._http.request import Request
from letta_async._http.session import ConnectionOptions, abandon_session
from letta_async._http.timeouts import TimeoutScheduler, Timer
from letta_async._schema.json_values import is_positive_integer
from letta_async._utils.caller_warnings import warn
from letta_async.config import ClientConfig
from letta_async.errors import ArgumentProblem, Attempt, ClientClosedError, InvalidArgumentError
from letta_async.retry import Retries

if TYPE_CHECKING:
    from letta_async._http.rate_limit import RateLimit
    from letta_async._http.statistics import ClientStats

__all__ = ["Transport"]

_TURNS_TO_END: Final = 5
"""Number of iterations of the loop in which cancelled calls can finish before their connections are closed."""


@attrs.define(eq=False)
class _LoopBinding:
    """Session of one loop and process, with the state of the calls there."""

    pid: int
    loop: asyncio.AbstractEventLoop
    session: aiohttp.ClientSession
    servers: dict[str, ServerLimiters] = attrs.field(factory=dict[str, ServerLimiters])
    """Limiters of each server, by its base URL."""
    open_bodies: WeakSet[OpenBody] = attrs.field(factory=WeakSet["OpenBody"])
    """Bodies that are read while they arrive: event streams, and responses that the user reads."""
    watch: TimeoutScheduler = attrs.field(
        init=False, default=attrs.Factory(lambda self: TimeoutScheduler(self.loop), takes_self=True)
    )
    """Scheduler of the timeouts; it ends attempts and pauses when the client is closed."""
    context: CallContext | None = attrs.field(init=False, default=None)
    """Context of the latest call, reused by calls with the same options."""

    @property
    def limiters(self) -> list[Limiter]:
        """The limiters of all servers."""
        return [limiter for server in self.servers.values() for limiter in server]


@attrs.define(eq=False, kw_only=True)
class Transport:
    """Sender of requests, with retries.

    The session is created on first use, in the running loop, and again in another loop after the first one is closed.
    """

    connection: ConnectionOptions
    max_concurrency: int = attrs.field(default=256)
    concurrency: int | None = None
    retries: Retries = attrs.field(factory=Retries)
    closed: bool = False
    _binding: _LoopBinding | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        problems = [
            ArgumentProblem(name, f"{value!r} is not a positive whole number")
            for name, value in (("max_concurrency", self.max_concurrency), ("concurrency", self.concurrency))
            if value is not None and not is_positive_integer(value)
        ]
        if problems:
            raise InvalidArgumentError(problems)

    def send(
        self,
        request: Request,
        config: ClientConfig,
        attempts: list[Attempt] | None = None,
        until: float | None = None,
    ) -> Coroutine[Any, Any, Any]:
        """Send a request, with retries, and return the value of its response.

        Args:
            request: Request to send.
            config: Options of the client.
            attempts: List to which failed attempts are appended, for callers that need those of successful calls too.

        Raises:
            APIError: No response arrived, or not in time, or it is not a success.
            ClientClosedError: The client is closed, was closed meanwhile, or belongs to another loop.

        """
        kind = CallAttempts if config.keys is None else ApiKeyCallAttempts
        call = kind(self._context(self._bind(), config), request, [] if attempts is None else attempts)
        sending = call.run() if config.deadline is None else call.run_in_time(config.deadline, until)
        return sending if call.observation is None else call.observation.watch(sending)

    async def pause(self, seconds: float) -> None:
        """Wait between two requests that belong together.

        Raises:
            ClientClosedError: The client was closed meanwhile.

        """
        with Timer(self._bind().watch, None):
            await self.retries.sleep(seconds)

    async def close(self) -> None:
        """End the calls in flight and close the connections; a session that the user passed stays open."""
        self.closed = True
        binding = self._take_binding()
        if binding is None:
            return
        for body in list(binding.open_bodies):
            body.end(ClientClosedError(CLOSED))
        binding.watch.end(lambda: ClientClosedError(CLOSED))
        for limiter in binding.limiters:
            limiter.close(CLOSED)
        try:
            for _ in range(_TURNS_TO_END):
                await asyncio.sleep(0)
        finally:  # also when closing is cancelled
            await binding.session.close()
            # Transports close in the next turn of the loop; without it a loop that ends now would leave them open.
            await asyncio.sleep(0)

    def stats(self, base_url: str) -> ClientStats:
        """Return the statistics for a server."""
        from letta_async._http.statistics import client_stats  # noqa: PLC0415 - imported by those that ask for them

        return client_stats(self._present_limiters(base_url), self.retries.made, self.concurrency or 0)

    def rate_limit(self, base_url: str) -> RateLimit | None:
        """Return the rate limit that a server reported last; `None` if it reported none."""
        limiters = self._present_limiters(base_url)
        return None if limiters is None else limiters.rate_limit

    def _present_limiters(self, base_url: str) -> ServerLimiters | None:
        """Return the limiters of a server; `None` before the first request."""
        return None if self._binding is None else self._binding.servers.get(base_url)

    @property
    def is_open(self) -> bool:
        """Whether a session of this process has to be closed."""
        binding = self._binding
        return binding is not None and binding.pid == os.getpid() and self.connection.session is None

    def abandon(self) -> None:
        """Release the connections without a running loop."""
        binding = self._take_binding()
        if binding is not None:
            abandon_session(binding.session)

    def _take_binding(self) -> _LoopBinding | None:
        """Remove the binding and return it, to be closed; return `None` for one of the parent process."""
        binding, self._binding = self._binding, None
        if binding is None or binding.pid != os.getpid():
            return None
        _open.discard(binding)
        return binding

    def _bind(self) -> _LoopBinding:
        """Return the binding for the running loop; create it on first use."""
        if self.closed:
            raise ClientClosedError("the client is closed; make a new one")
        loop = asyncio.get_running_loop()
        binding = self._binding
        if binding is not None:
            if binding.loop is loop and binding.pid == os.getpid():
                return binding
            self._unbind(binding)
        self._binding = binding = _LoopBinding(os.getpid(), loop, self.connection.open_session())
        _open.add(binding)
        return binding

    def _unbind(self, binding: _LoopBinding) -> None:
        """Abandon the session of a closed loop.

        Raises:
            ClientClosedError: The loop is not closed.

        """
        if binding.pid != os.getpid():
            return
        if not binding.loop.is_closed():
            raise ClientClosedError(
                "the client is in use in another event loop; make one client a loop, or close this one there first"
            )
        self._take_binding()
        abandon_session(binding.session)
        if self.connection.session is None:
            warn("a client was still open when its event loop closed; use `async with`, or close it", ResourceWarning)

    def _context(self, binding: _LoopBinding, config: ClientConfig) -> CallContext:
        """Return the context for calls with these options; create it if they differ from the latest call's."""
        context = binding.context
        if context is None or context.config is not config:
            limiters = self._limiters(binding, config.base_url)
            connection = self.connection.for_server(config.base_url)
            context = binding.context = CallContext(
                session=binding.session,
                connection=connection,
                watch=binding.watch,
                config=config,
                limiters=limiters,
                retries=self.retries,
                open_bodies=binding.open_bodies,
            )
        return context

    def _limiters(self, binding: _LoopBinding, base_url: str) -> ServerLimiters:
        """Return the limiters of a server; create them on first use."""
        limiters = binding.servers.get(base_url)
        if limiters is None:
            limiters = binding.servers[base_url] = ServerLimiters(
                self.max_concurrency, self.concurrency, self.retries.sleep
            )
        return limiters


_open: Final[set[_LoopBinding]] = set()
"""Bindings that are not closed, kept from garbage collection: in a forked child that would close the parent's
connections, and remove them from the selector that both processes share."""
