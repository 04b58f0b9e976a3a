"""Middlewares of aiohttp: each attempt passes them, and what they raise leaves a call as an error of this package."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from letta_async import (
    APIConnectionError,
    APITimeoutError,
    AsyncLetta,
    InvalidArgumentError,
    Letta,
    NotFoundError,
    RetryPolicy,
)
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT

Send = aiohttp.ClientHandlerType
Middleware = aiohttp.ClientMiddlewareType
MODEL: Any = {"model": "letta/letta-free", "embedding": "letta/letta-free"}
SECRET = b"signing key"
AT_ONCE = RetryPolicy(max_retries=2, initial_delay=0.001)


class Signing:
    """Middleware that signs the method, the path and the body of each request, with a number."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, request: aiohttp.ClientRequest, send: Send) -> aiohttp.ClientResponse:
        self.count += 1
        body: Any = request.body  # of a request without one it is `b""`, of an upload a `MultipartWriter`
        streamed = isinstance(body, bytes | aiohttp.MultipartWriter)
        body = b"" if streamed else await body.as_bytes()
        request.headers["X-Number"] = str(self.count)
        request.headers["X-Signature"] = signature(request.method, request.url.raw_path, body)
        return await send(request)


def signature(method: str, path: str, body: bytes) -> str:
    return hmac.new(SECRET, f"{method} {path} ".encode() + body, hashlib.sha256).hexdigest()


def assert_signed(server: EmbeddedServer) -> None:
    for request in server.requests:
        assert request.headers["x-signature"] == signature(request.method, request.path, request.body)


@pytest.fixture
def signing() -> Signing:
    return Signing()


async def test_each_attempt_passes_a_middleware(letta_server: EmbeddedServer, signing: Signing) -> None:
    letta_server.script("POST", status=503, retry_after=0, times=2)
    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[signing], retry=AT_ONCE) as client:
        await client.agents.create(name="a", **MODEL, memory_blocks=[{"label": "human", "value": "x" * 2**21}])
        with pytest.raises(NotFoundError):
            await client.agents.retrieve(AGENT)
    assert [request.headers["x-number"] for request in letta_server.requests] == ["1", "2", "3", "4"]
    assert_signed(letta_server)


async def test_a_redirect_passes_it_again(letta_server: EmbeddedServer, signing: Signing) -> None:
    letta_server.script(status=307, headers={"Location": "/v1/health/"})
    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[signing]) as client:
        assert (await client.get("/v1/elsewhere"))["status"] == "ok"
    assert [request.path for request in letta_server.requests] == ["/v1/elsewhere", "/v1/health/"]
    assert_signed(letta_server)


def test_streams_and_the_sync_client_pass_it(letta_server: EmbeddedServer, signing: Signing) -> None:
    with Letta(base_url=letta_server.base_url, middlewares=(signing,)) as client:
        agent = client.agents.create(name="a", **MODEL)
        with client.agents.messages.stream(agent.id, input="hi") as stream:
            assert [event.message_type for event in stream][-1] == "usage_statistics"
        assert client.with_options(project="p").health().status == "ok"
    assert signing.count == 3
    assert_signed(letta_server)


async def test_a_background_stream_that_breaks_is_resumed_through_it(letta_server: EmbeddedServer) -> None:
    signing = Signing()
    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[signing], retry=AT_ONCE) as client:
        agent = await client.agents.create(name="a", **MODEL)
        letta_server.script("POST", "*/messages*", cut_after=2)
        async with client.agents.messages.stream(agent.id, input="hi", background=True) as stream:
            assert [event.message_type async for event in stream][-1] == "usage_statistics"
    assert signing.count == len(letta_server.requests) >= 3
    assert_signed(letta_server)


async def test_an_upload_passes_it(letta_server: EmbeddedServer, signing: Signing) -> None:
    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[signing]) as client:
        folder = await client.folders.create(name="f", embedding="letta/letta-free")
        letta_server.script("POST", "*/upload", status=503, retry_after=0)
        file = await client.folders.files.upload(folder.id, file=("a.txt", io.BytesIO(b"text")))
    assert file.file_name is not None
    assert letta_server.requests[-1].headers["x-number"] == str(signing.count)
    assert b"text" in letta_server.requests[-1].body


async def test_the_first_one_is_outermost(letta_server: EmbeddedServer) -> None:
    order: list[str] = []

    def noting(name: str) -> Middleware:
        async def note(request: aiohttp.ClientRequest, send: Send) -> aiohttp.ClientResponse:
            order.append(name)
            response = await send(request)
            order.append(f"/{name}")
            return response

        return note

    async with AsyncLetta(base_url=letta_server.base_url, middlewares=map(noting, "ab")) as client:
        await client.health()
    assert order == ["a", "b", "/b", "/a"]


async def test_a_middleware_may_read_the_response_or_send_twice(letta_server: EmbeddedServer) -> None:
    bodies: list[bytes] = []

    async def twice(request: aiohttp.ClientRequest, send: Send) -> aiohttp.ClientResponse:
        await send(request)
        response = await send(request)
        bodies.append(await response.read())
        return response

    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[twice]) as client:
        assert (await client.health()).status == "ok"
        with pytest.raises(NotFoundError, match="agent"):
            await client.agents.retrieve(AGENT)
    assert b'"ok"' in bodies[0]
    assert len(letta_server.requests) == 4


# --- failures -------------------------------------------------------------------------------------------------------


async def before(request: aiohttp.ClientRequest, send: Send) -> aiohttp.ClientResponse:
    raise LookupError("no signing key")


async def after(request: aiohttp.ClientRequest, send: Send) -> aiohttp.ClientResponse:
    await send(request)
    raise FileNotFoundError(2, "no such file")


async def nothing(request: aiohttp.ClientRequest, send: Send) -> Any:
    await send(request)


async def timed_out(request: aiohttp.ClientRequest, send: Send) -> aiohttp.ClientResponse:
    raise TimeoutError("the key server")


async def passing(request: aiohttp.ClientRequest, send: Send) -> aiohttp.ClientResponse:
    return await send(request)


Failing = Callable[[aiohttp.ClientRequest, Send], Awaitable[aiohttp.ClientResponse]]


@pytest.mark.parametrize(
    ("middleware", "cause", "words", "requests"),
    [
        (before, LookupError, "LookupError: no signing key", 0),
        (after, FileNotFoundError, "no such file", 1),
        (nothing, TypeError, "it returned None instead of a response", 1),
        (timed_out, TimeoutError, "the key server", 0),
    ],
)
async def test_its_exception_is_the_cause_of_an_error_and_not_retried(
    letta_server: EmbeddedServer, middleware: Failing, cause: type[Exception], words: str, requests: int
) -> None:
    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[passing, middleware], retry=AT_ONCE) as client:
        with pytest.raises(APIConnectionError, match=words) as caught:
            await client.health()
        error = caught.value
        assert type(error) is APIConnectionError
        assert type(error.__cause__) is cause
        assert f"a middleware of yours failed: {middleware.__name__}" in str(error)
        assert (error.unprocessed, error.transient) == (not requests, False)
        assert client.stats.limit == 2, "the limiter took it for an overload"
    assert len(letta_server.requests) == requests


async def test_the_line_is_named(letta_server: EmbeddedServer) -> None:
    line = before.__code__.co_firstlineno + 1
    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[before]) as client:
        with pytest.raises(APIConnectionError, match=rf"before, test_middlewares.py line {line} \(LookupError"):
            await client.health()


async def test_what_the_network_does_is_told_and_retried_as_without_it(letta_server: EmbeddedServer) -> None:
    letta_server.script(hang_up=True)
    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[passing, passing], retry=AT_ONCE) as client:
        assert (await client.health()).status == "ok"
    async with AsyncLetta(base_url="http://127.0.0.1:1", middlewares=[passing], max_retries=0) as client:
        with pytest.raises(APIConnectionError, match="no connection could be made") as caught:
            await client.health()
        assert caught.value.unprocessed
        assert caught.value.transient


async def test_an_error_of_this_package_stays_what_it_is(letta_server: EmbeddedServer) -> None:
    raised = NotFoundError("no such key", status_code=404, headers={})

    async def own(request: aiohttp.ClientRequest, send: Send) -> aiohttp.ClientResponse:
        raise raised

    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[own]) as client:
        with pytest.raises(NotFoundError) as caught:
            await client.health()
    assert caught.value is raised


async def test_a_timeout_and_a_cancellation_end_it(letta_server: EmbeddedServer) -> None:
    waiting = asyncio.Event()

    async def forever(request: aiohttp.ClientRequest, send: Send) -> aiohttp.ClientResponse:
        waiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with AsyncLetta(base_url=letta_server.base_url, middlewares=[forever], max_retries=0) as client:
        with pytest.raises(APITimeoutError):
            await client.health(timeout=0.05)
        waiting.clear()
        calling = asyncio.ensure_future(client.health())
        await waiting.wait()
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert client.stats.in_flight == 0


@pytest.mark.parametrize(
    ("middlewares", "words"),
    [
        (passing, r"passing is not a sequence of middlewares; write \[passing\]"),
        ("passing", "str is not a sequence"),
        ([passing, None], "NoneType is not a coroutine function"),
    ],
)
@pytest.mark.parametrize("make", [AsyncLetta, Letta])
def test_what_is_none_is_refused(make: Callable[..., Any], middlewares: Any, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"middlewares: {words}"):
        make(middlewares=middlewares)


async def test_a_session_has_its_own() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(InvalidArgumentError, match="middlewares: excludes session: pass them to aiohttp"):
            AsyncLetta(session=session, middlewares=[passing])
