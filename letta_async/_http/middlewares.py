"""Middlewares of aiohttp that users pass: their validation, and what protects a call from what they do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from traceback import walk_tb
from typing import Any, Final

import aiohttp
from aiohttp.base_protocol import BaseProtocol

from letta_async.errors import ArgumentProblem, InvalidArgumentError, LettaError

__all__ = ["MiddlewareError", "checked_middlewares", "guarded"]

_BUFFER: Final = 2**16
"""Limit of a response's buffer, in bytes."""


class MiddlewareError(Exception):
    """Exception that a middleware raised, as the cause, rather than what sends the request."""

    def __init__(self, place: str, *, sent: bool) -> None:
        """Create the exception.

        Args:
            place: Name of the middleware, and where it raised the exception.
            sent: Whether the request may have reached the server.

        """
        super().__init__(place)
        self.place = place
        self.sent = sent


def checked_middlewares(given: Any, session: aiohttp.ClientSession | None) -> tuple[aiohttp.ClientMiddlewareType, ...]:
    """Return the middlewares of a client, of which none depends on another to leave the response as it is.

    Raises:
        InvalidArgumentError: A value cannot be called, or the user passed a session, which has middlewares of its own.

    """
    if given is None:
        return ()

    def refuse(words: str) -> InvalidArgumentError:
        return InvalidArgumentError([ArgumentProblem("middlewares", words)])

    if session is not None:
        raise refuse("excludes session: pass them to aiohttp.ClientSession(middlewares=…), whose requests pass them")
    if not isinstance(given, Iterable) or isinstance(given, str | bytes):
        raise refuse(f"{_name(given)} is not a sequence of middlewares; write [{_name(given)}]")
    middlewares: tuple[Any, ...] = tuple(given)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # any iterable
    for middleware in middlewares:
        if not callable(middleware):
            raise refuse(f"{_name(middleware)} is not a coroutine function of a request and what sends it")
    return middlewares


def guarded(middleware: aiohttp.ClientMiddlewareType) -> aiohttp.ClientMiddlewareType:
    """Return a middleware that does the same, but whose own exceptions are distinguished from those of the network.

    Responses that it does not return are closed; of the one that it returns, the body can still be read.
    """

    async def guard(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        received: list[aiohttp.ClientResponse] = []
        failures: list[BaseException] = []
        sent = False

        async def pass_on(request: aiohttp.ClientRequest) -> aiohttp.ClientResponse:
            nonlocal sent
            sent = True
            try:
                response = await send(request)
            except BaseException as error:
                failures.append(error)
                raise
            received.append(response)
            return response

        result: Any = None
        try:
            result = _checked(await middleware(request, pass_on))
        except LettaError:
            raise
        except Exception as error:
            if any(error is failure for failure in failures):
                raise
            raise MiddlewareError(_place(middleware, error), sent=sent) from error
        finally:
            failures.clear()  # their tracebacks refer to this frame
            for response in received:
                if response is not result:
                    response.close()
        return _unread(result)

    return guard


def _checked(result: Any) -> aiohttp.ClientResponse:
    if not isinstance(result, aiohttp.ClientResponse):
        raise TypeError(f"it returned {result!r} instead of a response")
    return result


def _unread(response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
    """Return a response whose body can be read, even if a middleware has read it already."""
    body = response._body  # pyright: ignore[reportPrivateUsage]  # there is no public one
    if body is not None:
        loop = response._loop  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]  # as above
        response.content = aiohttp.StreamReader(BaseProtocol(loop), _BUFFER, loop=loop)
        response.content.feed_data(body)
        response.content.feed_eof()
    return response


def _place(middleware: object, error: BaseException) -> str:
    """Return the name of a middleware and the line in which it raised an exception: its traceback is not kept."""
    own = [
        (frame.f_code, line) for frame, line in walk_tb(error.__traceback__) if frame.f_globals["__name__"] != __name__
    ]
    where = f", {PurePath(own[0][0].co_filename).name} line {own[0][1]}" if own else ""
    return f"{_name(middleware)}{where}"


def _name(value: object) -> str:
    """Return a short name of a value, which may refer to secrets that its `repr` would show."""
    return str(getattr(value, "__qualname__", None) or type(value).__name__)
