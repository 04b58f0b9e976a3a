"""Configuration of a client, validated once; the only module that reads environment variables."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

import attrs
from multidict import CIMultiDict
from yarl import URL

from letta_async._schema.json_values import is_object, json_problems, show, to_builtin_scalar, to_builtins
from letta_async._schema.unset import UNSET, Unset
from letta_async._utils.api_key_sources import (
    KEY_PLACEHOLDER,
    CallableKeySource,
    FileKeySource,
    KeySource,
    api_key_problems,
)
from letta_async._utils.caller_warnings import warn
from letta_async._utils.logging_setup import configure_logging
from letta_async._utils.secret_strings import Secret, mask, names_secret
from letta_async._version import __version__
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.retry import RetryPolicy

if TYPE_CHECKING:
    from letta_async.instrumentation import Instrumentation

__all__ = [
    "ENVIRONMENTS",
    "INSTALLED",
    "ClientConfig",
    "Timeout",
    "deadline_problems",
    "flag_problems",
    "header_problems",
    "is_fallback",
    "is_seconds",
    "masked_headers",
    "resolve_base_url",
    "resolve_key",
]

INSTALLED: Final[list[Instrumentation]] = []
"""Instrumentation of all clients; `letta_async.instrumentation.install` adds to it."""
ENVIRONMENTS: Final[Mapping[str, str]] = {"cloud": "https://api.letta.com", "local": "http://localhost:8283"}
"""Base URL of each named environment."""

_HEADER_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEADER_TEXT: Final = r"[\t\x20-\x7e\x80-\xff]*"
"""Pattern of the value of a header."""
_BARE: Final = (
    r"(?:(?P<scheme>https?)(?::/?|//?)|/*)"
    r"(?P<rest>(?:\[[^/\]]+\]|(?!\d+(?:/|$))[^/:\[\]]+)(?::\d+)?(?:/.*?)??)(?:/v1)?/*"
)
"""Pattern of a base URL with a missing or incomplete scheme: `localhost:8283`, `http:/localhost`."""
_OF_THE_BODY: Final = frozenset({"content-length", "transfer-encoding"})
"""Headers with which a request would not end where its body does."""
_MAX_SECONDS: Final = sys.float_info.max
_LOOPBACK: Final = r"localhost|127(\.\d+){3}|::1|.*\.localhost"


@attrs.frozen
class Timeout:
    """Time limit on one attempt of a request; the wait for a slot of the limiter does not count.

    Raises:
        InvalidArgumentError: A value is not a positive number of seconds.

    """

    timeout: float | None = 60.0
    """Limit on the whole attempt, from connecting to the last byte of the response, in seconds; `None` for no limit.
    Default: 60."""
    connect: float | None = attrs.field(default=5.0, kw_only=True)
    """Limit on connecting, including name resolution and TLS, in seconds. At most nine tenths of `timeout` apply, so
    that a hanging connection is distinguished from a missing response. `None` for that share alone. Default: 5."""
    pings: bool = attrs.field(default=True, kw_only=True)
    """Whether a ping of the server counts as data of an event stream, whose `timeout` limits each wait for data; with
    `False` a stream on which only pings arrive times out. Default: `True`."""
    connect_seconds: float | None = attrs.field(init=False, repr=False, eq=False)
    """Limit on connecting that follows from `timeout` and `connect`, in seconds; `None` for no limit."""

    def __attrs_post_init__(self) -> None:
        problems = [
            ArgumentProblem(f"timeout{suffix}", f"{show(value)} is not a positive number of seconds, nor None")
            for suffix, value in (("", self.timeout), (".connect", self.connect))
            if value is not None and not is_seconds(value)
        ]
        problems += flag_problems(**{"timeout.pings": self.pings})
        if problems:
            raise InvalidArgumentError(problems)
        limits = [self.connect, None if self.timeout is None else 0.9 * self.timeout]
        shortest = min((limit for limit in limits if limit is not None), default=None)
        object.__setattr__(self, "connect_seconds", shortest)

    @classmethod
    def of(cls, value: float | Timeout | None) -> Timeout:
        """Return the `Timeout` for a value of a `timeout` argument: seconds, `None` for no limit, or a `Timeout`.

        An `httpx.Timeout` is read as well: its `read` limits the attempt, its `connect` the connecting.
        """
        if isinstance(value, Timeout):
            return value
        if all(hasattr(value, name) for name in ("connect", "read", "write", "pool")):
            other: Any = value
            return cls(other.read, connect=other.connect)
        return cls(value)


def is_seconds(value: object) -> bool:
    """Return whether a value is a positive number of seconds that a float can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _MAX_SECONDS


def deadline_problems(deadline: object) -> Iterable[ArgumentProblem]:
    """Yield the problem of a deadline that is neither `None` nor a positive number of seconds."""
    if deadline is not None and not is_seconds(deadline):
        yield ArgumentProblem("deadline", f"{show(deadline)} is not a positive number of seconds, nor None")


def flag_problems(**flags: object) -> Iterable[ArgumentProblem]:
    """Yield the problem of each flag that is neither `True` nor `False`."""
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            yield ArgumentProblem(name, f"{show(flag)} is neither True nor False")


def masked_headers(headers: Any) -> Any:
    """Return headers with the values of sensitive ones masked; return anything that is not a mapping unchanged."""
    if not is_object(headers):
        return headers
    named = {to_builtin_scalar(name): value for name, value in headers.items()}
    return {name: mask(value) if names_secret(str(name)) else to_builtin_scalar(value) for name, value in named.items()}


@attrs.frozen(eq=False, kw_only=True)
class ClientConfig:
    """Validated options of a client, completed from the environment."""

    api_key: Secret | None = attrs.field(converter=mask)
    keys: KeySource | None = None
    """Source of changing API keys, instead of `api_key`."""
    base_url: str
    project_id: str | None = None
    project: str | None = None
    timeout: Timeout = Timeout()
    deadline: float | None = None
    retry: RetryPolicy = attrs.field(factory=RetryPolicy)
    default_headers: Mapping[str, str | None] = attrs.field(
        factory=dict[str, str | None], converter=masked_headers, repr=False
    )
    default_query: Mapping[str, object] = attrs.field(factory=dict[str, object], repr=False)
    max_response_bytes: int = 64 * 1024 * 1024
    instrumentation: tuple[Instrumentation, ...] | None = None
    """Instrumentation that is notified of the calls; `None` for none."""
    headers: Mapping[str, str] = attrs.field(init=False, repr=False)
    """Headers of every request without a body."""
    json_headers: Mapping[str, str] = attrs.field(init=False, repr=False)
    """Headers of every request with a JSON body."""

    def __attrs_post_init__(self) -> None:
        headers: dict[str, str | None] = {
            "User-Agent": f"letta-async/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Authorization": _authorization(self),
            "X-Project-Id": self.project_id,
            "X-Project": self.project,
        }
        problems = list(_config_problems(self))
        if problems:
            raise InvalidArgumentError(problems)
        content_type = {"Content-Type": "application/json"}
        object.__setattr__(self, "default_query", to_builtins(self.default_query))
        object.__setattr__(self, "headers", merge_headers(headers, self.default_headers))
        object.__setattr__(self, "json_headers", merge_headers(headers, content_type, self.default_headers))
        host = urlsplit(self.base_url).hostname or ""
        leaves_plain = self.base_url.startswith("http:") and not re.fullmatch(_LOOPBACK, host)
        if leaves_plain and headers["Authorization"] is not None:
            warn(f"the API key goes to {host} over plain http, where others can read it; use https")

    @classmethod
    def read(
        cls,
        *,
        api_key: str | Callable[[], str | Awaitable[str]] | None,
        api_key_file: str | os.PathLike[str] | None = None,
        on_thread: bool = False,
        environment: str | Unset,
        base_url: str | URL | Unset | None,
        default_headers: Mapping[str, str | None] | None,
        default_query: Mapping[str, object] | None,
        **others: Any,
    ) -> ClientConfig:
        """Create a configuration from a client's options and, for those left out, environment variables."""
        for name, given in (("default_headers", default_headers), ("default_query", default_query)):
            if given is not None and not isinstance(given, Mapping):
                raise InvalidArgumentError([ArgumentProblem(name, "is not a mapping of names to values")])
        configure_logging(os.environ.get("LETTA_LOG"))
        return cls(
            **(resolve_key(api_key, api_key_file, on_thread=on_thread) or _key_of_the_environment()),
            base_url=resolve_base_url(base_url, environment),
            default_headers=_custom_headers(os.environ.get("LETTA_CUSTOM_HEADERS", "")) | dict(default_headers or {}),
            default_query=dict(default_query or {}),
            **others,
        )


def resolve_key(
    api_key: str | Callable[[], str | Awaitable[str]] | None,
    api_key_file: str | os.PathLike[str] | None,
    *,
    on_thread: bool,
) -> dict[str, Any]:
    """Return the options `api_key` and `keys` of a `ClientConfig`; an empty dictionary if both arguments are `None`.

    Args:
        api_key: A key, or a callable that returns one or an awaitable of one.
        api_key_file: Path of a file with the key.
        on_thread: Call the callable on its own thread.

    Raises:
        InvalidArgumentError: Both arguments were passed, or the file has no key that can be sent.

    """
    if api_key is not None and api_key_file is not None:
        raise InvalidArgumentError([ArgumentProblem("api_key_file", "excludes api_key")])
    if api_key_file is not None:
        return {"api_key": None, "keys": FileKeySource(api_key_file)}
    if callable(api_key):
        return {"api_key": None, "keys": CallableKeySource(api_key, on_thread=on_thread)}
    return {} if api_key is None else {"api_key": api_key, "keys": None}


def _key_of_the_environment() -> dict[str, Any]:
    key, file = mask(os.environ.get("LETTA_API_KEY") or None), os.environ.get("LETTA_API_KEY_FILE") or None
    if key is not None and file is not None:
        problem = "ambiguous: LETTA_API_KEY is set too; unset one of them"
        raise InvalidArgumentError([ArgumentProblem("LETTA_API_KEY_FILE", problem)])
    return {"api_key": key, "keys": None if file is None else FileKeySource(file, "LETTA_API_KEY_FILE")}


def _authorization(config: ClientConfig) -> Secret | None:
    """Return the value of the `Authorization` header; `None` without an API key."""
    if config.keys is not None:
        return KEY_PLACEHOLDER
    return None if config.api_key is None else Secret(f"Bearer {config.api_key}")


def merge_headers(*layers: Mapping[str, str | None]) -> CIMultiDict[str]:
    """Merge headers by case-insensitive name; later layers take precedence, and `None` or `UNSET` removes a header."""
    merged: CIMultiDict[str] = CIMultiDict()
    for layer in layers:
        for name, value in masked_headers(layer).items():
            if value is None or value is UNSET:
                merged.pop(name, None)
            else:
                merged[name] = value
    return merged


def header_problems(headers: Mapping[str, Any], path: str) -> Iterable[ArgumentProblem]:
    """Yield a problem for each header that would split a request or cannot be sent, without its value."""
    for name, value in headers.items():
        if not isinstance(name, str) or not re.fullmatch(_HEADER_NAME, name):
            yield ArgumentProblem(path, f"{name!r} is not a header name")
        elif value is not None and value is not UNSET and name.lower() in _OF_THE_BODY:
            yield ArgumentProblem(path, f"{name!r} follows from the body that is sent, and cannot be set")
        elif not (value is None or value is UNSET or (isinstance(value, str) and re.fullmatch(_HEADER_TEXT, value))):
            yield ArgumentProblem(f"{path}[{name!r}]", "the value is not printable Latin-1 text on one line")


def _config_problems(config: ClientConfig) -> Iterable[ArgumentProblem]:
    yield from api_key_problems(config.api_key)
    for name in ("project_id", "project"):
        value = getattr(config, name)
        if value is not None:
            for _ in header_problems({"X-Project": value}, name):
                yield ArgumentProblem(name, f"{value!r} is not printable Latin-1 text on one line")
    yield from header_problems(config.default_headers, "default_headers")
    yield from deadline_problems(config.deadline)
    if not isinstance(config.retry, RetryPolicy):
        yield ArgumentProblem("retry", f"{config.retry!r} is not a RetryPolicy")
    yield from json_problems(config.default_query, "default_query")
    size: object = config.max_response_bytes
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        yield ArgumentProblem("max_response_bytes", f"{size!r} is not a positive number of bytes")


def resolve_base_url(base_url: str | URL | Unset | None, environment: str | Unset) -> str:
    """Return the base URL in the official client's order of precedence: argument, `environment`, LETTA_BASE_URL, cloud.

    Raises:
        InvalidArgumentError: The URL is invalid, or `environment` is unknown or conflicts with LETTA_BASE_URL.

    """
    from_environ = os.environ.get("LETTA_BASE_URL") or None
    if base_url is not UNSET and base_url is not None:
        return _checked_base_url(str(to_builtin_scalar(base_url)), "base_url")
    if environment is not UNSET:
        if from_environ is not None and base_url is UNSET:
            problem = "ambiguous: LETTA_BASE_URL is set too; pass base_url=None to use the environment named here"
            raise InvalidArgumentError([ArgumentProblem("environment", problem)])
        if environment not in ENVIRONMENTS:
            names = " or ".join(map(repr, ENVIRONMENTS))
            raise InvalidArgumentError(
                [ArgumentProblem("environment", f"{environment!r} is unknown; allowed: {names}")]
            )
        return ENVIRONMENTS[environment]
    if from_environ is not None:
        return _checked_base_url(from_environ, "LETTA_BASE_URL")
    return ENVIRONMENTS["cloud"]


def is_fallback(base_url: str) -> bool:
    """Return whether a base URL is the cloud's, used because LETTA_BASE_URL is not set."""
    return base_url == ENVIRONMENTS["cloud"] and not os.environ.get("LETTA_BASE_URL")


def _checked_base_url(text: str, path: str) -> str:
    """Return a normalized base URL; raise `InvalidArgumentError` for one that could send the key elsewhere.

    The error does not show a password in the URL.
    """

    def refuse(problem: str) -> InvalidArgumentError:
        return InvalidArgumentError(
            [ArgumentProblem(path, f"{problem}; expected a form such as https://api.letta.com")]
        )

    if not text.isprintable() or " " in text or "\\" in text:
        raise refuse("holds white space, a backslash or an unprintable character")
    try:
        parts = urlsplit(text)
        url = URL(text)
        url.host  # noqa: B018 - decodes the host, which fails for a bad IDNA label
        too_long = any(len(label) > 63 for label in (url.raw_host or "").split("."))
    except (ValueError, IndexError):  # yarl raises the latter for some hosts in brackets
        raise refuse("is not a URL that can be read") from None
    if "@" in parts.netloc:
        raise refuse("holds a user name or password, which belongs in api_key or default_headers")
    if offer := _with_scheme(text):
        raise InvalidArgumentError([ArgumentProblem(path, f"{text!r} has no scheme; did you mean {offer}?")])
    if parts.scheme not in ("http", "https"):
        raise refuse(f"has {f'the scheme {parts.scheme!r}' if parts.scheme else 'no scheme'} instead of http or https")
    if not url.host or not url.raw_host or too_long or ".." in url.host or url.host.startswith("."):
        raise refuse("has no host, or one that is no name")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise refuse("has a query or fragment, which belongs in default_query")
    if {".", ".."} & set(parts.path.lower().replace("%2e", ".").split("/")):
        raise refuse("has a path that climbs")
    whole = str(url).rstrip("/")
    if whole.endswith("/v1"):
        problem = f"ends in /v1, with which every path begins already; use {whole[:-3].rstrip('/')}"
        raise InvalidArgumentError([ArgumentProblem(path, problem)])
    return whole


def _with_scheme(text: str) -> str | None:
    """Return the base URL that is probably meant by a host, port and path without a scheme; `None` for other text."""
    match = re.fullmatch(_BARE, text)
    if match is None:
        return None
    cloud = ENVIRONMENTS["cloud"]
    scheme = match["scheme"] or ("https" if match["rest"] == cloud.removeprefix("https://") else "http")
    try:
        return _checked_base_url(f"{scheme}://{match['rest']}", "base_url")
    except InvalidArgumentError:
        return None


def _custom_headers(text: str) -> dict[str, str | None]:
    """Parse LETTA_CUSTOM_HEADERS, one `name: value` per line; a line without a colon is ignored with a warning."""
    headers: dict[str, str | None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = value.strip()
        elif line.strip():  # not shown: it may be a secret
            warn(f"line {number} of LETTA_CUSTOM_HEADERS is passed over: it has no colon between a name and a value")
    return headers


Environment = Literal["cloud", "local"]
