"""How messages and streams look to a type checker: checked, never run. What is ignored they must refuse."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any, assert_type

from letta_async import (
    AgentState,
    ApprovalCreate,
    ApprovalReturn,
    AssistantMessage,
    AsyncLetta,
    AsyncPaginator,
    AsyncStream,
    ClientTool,
    CompactResponse,
    FoundMessage,
    ImageContent,
    Letta,
    LettaResponse,
    Message,
    MessageCreate,
    Paginator,
    Run,
    Stream,
    StreamEvent,
    TextContent,
    Timeout,
    ToolCall,
    accumulate,
)


async def turns(client: AsyncLetta) -> None:
    """Show what is awaited, what streams, and what `streaming` makes of it."""
    response = await client.agents.messages.create("agent-…", input="Hello", wait_if_busy=30)
    assert_type(response, LettaResponse)
    assert_type(response.text, str)
    assert_type(response.tool_calls, list[ToolCall])
    assert_type(response.tool_calls[0].parsed_arguments, dict[str, Any])
    assert_type(response.requires_approval, bool)
    assert_type(
        await client.agents.messages.create(
            "agent-…", messages=[{"role": "user", "content": "Hello"}], streaming=False
        ),
        LettaResponse,
    )
    sent = client.agents.messages.create(
        "agent-…", input=[TextContent(text="What is this?"), ImageContent.from_url("https://example.com/cat.png")]
    )
    assert_type(await sent, LettaResponse)
    stream = client.agents.messages.create("agent-…", input="Hello", streaming=True, stream_tokens=True)
    assert_type(stream, AsyncStream[StreamEvent])
    assert_type(await stream, AsyncStream[StreamEvent])
    async with client.agents.messages.stream("agent-…", input="Hello", timeout=Timeout(60, pings=False)) as stream:
        async for event in stream:
            assert_type(event, StreamEvent)
            if isinstance(event, AssistantMessage):
                assert_type(event.text, str)
        assert_type(stream.text_stream, AsyncGenerator[str, None])
        assert_type(await stream.collect(), LettaResponse)
        assert_type(accumulate([]), LettaResponse)
    await client.agents.messages.create("agent-…", input="Hello", streaming=3)  # type: ignore[call-overload]


async def conversations(client: AsyncLetta) -> None:
    """Show a conversation, which streams unless told otherwise."""
    create = client.conversations.messages.create
    assert_type(create("conv-…", messages=[MessageCreate(role="user", content="Hi")]), AsyncStream[StreamEvent])
    assert_type(await create("conv-…", input="Hi", streaming=False), LettaResponse)
    assert_type(client.conversations.messages.stream("conv-…", starting_after=3), AsyncStream[StreamEvent])
    approval = ApprovalCreate(approvals=[ApprovalReturn(tool_call_id="call-1", approve=False, reason="no")])
    assert_type(await create("conv-…", messages=[approval], streaming=False), LettaResponse)


async def others(client: AsyncLetta) -> None:
    """Show what else there is about messages and runs."""
    messages = client.agents.messages
    tools = [ClientTool(name="now", description="The time.", parameters={"type": "object", "properties": {}})]
    assert_type(await messages.create_async("agent-…", input="Hello", client_tools=tools), Run)
    assert_type(messages.list("agent-…", conversation_id="default"), AsyncPaginator[Message])
    assert_type(await messages.cancel("agent-…", run_ids=["run-…"]), dict[str, Any])
    assert_type(await messages.compact("agent-…", compaction_settings={"mode": "all"}), CompactResponse)
    assert_type(await messages.reset("agent-…"), AgentState | None)
    assert_type(client.runs.messages.list("run-…"), AsyncPaginator[Message])
    assert_type(client.runs.messages.stream("run-…", starting_after=2), AsyncStream[StreamEvent])
    assert_type(client.messages.list(limit=3), AsyncPaginator[Message])
    assert_type(await client.messages.retrieve("message-…"), list[Message])
    assert_type(await client.messages.search(query="tea"), list[FoundMessage])


def sync_turns(client: Letta) -> None:
    """Show the same on the sync client."""
    assert_type(client.agents.messages.create("agent-…", input="Hello"), LettaResponse)
    with client.agents.messages.stream("agent-…", input="Hello") as stream:
        assert_type(stream, Stream[StreamEvent])
        assert_type(stream.text_stream, Iterator[str])
        assert_type(stream.collect(), LettaResponse)
    assert_type(client.agents.messages.create("agent-…", input="Hello", streaming=True), Stream[StreamEvent])
    assert_type(client.conversations.messages.create("conv-…", input="Hi"), Stream[StreamEvent])
    assert_type(client.conversations.messages.create("conv-…", input="Hi", streaming=False), LettaResponse)
    assert_type(client.conversations.messages.stream("conv-…", otid="mine"), Stream[StreamEvent])
    assert_type(client.agents.messages.create_async("agent-…", input="Hello"), Run)
    assert_type(client.agents.messages.list("agent-…"), Paginator[Message])
    assert_type(client.agents.messages.cancel("agent-…"), dict[str, Any])
    assert_type(client.agents.messages.compact("agent-…"), CompactResponse)
    assert_type(client.agents.messages.reset("agent-…", add_default_initial_messages=True), AgentState | None)
    assert_type(client.runs.messages.list("run-…"), Paginator[Message])
    assert_type(client.runs.messages.stream("run-…"), Stream[StreamEvent])
    assert_type(client.messages.list(), Paginator[Message])
    assert_type(client.messages.retrieve("message-…"), list[Message])
    assert_type(client.messages.search(query="tea"), list[FoundMessage])
