"""How archives, passages, identities, groups and tags look to a type checker: checked, never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

from letta_async import (
    AgentState,
    Archive,
    AsyncLetta,
    AsyncPage,
    AsyncPaginator,
    Block,
    DynamicManager,
    Group,
    Identity,
    IdentityProperty,
    Letta,
    Message,
    Page,
    Passage,
    PassageCreate,
    PassageSearchResponse,
    PassageSearchResponseItem,
    PassageSearchResult,
)


async def passages(client: AsyncLetta) -> None:
    """Show passages of agents and archives."""
    assert_type(await client.agents.passages.create("agent-…", text="x", tags=["a"]), list[Passage])
    assert_type(await client.agents.passages.list("agent-…", ascending=False), AsyncPage[Passage])
    found = await client.agents.passages.search("agent-…", query="x", start_datetime="2026-01-02T03:04:05Z")
    assert_type(found, PassageSearchResponse)
    assert_type(found.results, list[PassageSearchResult])
    await client.agents.passages.delete("passage-…", agent_id="agent-…")
    await client.agents.passages.delete(memory_id="passage-…", agent_id="agent-…")
    assert_type(await client.passages.search(query="x", limit=3), list[PassageSearchResponseItem])
    assert_type(await client.archives.create(name="x", embedding_config=None), Archive)
    assert_type(client.archives.list(name="x"), AsyncPaginator[Archive])
    assert_type((await client.archives.update("archive-…", description="x")).created_at, datetime | None)
    many: list[PassageCreate | dict[str, Any]] = [PassageCreate(text="x"), {"text": "y"}]
    assert_type(await client.archives.passages.create_many("archive-…", passages=many), list[Passage])
    assert_type((await client.archives.passages.create("archive-…", text="x")).embedding, list[float] | None)
    await client.agents.archives.attach("archive-…", agent_id="agent-…")
    async for agent in client.archives.agents.list("archive-…"):
        assert_type(agent, AgentState)
    client.archives.update("archive-…", embedding="x")  # type: ignore[call-arg, unused-coroutine]


async def identities_and_groups(client: AsyncLetta) -> None:
    """Show identities, groups and tags."""
    properties: list[IdentityProperty | dict[str, Any]] = [
        IdentityProperty(key="k", value=1, type="number"),
        {"key": "k", "value": "v", "type": "string"},
    ]
    identity = await client.identities.create(identifier_key="k", name="n", identity_type="user", properties=properties)
    assert_type(identity, Identity)
    assert_type(await client.identities.modify("identity-…", name="x"), Identity)
    assert_type(await client.identities.properties.upsert("identity-…", body=properties), Identity | None)
    assert_type(await client.blocks.identities.attach("identity-…", block_id="block-…"), Block)
    group = await client.groups.create(
        agent_ids=["agent-…"], description="d", manager_config=DynamicManager(manager_agent_id="agent-…")
    )
    assert_type(group, Group)
    assert_type(await client.groups.count(), int)
    async for message in client.groups.messages.list("group-…"):
        assert_type(message, Message)
    async for tag in client.tags.list(name="x"):
        assert_type(tag, str)
    await client.identities.create(identifier_key="k", name="n", identity_type="robot")  # type: ignore[arg-type]


def of_the_sync_client(client: Letta) -> None:
    """Show that the sync client returns the same, at once."""
    assert_type(client.agents.passages.create("agent-…", text="x"), list[Passage])
    assert_type(client.agents.passages.list("agent-…"), Page[Passage])
    assert_type(client.passages.search(), list[PassageSearchResponseItem])
    assert_type(client.archives.retrieve("archive-…"), Archive)
    assert_type(client.identities.list().items, list[Identity])
    assert_type(client.groups.retrieve("group-…"), Group)
    assert_type(client.tags.list()[0], str)
