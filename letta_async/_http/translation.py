"""Translation of exceptions of aiohttp, TLS and the operating system, by a table whose first match applies."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar, cast

import aiohttp
import attrs
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError, TransferEncodingError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from letta_async._http.error_response import printable
from letta_async._http.middlewares import MiddlewareError
from letta_async._utils.secret_strings import MASK
from letta_async.config import Timeout, is_fallback
from letta_async.errors import APIConnectionError, APITimeoutError

__all__ = ["FOREIGN", "connection_error", "translate"]

E = TypeVar("E", bound=APIConnectionError)

_SHORT: Final = 200
_NO_DESCRIPTOR: Final = (errno.EMFILE, errno.ENFILE)


@attrs.frozen(eq=False)
class _Meaning:
    """Meaning of a foreign exception."""

    words: str
    cls: type[APIConnectionError] = APIConnectionError
    unprocessed: bool = False
    transient: bool = False
    exhausted: bool = False


_TIMEOUT: Final = _Meaning("no answer came in time", APITimeoutError, transient=True)
_BROKEN: Final = _Meaning("the connection broke before the answer was complete", transient=True)
_UNTRUSTED: Final = _Meaning("the server's TLS certificate is not trusted", unprocessed=True)
_UNWELCOME: Final = _Meaning("the server wants a client certificate, or another one: see ssl_context", unprocessed=True)
_EXHAUSTED: Final = _Meaning(
    "no file descriptor is left; lower max_concurrency, or raise the limit (ulimit -n)",
    unprocessed=True,
    transient=True,
    exhausted=True,
)
_GARBLED: Final = _Meaning(
    "what came back is not HTTP/1.1 that can be read; is it the right port, or https instead of http?"
)


_TOO_LONG: Final = _Meaning("the status line or a header of the answer is longer than the 8190 bytes that are read")
_TOO_MANY: Final = _Meaning("the answer has more headers than the 128 that are read")


def _of_parser_error(error: Any) -> _Meaning:
    """Distinguish a response head that exceeds a limit from bytes that are not HTTP."""
    said = str(error)  # the parser's own exception is only the cause of a cause
    if "Got more than" in said:
        return _TOO_LONG
    return _TOO_MANY if "Too many headers" in said else _GARBLED


def _of_os_error(error: Any) -> _Meaning:
    """Distinguish refused connections, unresolved names, failed TLS handshakes and broken connections."""
    if isinstance(error, aiohttp.ClientConnectorError):
        inner = error.os_error
        if isinstance(error, aiohttp.ClientConnectorDNSError) or isinstance(inner, socket.gaierror):
            return _of_resolver(inner)
        if isinstance(inner, ssl.SSLError):
            return _of_tls_error(inner)
        return _Meaning("no connection could be made", unprocessed=True, transient=True)
    # With TLS 1.3, the server rejects a client's certificate only after the client has finished the handshake.
    return _UNWELCOME if _is_certificate_refused(error) else _BROKEN


def _of_resolver(error: OSError) -> _Meaning:
    """Distinguish an unknown name from a failure of the resolver."""
    lasting = isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN
    if isinstance(error.__cause__, Exception):  # aiodns has the error numbers of c-ares
        lasting = lasting or error.__cause__.args[:1] in ((1,), (4,))
    if lasting:
        return _Meaning("the host's name does not resolve", unprocessed=True)
    return _Meaning("the host's name could not be resolved just now", unprocessed=True, transient=True)


def _of_tls_error(error: Any) -> _Meaning:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _UNTRUSTED
    if _is_certificate_refused(error):
        return _UNWELCOME
    return _Meaning("no secure connection could be made; does the server speak TLS on this port?", unprocessed=True)


def _is_certificate_refused(error: BaseException) -> bool:
    """Return whether the server sent a TLS alert about the client's certificate."""
    return bool(re.search(r"\balert\b.*\bcertificate\b", str(error)))


def _of_proxy_answer(error: aiohttp.ClientHttpProxyError) -> _Meaning:
    return _Meaning(f"the proxy answered {error.status}", unprocessed=True, transient=error.status in (502, 503, 504))


def _of_payload_error(error: Any) -> _Meaning:
    """Distinguish a response that was cut off from one with wrong framing."""
    cut_short = isinstance(error.__cause__, ContentLengthError | TransferEncodingError | OSError | aiohttp.ClientError)
    if cut_short and "Not enough data" in f"{error} {error.__cause__}":
        return _BROKEN
    return _BROKEN if isinstance(error.__cause__, OSError) else _GARBLED


def _of_middleware(error: MiddlewareError) -> _Meaning:
    return _Meaning(f"a middleware of yours failed: {error.place}", unprocessed=not error.sent)


FOREIGN: Final[list[tuple[type[BaseException], Callable[[Any], _Meaning]]]] = [
    (MiddlewareError, _of_middleware),
    (
        aiohttp.ConnectionTimeoutError,
        lambda _: _Meaning("no connection came about in time", APITimeoutError, unprocessed=True, transient=True),
    ),
    (aiohttp.ServerTimeoutError, lambda _: _TIMEOUT),
    (asyncio.TimeoutError, lambda _: _TIMEOUT),
    (aiohttp.ClientConnectorCertificateError, lambda _: _UNTRUSTED),
    (aiohttp.ServerFingerprintMismatch, lambda _: _UNTRUSTED),
    (aiohttp.ClientConnectorSSLError, _of_tls_error),
    (
        aiohttp.ClientProxyConnectionError,
        lambda _: _Meaning("the proxy was not reached", unprocessed=True, transient=True),
    ),
    (aiohttp.ClientHttpProxyError, _of_proxy_answer),
    (aiohttp.ClientOSError, _of_os_error),
    (aiohttp.ServerDisconnectedError, lambda _: _BROKEN),
    (aiohttp.ClientResponseError, _of_parser_error),
    (aiohttp.ClientPayloadError, _of_payload_error),
    (aiohttp.ClientConnectionError, lambda _: _BROKEN),
    (aiohttp.ClientError, lambda _: _Meaning("the request could not be made")),
    (HttpProcessingError, _of_parser_error),
    (ssl.SSLError, _of_tls_error),
    (OSError, lambda _: _BROKEN),
    (UnicodeError, lambda _: _Meaning("the host's name cannot be encoded")),
    (asyncio.CancelledError, lambda _: _Meaning("what the request waited for was cancelled, though the call was not")),
    (Exception, lambda _: _Meaning("the request failed in a way that was not foreseen")),
]
"""Exception classes, subclasses first, each with a function that returns the meaning of an instance."""


def translate(
    error: Exception | asyncio.CancelledError, method: str, path: str, base_url: str, timeout: Timeout | None = None
) -> APIConnectionError:
    """Return this package's error for a foreign exception, with that as its cause; it names the limit that passed."""
    own = isinstance(error, MiddlewareError)
    meaning = _EXHAUSTED if not own and _is_lack_of_descriptors(error) else _find_meaning(error)
    if own and isinstance(error.__cause__, Exception):
        error = error.__cause__
    _remove_secrets(error, URL(f"{base_url}{path}", encoded=True) if MASK in path else None)
    said = printable(str(error))[:_SHORT]
    limited = meaning.words if timeout is None else _with_limit(meaning, timeout)
    words = f"{limited} ({type(error).__name__}{': ' if said else ''}{said})"
    made = connection_error(words, method, path, base_url, meaning.cls)
    made.unprocessed = meaning.unprocessed
    made.transient = meaning.transient
    made.exhausted = meaning.exhausted
    made.__cause__ = error
    return made


def _with_limit(meaning: _Meaning, timeout: Timeout) -> str:
    """Return the words of a meaning, with the limit in seconds in place of `in time`."""
    seconds = timeout.connect_seconds if meaning.unprocessed else timeout.timeout
    if meaning.cls is not APITimeoutError or seconds is None:
        return meaning.words
    return meaning.words.replace("in time", f"within the timeout of {seconds:g} s")


def _find_meaning(error: BaseException) -> _Meaning:
    return next(meaning_of(error) for kind, meaning_of in FOREIGN if isinstance(error, kind))


def _is_lack_of_descriptors(error: BaseException) -> bool:
    """Return whether an error was caused by a lack of file descriptors: for a socket, the resolver or TLS."""
    return any(
        isinstance(link, OSError)
        and (link.errno in _NO_DESCRIPTOR or any(f"[Errno {number}]" in str(link) for number in _NO_DESCRIPTOR))
        for link in _error_chain(error)
    )


def _error_chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes and contexts, each once."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def connection_error(words: str, method: str, path: str, base_url: str, cls: type[E]) -> E:
    """Create an error whose message names the request and the server."""
    return cls(f"{method} {path}: {words} [{_server_hint(base_url)}]", request_method=method, request_path=path)


def _server_hint(base_url: str) -> str:
    if base_url == "http://localhost:8283":
        return f"to {base_url}: is a Letta server running there? start one with `letta server`, or set base_url"
    if is_fallback(base_url):
        return f"to {base_url}, the default: LETTA_BASE_URL is not set; set it or base_url for a server of your own"
    return f"to {base_url}"


def _remove_secrets(error: BaseException, shown: URL | None) -> None:
    """Remove what could contain a secret from an error and its causes: frames, headers, and the query of the URL.

    The rest can be pickled, for libraries that pickle causes, as `distributed` does.

    Args:
        error: The error.
        shown: URL to show instead of the one with a secret in its path; `None` if there is none.

    """
    for link in _error_chain(error):
        link.__traceback__ = None
        if isinstance(link, aiohttp.ClientResponseError):
            none = cast("CIMultiDictProxy[str]", CIMultiDict[str]())  # a proxy cannot be pickled
            info = link.request_info
            url, real_url = shown or info.url.with_query(None), shown or info.real_url.with_query(None)
            link.request_info = info._replace(url=url, headers=none, real_url=real_url)
            link.args = (link.request_info, ())
            link.headers = None if link.headers is None else CIMultiDict(link.headers)
        if isinstance(link, aiohttp.ServerDisconnectedError):
            link.message = str(link.message)  # it may be a parsed part of a response
            link.args = (link.message,)
