"""What type checkers infer of the blocks and tools of agents, runs, folders and uploads."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import assert_type

from letta_async import (
    AgentFileAttachment,
    AgentState,
    AsyncLetta,
    AsyncPaginator,
    Block,
    FileMetadata,
    Folder,
    Letta,
    Paginator,
    Run,
    Tool,
    UploadOutcome,
)


async def calls(client: AsyncLetta) -> None:
    """Show the types of the async client."""
    agent = await client.agents.create(model="a/b", tools=["send_message"], secrets={"KEY": "value"})
    assert_type(agent, AgentState)
    await client.agents.update("agent-…", secrets={"KEY": 1})  # type: ignore[dict-item]
    assert_type(client.agents.blocks.list("agent-…"), AsyncPaginator[Block])
    assert_type(await client.agents.blocks.retrieve("human", agent_id="agent-…"), Block)
    assert_type(await client.agents.blocks.update("human", agent_id="agent-…", value="x"), Block)
    assert_type(await client.agents.blocks.attach("block-…", agent_id="agent-…"), AgentState)
    assert_type(await client.agents.blocks.detach("block-…", agent_id="agent-…"), AgentState)
    assert_type(client.agents.files.list("agent-…", is_open=True), AsyncPaginator[AgentFileAttachment])
    assert_type(client.agents.tools.list("agent-…"), AsyncPaginator[Tool])
    changed = await client.agents.tools.update_approval("roll", agent_id="agent-…", body_requires_approval=True)
    assert_type(changed, AgentState | None)
    assert_type(client.runs.list(statuses=["failed"]), AsyncPaginator[Run])
    assert_type(await client.runs.retrieve("run-…"), Run)
    assert_type(await client.folders.create(name="f", embedding_config={"embedding_dim": 8}), Folder)
    assert_type(client.folders.list(name="f"), AsyncPaginator[Folder])
    with Path("notes.txt").open("rb") as handle:
        assert_type(await client.folders.files.upload("source-…", file=handle), FileMetadata)
    assert_type(await client.folders.files.upload("source-…", file=("a.txt", b"x")), FileMetadata)
    assert_type(await client.folders.files.upload("source-…", file=("a", b"x", "text/plain")), FileMetadata)
    await client.folders.files.upload("source-…", file=(piece for piece in [b"x"]), on_progress=print)
    outcomes = client.folders.files.upload_many("source-…", files=Path("notes"), on_progress=print)
    assert_type(outcomes, AsyncGenerator[UploadOutcome, None])
    assert_type(await client.folders.files.upload_and_poll("source-…", file=Path("a.txt"), deadline=9), FileMetadata)
    assert_type(await client.folders.files.wait("file-…", folder_id="source-…"), FileMetadata)
    assert_type(client.folders.agents.list("source-…"), AsyncPaginator[str])
    assert_type(await client.agents.folders.attach("source-…", agent_id="agent-…"), AgentState | None)
    assert_type(client.agents.sources.list("agent-…"), AsyncPaginator[Folder])
    assert_type(await client.agents.files.open("file-…", agent_id="agent-…"), list[str])
    assert_type(await client.sources.retrieve("source-…"), Folder)
    await client.folders.files.upload("source-…", file=5)  # type: ignore[arg-type]
    with Path("notes.txt").open() as text:
        await client.folders.files.upload("source-…", file=text)  # type: ignore[arg-type]
    await client.agents.blocks.retrieve("human")  # type: ignore[call-arg]


def facade_calls(client: Letta) -> None:
    """Show the types of the sync client."""
    assert_type(client.agents.blocks.list("agent-…"), Paginator[Block])
    assert_type(client.agents.blocks.retrieve("human", agent_id="agent-…"), Block)
    assert_type(client.agents.blocks.update("human", agent_id="agent-…", value="x"), Block)
    assert_type(client.agents.blocks.attach("block-…", agent_id="agent-…"), AgentState)
    assert_type(client.agents.blocks.detach("block-…", agent_id="agent-…"), AgentState)
    assert_type(client.agents.files.list("agent-…", is_open=True), Paginator[AgentFileAttachment])
    assert_type(client.agents.tools.list("agent-…"), Paginator[Tool])
    changed = client.agents.tools.update_approval("roll", agent_id="agent-…", body_requires_approval=True)
    assert_type(changed, AgentState | None)
    assert_type(client.folders.create(name="f", embedding="a/b"), Folder)
    assert_type(client.folders.list(name="f"), Paginator[Folder])
    assert_type(client.folders.files.upload("source-…", file=Path("notes.txt"), name="n"), FileMetadata)
    outcomes = client.folders.files.upload_many("source-…", files=[b"x"], wait=False)
    assert_type(outcomes, Iterator[UploadOutcome])
    assert_type(client.folders.files.upload_and_poll("source-…", file=Path("a.txt")), FileMetadata)
    assert_type(client.folders.agents.list("source-…"), Paginator[str])
    assert_type(client.agents.folders.detach("source-…", agent_id="agent-…"), AgentState | None)
    assert_type(client.agents.files.close_all("agent-…"), list[str])
    assert_type(client.sources.retrieve_by_name("notes"), str)
    assert_type(client.runs.list(statuses=["failed"]), Paginator[Run])
    assert_type(client.runs.retrieve("run-…"), Run)
