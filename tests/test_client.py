"""The async client: requests, life cycle, and what its copies share."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from yarl import URL

from letta_async import (
    UNSET,
    APIConnectionError,
    AsyncLetta,
    Block,
    ClientClosedError,
    CompactionSettings,
    InvalidArgumentError,
    InvalidRequestError,
    Letta,
    NotFoundError,
)
from letta_async._http.request import CallOptions
from letta_async._http.request_building import build_raw
from letta_async._http.session import ConnectionOptions, abandon_session
from letta_async.testing import EmbeddedServer
from letta_async.types.message import Message
from tests.ids import AGENT, CONVERSATION
from tests.mocked import MockedResponse, aioresponses

BASE = "http://letta.example:1"
RECOMPILE = f"{BASE}/v1/conversations/{CONVERSATION}/recompile"


@pytest.fixture
def wire() -> Iterator[aioresponses]:
    with aioresponses() as mock:
        yield mock


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


def answer(wire: aioresponses, url: str = RECOMPILE, method: str = "POST", **kwargs: Any) -> None:
    wire.add(url, method, response_class=MockedResponse, **{"payload": "prompt", **kwargs})


def sent(wire: aioresponses, url: str = RECOMPILE, method: str = "POST") -> dict[str, Any]:
    (call,) = wire.requests[method, URL(url)]
    return dict(call.kwargs)


async def test_the_reference_pages_own_example_runs_with_the_import_changed(
    wire: aioresponses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTA_API_KEY", "key")
    url = "https://api.letta.com/v1/conversations/default/recompile"
    answer(wire, url, payload="string")
    async with AsyncLetta() as client:
        assert await client.conversations.recompile(conversation_id="default") == "string"
    assert sent(wire, url)["headers"]["Authorization"] == "Bearer key"


async def test_a_call_carries_headers_query_and_body_and_no_more(wire: aioresponses) -> None:
    answer(wire, f"{RECOMPILE}?dry_run=true")
    async with AsyncLetta(base_url=BASE) as client:
        await client.conversations.recompile(
            CONVERSATION, dry_run=True, compaction_settings=CompactionSettings(clip_chars=None)
        )
    call = sent(wire, f"{RECOMPILE}?dry_run=true")
    assert call["data"] == b'{"compaction_settings":{"clip_chars":null}}'
    assert call["headers"]["Content-Type"] == "application/json"
    assert call["allow_redirects"] is False
    assert set(call["headers"]) == {"User-Agent", "Accept", "Accept-Encoding", "Content-Type"}


async def test_nothing_is_sent_when_something_is_wrong(wire: aioresponses) -> None:
    async with AsyncLetta(base_url=BASE) as client:
        with pytest.raises(InvalidArgumentError):
            await client.conversations.recompile("nope")
        with pytest.raises(InvalidArgumentError):
            await client.get("../v1")
    assert not wire.requests


async def test_every_verb_reaches_a_path_without_a_method(wire: aioresponses) -> None:
    async with AsyncLetta(base_url=BASE, default_query={"q": 1}) as client:
        for verb in ("get", "post", "put", "patch", "delete"):
            url = f"{BASE}/v1/things/?q=1"
            answer(wire, url, verb.upper(), payload={"verb": verb})
            options: dict[str, Any] = {} if verb in ("get", "delete") else {"body": {"a": 1}, "extra_body": {"b": 2}}
            assert await getattr(client, verb)("/v1/things/", **options) == {"verb": verb}
            assert sent(wire, url, verb.upper())["data"] == (b'{"a":1,"b":2}' if options else None)


@pytest.mark.parametrize(
    "given", ["nonsense", None, 5, set, bool, [Block], list[str], dict[str, int], AsyncLetta, tuple[Block]]
)
async def test_what_an_answer_cannot_be_made_into_is_refused(given: Any) -> None:
    async with AsyncLetta(base_url="http://127.0.0.1:1", max_retries=0) as client:
        for call in (client.get, client.post, client.put, client.patch, client.delete):
            with pytest.raises(InvalidArgumentError) as caught:
                await call("/x", cast_to=given)
            (fault,) = caught.value.faults
            assert fault.path == "cast_to"
            assert (
                "allowed: object, str, int, float, list, dict, a class of this package such as Block" in fault.problem
            )


@pytest.mark.parametrize(
    "given",
    [
        object,
        Any,
        str,
        int,
        float,
        list,
        dict,
        dict[str, Any],
        list[object],
        Block,
        list[Block],
        Message,
        list[Message],
    ],
)
async def test_what_it_can_be_made_into_is_not(given: Any) -> None:
    async with AsyncLetta(base_url="http://127.0.0.1:1", max_retries=0) as client:
        with pytest.raises(APIConnectionError):
            await client.get("/x", cast_to=given)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("query", "extra_query"),
        ("headers", "extra_headers"),
        ("extra_boddy", "extra_body"),
        ("cast", "cast_to"),
        ("json", ""),
    ],
)
async def test_a_raw_call_with_a_misspelt_option_says_what_is_meant(given: str, meant: str) -> None:
    options: dict[str, Any] = {given: {}}
    async with AsyncLetta(base_url="http://127.0.0.1:1", max_retries=0) as client:
        for call in (client.get, client.post, client.put, client.patch, client.delete):
            with pytest.raises(TypeError) as caught:
                await call("/x", **options)
            guess = f"; did you mean {meant}?" if meant else ""
            assert str(caught.value) == f"got an unexpected keyword argument {given!r}{guess}"


async def test_cast_to_says_what_the_answer_must_be(wire: aioresponses) -> None:
    async with AsyncLetta(base_url=BASE) as client:
        answer(wire, f"{BASE}/x", "GET", payload={"mode": "all"})
        settings = await client.get("/x", cast_to=CompactionSettings)
        assert settings == CompactionSettings(mode="all")
        answer(wire, f"{BASE}/x", "GET", payload=[])
        with pytest.raises(Exception, match="an object was promised, not an array"):
            await client.get("/x", cast_to=dict)


async def test_a_closed_client_says_so(wire: aioresponses) -> None:
    client = AsyncLetta(base_url=BASE)
    await client.close()
    await client.close()
    assert client.is_closed
    assert repr(client).endswith("(closed)>")
    with pytest.raises(ClientClosedError, match="make a new one"):
        await client.conversations.recompile(CONVERSATION)
    with pytest.raises(ClientClosedError):
        await client.get("/x")
    with pytest.raises(ClientClosedError):
        async with client:
            pass
    assert not wire.requests


async def test_what_another_thread_closed_meanwhile_opens_no_connection() -> None:
    client = AsyncLetta(base_url=BASE)
    await client.close()
    request = build_raw("GET", "/x", body=UNSET, answer=object, options=CallOptions(), config=client._config)
    with pytest.raises(ClientClosedError, match="make a new one"):
        client._transport.send(request, client._config)
    assert not client._transport.is_open


async def test_closing_a_copy_leaves_the_parent_open_and_closing_the_parent_closes_both(server: EmbeddedServer) -> None:
    parent = AsyncLetta(base_url=server.base_url)
    copy = parent.with_options(timeout=3)
    assert copy._transport is parent._transport
    await copy.get("/v1/health/")
    await copy.close()
    with pytest.raises(ClientClosedError):
        await copy.get("/v1/health/")
    assert await parent.get("/v1/health/")
    other = parent.copy()
    await parent.close()
    assert other.is_closed
    with pytest.raises(ClientClosedError):
        await other.get("/v1/health/")


async def test_a_session_that_was_handed_in_stays_open_and_can_be_shared(server: EmbeddedServer) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with AsyncLetta(base_url=server.base_url, session=session) as client:
                assert await client.get("/v1/health/")
        assert not session.closed
        late = AsyncLetta(base_url=server.base_url, session=session)
    with pytest.raises(ClientClosedError):
        await late.get("/v1/health/")


async def test_a_client_can_be_mocked_again_and_again(server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        health = await client.get("/v1/health/")
        for version in "12":
            with aioresponses() as wire:
                wire.get(f"{server.base_url}/v1/health/", payload=version, response_class=MockedResponse)
                assert await client.get("/v1/health/") == version
        assert await client.get("/v1/health/") == health


async def test_a_session_that_was_handed_in_sends_by_its_own_method(server: EmbeddedServer) -> None:
    signed: list[str] = []
    with pytest.warns(DeprecationWarning, match="Inheritance"):

        class Signing(aiohttp.ClientSession):
            def request(self, method: str, url: Any, **options: Any) -> Any:
                signed.append(str(url))
                return super().request(method, url, **options)

    async with Signing() as session, AsyncLetta(base_url=server.base_url, session=session) as client:
        assert await client.get("/v1/health/")
    assert signed == [f"{server.base_url}/v1/health/"]


def test_a_session_that_was_handed_in_is_its_owners_also_when_its_loop_is_gone(wire: aioresponses) -> None:
    made: list[tuple[aiohttp.ClientSession, AsyncLetta]] = []

    async def call() -> None:
        answer(wire)
        session = aiohttp.ClientSession()
        client = AsyncLetta(base_url=BASE, session=session)
        made.append((session, client))
        assert await client.conversations.recompile(CONVERSATION) == "prompt"
        assert not session.closed

    async def call_in_another_loop() -> None:
        ((session, client),) = made
        for _ in range(2):
            with pytest.raises(ClientClosedError, match="session that was handed in belongs to another event loop"):
                await client.conversations.recompile(CONVERSATION)
        assert not session.closed

    async def end() -> None:
        ((session, client),) = made
        await client.close()
        assert not session.closed
        await session.close()

    for step in (call(), call_in_another_loop(), end()):
        asyncio.run(step)


def test_a_session_that_was_closed_can_be_let_go_of() -> None:
    async def made(close: bool) -> aiohttp.ClientSession:
        session = ConnectionOptions().open_session()
        if close:
            await session.close()
        return session

    for close in (True, False):
        session = asyncio.run(made(close))
        abandon_session(session)
        assert session.closed


def test_a_client_works_in_a_second_loop_once_the_first_is_gone(server: EmbeddedServer) -> None:
    client = AsyncLetta(base_url=server.base_url)

    async def call(close: bool) -> None:
        assert await client.get("/v1/health/")
        if close:
            await client.close()

    asyncio.run(call(close=False))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(call(close=True))
        gc.collect()
    assert any("was still open when its event loop closed" in str(warning.message) for warning in caught)


async def test_a_client_refuses_a_second_loop_beside_the_first(server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        await client.get("/v1/health/")
        with pytest.raises(ClientClosedError, match="make one client a loop"):
            await asyncio.to_thread(asyncio.run, client.get("/v1/health/"))
        assert await client.get("/v1/health/")


async def test_one_failure_in_a_gather_leaves_the_others_alone(server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        agent = await client.post(
            "/v1/agents/", body={"name": "a", "model": "letta/letta-free", "embedding": "letta/letta-free"}
        )
        made = await client.post("/v1/conversations/", body={}, extra_query={"agent_id": agent["id"]})
        ids = [made["id"], CONVERSATION, "nope", made["id"]]
        outcomes = await asyncio.gather(*(client.conversations.recompile(i) for i in ids), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [str, NotFoundError, InvalidRequestError, str]


async def test_a_server_that_is_not_there_is_said_with_its_address(unused_tcp_port: int) -> None:
    async with AsyncLetta(base_url=f"http://localhost:{unused_tcp_port}", max_retries=0) as client:
        with pytest.raises(APIConnectionError, match=f"localhost:{unused_tcp_port}") as caught:
            await client.conversations.recompile("default", agent_id=AGENT)
    assert isinstance(caught.value.__cause__, aiohttp.ClientConnectorError)


def test_the_hint_for_the_local_default_names_the_command() -> None:
    from letta_async._http.translation import connection_error

    assert "`letta server`" in str(connection_error("no", "POST", "/x", "http://localhost:8283", APIConnectionError))


def test_a_connection_that_fails_by_default_says_that_no_url_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    from letta_async._http.translation import connection_error

    def said(base_url: str) -> str:
        return str(connection_error("no", "POST", "/x", base_url, APIConnectionError))

    unset = "[to https://api.letta.com, the default: LETTA_BASE_URL is not set;"
    assert unset in said(AsyncLetta().base_url)
    assert "LETTA_BASE_URL" not in said("http://localhost:1")
    monkeypatch.setenv("LETTA_BASE_URL", "https://api.letta.com/")
    assert said(AsyncLetta().base_url).endswith("[to https://api.letta.com]")


@pytest.mark.parametrize("cls", [AsyncLetta, Letta])
async def test_another_library_finds_the_server_where_the_official_client_has_it(cls: Any) -> None:
    client = cls(base_url="http://127.0.0.1:2/", api_key="secret")
    assert f"{client._client._base_url}/v1" == f"{client._client.base_url}/v1" == "http://127.0.0.1:2/v1"
    assert "secret" not in str(client._client)
    copy = client.with_options(base_url="http://127.0.0.1:1")
    assert (copy._client._base_url, copy._client._headers) == ("http://127.0.0.1:1", {})
