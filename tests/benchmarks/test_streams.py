"""Every way of the benchmark of streams sends the same request, and reads every event of the stub's streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks import streaming
from benchmarks.events import Events
from benchmarks.process import Process

# The official client says at each call that its method for streams has a successor; it does not say which.
pytestmark = pytest.mark.filterwarnings("ignore:deprecated$:DeprecationWarning")

EVENTS = 130
FORMS = {
    "one per chunk": (),
    "many per chunk": ("--per-chunk", 64),
    "one per chunk, paced": ("--pace", 0.0001),
}


@pytest.fixture(scope="module", params=FORMS)
def stub(request: pytest.FixtureRequest) -> Iterator[Process]:
    with Process("stub", "--events", EVENTS, *FORMS[request.param]) as process:
        yield process


@pytest.mark.parametrize("name", streaming.async_readings())
async def test_an_async_way_reads_every_event(name: str, stub: Process) -> None:
    async with streaming.async_readings()[name](stub.url) as read:
        for _ in range(2):  # the second on the connection of the first
            reading = await read()
            assert reading.events == EVENTS
            assert reading.began < reading.first


@pytest.mark.parametrize("name", streaming.sync_readings())
def test_a_sync_way_reads_every_event(name: str, stub: Process) -> None:
    with streaming.sync_readings()[name](stub.url) as read:
        for _ in range(2):
            reading = read()
            assert reading.events == EVENTS
            assert reading.began < reading.first


@pytest.mark.parametrize("name", [*streaming.async_readings(), *streaming.sync_readings()])
async def test_a_way_sends_the_request(name: str) -> None:
    bodies: list[tuple[str, Any]] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        bodies.append((head.partition("\r\n")[0], json.loads(await reader.readexactly(length))))
        writer.writelines(Events(3).chunks())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        if name in streaming.async_readings():
            async with streaming.async_readings()[name](url) as read:
                assert (await read()).events == 3
        else:
            assert await asyncio.to_thread(read_once, name, url) == 3
    line = f"post /v1/agents/{streaming.AGENT}/messages/stream http/1.1"
    assert bodies == [(line, {"input": "hello", "stream_tokens": True})]


def read_once(name: str, url: str) -> int:
    with streaming.sync_readings()[name](url) as read:
        return read().events


@pytest.mark.parametrize("per_chunk", [1, 64, 1000])
def test_a_stream_has_its_events_in_chunks_of_so_many(per_chunk: int) -> None:
    body = b"".join(Events(EVENTS, per_chunk).chunks()).partition(b"\r\n\r\n")[2]
    sizes: list[int] = []
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        chunk, body = body[: int(size, 16)], body[int(size, 16) + 2 :]
        sizes.append(chunk.count(b"\n\n"))
        whole += chunk
    assert sizes == [
        *([per_chunk] * (EVENTS // per_chunk)),
        *([EVENTS % per_chunk] if EVENTS % per_chunk else []),
        1,
        0,
    ]
    *events, end, _ = whole.split(b"\n\n")
    assert end == b"data: [DONE]"
    assert {json.loads(event.removeprefix(b"data: "))["message_type"] for event in events} == {"assistant_message"}
