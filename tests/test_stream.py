"""Streams on both clients: what arrives, what breaks, and what is left behind."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import pytest

from letta_async import (
    APIConnectionError,
    APIResponseValidationError,
    APITimeoutError,
    AssistantMessage,
    AsyncLetta,
    ClientClosedError,
    Letta,
    LettaPing,
    LettaStopReason,
    LettaUsageStatistics,
    NotFoundError,
    Stream,
    StreamError,
    UnknownMessage,
)
from letta_async.testing import EmbeddedServer
from tests.faults.scripts import answer, says
from tests.faults.server import Server

AGENT = "agent-00000000-0000-4000-8000-000000000000"
MODEL = {"model": "letta/letta-free", "embedding": "letta/letta-free"}
PIECE = b'data: {"message_type":"assistant_message","id":"message-1","content":"a"}\n\n'
DONE = b"data: [DONE]\n\n"
ERROR = b'event: error\ndata: {"message_type":"error_message","run_id":"run-1","error_type":"llm_error"}\n\n'
TYPE = "Content-Type: text/event-stream; charset=utf-8"


def chunked(*parts: bytes, end: bool = True) -> bytes:
    framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return answer(200, framed + (b"0\r\n\r\n" if end else b""), TYPE, "Transfer-Encoding: chunked", length=None)


async def taken(client: AsyncLetta, into: list[Any], **options: Any) -> None:
    async for event in client.agents.messages.stream(AGENT, input="x", **options):
        into.append(event)


@pytest.mark.parametrize("tokens", [False, True])
async def test_a_turn_arrives_as_typed_events(tokens: bool) -> None:
    async with EmbeddedServer() as server, AsyncLetta(base_url=server.base_url) as client:
        agent = await client.agents.create(**MODEL)
        async with client.agents.messages.stream(agent.id, input="one two", stream_tokens=tokens) as stream:
            events = [event async for event in stream]
        pieces = [event.content for event in events if isinstance(event, AssistantMessage)]
        assert pieces == (["one", " two"] if tokens else ["one two"])
        kinds = [type(event) for event in events if not isinstance(event, AssistantMessage)]
        assert kinds == [LettaPing, LettaStopReason, LettaUsageStatistics]
        assert server.requests[-1].headers["accept"] == "text/event-stream"
        awaited = await client.agents.messages.stream(agent.id, messages=[{"role": "user", "content": "three"}])
        assert [e.content async for e in awaited if isinstance(e, AssistantMessage)] == ["three"]
        assert client.stats.in_flight == 0


async def test_deltas_can_be_joined_by_hand() -> None:
    async with EmbeddedServer() as server, AsyncLetta(base_url=server.base_url) as client:
        agent = await client.agents.create(**MODEL)
        joined: Any = None
        async with client.agents.messages.stream(agent.id, input="one two three", stream_tokens=True) as stream:
            async for event in stream:
                if isinstance(event, AssistantMessage):
                    if joined is None:
                        joined, hashed = event, hash(event)
                    else:
                        joined.content += event.content
        assert (joined.content, hash(joined)) == ("one two three", hashed)


def test_the_sync_client_iterates_and_closes() -> None:
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        agent = client.agents.create(**MODEL)
        with client.agents.messages.stream(agent.id, input="hello") as stream:
            assert [e.content for e in stream if isinstance(e, AssistantMessage)] == ["hello"]
        early = client.agents.messages.stream(agent.id, input="hello")
        next(early)
        early.close()
        assert list(early) == []
        with pytest.raises(NotFoundError):
            client.agents.messages.stream(AGENT, input="hello")


@pytest.mark.parametrize("cut", range(0, 2 * len(PIECE) + 1, 7))
async def test_a_connection_that_breaks_loses_nothing_that_came(far: Server, cut: int) -> None:
    far.follow(says(chunked((PIECE * 2)[:cut], end=False) if cut else answer(200, b"", TYPE, length=99), then="fin"))
    events: list[Any] = []
    async with AsyncLetta(base_url=far.url, max_retries=0) as client:
        with pytest.raises(APIConnectionError):
            await taken(client, events)
        assert client.stats.in_flight == 0
    assert len(events) == cut // len(PIECE)


@pytest.mark.parametrize(
    ("sent", "error", "before"),
    [
        (chunked(PIECE), APIConnectionError, 1),
        (chunked(PIECE + ERROR + DONE), StreamError, 1),
        (chunked(PIECE + b"data: {\n\n"), APIResponseValidationError, 1),
        (chunked(PIECE + b"data: \xff\n\n"), APIResponseValidationError, 1),
        (answer(200, b'{"messages": []}'), APIResponseValidationError, 0),
        (answer(404, b'{"detail": "no"}'), NotFoundError, 0),
    ],
    ids=["no-end", "error-event", "not-json", "not-utf-8", "json-answer", "404"],
)
async def test_errors_are_ours_and_come_after_the_events_before_them(
    far: Server, sent: bytes, error: type[Exception], before: int
) -> None:
    far.follow(says(sent))
    events: list[Any] = []
    async with AsyncLetta(base_url=far.url, max_retries=0) as client:
        with pytest.raises(error) as caught:
            await taken(client, events)
        assert client.stats.in_flight == 0
    assert len(events) == before
    if isinstance(caught.value, StreamError):
        assert (caught.value.run_id, caught.value.error_type) == ("run-1", "llm_error")


async def test_silence_is_a_timeout_and_an_unknown_event_is_kept(far: Server) -> None:
    far.follow(says(chunked(b'data: {"message_type":"new","x":1}\n\n', end=False)))
    events: list[Any] = []
    async with AsyncLetta(base_url=far.url) as client:
        with pytest.raises(APITimeoutError, match=r"nothing arrived on the stream for 0\.2 s"):
            await taken(client, events, timeout=0.2)
        with pytest.raises(APITimeoutError, match=r"deadline of 0\.2 s"):
            await taken(client.with_options(deadline=0.2), events)
    assert [(type(event), event.message_type) for event in events] == [(UnknownMessage, "new")] * 2


@pytest.mark.parametrize("how", ["break", "close", "cancel"])
async def test_leaving_early_frees_the_connection_and_the_slot(far: Server, how: str) -> None:
    far.follow(says(chunked(PIECE, end=False)))
    async with AsyncLetta(base_url=far.url) as client:
        if how == "break":
            async for _ in client.agents.messages.stream(AGENT, input="x"):
                break
        elif how == "close":
            stream = await client.agents.messages.stream(AGENT, input="x")
            await stream.close()
            assert [event async for event in stream] == []
        else:
            task = asyncio.create_task(taken(client, []))
            while not client.stats.in_flight or not far.requests:
                await asyncio.sleep(0.001)
            task.cancel()
            await asyncio.wait([task])
            del task
        assert client.stats.in_flight == 0
        assert await asyncio.to_thread(far.all_closed)


async def test_closing_the_client_ends_a_stream(far: Server) -> None:
    far.follow(says(chunked(PIECE, end=False)))
    client = AsyncLetta(base_url=far.url)
    stream = client.agents.messages.stream(AGENT, input="x")
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    await client.close()
    with pytest.raises(ClientClosedError):
        await waiting
    with pytest.raises(ClientClosedError):
        await anext(stream)


def test_a_thread_that_another_one_was_faster_than_reads_on() -> None:
    class Contested(deque[Any]):
        """A queue whose event another thread takes between the look at it and the reach for it."""

        def popleft(self) -> Any:
            taken = super().popleft()
            if taken == "another thread's":
                raise IndexError
            return taken

    stream: Any = object.__new__(Stream)
    stream._arrived = Contested(["another thread's"])
    stream._batches = iter([["own"]])
    assert next(stream) == "own"
    with pytest.raises(StopIteration):
        next(stream)


async def test_a_failure_that_is_nested_too_deeply_to_be_told_is_an_invalid_event(far: Server) -> None:
    deep = b"[" * 900 + b"]" * 900
    far.follow(says(answer(200, b'data: {"message_type": "error_message", "message": %b}\n\n' % deep, TYPE)))
    async with AsyncLetta(base_url=far.url) as client:
        # How deep is too deep to be shown depends on the Python that runs.
        with pytest.raises((APIResponseValidationError, StreamError), match=r"recursion|the turn failed: \[{100}"):
            [event async for event in client.agents.messages.stream(AGENT, input="x")]
        assert client.stats.in_flight == 0
