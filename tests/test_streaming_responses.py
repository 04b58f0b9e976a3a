"""Responses whose body is read while it arrives: in pieces or as a whole, and what breaks meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from letta_async import (
    APIConnectionError,
    APIError,
    APIResponse,
    APIResponseValidationError,
    APITimeoutError,
    AsyncAPIResponse,
    AsyncLetta,
    ClientClosedError,
    InvalidArgumentError,
    Letta,
)
from tests.faults.scripts import answer, bomb, drips, endless, gzipped, says
from tests.faults.server import Server

TEXT = "Content-Type: text/plain"
BODY = b"one\ntwo\r\nthree\rfour \xc3\xa9\n\nend"
LINES = ["one", "two", "three", "four é", "", "end"]
BEGUN = answer(200, b"begun", TEXT, "X-Request-ID: req-1", length=1000)


@pytest.fixture
async def client(far: Server) -> AsyncIterator[AsyncLetta]:
    async with AsyncLetta(base_url=far.url, max_retries=0, max_response_bytes=4096) as client:
        yield client
        assert client.stats.in_flight == 0


@pytest.fixture
def sync_client(far: Server) -> Iterator[Letta]:
    with Letta(base_url=far.url, max_retries=0, max_response_bytes=4096) as client:
        yield client
        assert client.stats.in_flight == 0


def opened(client: Any) -> Any:
    return client.with_streaming_response.get("/x")


# --- pieces -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_a_body_is_read_in_pieces_as_it_arrives(far: Server, client: AsyncLetta, packed: bool) -> None:
    sent = answer(200, gzipped(BODY), TEXT, "Content-Encoding: gzip") if packed else answer(200, BODY, TEXT)
    far.follow(drips(sent, head=sent.index(b"\r\n\r\n") + 4, every=0.001))
    async with opened(client) as response:
        assert isinstance(response, AsyncAPIResponse)
        assert not response.is_closed
        assert client.stats.in_flight == 1
        assert [line async for line in response.iter_lines()] == LINES
        assert response.is_closed
        assert client.stats.in_flight == 0
    async with opened(client) as response:
        assert b"".join([piece async for piece in response.iter_bytes()]) == BODY
    async with opened(client) as response:
        pieces = [piece async for piece in response.iter_bytes(8)]
        assert [len(piece) for piece in pieces] == [8, 8, 8, 3]
    async with opened(client) as response:
        texts = [text async for text in response.iter_text(10)]
        assert [len(text) for text in texts] == [10, 10, 6]
        assert "".join(texts) == BODY.decode()
    async with opened(client) as response:
        assert await response.read() == BODY
        assert [line async for line in response.iter_lines()] == LINES
        assert [piece async for piece in response.iter_bytes(20)] == [BODY[:20], BODY[20:]]


def test_the_sync_client_reads_in_pieces(far: Server, sync_client: Letta) -> None:
    far.follow(says(answer(200, BODY, TEXT)))
    with opened(sync_client) as response:
        assert isinstance(response, APIResponse)
        assert list(response.iter_lines()) == LINES
    with opened(sync_client) as response:
        assert list(response.iter_bytes(20)) == [BODY[:20], BODY[20:]]
    with opened(sync_client) as response:
        assert (response.read(), response.text()) == (BODY, BODY.decode())
        assert list(response.iter_text()) == [BODY.decode()]
    with opened(sync_client) as response:
        assert sync_client.stats.in_flight == 1
    assert response.is_closed
    with pytest.raises(APIError, match="closed before its body was read"):
        response.read()


def test_the_threads_change_once_per_chunk(far: Server, sync_client: Letta, monkeypatch: pytest.MonkeyPatch) -> None:
    far.follow(says(answer(200, b"x" * 2000, TEXT)))
    with opened(sync_client) as response:
        runs: list[object] = []
        run = response._portal.run
        monkeypatch.setattr(response._portal, "run", lambda *given: (runs.append(given), run(*given))[1])
        assert list(response.iter_bytes(2)) == [b"xx"] * 1000
    assert len(runs) < 10


async def test_a_large_body_is_iterated_over_but_not_kept(far: Server, client: AsyncLetta) -> None:
    size = 2**20
    for sent in (answer(200, bytes(size)), answer(200, bomb(size), "Content-Encoding: gzip")):
        far.follow(says(sent))
        async with opened(client) as response:
            assert sum([len(piece) async for piece in response.iter_bytes()]) == size
        async with opened(client) as response:
            with pytest.raises(APIResponseValidationError, match="more than 4096 bytes|larger than 4096 bytes"):
                await response.read()
            with pytest.raises(APIResponseValidationError, match="more than 4096 bytes|larger than 4096 bytes"):
                await response.text()
        async with opened(client) as response:
            with pytest.raises(APIResponseValidationError, match="longer than 4096 characters"):
                [line async for line in response.iter_lines()]
            assert response.is_closed
    far.follow(says(answer(200, b"short\n" + b"x" * 5000, TEXT)))
    async with opened(client) as response:
        lines = response.iter_lines()
        assert await anext(lines) == "short"
        with pytest.raises(APIResponseValidationError, match="longer than 4096 characters"):
            await anext(lines)


async def test_only_one_way_of_reading_is_open(far: Server, client: AsyncLetta) -> None:
    far.follow(says(answer(200, BODY, TEXT)))
    async with opened(client) as response:
        await anext(response.iter_bytes(2))
        for read in (response.read, response.text, response.json, response.parse):
            with pytest.raises(APIError, match="iterated over already, and arrives only once"):
                await read()
        with pytest.raises(APIError, match="iterated over already"):
            await anext(response.iter_lines())
    for size in (0, -1, True, "1"):
        with pytest.raises(InvalidArgumentError, match="chunk_size"):
            response.iter_bytes(size)


async def test_what_stopped_a_reading_is_what_later_ones_raise(far: Server, client: AsyncLetta) -> None:
    far.follow(says(answer(200, BODY, TEXT)))
    async with opened(client) as response:
        with ThreadPoolExecutor(1) as pool, pytest.raises(ClientClosedError, match="in which it was opened"):
            pool.submit(lambda: asyncio.run(response.read())).result()
        assert [line async for line in response.iter_lines()] == LINES
    response = await opened(client)
    await response.close()
    for _ in range(2):
        with pytest.raises(APIError, match="was closed before its body was read"):
            await response.read()
        with pytest.raises(APIError, match="was closed before its body was read"):
            await anext(response.iter_bytes())
    far.follow(says(answer(200, b" " * 5000)))
    async with opened(client) as response:
        for _ in range(2):
            with pytest.raises(APIResponseValidationError, match="larger than 4096 bytes"):
                await response.read()
            with pytest.raises(APIResponseValidationError, match="larger than 4096 bytes"):
                await anext(response.iter_bytes())


# --- what breaks ------------------------------------------------------------------------------------------------------


async def consume(response: Any, how: str) -> Any:
    if how == "read":
        return await response.read()
    return [piece async for piece in response.iter_bytes()]


@pytest.mark.parametrize("how", ["read", "iter"])
async def test_what_breaks_is_an_error_of_ours_that_names_the_request(
    far: Server, client: AsyncLetta, how: str
) -> None:
    cases: list[tuple[Any, type[Exception], str]] = [
        (says(BEGUN, then="fin"), APIConnectionError, "payload"),
        (says(BEGUN, then="rst"), APIConnectionError, "reset"),
        (says(BEGUN), APITimeoutError, r"nothing arrived of the response for 0\.1 s"),
        (
            says(answer(200, b"no gzip", "Content-Encoding: gzip", "X-Request-ID: req-1")),
            APIResponseValidationError,
            "not valid gzip",
        ),
        (
            says(answer(200, gzipped(BODY)[:-3], "Content-Encoding: gzip", "X-Request-ID: req-1")),
            APIResponseValidationError,
            "ends too early",
        ),
        (
            says(answer(200, gzipped(BODY) + b"more", "Content-Encoding: gzip", "X-Request-ID: req-1")),
            APIResponseValidationError,
            "goes on too long",
        ),
        (
            says(answer(200, b"x", "Content-Encoding: br", "X-Request-ID: req-1")),
            APIResponseValidationError,
            "'br' was not asked for",
        ),
    ]
    for script, error, words in cases:
        far.follow(script)
        async with client.with_streaming_response.get("/x", timeout=0.1) as response:
            with pytest.raises(error, match=words) as caught:
                await consume(response, how)
            assert response.is_closed
            assert isinstance(caught.value, APIError)
            assert caught.value.request_id == "req-1"
        assert client.stats.in_flight == 0


async def test_a_body_that_breaks_off_is_logged(
    far: Server, client: AsyncLetta, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "letta_async")
    far.follow(says(BEGUN, then="rst"))
    async with opened(client) as response:
        with pytest.raises(APIConnectionError):
            await response.read()
    assert "GET /x, attempt 1: failed after" in caplog.messages[-1]


async def test_a_body_that_breaks_off_in_an_ordinary_call_names_the_request(far: Server, client: AsyncLetta) -> None:
    far.follow(says(BEGUN, then="fin"))
    for call in (client.get, client.with_raw_response.get):
        with pytest.raises(APIConnectionError) as caught:
            await call("/x")
        assert caught.value.request_id == "req-1"


async def test_the_deadline_bounds_the_reading(far: Server, client: AsyncLetta) -> None:
    far.follow(endless(answer(200, b"", TEXT, length=10**6), b"x", every=0.01))
    async with opened(client.with_options(deadline=0.2)) as response:
        with pytest.raises(APITimeoutError, match=r"the deadline of 0\.2 s passed"):
            [piece async for piece in response.iter_bytes()]


@pytest.mark.parametrize("how", ["read", "iter"])
async def test_closing_the_client_ends_the_reading(far: Server, how: str) -> None:
    far.follow(says(BEGUN))
    client = AsyncLetta(base_url=far.url)
    waiting_on, idle = await opened(client), await opened(client)
    waiting = asyncio.ensure_future(consume(waiting_on, how))
    await asyncio.sleep(0.05)
    await client.close()
    with pytest.raises(ClientClosedError):
        await waiting
    with pytest.raises(ClientClosedError):
        await consume(idle, how)
    assert await asyncio.to_thread(far.all_closed)


async def test_a_read_that_was_cancelled_is_continued(far: Server, client: AsyncLetta) -> None:
    rest = threading.Event()

    async def script(peer: Any) -> None:
        await peer.request()
        await peer.send(answer(200, b"begin", TEXT, length=8))
        while not rest.is_set():
            await asyncio.sleep(0.001)
        await peer.send(b"end")

    far.follow(script)
    async with opened(client) as response:
        first, second = asyncio.ensure_future(response.read()), asyncio.ensure_future(response.text())
        await asyncio.sleep(0.02)
        first.cancel()
        await asyncio.wait([first])
        rest.set()
        assert await second == "beginend"
        assert await response.read() == b"beginend"
