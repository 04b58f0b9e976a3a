"""Tests that no exception of the HTTP library reaches a caller."""

from __future__ import annotations

import asyncio
import errno
import inspect
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import http_exceptions
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from letta_async import APIConnectionError, APITimeoutError
from letta_async._http.translation import FOREIGN, translate

_KEY = ConnectionKey("127.0.0.1", 1, False, True, None, None, None)
_URL = URL("http://127.0.0.1:1/")
_REQUEST = aiohttp.RequestInfo(_URL, "POST", CIMultiDictProxy(CIMultiDict(Authorization="Bearer MostSecret")), _URL)


def _subclasses(cls: type[BaseException]) -> Iterator[type[BaseException]]:
    yield cls
    for sub in cls.__subclasses__():
        yield from _subclasses(sub)


def _is_aiohttps(cls: type[BaseException]) -> bool:
    return cls.__module__.startswith("aiohttp")


CLASSES = sorted({cls for cls in _subclasses(aiohttp.ClientError) if _is_aiohttps(cls)}, key=str)


def _make(cls: type[Any]) -> Exception:
    """Create an instance of an exception class, whatever arguments its constructor requires."""
    if issubclass(cls, aiohttp.ClientResponseError):
        arguments: tuple[Any, ...] = (_REQUEST, ())
    elif issubclass(cls, UnixClientConnectorError):
        arguments = ("/run/letta.sock", _KEY, OSError(errno.ENOENT, "none"))
    elif issubclass(cls, aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError):
        arguments = (_KEY, OSError(errno.ECONNREFUSED, "refused"))
    elif issubclass(cls, aiohttp.ServerFingerprintMismatch):
        arguments = (b"expected", b"got", "127.0.0.1", 1)
    else:
        arguments = ("http://127.0.0.1:1/",)
    error = cls(*arguments)
    assert isinstance(error, Exception)
    return error


def _translate(error: Exception) -> APIConnectionError:
    return translate(error, "POST", "/v1/x", "http://127.0.0.1:1")


def test_the_walk_finds_what_aiohttp_exports() -> None:
    exported = {
        value for value in vars(aiohttp).values() if inspect.isclass(value) and issubclass(value, aiohttp.ClientError)
    }
    assert len(exported) > 20
    assert exported <= set(CLASSES)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_exception_of_aiohttp_is_translated(cls: type[BaseException]) -> None:
    error = _make(cls)
    made = _translate(error)
    assert isinstance(made, APIConnectionError)
    assert made.__cause__ is error
    assert type(error).__name__ in str(made)
    assert "MostSecret" not in f"{made} {error!r} {error.args}"
    assert isinstance(error, asyncio.TimeoutError) == isinstance(made, APITimeoutError)


@pytest.mark.parametrize(
    "cls",
    [cls for cls in _subclasses(http_exceptions.HttpProcessingError) if _is_aiohttps(cls)],
    ids=lambda cls: cls.__name__,
)
def test_what_the_parser_raises_is_translated(cls: Any) -> None:
    error = cls("line") if cls is not http_exceptions.HttpProcessingError else cls()
    assert not _translate(error).transient


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(errno.ECONNRESET, "reset"),
        BrokenPipeError(),
        OSError(errno.EHOSTUNREACH, "no route"),
        ssl.SSLError(1, "odd"),
        ssl.SSLEOFError(8, "EOF"),
        ssl.SSLCertVerificationError(1, "bad"),
        socket.gaierror(-2, "unknown"),
        UnicodeError("label too long"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_the_system_raises_is_translated(error: Exception) -> None:
    assert "not foreseen" not in str(_translate(error))


@pytest.mark.parametrize(
    ("inner", "words", "transient"),
    [
        (ssl.SSLError(1, "odd"), "no secure connection could be made", False),
        (ssl.SSLCertVerificationError(1, "bad"), "certificate is not trusted", False),
        (ssl.SSLError(1, "tlsv13 alert certificate required"), "wants a client certificate", False),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "name does not resolve", False),
        (socket.gaierror(socket.EAI_FAIL, "broken"), "name does not resolve", False),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "could not be resolved just now", True),
        (OSError(errno.ECONNREFUSED, "refused"), "no connection could be made", True),
    ],
)
def test_why_no_connection_was_made_decides_what_to_do(inner: OSError, words: str, transient: bool) -> None:
    made = _translate(aiohttp.ClientConnectorError(_KEY, inner))
    assert words in str(made)
    assert (made.unprocessed, made.transient, made.exhausted) == (True, transient, False)


@pytest.mark.parametrize(
    ("number", "transient"),
    [(1, False), (4, False), (3, True), (11, True), (12, True)],  # ARES_ENODATA, _ENOTFOUND; no answer, or a bad one
)
def test_the_other_resolver_has_numbers_of_its_own(number: int, transient: bool) -> None:
    inner = OSError(None, "whatever aiodns says")
    inner.__cause__ = Exception(number, "DNS server returned something")
    made = _translate(aiohttp.ClientConnectorDNSError(_KEY, inner))
    assert (made.unprocessed, made.transient) == (True, transient)


def _led_to(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize(
    "make",
    [
        lambda number: aiohttp.ClientConnectorError(_KEY, OSError(number, "full")),
        lambda number: _led_to(aiohttp.ClientConnectorDNSError(_KEY, OSError(number, "full")), OSError(number, "full")),
        lambda number: OSError(number, "full"),
        lambda number: OSError(f"Multiple exceptions: [Errno {number}] full, [Errno 111] refused"),
        lambda number: _led_to(ssl.SSLError("no authorities"), OSError(number, "full")),
        lambda number: _led_to(ValueError("no key"), OSError(number, "full")),
    ],
    ids=["socket", "resolver", "bare", "two-addresses", "tls", "other"],
)
def test_a_lack_of_descriptors_is_known_wherever_it_shows(make: Callable[[int], Exception], number: int) -> None:
    made = _translate(make(number))
    assert "no file descriptor is left; lower max_concurrency" in str(made)
    assert (made.unprocessed, made.transient, made.exhausted) == (True, True, True)


@pytest.mark.parametrize(
    "error", [ValueError("x"), RuntimeError("x"), KeyError("x"), AssertionError("x"), asyncio.CancelledError("x")]
)
def test_what_nobody_foresaw_is_named_and_final(error: Exception) -> None:
    made = _translate(error)
    assert f"({type(error).__name__}: " in str(made)
    assert made.__cause__ is error
    assert (made.unprocessed, made.transient) == (False, False)


def test_no_line_of_the_table_is_hidden_by_one_above_it() -> None:
    kinds = [kind for kind, _ in FOREIGN]
    for position, kind in enumerate(kinds):
        assert not any(issubclass(kind, above) for above in kinds[:position]), kind
