"""Base class of both clients: the constructor, `with_options` and the properties."""

from __future__ import annotations

import os
import ssl
import types
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, Self

import attrs
from yarl import URL

from letta_async._http.session import ConnectionOptions
from letta_async._http.transport import Transport
from letta_async._schema.unset import UNSET, Unset
from letta_async._utils.secret_strings import mask
from letta_async.config import INSTALLED, ClientConfig, Timeout, masked_headers, resolve_base_url, resolve_key
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.retry import RetryPolicy

if TYPE_CHECKING:
    import aiohttp

    from letta_async._http.rate_limit import RateLimit
    from letta_async._http.statistics import ClientStats
    from letta_async.instrumentation import Instrumentation

__all__ = ["BaseClient"]


class BaseClient:
    """Base class of both clients; the names and defaults of options are those of the official client."""

    _asks_on_thread: ClassVar[bool] = False
    """Whether a callable `api_key` is called on its own thread, because it may wait for the client's loop."""

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
        middlewares: Iterable[aiohttp.ClientMiddlewareType] | None = None,
        instrumentation: Instrumentation | Iterable[Instrumentation] | None = None,
        token: str | Callable[[], str | Awaitable[str]] | None = None,
    ) -> None:
        """Create a client. Nothing is sent; the connection is opened by the first call.

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
            base_url: URL of the server, without `/v1`. Default: `LETTA_BASE_URL`, else that of `environment`.
            timeout: Limit on one attempt: seconds, `None` for no limit, or a `Timeout`. Default: 60 s, of which 5 s to
                connect.
            deadline: Limit on a whole call in seconds: its attempts, the delays between them and the wait for the
                limiter. Default: `None`, no limit.
            max_retries: Short form of `retry=RetryPolicy(max_retries=…)`. Default: 2.
            retry: Policy that decides which errors are retried, and when. Default: `RetryPolicy()`.
            max_concurrency: Maximum number of requests in flight, of each class of traffic: ordinary calls, calls that
                run a model, and streams. Up to this number, the client adapts its limits to the server's response
                times and errors; further requests wait in a queue. Default: 256.
            concurrency: Fixed number of requests in flight, of each class, instead. Default: `None`, adaptive.
            max_response_bytes: Maximum size of a response body in bytes, after decompression. Default: 64 MiB.
            default_headers: Headers for every request; they replace those of `LETTA_CUSTOM_HEADERS` (one `name: value`
                per line) and of the client. `None` as a value removes a header.
            default_query: Query parameters for every request.
            session: An `aiohttp.ClientSession` of the same event loop to use and not to close; its TLS and proxy
                settings apply.
            ssl_context: TLS settings, such as other certificate authorities or a client certificate.
            proxy: URL of an HTTP proxy; a user name and password in it are sent only to the proxy.
            trust_env: Use the proxies in environment variables. Default: `False`.
            middlewares: Client middlewares of aiohttp, through which each attempt passes, the first one outermost: they
                can sign requests and add headers. Not with `session`, which has its own.
            instrumentation: An `Instrumentation`, or several, to notify of the calls. Default: those of
                `letta_async.instrumentation.install`.
            token: Earlier name of `api_key`.

        Raises:
            InvalidArgumentError: An option is invalid.

        """
        # Masked before anything can fail, so that no traceback with locals shows them.
        api_key, token, proxy = mask(api_key), mask(token), mask(proxy)
        default_headers = masked_headers(default_headers)
        if api_key is not None and token is not None:
            raise InvalidArgumentError([ArgumentProblem("token", "excludes api_key")])
        self._config = ClientConfig.read(
            api_key=token if api_key is None else api_key,
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
            instrumentation=_with_installed(instrumentation),
            **_passed_options(timeout, max_retries, retry),
        )
        connection = ConnectionOptions.make(
            session=session, ssl_context=ssl_context, proxy=proxy, trust_env=trust_env, middlewares=middlewares
        )
        connection.for_server(self._config.base_url)  # refuses a proxy of the environment while the client is made
        self._transport = Transport(connection=connection, max_concurrency=max_concurrency, concurrency=concurrency)
        self._parent: BaseClient | None = None
        self._closed = False
        self._finish_init()

    @classmethod
    def _from_config(cls, config: ClientConfig, transport: Transport) -> Self:
        """Create a client from an existing configuration and transport; closing it leaves the transport open."""
        client = object.__new__(cls)
        client._config = config
        client._transport = transport
        client._parent = client
        client._closed = False
        client._finish_init()
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
        instrumentation: Instrumentation | Iterable[Instrumentation] | Unset | None = UNSET,
    ) -> Self:
        """Create a copy with other options, which shares this client's connections, limiter and retry budget.

        Closing the copy leaves this client open; closing this client closes the connections of both. The options are
        those of the constructor; those left out keep this client's values.

        Args:
            default_headers: Headers to add to this client's `default_headers`.
            set_default_headers: Headers to use instead of this client's `default_headers`.
            default_query: Query parameters to add to this client's `default_query`.
            set_default_query: Query parameters to use instead of this client's `default_query`.

        Raises:
            InvalidArgumentError: An option is invalid, or two options exclude each other.

        """
        api_key = mask(api_key)
        default_headers, set_default_headers = masked_headers(default_headers), masked_headers(set_default_headers)
        problems = [
            ArgumentProblem(f"set_{name}", f"excludes {name}")
            for name, given, instead in (
                ("default_headers", default_headers, set_default_headers),
                ("default_query", default_query, set_default_query),
            )
            if given is not None and instead is not None
        ]
        if problems:
            raise InvalidArgumentError(problems)
        changes: dict[str, Any] = {
            "project_id": project_id,
            "project": project,
            "default_headers": _merge_or_replace(self._config.default_headers, default_headers, set_default_headers),
            "default_query": _merge_or_replace(self._config.default_query, default_query, set_default_query),
        }
        if base_url is not None or environment is not None:
            changes["base_url"] = resolve_base_url(base_url, UNSET if environment is None else environment)
        changes = {name: value for name, value in changes.items() if value is not None}
        changes |= resolve_key(api_key, api_key_file, on_thread=self._asks_on_thread)
        if instrumentation is not UNSET:
            changes["instrumentation"] = _with_installed(instrumentation)
        for name, value in (("deadline", deadline), ("max_response_bytes", max_response_bytes)):
            if value is not UNSET:
                changes[name] = value
        copy = object.__new__(type(self))
        copy.__dict__.update({name: value for name, value in vars(self).items() if name.startswith("_")})
        copy._config = attrs.evolve(
            self._config, **changes, **_passed_options(timeout, max_retries, retry, self._config.retry)
        )
        copy._transport.connection.for_server(copy._config.base_url)
        copy._parent = self
        copy._closed = False
        copy._finish_init()
        return copy

    copy = with_options

    def __copy__(self) -> Self:
        return self.with_options()

    def __deepcopy__(self, memo: object) -> Self:
        return self.with_options()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a client is not pickled, its connections belong to this process; make one where it is used")

    def _finish_init(self) -> None:
        """Finish the initialization of a client after its options are set."""

    @property
    def api_key(self) -> str | None:
        """API key, masked in every `repr`; `None` without one, and if a callable returns it."""
        keys = self._config.keys
        return self._config.api_key if keys is None else keys.current

    @property
    def base_url(self) -> str:
        """URL of the server, without a slash at the end."""
        return self._config.base_url

    @property
    def _client(self) -> types.SimpleNamespace:
        """URL and headers for requests by httpx, where programs look for them in the official client.

        As there, the headers are without the key.
        """
        url, headers = self.base_url, dict[str, str]()
        return types.SimpleNamespace(base_url=url, _base_url=url, headers=headers, _headers=headers)

    @property
    def timeout(self) -> Timeout:
        """Time limit on one attempt."""
        return self._config.timeout

    @property
    def max_retries(self) -> int:
        """Maximum number of retries per call."""
        return self._config.retry.max_retries

    @property
    def instrumentation(self) -> tuple[Instrumentation, ...]:
        """Instrumentation that is notified of the calls: the option of the client, and what `install` added."""
        return self._config.instrumentation or ()

    @property
    def stats(self) -> ClientStats:
        """Numbers of requests in flight, allowed in flight, queued and retried, in sum and per class of traffic."""
        return self._transport.stats(self.base_url)

    @property
    def rate_limit(self) -> RateLimit | None:
        """Latest rate limit in the headers of a response, `RateLimit` or `X-RateLimit-…`; `None` if there was none.

        Copies made by `with_options` share it, if they use the same server.
        """
        return self._transport.rate_limit(self.base_url)

    @property
    def is_closed(self) -> bool:
        """Whether this client, or the client that it is a copy of, is closed."""
        return self._closed or self._transport.closed

    def __repr__(self) -> str:
        if "_transport" not in vars(self):
            return f"<{type(self).__name__} in the making>"  # an option is wrong, and a traceback shows locals
        state = " (closed)" if self.is_closed else ""
        return f"<{type(self).__name__} {self.base_url}{state}>"


def _with_installed(given: Instrumentation | Iterable[Instrumentation] | None) -> tuple[Instrumentation, ...] | None:
    """Return what a new client notifies; `None` for nothing, which is the usual case."""
    if given is None and not INSTALLED:
        return None
    from letta_async.instrumentation import with_installed  # noqa: PLC0415 - imported by those that use it

    return with_installed(given)


def _merge_or_replace(
    present: Mapping[str, Any], added: Mapping[str, Any] | None, instead: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Return a mapping with additions, or its replacement; `None` if neither was passed."""
    if instead is not None:
        return dict(instead)
    return None if added is None else {**present, **added}


def _passed_options(
    timeout: float | Timeout | Unset | None,
    max_retries: int | Unset,
    retry: RetryPolicy | Unset,
    present: RetryPolicy | None = None,
) -> dict[str, Any]:
    """Return the options that are not `UNSET`, with `max_retries` as part of the retry policy."""
    given: dict[str, Any] = {}
    if timeout is not UNSET:
        given["timeout"] = Timeout.of(timeout)
    if retry is not UNSET:
        given["retry"] = present = retry
    if max_retries is not UNSET:
        given["retry"] = attrs.evolve(present or RetryPolicy(), max_retries=max_retries)
    return given
