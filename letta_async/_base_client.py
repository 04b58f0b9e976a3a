"""What both clients take: one constructor, one `with_options`."""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, Self

import attrs
from yarl import URL

from letta_async._http.session import ConnectionOptions
from letta_async._http.transport import ClientStats, Transport
from letta_async._schema.unset import UNSET, Unset
from letta_async._utils.secret_strings import mask
from letta_async.config import ClientConfig, Timeout, masked_headers, resolve_base_url, resolve_key
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.retry import RetryPolicy

if TYPE_CHECKING:
    import aiohttp

__all__ = ["BaseClient"]


class BaseClient:
    """A client's options, read once; the names and defaults are those of the official client."""

    _asks_on_thread: ClassVar[bool] = False
    """Whether a callable `api_key` is called on a thread of its own, since it may wait for the client's loop."""

    def __init__(
        self,
        *,
        api_key: str | Callable[[], str | Awaitable[str]] | None = None,
        api_key_file: str | os.PathLike[str] | None = None,
        project_id: str | None = None,
        project: str | None = None,
        environment: Literal["cloud", "local"] | Unset = UNSET,
        base_url: str | URL | Unset | None = UNSET,
        timeout: float | Timeout | Unset | None = UNSET,
        deadline: float | None = None,
        max_retries: int | Unset = UNSET,
        retry: RetryPolicy | Unset = UNSET,
        max_concurrency: int = 256,
        concurrency: int | None = None,
        max_response_bytes: int = 64 * 1024 * 1024,
        default_headers: Mapping[str, str | None] | None = None,
        default_query: Mapping[str, object] | None = None,
        session: aiohttp.ClientSession | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        trust_env: bool = False,
    ) -> None:
        """Take the options.

        Args:
            api_key: Sent as `Authorization: Bearer`: a string, or a callable without parameters that returns one or an
                awaitable of one. A callable is called for each attempt, one call at a time, and once more after a 401;
                if it then returns another key, the request is repeated once with that. Default: `LETTA_API_KEY`;
                without one, none is sent.
            api_key_file: Path of a text file with the key, instead. It is read when the client is made and again after
                a 401; if it then holds another key, the request is repeated once with that. Default:
                `LETTA_API_KEY_FILE`.
            project_id: Sent as `X-Project-Id`.
            project: Sent as `X-Project`.
            environment: `cloud` (https://api.letta.com) or `local` (http://localhost:8283). Default: `cloud`.
            base_url: Where the server is, before `/v1`. Default: `LETTA_BASE_URL`, else the environment's.
            timeout: Bound on one try: seconds, `None` for none, or a `Timeout`. Default: 60 s, 5 s of them to connect.
            deadline: Bound on a whole call in seconds: its tries, the waits between them and the wait for a slot.
                Default: `None`, no bound.
            max_retries: Short for `retry=RetryPolicy(max_retries=…)`. Default: 2.
            retry: Which failures are tried again, and when.
            max_concurrency: Most requests in flight at once, of each class of traffic: ordinary calls, calls that run a
                model, streams. How many it really are, up to this, the client finds by itself, from how the server's
                answers come; further ones wait their turn. Default: 256.
            concurrency: Exactly how many may be in flight at once, of each class, instead. Default: `None`.
            max_response_bytes: Largest answer, unpacked, that is accepted. Default: 64 MiB.
            default_headers: Headers for every request, over those of `LETTA_CUSTOM_HEADERS` (a `name: value` a line)
                and the client's own; `None` as a value takes one away.
            default_query: Query parameters for every request.
            session: An `aiohttp.ClientSession` of the same event loop to use and not to close; its TLS and proxy
                settings hold.
            ssl_context: TLS settings: other authorities, a client certificate.
            proxy: URL of an HTTP proxy; a user name and password in it are sent to the proxy alone.
            trust_env: Use the proxies that the environment names. Default: `False`.

        Raises:
            InvalidArgumentError: an option is wrong.

        """
        # Masked before anything can fail, so that a traceback with locals shows none of it.
        api_key, proxy, default_headers = mask(api_key), mask(proxy), masked_headers(default_headers)
        self._config = ClientConfig.read(
            api_key=api_key,
            api_key_file=api_key_file,
            on_thread=self._asks_on_thread,
            environment=environment,
            base_url=base_url,
            default_headers=default_headers,
            default_query=default_query,
            project_id=project_id,
            project=project,
            deadline=deadline,
            max_response_bytes=max_response_bytes,
            **_rarely_given(timeout, max_retries, retry),
        )
        connection = ConnectionOptions.make(session=session, ssl_context=ssl_context, proxy=proxy, trust_env=trust_env)
        connection.towards(self._config.base_url)  # refuses a proxy of the environment while the client is made
        self._transport = Transport(connection=connection, max_concurrency=max_concurrency, concurrency=concurrency)
        self._parent: BaseClient | None = None
        self._closed = False
        self._attach()

    @classmethod
    def _around(cls, config: ClientConfig, transport: Transport) -> Self:
        """Make a client of what was read already; closing it closes nothing."""
        client = object.__new__(cls)
        client._config = config
        client._transport = transport
        client._parent = client
        client._closed = False
        client._attach()
        return client

    def with_options(
        self,
        *,
        api_key: str | Callable[[], str | Awaitable[str]] | None = None,
        api_key_file: str | os.PathLike[str] | None = None,
        project_id: str | None = None,
        project: str | None = None,
        environment: Literal["cloud", "local"] | None = None,
        base_url: str | URL | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
        deadline: float | Unset | None = UNSET,
        max_retries: int | Unset = UNSET,
        retry: RetryPolicy | Unset = UNSET,
        max_response_bytes: int | Unset = UNSET,
        default_headers: Mapping[str, str | None] | None = None,
        set_default_headers: Mapping[str, str | None] | None = None,
        default_query: Mapping[str, object] | None = None,
        set_default_query: Mapping[str, object] | None = None,
    ) -> Self:
        """Make a copy with other options, which shares this client's connections, limiter and retry budget.

        Closing the copy leaves this client open; closing this client closes the connections of both. The options are
        those of the constructor; left out, they stay as they are.

        Args:
            default_headers: Added to those of this client.
            set_default_headers: Instead of those of this client.
            default_query: Added to those of this client.
            set_default_query: Instead of those of this client.

        Raises:
            InvalidArgumentError: an option is wrong, or two exclude each other.

        """
        api_key = mask(api_key)
        default_headers, set_default_headers = masked_headers(default_headers), masked_headers(set_default_headers)
        faults = [
            ArgumentProblem(f"set_{name}", f"excludes {name}")
            for name, given, instead in (
                ("default_headers", default_headers, set_default_headers),
                ("default_query", default_query, set_default_query),
            )
            if given is not None and instead is not None
        ]
        if faults:
            raise InvalidArgumentError(faults)
        changes: dict[str, Any] = {
            "project_id": project_id,
            "project": project,
            "default_headers": _laid_over(self._config.default_headers, default_headers, set_default_headers),
            "default_query": _laid_over(self._config.default_query, default_query, set_default_query),
        }
        if base_url is not None or environment is not None:
            changes["base_url"] = resolve_base_url(base_url, UNSET if environment is None else environment)
        changes = {name: value for name, value in changes.items() if value is not None}
        changes |= resolve_key(api_key, api_key_file, on_thread=self._asks_on_thread)
        for name, value in (("deadline", deadline), ("max_response_bytes", max_response_bytes)):
            if value is not UNSET:
                changes[name] = value
        copy = object.__new__(type(self))
        copy.__dict__.update({name: value for name, value in vars(self).items() if name.startswith("_")})
        copy._config = attrs.evolve(
            self._config, **changes, **_rarely_given(timeout, max_retries, retry, self._config.retry)
        )
        copy._transport.connection.towards(copy._config.base_url)
        copy._parent = self
        copy._closed = False
        copy._attach()
        return copy

    copy = with_options

    def __copy__(self) -> Self:
        return self.with_options()

    def __deepcopy__(self, memo: object) -> Self:
        return self.with_options()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a client is not pickled, its connections belong to this process; make one where it is used")

    def _attach(self) -> None:
        """Complete the client once its options are read."""

    @property
    def api_key(self) -> str | None:
        """The API key, masked in every `repr`; `None` without one, and where a callable returns it."""
        keys = self._config.keys
        return self._config.api_key if keys is None else keys.current

    @property
    def base_url(self) -> str:
        """Where the server is, without a slash at the end."""
        return self._config.base_url

    @property
    def timeout(self) -> Timeout:
        """Bound on one try."""
        return self._config.timeout

    @property
    def max_retries(self) -> int:
        """Most retries of one call."""
        return self._config.retry.max_retries

    @property
    def stats(self) -> ClientStats:
        """How many requests are in flight, may be, wait, and were sent and tried again so far."""
        return self._transport.stats(self.base_url)

    @property
    def is_closed(self) -> bool:
        """Whether this client, or the one that it is a copy of, was closed."""
        return self._closed or self._transport.closed

    def __repr__(self) -> str:
        if "_transport" not in vars(self):
            return f"<{type(self).__name__} in the making>"  # an option is wrong, and a traceback shows locals
        state = " (closed)" if self.is_closed else ""
        return f"<{type(self).__name__} {self.base_url}{state}>"


def _laid_over(
    present: Mapping[str, Any], added: Mapping[str, Any] | None, instead: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    if instead is not None:
        return dict(instead)
    return None if added is None else {**present, **added}


def _rarely_given(
    timeout: float | Timeout | Unset | None,
    max_retries: int | Unset,
    retry: RetryPolicy | Unset,
    present: RetryPolicy | None = None,
) -> dict[str, Any]:
    """Give the options that were given, `max_retries` as a change of the retry policy."""
    given: dict[str, Any] = {}
    if timeout is not UNSET:
        given["timeout"] = Timeout.of(timeout)
    if retry is not UNSET:
        given["retry"] = present = retry
    if max_retries is not UNSET:
        given["retry"] = attrs.evolve(present or RetryPolicy(), max_retries=max_retries)
    return given
