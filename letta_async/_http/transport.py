"""The transport that all calls of a client share: one session per event loop, limiters per server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, Final
from weakref import WeakSet

import aiohttp
import attrs

from letta_async._http.attempts import CallAttempts
from letta_async._http.context import CLOSED, CallContext
from letta_async._http.event_source import EventSource
from letta_async._http.keyed_attempts import KeyedCallAttempts
from letta_async._http.limiter import Limiter, ServerLimiters
from letta_async._http.request import Request
from letta_async._http.session import ConnectionOptions, abandon_session
from letta_async._http.timeouts import TimeoutScheduler
from letta_async._schema.record import Record
from letta_async._utils.caller_warnings import warn
from letta_async.config import ClientConfig
from letta_async.errors import ArgumentProblem, Attempt, ClientClosedError, InvalidArgumentError
from letta_async.retry import Retries

__all__ = ["ClientStats", "Transport"]

_TURNS_TO_END: Final = 5
"""Turns of the loop in which calls that were ended see it, before their connections go."""


@attrs.frozen(kw_only=True)
class ClientStats(Record):
    """How things stand with a client and its server, at one moment."""

    limit: int
    """How many requests may be in flight just now, of all classes of traffic that were used; 0 before the first one."""
    in_flight: int
    """How many are."""
    waiting: int
    """Number of calls that wait for a slot."""
    retries: int
    """How many requests were tries again, since the client was made."""


@attrs.define(eq=False)
class _Binding:
    """The loop and process that a session belongs to, and what is under way there."""

    pid: int
    loop: asyncio.AbstractEventLoop
    session: aiohttp.ClientSession
    servers: dict[str, ServerLimiters] = attrs.field(factory=dict[str, ServerLimiters])
    """Limiters of each server, by its base URL."""
    streams: WeakSet[EventSource] = attrs.field(factory=WeakSet["EventSource"])
    """Event streams that are open."""
    watch: TimeoutScheduler = attrs.field(
        init=False, default=attrs.Factory(lambda self: TimeoutScheduler(self.loop), takes_self=True)
    )
    """Looks after the tries and pauses under way, and ends them when the client is closed."""
    lane: CallContext | None = attrs.field(init=False, default=None)
    """What the latest call shared with those before it; mostly all calls share it."""

    @property
    def limiters(self) -> list[Limiter]:
        """The limiters of all servers."""
        return [limiter for server in self.servers.values() for limiter in server]


@attrs.define(eq=False, kw_only=True)
class Transport:
    """Send requests and see each one through to its answer or its error.

    The session is made on first use, in the loop that uses it, and made anew in another loop once the first is closed.
    """

    connection: ConnectionOptions
    max_concurrency: int = attrs.field(default=256)
    concurrency: int | None = None
    retries: Retries = attrs.field(factory=Retries)
    closed: bool = False
    _binding: _Binding | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        problems = [
            ArgumentProblem(name, f"{value!r} is not a positive whole number")
            for name, value in (("max_concurrency", self.max_concurrency), ("concurrency", self.concurrency))
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1)
        ]
        if problems:
            raise InvalidArgumentError(problems)

    def send(
        self, request: Request, config: ClientConfig, attempts: list[Attempt] | None = None
    ) -> Coroutine[Any, Any, Any]:
        """Send a request, again if need be, and give what its answer carries.

        Args:
            request: What to send.
            config: The client's options.
            attempts: Where to note the tries that fail, for a caller who wants them of a call that succeeds, too.

        Raises:
            APIError: no answer came, or one that is no success, or none in time.
            ClientClosedError: the client is closed, was closed meanwhile, or belongs to another loop.

        """
        kind = CallAttempts if config.keys is None else KeyedCallAttempts
        tries = kind(self._lane(self._bind(), config), request, [] if attempts is None else attempts)
        return tries.run() if config.deadline is None else tries.run_in_time(config.deadline)

    async def close(self) -> None:
        """End what is under way and close the connections; a session that was given stays open."""
        self.closed = True
        binding = self._take_binding()
        if binding is None:
            return
        for stream in list(binding.streams):
            stream.end(ClientClosedError(CLOSED))
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
        """Return how things stand with a server."""
        server = None if self._binding is None else self._binding.servers.get(base_url)
        limiters = [] if server is None else list(server)
        if not limiters:
            return ClientStats(limit=self.concurrency or 0, in_flight=0, waiting=0, retries=self.retries.made)
        return ClientStats(
            limit=sum(limiter.limit.value for limiter in limiters),
            in_flight=sum(limiter.in_flight for limiter in limiters),
            waiting=sum(limiter.waiting for limiter in limiters),
            retries=self.retries.made,
        )

    @property
    def is_open(self) -> bool:
        """Whether there is a session of this process that wants closing."""
        binding = self._binding
        return binding is not None and binding.pid == os.getpid() and self.connection.session is None

    def abandon(self) -> None:
        """Release the connections without a loop to close them in."""
        binding = self._take_binding()
        if binding is not None:
            abandon_session(binding.session)

    def _take_binding(self) -> _Binding | None:
        """Part with the binding, to close it; with the parent process's, to leave it as it is."""
        binding, self._binding = self._binding, None
        if binding is None or binding.pid != os.getpid():
            return None
        _open.discard(binding)
        return binding

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
        self._binding = binding = _Binding(os.getpid(), loop, self.connection.open_session())
        _open.add(binding)
        return binding

    def _unbind(self, binding: _Binding) -> None:
        """Leave a session whose loop is gone; refuse to leave one whose loop may still run."""
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

    def _lane(self, binding: _Binding, config: ClientConfig) -> CallContext:
        """Find what calls with the same options share, or make it."""
        lane = binding.lane
        if lane is None or lane.config is not config:
            limiters = self._limiters(binding, config.base_url)
            connection = self.connection.towards(config.base_url)
            lane = binding.lane = CallContext(
                binding.session, connection, binding.watch, config, limiters, self.retries, binding.streams
            )
        return lane

    def _limiters(self, binding: _Binding, base_url: str) -> ServerLimiters:
        """Find the limiters of a server, or make them."""
        limiters = binding.servers.get(base_url)
        if limiters is None:
            limiters = binding.servers[base_url] = ServerLimiters(
                self.max_concurrency, self.concurrency, self.retries.sleep
            )
        return limiters


_open: Final[set[_Binding]] = set()
"""Kept from the garbage collector until they are closed: in a forked child it would close the parent's connections, and
take them out of the selector that both processes share."""
