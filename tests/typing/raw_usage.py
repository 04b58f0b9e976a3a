"""How responses as they were received look to a type checker: checked, never run. What is ignored they must refuse."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, assert_type

from letta_async import (
    AgentState,
    APIResponse,
    AsyncAPIResponse,
    AsyncLetta,
    AsyncPage,
    AsyncStream,
    Attempt,
    Block,
    HealthResponse,
    Letta,
    LettaResponse,
    Page,
    Stream,
    StreamEvent,
)


async def responses(client: AsyncLetta) -> None:
    """Show a response, and what its `parse()` returns."""
    response = await client.agents.with_raw_response.retrieve("agent-…", timeout=3)
    assert_type(response, AsyncAPIResponse[AgentState])
    assert_type(await response.parse(), AgentState)
    assert_type(await response.parse(to=Block), Block)
    assert_type(await response.read(), bytes)
    assert_type(await response.text(), str)
    assert_type(response.status_code, int)
    assert_type(response.headers, Mapping[str, str])
    assert_type(response.elapsed, timedelta)
    assert_type(response.attempts, tuple[Attempt, ...])
    assert_type(response.request_id, str | None)
    raw = client.with_raw_response
    assert_type(await (await raw.agents.list(limit=3)).parse(), AsyncPage[AgentState])
    assert_type(await (await raw.agents.modify("agent-…", name="x")).parse(), AgentState)
    assert_type(await (await raw.agents.core_memory.list("agent-…")).parse(), AsyncPage[Block])
    assert_type(await (await raw.health()).parse(), HealthResponse)
    assert_type(await (await raw.get("/v1/agents/", cast_to=list[AgentState])).parse(), Any)
    await client.agents.with_raw_response.retrieve(3)  # type: ignore[arg-type]
    await client.agents.with_raw_response.find_or_create(name="x")  # type: ignore[attr-defined]
    await raw.agents.retrieve("agent-…", limit=3)  # type: ignore[call-arg]


async def bodies(client: AsyncLetta) -> None:
    """Show a body that is read while it arrives, and streams."""
    async with client.agents.with_streaming_response.retrieve("agent-…") as response:
        assert_type(response, AsyncAPIResponse[AgentState])
        async for piece in response.iter_bytes(1024):
            assert_type(piece, bytes)
        async for line in response.iter_lines():
            assert_type(line, str)
    messages = client.agents.messages.with_streaming_response
    async with messages.stream("agent-…", input="Hello") as streamed:
        assert_type(await streamed.parse(), AsyncStream[StreamEvent])
    async with messages.create("agent-…", input="Hello", streaming=True) as streamed:
        assert_type(await streamed.parse(), AsyncStream[StreamEvent])
    assert_type(await (await messages.create("agent-…", input="Hello")).parse(), LettaResponse)
    talks = client.with_raw_response.conversations.messages
    assert_type(await (await talks.create("conv-…", input="Hello")).parse(), AsyncStream[StreamEvent])
    assert_type(await (await talks.create("conv-…", input="Hello", streaming=False)).parse(), LettaResponse)


def sync_responses(client: Letta) -> None:
    """Show the same on the sync client."""
    response = client.agents.with_raw_response.retrieve("agent-…")
    assert_type(response, APIResponse[AgentState])
    assert_type(response.parse(), AgentState)
    assert_type(response.parse(to=Block), Block)
    assert_type(client.with_raw_response.agents.list(limit=3).parse(), Page[AgentState])
    assert_type(client.with_raw_response.health().parse(), HealthResponse)
    with client.agents.with_streaming_response.list() as listed:
        for text in listed.iter_text():
            assert_type(text, str)
    messages = client.agents.with_raw_response.messages
    assert_type(messages.create("agent-…", input="Hello").parse(), LettaResponse)
    assert_type(messages.create("agent-…", input="Hello", streaming=True).parse(), Stream[StreamEvent])
    assert_type(messages.stream("agent-…", input="Hello").parse(), Stream[StreamEvent])
    client.with_raw_response.agents.retrieve()  # type: ignore[call-arg]
