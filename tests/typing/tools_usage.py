"""What type checkers infer of tools that run in the program, and of waiting for runs."""

from __future__ import annotations

from typing import Any, assert_type

from letta_async import (
    AsyncLetta,
    ClientTool,
    Letta,
    LettaResponse,
    Message,
    Run,
    ToolCall,
    ToolRun,
    client_tool,
)


def add(a: int, b: int = 1) -> int:
    """Add numbers."""
    return a + b


async def fetch(url: str) -> bytes:
    """Fetch a page."""
    return url.encode()


def approve(call: ToolCall) -> bool:
    """Decide about a call."""
    return call.name == "add"


async def approve_with_reason(call: ToolCall) -> tuple[bool, str]:
    """Decide about a call, and say why."""
    return approve(call), "because"


async def tools(client: AsyncLetta) -> None:
    """Show the types of the async client."""
    assert_type(client_tool(add), ClientTool)
    run = await client.agents.messages.run_tools("agent-…", tools=[add, fetch], input="x", approve=approve)
    assert_type(run, ToolRun)
    assert_type(run.response, LettaResponse)
    assert_type(run.text, str)
    assert_type(run.messages, list[Message])
    assert_type(run.requires_approval, bool)
    described: dict[str, Any] = {"name": "x"}
    await client.agents.messages.run_tools(
        "agent-…", tools=[(ClientTool(name="x"), add), (described, fetch)], input="x", approve=approve_with_reason
    )
    in_conversation = await client.conversations.messages.run_tools("conv-…", tools=(add,), messages=[], max_turns=3)
    assert_type(in_conversation, ToolRun)
    assert_type(await client.runs.wait("run-…", deadline=5, poll=0.5), Run)
    await client.agents.messages.run_tools("agent-…", input="x")  # type: ignore[call-arg]
    await client.agents.messages.run_tools("agent-…", tools=["add"], input="x")  # type: ignore[list-item]
    await client.agents.messages.run_tools("agent-…", tools=[add], approve=add)  # type: ignore[arg-type]


def facade_tools(client: Letta) -> None:
    """Show the types of the sync client."""
    assert_type(client.agents.messages.run_tools("agent-…", tools=[add, fetch], input="x"), ToolRun)
    assert_type(client.conversations.messages.run_tools("conv-…", tools=[add], input="x", approve=approve), ToolRun)
    assert_type(client.runs.wait("run-…"), Run)
