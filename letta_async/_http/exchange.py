"""Exchange of one request and response on a connection, except for the bodies of event streams."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

import aiohttp
from aiohttp.http_exceptions import BadHttpMessage
from yarl import URL

from letta_async._http.connection_reuse import PARSED_IN_PYTHON
from letta_async._http.context import CallContext
from letta_async._http.error_response import MAX_REFUSAL
from letta_async._http.redirects import redirect_target
from letta_async._http.request import Request
from letta_async._http.response_decoding import Response, invalid_response, is_event_stream, refuse_stream
from letta_async._http.session import REUSED, aiohttp_timeout
from letta_async._http.timeouts import Timer
from letta_async._http.translation import translate
from letta_async.errors import APIConnectionError, LettaError
from letta_async.errors._details import request_id_of

if TYPE_CHECKING:
    from letta_async._http.form import OpenForm
    from letta_async._http.observation import Observation

__all__ = ["drop_response", "exchange", "is_cancelled"]

_SendRequest = Callable[..., Awaitable[aiohttp.ClientResponse]]

_LARGE: Final = 2**20
"""Minimum size of a body that is sent in pieces, in bytes."""
_ENDED: Final = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError)
"""Exceptions of a reused connection that the server had closed while it was idle."""
_MAX_RESENDS: Final = 3
"""Maximum number of times a request is sent again because its idle connection was closed."""


async def exchange(context: CallContext, request: Request, began: float, observation: Observation | None) -> Response:
    """Send a request and read its response within the attempt's timeout, following redirects within the origin.

    Of an event stream, only the head is read, and of a response that the user reads.

    Args:
        context: State shared by the calls of the client.
        request: Request to send.
        began: Time at which the attempt began, on the loop's clock.
        observation: Observation of the call; `None` if nothing observes it.

    Raises:
        APIConnectionError: No response arrived, whatever the HTTP library, TLS or the operating system raised.
        APIResponseValidationError: The response is larger than the client accepts.
        Exception: Any exception of a file that is uploaded, or of the callback for its progress.

    """
    config = context.config
    target = URL(f"{config.base_url}{request.target}", encoded=True)
    hops = 0
    forms: list[OpenForm] = []
    headers: Mapping[str, str] = {}
    try:
        with Timer(context.watch, request.timeout.timeout, began):
            while True:
                response = await _send(context, request, target, forms)
                try:
                    status, headers = response.status, response.headers
                    if PARSED_IN_PYTHON and len(headers.getall("Content-Length", ())) > 1:
                        _refuse_two_lengths(response)
                    success = 200 <= status < 300
                    elsewhere = (
                        None if success else redirect_target(request, status, headers, target, config.base_url, hops)
                    )
                    if elsewhere is None:
                        if success and (request.raw is not None or is_event_stream(headers)):
                            return await _keep_source(response, request, config.max_response_bytes)
                        content, limit = response.content, config.max_response_bytes
                        has_arrived = success and content.is_eof() and content.total_bytes <= limit  # as is usual
                        body = content.read_nowait() if has_arrived else await _read_body(response, request, limit)
                        return Response(status, headers, body)
                except BaseException:
                    drop_response(response)
                    raise
                drop_response(response)
                if observation is not None:
                    observation.redirect(status, headers)
                target = elsewhere
                hops += 1
    except LettaError as error:
        _add_request_id(error, headers)
        raise
    except (Exception, asyncio.CancelledError) as error:
        if isinstance(error, asyncio.CancelledError) and is_cancelled(context.watch.loop):
            raise
        own = next((form.failure for form in forms if form.failure is not None), None)
        failure = own or translate(error, request.method, request.path, config.base_url, request.timeout)
        _add_request_id(failure, headers)
    finally:
        for form in forms:
            form.close()
    raise failure  # outside the handler: the foreign error, its frames dropped, is the cause and not the context


def _add_request_id(error: Exception, headers: Mapping[str, str]) -> None:
    """Note in the error of a connection that broke which request it was, if a head had arrived."""
    if isinstance(error, APIConnectionError):
        error.request_id = request_id_of(headers)


def is_cancelled(loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether the current task was cancelled, rather than a future that it awaits, as by a closing connector."""
    task = asyncio.current_task(loop)
    return task is None or task.cancelling() > 0


async def _send(context: CallContext, request: Request, target: URL, forms: list[OpenForm]) -> aiohttp.ClientResponse:
    """Send the request and return the response with its headers, the body still unread.

    A server may close an idle connection at the moment in which it is used again. The request is then sent again, which
    is not counted as a retry. Forms opened for it are appended to `forms` and stay open.
    """
    connection, session, headers = context.connection, context.session, request.headers
    is_own = connection.session is None
    # The public method makes an object that can be a context manager, too, in 2 % of the time of a call. A session of
    # the user may have its own; neither is kept, since libraries for tests replace them.
    send: _SendRequest = session._request if is_own else session.request  # pyright: ignore[reportPrivateUsage] - see above
    timeout = aiohttp_timeout(request.timeout.connect_seconds, is_own)
    proxy: dict[str, Any] = {}
    if connection.proxy is not None:
        proxy = {"proxy": connection.proxy, "proxy_headers": connection.proxy_headers}
        if connection.proxy_headers and target.scheme == "http":
            headers = {**headers, **connection.proxy_headers}  # without a tunnel the request itself goes to the proxy
    resends = 0
    while True:
        if REUSED.get() is not None:
            REUSED.set(None)
        form = await request.form.open() if request.form is not None else None
        if form is not None:
            forms.append(form)
        try:
            return await send(
                request.method,
                target,
                data=_body_for_aiohttp(request.body) if form is None else form.writer,
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
                **proxy,
            )
        except _ENDED:
            if not (REUSED.get() and request.repeatable and request.resendable and resends < _MAX_RESENDS):
                raise
            resends += 1


def _body_for_aiohttp(body: bytes | None) -> bytes | io.BytesIO | None:
    """Return a body as aiohttp accepts it: a large one as a file, because aiohttp warns of large `bytes`."""
    return body if body is None or len(body) <= _LARGE else io.BytesIO(body)


def _refuse_two_lengths(response: aiohttp.ClientResponse) -> NoReturn:
    """Close the connection, even if it is released, because the end of the response is ambiguous.

    Raises:
        BadHttpMessage: Always, as from aiohttp's parser in C.

    """
    if (protocol := response._protocol) is not None:  # pyright: ignore[reportPrivateUsage]  # there is no public one
        protocol.close()
    raise BadHttpMessage("there are two Content-Length headers")


async def _read_body(response: aiohttp.ClientResponse, request: Request, limit: int) -> bytes:
    """Read the body up to `limit` bytes, of an error response only the beginning.

    Raises:
        APIResponseValidationError: The body of a success is larger.

    """
    success = 200 <= response.status < 300
    most = limit if success else MAX_REFUSAL
    content = response.content
    if content.is_eof():
        body = content.read_nowait()
    elif success and (response.content_length or 0) > limit:
        body = b""
    else:
        body = await _read_beginning(content, most)
    if len(body) <= most and content.at_eof():
        return body  # at the end of the body, the connection was released
    drop_response(response)  # the rest is not drained
    if success:
        reason = f"the answer is larger than {limit} bytes"
        raise invalid_response(request, response.status, response.headers, b"", reason)
    return body[:most]


async def _keep_source(response: aiohttp.ClientResponse, request: Request, limit: int) -> Response:
    """Return the success of an event stream, whose body is left unread, or that of a raw response.

    Raises:
        APIResponseValidationError: The body is larger than `limit`, or the call does not read event streams.

    """
    body = b""
    if request.raw is None:
        refuse_stream(request, response.status, response.headers)
    elif not request.leaves_open:
        body = await _read_body(response, request, limit)
    return Response(response.status, response.headers, body, response)


async def _read_beginning(content: aiohttp.StreamReader, most: int) -> bytes:
    """Read to the end, or until there are more than `most` bytes."""
    chunks: list[bytes] = []
    size = 0
    while size <= most and (chunk := await content.readany()):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def drop_response(response: aiohttp.ClientResponse) -> None:
    """Close a response, and abort its connection if the body was not read to the end."""
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()  # a session of the user would shut it down gracefully
    response.close()
