"""How both clients look to a type checker; checked by pyright and mypy, never run. What is ignored they must refuse."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from datetime import datetime
from typing import Any, assert_type

from letta_async import (
    UNSET,
    AsyncLetta,
    CompactionSettings,
    Letta,
    LettaError,
    Outcome,
    PropagateOptions,
    Propagation,
    Scan,
    Timeout,
    Unset,
    UpdateAgent,
    UpdateBlock,
)
from letta_async.types import AgentState, Block


def facade(client: Letta, settings: CompactionSettings) -> None:
    """Show that a method of the facade has the parameters of the async one, and its awaited result."""
    conversations = client.conversations
    assert_type(conversations.recompile("default"), str)
    assert_type(
        conversations.recompile(
            conversation_id="default",
            agent_id=None,
            dry_run=True,
            compaction_settings=settings,
            extra_headers={"X-One": "1", "X-None": None},
            extra_query={"q": 1},
            extra_body={"b": [1]},
            timeout=Timeout(3, connect=1),
        ),
        str,
    )
    conversations.recompile("default", agent_id=UNSET, compaction_settings={"clip_chars": None}, timeout=None)

    conversations.recompile()  # type: ignore[call-arg]
    conversations.recompile(1)  # type: ignore[arg-type]
    conversations.recompile("default", "agent")  # type: ignore[call-arg]
    conversations.recompile("default", dry_run="yes")  # type: ignore[arg-type]
    conversations.recompile("default", dry_runn=True)  # type: ignore[call-arg]
    conversations.recompil("default")  # type: ignore[attr-defined]


def facade_iteration(client: Letta) -> None:
    """Show that an async iteration became an ordinary one."""
    outcomes = client.conversations.recompile_many(["default"], dry_run=True, deadline=5)
    assert_type(outcomes, Iterator[Outcome])
    for outcome in outcomes:
        assert_type(outcome, Outcome)
    client.conversations.recompile_many(5)  # type: ignore[arg-type]
    watched = client.watch(all=True, every=10, once=True, state="watch.sqlite", max_rate=60, on_scan=scanned)
    assert_type(watched, Iterator[Outcome])
    client.watch(agent_id=5)  # type: ignore[arg-type]
    changes = (UpdateBlock(block_id="block-…", value="x"), UpdateAgent(agent_id="agent-…", system="y"))
    assert_type(client.propagate(changes, dry_run=True, wait_if_busy=None), Iterator[Outcome])
    client.propagate(["block-…"])  # type: ignore[list-item]
    assert_type(client.blocks.update("block-…", value="x"), Block)
    assert_type(client.blocks.update("block-…", value="x", propagate=True), Propagation[Block])
    options = PropagateOptions(dry_run=True, journal="journal.jsonl")
    planned = client.agents.update("agent-…", system="x", propagate=options)
    assert_type(planned.result, AgentState)
    assert_type([outcome.diff for outcome in planned], list[str | None])
    client.blocks.update("block-…", propagate={"deadline": 5})
    assert_type(client.agents.blocks.update("human", agent_id="agent-…", value="x"), Block)
    assert_type(client.agents.blocks.update("human", agent_id="agent-…", propagate=True), Propagation[Block])
    client.blocks.update("block-…", propagate="yes")  # type: ignore[call-overload]
    client.watch("agent-…")  # type: ignore[call-arg]


def scanned(scan: Scan) -> None:
    """Show the report of a scan."""
    assert_type(scan.at, datetime)
    assert_type(scan.recompiled, int)
    assert_type(scan.error, LettaError | None)


def facade_itself(client: Letta) -> None:
    """Show what the client itself gives."""
    assert_type(client.get("/v1/agents/", cast_to=list, extra_query={"limit": 1}), Any)
    assert_type(client.post("/v1/agents/", body={"name": "x"}, timeout=None), Any)
    client.get("/v1/agents/", limit=1)  # type: ignore[call-arg]
    assert_type(client.with_options(timeout=3), Letta)
    assert_type(client.copy(max_retries=0), Letta)
    assert_type(client.timeout, Timeout)
    with client as entered, contextlib.closing(client):
        assert_type(entered, Letta)
    with Letta(api_key="k") as made:
        assert_type(made, Letta)


def facade_as_a_value(client: Letta) -> Callable[[str], str]:
    """Show that a bound method goes where a function does."""
    return client.conversations.recompile


async def asynchronous(client: AsyncLetta, agent_id: str | Unset) -> None:
    """Show the same of the async client."""
    conversations = client.conversations
    promise: Coroutine[Any, Any, str] = conversations.recompile("default")
    assert_type(await promise, str)
    assert_type(await conversations.recompile("default", agent_id=agent_id, dry_run=False), str)
    assert_type(client.propagate([UpdateAgent(agent_id="agent-…")], deadline=5), AsyncGenerator[Outcome, None])
    assert_type(await client.blocks.update("block-…", value="x"), Block)
    assert_type(await client.blocks.update("block-…", value="x", propagate=True), Propagation[Block])
    propagation = client.agents.update("agent-…", system="x", propagate={"journal": "journal.jsonl"})
    async for outcome in propagation:
        assert_type(outcome, Outcome)
    assert_type(propagation.result, AgentState | None)
    assert_type(client.watch(agent_id=agent_id, standby=True, lease=30), AsyncGenerator[Outcome, None])
    outcomes = conversations.recompile_many(["default"])
    assert_type(outcomes, AsyncGenerator[Outcome, None])
    async for outcome in outcomes:
        assert_type(outcome, Outcome)
    assert_type(await client.get("/v1/agents/"), Any)
    assert_type(client.with_options(timeout=3), AsyncLetta)
    async with client as entered:
        assert_type(entered, AsyncLetta)
