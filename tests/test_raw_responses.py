"""Responses as they were received: what they show, and what `parse()` makes of them."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from letta_async import (
    AgentState,
    APIResponse,
    APIResponseValidationError,
    APIStatusError,
    AsyncAPIResponse,
    AsyncLetta,
    AsyncPage,
    Block,
    InternalServerError,
    InvalidArgumentError,
    Letta,
    NotFoundError,
    Page,
    RetryPolicy,
)
from letta_async.instrumentation import Call, Instrumentation
from letta_async.testing import EmbeddedServer
from tests.faults.scripts import answer, answers_in_turn, bomb, gzipped, says
from tests.faults.server import Server

AGENT = "agent-00000000-0000-4000-8000-000000000000"
BLOCK = b'{"id": "block-1", "label": "human", "value": "Ada \xc3\xa9"}'
QUICK = RetryPolicy(initial_delay=0.001)


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
async def client(server: EmbeddedServer) -> AsyncIterator[AsyncLetta]:
    async with AsyncLetta(base_url=server.base_url, retry=QUICK) as client:
        yield client


@pytest.fixture
def sync_client(server: EmbeddedServer) -> Iterator[Letta]:
    with Letta(base_url=server.base_url, retry=QUICK) as client:
        yield client


# --- what a response shows ------------------------------------------------------------------------------------------


async def test_a_response_shows_how_it_came(server: EmbeddedServer, client: AsyncLetta) -> None:
    server.script(headers={"X-Request-Id": "req-1", "X-Own": "a"})
    response = await client.blocks.with_raw_response.create(label="human", value="Ada", extra_query={"secret": "s3"})
    assert isinstance(response, AsyncAPIResponse)
    assert (response.status_code, response.method, response.http_version) == (200, "POST", "HTTP/1.1")
    assert response.url == f"{server.base_url}/v1/blocks/?secret=s3"
    assert (response.headers["x-own"], response.request_id) == ("a", "req-1")
    assert timedelta(0) < response.elapsed < timedelta(minutes=1)
    assert (response.retries_taken, response.attempts, response.is_closed) == (0, (), True)
    assert repr(response) == "<AsyncAPIResponse 200 OK of POST /v1/blocks/>"
    assert client.stats.in_flight == 0


def test_the_request_is_shown_without_secrets(server: EmbeddedServer) -> None:
    with Letta(base_url=server.base_url, api_key="sk-secret") as client:
        request = client.with_raw_response.get("/v1/agents/", extra_query={"token": "t0p"}).http_request
    assert (request.method, request.headers["authorization"]) == ("GET", "Bearer sk-secret")
    assert request.url.endswith("/v1/agents/?token=t0p")
    for shown in (repr(request), repr(request.headers)):
        assert "sk-secret" not in shown
        assert "t0p" not in shown


def test_the_request_cannot_be_changed_and_the_response_not_be_copied(sync_client: Letta) -> None:
    response = sync_client.with_raw_response.get("/v1/agents/")
    with pytest.raises(TypeError):
        response.http_request.headers["X-A"] = "b"  # type: ignore[index]
    for make in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="a response is not pickled or copied"):
            make(response)


async def test_failed_attempts_are_shown(server: EmbeddedServer, client: AsyncLetta) -> None:
    server.script(status=503, times=2)
    response = await client.agents.with_raw_response.list()
    assert response.retries_taken == 2
    assert ["InternalServerError: 503" in each.error for each in response.attempts] == [True, True]
    assert (await client.agents.with_raw_response.list()).retries_taken == 0


async def test_the_url_is_the_one_that_a_redirect_led_to(far: Server) -> None:
    far.follow(answers_in_turn(answer(307, b"", "Location: /elsewhere"), answer(200, b"[]")))
    async with AsyncLetta(base_url=far.url) as client:
        response = await client.agents.with_raw_response.list()
    assert response.url == f"{far.url}/elsewhere"
    assert response.http_request.url == f"{far.url}/v1/agents/"


# --- what parse() returns -------------------------------------------------------------------------------------------


async def test_parse_returns_what_the_method_returns(client: AsyncLetta) -> None:
    raw = client.with_raw_response
    created = await raw.blocks.create(label="human", value="Ada")
    block = await created.parse()
    assert await (await raw.blocks.retrieve(block.id)).parse() == await client.blocks.retrieve(block.id)
    assert await created.parse() is block
    assert await created.parse(to=dict) == await created.json()
    assert isinstance(await created.parse(to=Block), Block)
    assert await created.read() == (await created.text()).encode()
    assert (await (await raw.health()).parse()).status == "ok"
    assert (await (await raw.get(f"/v1/blocks/{block.id}", cast_to=Block)).parse()).value == "Ada"
    deleted = await raw.blocks.delete(block.id)
    assert await deleted.parse() is None
    assert await deleted.text()
    with pytest.raises(InvalidArgumentError, match="to: <class 'bytes'>"):
        await deleted.parse(to=bytes)


async def test_a_page_leads_to_the_following_ones(server: EmbeddedServer, client: AsyncLetta) -> None:
    for name in ("a", "b", "c"):
        await client.agents.create(name=name, model="letta/letta-free", embedding="letta/letta-free")
    response = await client.agents.with_raw_response.list(limit=2, order="asc")
    page = await response.parse()
    assert isinstance(page, AsyncPage)
    assert [agent.name for agent in page] == ["a", "b"]
    assert [agent.name async for agent in page] == ["a", "b", "c"]
    assert [agent["name"] for agent in await response.json()] == ["a", "b"]
    assert [agent.name for agent in await response.parse(to=list[AgentState])] == ["a", "b"]


def test_the_sync_client_has_the_same(server: EmbeddedServer, sync_client: Letta) -> None:
    response = sync_client.blocks.with_raw_response.create(label="human", value="Ada")
    assert isinstance(response, APIResponse)
    assert response.parse().value == "Ada"
    assert response.parse() is response.parse()
    assert response.json()["label"] == "human"
    sync_client.blocks.create(label="human", value="Bob")
    page = sync_client.with_raw_response.blocks.list(limit=1).parse()
    assert isinstance(page, Page)
    assert (len(page.items), len(list(page))) == (1, 2)
    assert sync_client.blocks.with_raw_response.delete(page[0].id).parse() is None
    sync_client.close()
    assert response.read() == response.text().encode()  # the body is in memory
    assert list(response.iter_lines()) == [response.text()]


async def test_a_body_that_is_not_what_was_promised_is_shown_all_the_same(far: Server) -> None:
    async with AsyncLetta(base_url=far.url) as client:
        for body, kind in ((b"<html>", "text/html"), (b"{", "application/json"), (b"[]", "application/json")):
            far.follow(says(answer(200, body, f"Content-Type: {kind}", "X-Request-ID: req-2")))
            response = await client.agents.with_raw_response.retrieve(AGENT)
            assert await response.read() == body
            with pytest.raises(APIResponseValidationError) as caught:
                await response.parse()
            assert caught.value.request_id == "req-2"
        with pytest.raises(APIResponseValidationError, match="malformed JSON"):
            far.follow(says(answer(200, b"{")))
            await (await client.with_raw_response.health()).json()


async def test_bodies_are_decompressed_and_bounded(far: Server) -> None:
    far.follow(says(answer(200, gzipped(BLOCK), "Content-Encoding: gzip")))
    async with AsyncLetta(base_url=far.url, max_response_bytes=4096) as client:
        response = await client.with_raw_response.get("/x", cast_to=Block)
        assert (await response.parse()).value == "Ada é"
        assert await response.text() == BLOCK.decode()
        far.follow(says(answer(200, bomb(2**20), "Content-Encoding: gzip")))
        response = await client.with_raw_response.get("/x")
        for read in (response.read, response.text, response.json, response.parse):
            with pytest.raises(APIResponseValidationError, match="unpacks to more than 4096 bytes"):
                await read()
        far.follow(says(answer(200, b" " * 5000)))
        with pytest.raises(APIResponseValidationError, match="larger than 4096 bytes"):
            await client.with_raw_response.get("/x")


OTHERS = ("none", "punycode", "idna", "unicode_escape")
"""Names that are none of charsets; the text is UTF-8 then."""
CHARSETS = [("; charset=latin-1", b"\xe9"), ("", b"\xc3\xa9"), *[(f"; charset={name}", b"\xc3\xa9") for name in OTHERS]]


async def test_text_has_the_encoding_that_the_headers_name(far: Server) -> None:
    async with AsyncLetta(base_url=far.url) as client:
        for charset, body in CHARSETS:
            far.follow(says(answer(200, body, f"Content-Type: text/plain{charset}")))
            response = await client.with_raw_response.get("/x")
            assert await response.text() == "é"
            assert [text async for text in response.iter_text()] == ["é"]


# --- errors and coroutines --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["with_raw_response", "with_streaming_response"])
async def test_error_statuses_raise(server: EmbeddedServer, client: AsyncLetta, form: str) -> None:
    server.script(status=503, times=3, headers={"Request-Id": "req-3"})
    with pytest.raises(InternalServerError) as caught:
        await getattr(client.agents, form).list()
    assert (caught.value.request_id, len(caught.value.attempts)) == ("req-3", 3)
    with pytest.raises(NotFoundError):
        await getattr(client.agents, form).retrieve(AGENT)
    with pytest.raises(InvalidArgumentError):
        await getattr(client.agents, form).retrieve("x")
    assert client.stats.in_flight == 0


async def test_a_call_is_a_coroutine(client: AsyncLetta) -> None:
    raw = client.agents.with_raw_response
    assert (await asyncio.create_task(raw.list())).status_code == 200
    assert [each.status_code for each in await asyncio.gather(raw.list(), client.with_raw_response.health())] == [
        200,
        200,
    ]
    call = raw.retrieve(AGENT)
    call.close()
    task = asyncio.ensure_future(raw.list())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert client.stats.in_flight == 0


@pytest.mark.filterwarnings("always")
async def test_a_call_that_is_never_awaited_is_warned_of_by_the_name_of_the_method(client: AsyncLetta) -> None:
    with pytest.warns(RuntimeWarning) as warned:
        client.agents.with_raw_response.retrieve(AGENT)
        gc.collect()
    assert [str(each.message) for each in warned] == ["coroutine 'AsyncAgents.retrieve' was never awaited"]


async def test_the_instrumentation_sees_the_value(server: EmbeddedServer) -> None:
    class Values(Instrumentation):
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def on_call_finished(self, call: Call, value: Any, error: BaseException | None) -> None:
            self.seen.append(value if error is None else error)

    values = Values()
    async with AsyncLetta(base_url=server.base_url, instrumentation=values) as client:
        response = await client.blocks.with_raw_response.create(label="human", value="Ada")
        assert values.seen == [await response.parse()]
        server.script(body=b"<html>", headers={"Content-Type": "text/html"})
        await client.agents.with_raw_response.retrieve(AGENT)
        async with client.agents.with_streaming_response.list() as response:
            assert values.seen[1:] == [None]
        assert values.seen[1:] == [None, None]
        async with client.blocks.with_streaming_response.list() as response:
            page = await response.parse()
        assert values.seen[3:] == [page.items]


def test_errors_name_the_request(server: EmbeddedServer, sync_client: Letta) -> None:
    for header in ("x-request-id", "request-id", "x-api-request-log-id"):
        server.script(status=418, headers={header: "req-4"})
        with pytest.raises(APIStatusError) as caught:
            sync_client.agents.list()
        assert caught.value.request_id == "req-4"
    server.script(status=418)
    with pytest.raises(APIStatusError) as caught:
        sync_client.agents.list()
    assert caught.value.request_id is None


@pytest.mark.parametrize("to", [{}, [Block], {1}])
def test_what_is_no_type_is_refused(sync_client: Letta, to: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="to: "):
        sync_client.blocks.with_raw_response.list().parse(to=to)


def test_errors_of_the_sync_client_name_its_own_classes(sync_client: Letta) -> None:
    methods: Any = sync_client.with_raw_response
    with pytest.raises(AttributeError, match=r"^Agents\.find_or_create is not one request"):
        methods.agents.find_or_create(name="x")
    with pytest.raises(AttributeError, match="^Letta has no nothing"):
        methods.nothing()
    with pytest.raises(TypeError, match=r"^Blocks\.retrieve\(\) missing 1"):
        methods.blocks.retrieve()


async def test_a_request_id_is_printable(far: Server) -> None:
    far.follow(says(answer(200, b"[]").replace(b"\r\n\r\n", b"\r\nX-Request-ID: req-\xff\r\n\r\n", 1)))
    async with AsyncLetta(base_url=far.url) as client:
        assert (await client.with_raw_response.get("/x")).request_id == "req-�"
