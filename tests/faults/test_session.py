"""Tests of row 62: the settings of a user's session do not change a call."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import attrs
import pytest

from letta_async import (
    APIConnectionError,
    APIStatusError,
    AsyncLetta,
    ClientClosedError,
    InternalServerError,
    NotFoundError,
)
from tests.ids import CONVERSATION

from .scripts import answer, answers_in_turn, closes, gzipped, ok, redirects, says, takes
from .secrets import KEY
from .server import PROMPT, RIGHT, Server

Run = Callable[[Any], Any]

_ELSEWHERE: Final = "http://elsewhere.example"


async def _passes_on(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    request.headers["X-Trace"] = "1"
    return await send(request)


async def _judges(response: aiohttp.ClientResponse) -> None:
    raise LookupError(f"{response.status} is not what I like")


def _traces() -> list[aiohttp.TraceConfig]:
    async def noted(*_: Any) -> None:
        await asyncio.sleep(0)

    trace = aiohttp.TraceConfig()
    for signal in (trace.on_request_start, trace.on_request_end, trace.on_connection_reuseconn):
        signal.append(noted)
    return [trace]


def _jar() -> aiohttp.CookieJar:
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies({"sam": "1"})
    return jar


@attrs.frozen
class Brings:
    """A setting of a session, and its effect on a request."""

    name: str
    make: Callable[[], Mapping[str, Any]]
    """Function that returns the session's options, called on the loop."""
    adds: Mapping[str, str] = attrs.field(factory=dict)
    """Headers in addition to those of a call without such a session."""
    without_a_key: str | None = None
    """`Authorization` header of a client without a key."""

    def __str__(self) -> str:
        return self.name


BROUGHT: Final = [
    Brings("nothing", dict),
    Brings("raise-for-status", lambda: {"raise_for_status": True}),
    Brings("raise-for-status-callable", lambda: {"raise_for_status": _judges}),
    Brings("auth", lambda: {"auth": aiohttp.BasicAuth("sam", "pass")}, without_a_key="Basic c2FtOnBhc3M="),
    Brings("auth-for-elsewhere", lambda: {"auth": aiohttp.BasicAuth("sam", "pass"), "base_url": f"{_ELSEWHERE}/v1/"}),
    Brings("a-key-of-its-own", lambda: {"headers": {"authorization": "Bearer own"}}, without_a_key="Bearer own"),
    Brings(
        "headers", lambda: {"headers": {"X-Team": "a", "user-agent": "theirs", "Accept": "text/html"}}, {"x-team": "a"}
    ),
    Brings(
        "headers-of-another-message",
        lambda: {
            "headers": {
                "Content-Length": "5",
                "Transfer-Encoding": "chunked",
                "Content-Encoding": "gzip",
                "Content-Type": "text/plain",
                "Expect": "100-continue",
                "Range": "bytes=0-3",
                "If-None-Match": "*",
                "Host": "elsewhere.example",
                "Accept-Encoding": "br",
                "Connection": "Upgrade",
                "Upgrade": "websocket",
            }
        },
    ),
    Brings("cookies", lambda: {"cookies": {"sam": "1"}, "cookie_jar": _jar()}, {"cookie": "sam=1"}),
    Brings("base-url", lambda: {"base_url": f"{_ELSEWHERE}/v1/"}),
    Brings("middlewares", lambda: {"middlewares": (_passes_on,)}, {"x-trace": "1"}),
    Brings("trace-configs", lambda: {"trace_configs": _traces()}),
    Brings("timeout", lambda: {"timeout": aiohttp.ClientTimeout(total=0.001, sock_read=0.001)}),
    Brings("read-bufsize", lambda: {"read_bufsize": 0}),
    Brings("auto-decompress", lambda: {"auto_decompress": True}),
    Brings("json-serialize", lambda: {"json_serialize": repr}),
    Brings("skip-auto-headers", lambda: {"skip_auto_headers": ["User-Agent", "Accept", "Content-Type"]}),
    Brings("trust-env", lambda: {"trust_env": True}),
    Brings("requote-redirect-url", lambda: {"requote_redirect_url": False}),
    Brings("connector", lambda: {"connector": aiohttp.TCPConnector(limit=1, limit_per_host=1, force_close=True)}),
]


@pytest.fixture(params=BROUGHT, ids=str)
def brings(request: pytest.FixtureRequest, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Brings:
    (tmp_path / "netrc").write_text("default login sam password MostSecretNetrc\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return request.param


@asynccontextmanager
async def opened(brings: Brings, server: Server, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of `auth`, by the HTTP library itself
        session = aiohttp.ClientSession(**brings.make())
    async with session, AsyncLetta(base_url=server.url, session=session, **options) as client:

        async def at_once(_: float) -> None: ...

        client._transport.retries.sleep = at_once
        yield client


async def _fails(call: Any, error: type[APIStatusError | APIConnectionError]) -> Any:
    with pytest.raises(error) as caught:
        await call
    return caught.value


def _headers(server: Server, index: int = -1) -> dict[str, str]:
    return {name: value for name, value in server.requests[index].headers.items() if name != "connection"}


async def _calls(client: AsyncLetta) -> None:
    assert await client.conversations.recompile(CONVERSATION) == PROMPT
    assert await client.post("/v1/agents/", body={"name": "Sam"}) == PROMPT
    assert await client.get("/v1/x", extra_query={"a": "b c"}) == PROMPT


def test_the_request_is_the_same(brings: Brings, server: Server, run: Run) -> None:
    async def main() -> None:
        async with AsyncLetta(base_url=server.url, api_key=KEY) as own:
            await _calls(own)
        async with opened(brings, server, api_key=KEY) as client:
            await _calls(client)

    run(main())
    for meant, sent in zip(server.requests[:3], server.requests[3:], strict=True):
        assert (sent.method, sent.target, sent.body) == (meant.method, meant.target, meant.body)
    for number in range(3):
        assert _headers(server, 3 + number) == _headers(server, number) | brings.adds


def test_without_a_key_the_sessions_own_credentials_hold(brings: Brings, server: Server, run: Run) -> None:
    async def main() -> None:
        async with opened(brings, server) as client:
            await _calls(client)

    run(main())
    assert {seen.headers.get("authorization") for seen in server.requests} == {brings.without_a_key}


def test_a_refusal_is_the_same_error(brings: Brings, server: Server, run: Run) -> None:
    server.follow(says(answer(404, b'{"detail": "no such conversation"}')))

    async def main() -> Any:
        async with opened(brings, server, api_key=KEY) as client:
            return await _fails(client.conversations.recompile(CONVERSATION), NotFoundError)

    error = run(main())
    assert error.detail == "no such conversation"
    assert len(server.requests) == 1


def test_what_passes_is_tried_again_and_not_more_often(brings: Brings, server: Server, run: Run) -> None:
    async def main() -> None:
        async with opened(brings, server, api_key=KEY) as client:
            server.follow(says(answer(503, b"{}")))
            await _fails(client.conversations.recompile(CONVERSATION), InternalServerError)
            assert len(server.requests) == 3
            server.follow(closes("after the request"))
            await _fails(client.get("/v1/x"), APIConnectionError)
            assert len(server.requests) == 3
            server.follow(answers_in_turn(answer(503, b"{}"), answer(502, b""), RIGHT))
            assert await client.conversations.recompile(CONVERSATION) == PROMPT
            assert [seen.headers["authorization"] for seen in server.requests] == [f"Bearer {KEY}"] * 3

    run(main())


def test_the_answer_is_read_as_ever(brings: Brings, server: Server, run: Run) -> None:
    large = b'"' + b"x" * 300_000 + b'"'

    async def main() -> None:
        async with opened(brings, server, api_key=KEY) as client:
            server.follow(takes(0.05))
            await _calls(client)
            server.follow(says(ok(gzipped(large), "Content-Encoding: gzip")))
            assert len(await client.get("/v1/x")) == 300_000
            server.follow(says(ok(large)))
            assert len(await client.get("/v1/x")) == 300_000
            server.follow(redirects(307, _ELSEWHERE))
            error = await _fails(client.get("/v1/x"), APIConnectionError)
            assert "no other origin" in str(error)

    server.elsewhere = server
    run(main())


# --- what it raises ---------------------------------------------------------------------------------------------------


class OddError(Exception):
    pass


async def _raises(*_: Any) -> Any:
    raise OddError("odd")


async def _cancels(*_: Any) -> Any:
    raise asyncio.CancelledError("by itself")


class _OddConnector(aiohttp.TCPConnector):
    async def connect(self, *_: Any, **__: Any) -> Any:
        raise OddError("odd")


class _OddReader(aiohttp.ClientResponse):
    async def start(self, connection: Any) -> Any:
        await super().start(connection)
        self.content = _Content()  # type: ignore[assignment]
        return self


class _Content:
    total_bytes = 0

    def is_eof(self) -> bool:
        raise OddError("odd")

    def exception(self) -> None: ...

    def set_exception(self, *_: Any) -> None: ...


def _tracing(signal: str, raises: Any = _raises) -> Mapping[str, Any]:
    trace = aiohttp.TraceConfig()
    getattr(trace, signal).append(raises)
    return {"trace_configs": [trace]}


ODD: Final = {
    "connector": lambda: {"connector": _OddConnector()},
    "middleware": lambda: {"middlewares": (_raises,)},
    "trace of the start": lambda: _tracing("on_request_start"),
    "trace of the connection": lambda: _tracing("on_connection_create_start"),
    "trace of the end": lambda: _tracing("on_request_end"),
    "body": lambda: {"response_class": _OddReader},
}


@pytest.mark.parametrize("kind", ODD)
def test_whatever_it_raises_is_an_error_of_ours(kind: str, server: Server, run: Run) -> None:
    async def main() -> Any:
        async with opened(Brings(kind, ODD[kind]), server, api_key=KEY) as client:
            error = await _fails(client.conversations.recompile(CONVERSATION), APIConnectionError)
            assert client.stats.in_flight == 0
            return error

    error = run(main())
    assert "OddError: odd" in str(error)
    assert isinstance(error.__cause__, OddError)
    assert len(error.attempts) == 1


def test_a_cancellation_that_nobody_asked_for_is_one_too(server: Server, run: Run) -> None:
    async def main() -> Any:
        async with opened(Brings("", lambda: _tracing("on_request_start", _cancels)), server) as client:
            return await _fails(client.conversations.recompile(CONVERSATION), APIConnectionError)

    assert "though the call was not" in str(run(main()))


def test_a_call_that_waits_in_a_session_which_is_closed_says_so(server: Server, run: Run) -> None:
    server.follow(takes(5))

    async def main() -> None:
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1))
        async with AsyncLetta(base_url=server.url, session=session) as client:
            calls = [asyncio.ensure_future(client.get("/v1/x")) for _ in range(2)]
            while not server.requests:
                await asyncio.sleep(0.001)
            await session.close()
            for end in await asyncio.gather(*calls, return_exceptions=True):
                assert isinstance(end, ClientClosedError)

    run(main())


def test_a_session_that_shares_its_connector_is_known_to_be_closed_all_the_same(server: Server, run: Run) -> None:
    async def main() -> None:
        connector = aiohttp.TCPConnector()
        session = aiohttp.ClientSession(connector=connector, connector_owner=False)
        async with AsyncLetta(base_url=server.url, session=session) as client:
            assert await client.get("/v1/x") == PROMPT
            await session.close()
            with pytest.raises(ClientClosedError, match="the session that was handed in is closed"):
                await client.get("/v1/x")
        await connector.close()

    run(main())


def test_the_session_itself_stays_as_it_was(server: Server, run: Run) -> None:
    async def main() -> None:
        async with aiohttp.ClientSession(raise_for_status=True, headers={"Range": "bytes=0-3"}) as session:
            before = dict(vars(session))
            async with AsyncLetta(base_url=server.url, session=session) as client:
                await client.get("/v1/x")
            assert vars(session) == before
            async with session.get(server.url) as response:
                assert await response.json() == PROMPT
        assert server.requests[-1].headers["range"] == "bytes=0-3"

    run(main())
