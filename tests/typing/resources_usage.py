"""How the resources look to a type checker: checked, never run. What is ignored they must refuse."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import datetime
from typing import Any, assert_type

from letta_async import (
    AgentState,
    AsyncLetta,
    AsyncPage,
    AsyncPaginator,
    Block,
    ClientStats,
    CompactionSettings,
    CompactResponse,
    Conversation,
    Letta,
    Message,
    NewBlock,
    Outcome,
    Page,
    Paginator,
    RateLimit,
    RecompileCost,
    RetryPolicy,
    Staleness,
    SystemMessage,
    Timeout,
    TrafficStats,
)
from letta_async.instrumentation import Instrumentation
from letta_async.operations._operation import Traffic


async def conversations(client: AsyncLetta) -> None:
    """Show what is awaited, what is gone through, and what is refused."""
    made = await client.conversations.create(agent_id="agent-…", summary=None, timeout=5, extra_headers={"X-A": None})
    assert_type(made, Conversation)
    assert_type(made.created_at, datetime | None)
    assert_type(await client.conversations.retrieve("conv-…", timeout=Timeout(3)), Conversation)
    assert_type(await client.conversations.update("conv-…", last_message_at="2026-01-02T03:04:05Z"), Conversation)
    assert_type(await client.conversations.fork("conv-…", extra_body={"newer": 1}), Conversation)
    assert_type(
        await client.conversations.compact("conv-…", compaction_settings=CompactionSettings(mode="all")),
        CompactResponse,
    )
    assert_type(await client.conversations.messages.compact("conv-…"), CompactResponse)
    assert_type(await client.conversations.staleness("default", agent_id="agent-…"), Staleness)
    assert_type(await client.conversations.recompile_cost("conv-…"), RecompileCost)
    await client.conversations.delete("conv-…")
    assert_type(await client.conversations.cancel("conv-…"), dict[str, Any])
    assert_type(await client.conversations.recompile("default", agent_id="agent-…", dry_run=True), str)

    listed = client.conversations.list(agent_id="agent-…", limit=5)
    assert_type(listed, AsyncPaginator[Conversation])
    assert_type(await listed, AsyncPage[Conversation])
    assert_type((await listed).items, list[Conversation])
    assert_type(await (await listed.page()).get_next_page(), AsyncPage[Conversation])
    async for conversation in listed:
        assert_type(conversation, Conversation)
    async for message in client.conversations.messages.list("conv-…", order="asc"):
        assert_type(message, Message)
        if message.message_type == "system_message" and isinstance(message, SystemMessage):
            assert_type(message.content, str)

    targets = client.conversations.targets(block_id="block-…")
    assert_type(targets, AsyncGenerator[str, None])
    outcomes = client.conversations.recompile_many(targets, only_stale=True)
    assert_type(outcomes, AsyncGenerator[Outcome, None])

    client.conversations.list(order="up")  # type: ignore[arg-type]
    client.conversations.list(limits=5)  # type: ignore[call-arg]
    await client.conversations.create()  # type: ignore[call-arg]
    await client.conversations.create("agent-…")  # type: ignore[call-arg]
    await client.conversations.retrieve("conv-…", timeout="soon")  # type: ignore[arg-type]
    client.conversations.targets("agent-…")  # type: ignore[call-arg]


async def agents_and_blocks(client: AsyncLetta) -> None:
    """Show the same of agents and blocks."""
    agent = await client.agents.create(
        model="openai/gpt-4o",
        memory_blocks=[NewBlock(label="human", value="Ada"), {"label": "persona", "value": ""}],
        block_ids=("block-…",),
        compaction_settings={"mode": "all"},
    )
    assert_type(agent, AgentState)
    assert_type(await client.agents.update("agent-…", system="S"), AgentState)
    assert_type(await client.agents.retrieve("agent-…", include=["agent.blocks"]), AgentState)
    assert_type(await client.agents.recompile("agent-…", dry_run=True), str)
    assert_type(client.agents.list(tags=["a"]), AsyncPaginator[AgentState])
    assert_type(await client.blocks.create(label="human", value="Ada", tags=("a",)), Block)
    assert_type(client.blocks.list(), AsyncPaginator[Block])
    assert_type(client.blocks.agents.list("block-…"), AsyncPaginator[AgentState])
    assert_type(await client.blocks.retrieve("block-…", timeout=None), Block)
    assert_type(await client.blocks.update("block-…", value="Grace", metadata={"by": 1}), Block)
    await client.blocks.delete("block-…")
    await client.agents.delete("agent-…", extra_query={"q": 1})
    await client.blocks.create(label="human")  # type: ignore[call-arg]
    await client.agents.retrieve("agent-…", include=["blocks"])  # type: ignore[list-item]


async def client_itself(client: AsyncLetta) -> None:
    """Show what a client tells of itself, and the calls without a method of their own."""
    assert_type(client.api_key, str | None)
    assert_type(client.base_url, str)
    assert_type(client.timeout, Timeout)
    assert_type(client.max_retries, int)
    assert_type(client.stats, ClientStats)
    assert_type(client.stats.by_traffic, Mapping[Traffic, TrafficStats])
    assert_type(client.rate_limit, RateLimit | None)
    assert_type(client.instrumentation, tuple[Instrumentation, ...])
    assert_type(client.is_closed, bool)
    assert_type(client.copy(deadline=5), AsyncLetta)
    assert_type(client.with_options(retry=RetryPolicy(max_delay=1)), AsyncLetta)
    assert_type(await client.get("/v1/agents/", cast_to=list), Any)
    assert_type(await client.post("/v1/agents/", body={"name": "x"}), Any)
    assert_type(await client.put("/v1/agents/", body=[]), Any)
    assert_type(await client.patch("/v1/agents/", body=None), Any)
    assert_type(await client.delete("/v1/agents/", extra_headers={"X-A": None}), Any)
    await client.close()
    client.with_options(session=None)  # type: ignore[call-arg]


def facade(client: Letta) -> None:
    """Show that the facade gives the same without promises."""
    assert_type(client.conversations.create(agent_id="agent-…", timeout=5), Conversation)
    assert_type(client.conversations.retrieve("conv-…"), Conversation)
    assert_type(client.conversations.update("conv-…", archived=True), Conversation)
    assert_type(client.conversations.fork("conv-…", message_id="message-…"), Conversation)
    assert_type(client.conversations.compact("conv-…"), CompactResponse)
    assert_type(client.conversations.cancel("conv-…"), dict[str, Any])
    assert_type(client.conversations.recompile("conv-…"), str)
    staleness = client.conversations.staleness("conv-…")
    assert_type(staleness, Staleness)
    assert_type(client.conversations.recompile_cost("conv-…", staleness=staleness), RecompileCost)
    assert_type(client.conversations.messages.compact("conv-…"), CompactResponse)
    assert_type(client.conversations.targets(all=True), Iterator[str])
    outcomes = client.conversations.recompile_many(client.conversations.targets(all=True), only_stale=True)
    assert_type(outcomes, Iterator[Outcome])
    listed = client.conversations.list(limit=5)
    assert_type(listed, Paginator[Conversation])
    assert_type(listed.page(), list[Conversation])
    assert_type([conversation.id for conversation in listed], list[str])
    assert_type(client.conversations.messages.list("conv-…"), Paginator[Message])
    client.conversations.delete("conv-…")
    client.conversations.list(order="up")  # type: ignore[arg-type]
    client.conversations.retrieve("conv-…", timeouts=5)  # type: ignore[call-arg]
    assert_type(client.conversations.list()[0], Conversation)
    assert_type(listed.get_next_page(), Page[Conversation])
    assert_type(client.conversations.list().items, list[Conversation])


def facade_of_agents_and_blocks(client: Letta) -> None:
    """Show the same of agents and blocks."""
    assert_type(client.agents.create(model="openai/gpt-4o", memory_blocks=[NewBlock(label="a", value="b")]), AgentState)
    assert_type(client.agents.retrieve("agent-…", include=["agent.blocks"]), AgentState)
    assert_type(client.agents.update("agent-…", system="S"), AgentState)
    assert_type(client.agents.list(tags=["a"]), Paginator[AgentState])
    assert_type(client.agents.recompile("agent-…"), str)
    client.agents.delete("agent-…")
    assert_type(client.blocks.create(label="human", value="Ada"), Block)
    assert_type(client.blocks.retrieve("block-…"), Block)
    assert_type(client.blocks.update("block-…", value="Grace"), Block)
    assert_type(client.blocks.list(label="human"), Paginator[Block])
    assert_type(client.blocks.agents.list("block-…"), Paginator[AgentState])
    client.blocks.delete("block-…")
    client.blocks.create(label="human")  # type: ignore[call-arg]
    client.agents.retrieve("agent-…", include=["blocks"])  # type: ignore[list-item]


def facade_itself(client: Letta) -> None:
    """Show what it tells of itself."""
    assert_type(client.api_key, str | None)
    assert_type(client.base_url, str)
    assert_type(client.timeout, Timeout)
    assert_type(client.max_retries, int)
    assert_type(client.stats, ClientStats)
    assert_type(client.rate_limit, RateLimit | None)
    assert_type(client.instrumentation, tuple[Instrumentation, ...])
    assert_type(client.is_closed, bool)
    assert_type(client.copy(deadline=5), Letta)
    assert_type(client.with_options(retry=RetryPolicy(max_delay=1)), Letta)
    assert_type(client.get("/v1/agents/", cast_to=list), Any)
    assert_type(client.post("/v1/agents/", body={"name": "x"}), Any)
    assert_type(client.put("/v1/agents/", body=[]), Any)
    assert_type(client.patch("/v1/agents/", body=None), Any)
    assert_type(client.delete("/v1/agents/", extra_headers={"X-A": None}), Any)
    client.close()
    client.with_options(session=None)  # type: ignore[call-arg]
