"""Raw and streaming responses that are event streams: parsed to events, or read as bytes and lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from letta_async import (
    APIError,
    APIResponseValidationError,
    AssistantMessage,
    AsyncLetta,
    AsyncStream,
    InvalidArgumentError,
    Letta,
    RetryPolicy,
    Stream,
)
from letta_async.testing import EmbeddedServer
from tests.faults.scripts import answer, says
from tests.faults.server import Server
from tests.test_streaming_responses import client

__all__ = ["client"]


AGENT = "agent-00000000-0000-4000-8000-000000000000"
MODEL = {"model": "letta/letta-free", "embedding": "letta/letta-free"}
ONCE = RetryPolicy(max_retries=1, initial_delay=0.001)


@pytest.mark.parametrize("form", ["with_raw_response", "with_streaming_response"])
async def test_a_stream_of_events_is_parsed_or_read(form: str) -> None:
    async with EmbeddedServer() as server, AsyncLetta(base_url=server.base_url) as client:
        agent = await client.agents.create(**MODEL)
        messages = getattr(client.agents, form).messages
        calls: list[Callable[[], Any]] = [
            lambda: messages.stream(agent.id, input="hello"),
            lambda: messages.create(agent.id, input="hello", streaming=True),
            lambda: messages.stream(agent.id, input="hello", background=True),
        ]
        for call in calls:
            async with call() as response:
                assert response.headers["content-type"].startswith("text/event-stream")
                stream = await response.parse()
                assert isinstance(stream, AsyncStream)
                assert await response.parse() is stream
                assert [event.content async for event in stream if isinstance(event, AssistantMessage)] == ["hello"]
                with pytest.raises(APIError, match="read as events already"):
                    await response.read()
                with pytest.raises(InvalidArgumentError, match="does not go with an event stream"):
                    await response.parse(to=dict)
        async with calls[0]() as response:
            lines = [line async for line in response.iter_lines()]
            assert lines[-2:] == ["data: [DONE]", ""]
            with pytest.raises(APIError, match="iterated over already"):
                await response.parse()
        async with calls[0]() as response:
            assert b"[DONE]" in await response.read()
            with pytest.raises(APIError, match="read as a whole already, and arrives only once; parse\\(\\) it first"):
                await response.parse()
        response = await calls[0]()
        await response.close()
        with pytest.raises(APIError, match="was closed before its body was read"):
            await response.parse()
        async with calls[0]() as response:
            stream = await response.parse()
            assert client.stats.in_flight == 1
        assert client.stats.in_flight == 0
        assert [event async for event in stream] == []
        whole = await messages.create(agent.id, input="hello")
        assert (await whole.parse()).text == "hello"


async def test_a_stream_that_is_resumed_before_it_begins_shows_the_response_that_came() -> None:
    async with EmbeddedServer() as server, AsyncLetta(base_url=server.base_url, retry=ONCE) as client:
        agent = await client.agents.create(**MODEL)
        talk = await client.conversations.create(agent_id=agent.id)
        hung_up = server.script("POST", "*/messages", hang_up=True, times=3)  # one of them on an idle connection
        messages = client.conversations.with_raw_response.messages
        async with messages.create(talk.id, input="hello", background=True) as response:
            assert (hung_up.met, response.retries_taken, client.stats.retries) == (3, 0, 2)
            stream = await response.parse()
            assert (await stream.collect()).text == "hello"
        assert client.stats.in_flight == 0


def test_the_sync_client_parses_streams() -> None:
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        agent = client.agents.create(**MODEL)
        with client.agents.with_raw_response.messages.stream(agent.id, input="hello") as response:
            stream = response.parse()
            assert isinstance(stream, Stream)
            assert response.parse() is stream
            assert stream.collect().text == "hello"
        with client.agents.messages.with_streaming_response.stream(agent.id, input="hello") as response:
            assert "data: [DONE]" in list(response.iter_lines())
        assert client.stats.in_flight == 0


async def test_what_is_no_stream_is_shown_and_refused_by_parse(far: Server, client: AsyncLetta) -> None:
    for form in ("with_raw_response", "with_streaming_response"):
        far.follow(says(answer(200, b'{"messages": []}')))
        async with getattr(client.agents.messages, form).stream(AGENT, input="x") as response:
            with pytest.raises(APIResponseValidationError, match="no event stream"):
                await response.parse()
            assert await response.json() == {"messages": []}
        far.follow(says(answer(200, b"", "Content-Type: text/event-stream", "Content-Encoding: gzip")))
        async with getattr(client.agents.messages, form).stream(AGENT, input="x") as response:
            with pytest.raises(APIResponseValidationError, match="compressed"):
                await response.parse()
        far.follow(says(answer(200, b"data: [DONE]\n\n", "Content-Type: text/event-stream")))
        async with getattr(client.agents, form).retrieve(AGENT) as response:
            with pytest.raises(APIResponseValidationError, match="not JSON"):
                await response.parse()
            assert await response.text() == "data: [DONE]\n\n"
