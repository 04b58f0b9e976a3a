"""Two agents that share a block, and one without it, to propagate edits to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from letta_async import AsyncLetta, Outcome
from letta_async.testing import EmbeddedServer, RecordedRequest

MODEL = "letta/letta-free"
BLOCK = "block-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"


class Fleet:
    """Two agents that share a block, each with two conversations, and one agent without it."""

    def __init__(self, client: AsyncLetta, block_id: str, agents: list[str], conversations: list[str]) -> None:
        self.client = client
        self.block_id = block_id
        self.agents = agents
        self.conversations = conversations

    async def stale(self) -> list[bool]:
        return [(await self.client.conversations.staleness(each)).stale for each in self.conversations]


async def make_fleet(client: AsyncLetta) -> Fleet:
    block = await client.blocks.create(label="project", value="The release is on Friday.")
    agents: list[str] = []
    conversations: list[str] = []
    for name, ids in (("writer", [block.id]), ("tester", [block.id]), ("gardener", [])):
        agents.append((await client.agents.create(name=name, model=MODEL, embedding=MODEL, block_ids=ids)).id)
        conversations += [(await client.conversations.create(agent_id=agents[-1])).id for _ in range(2)]
    return Fleet(client, block.id, agents, conversations)


def name_of(outcome: Outcome) -> str:
    return outcome.target if isinstance(outcome.target, str) else f"own of {outcome.target.agent_id}"


def recompiles(server: EmbeddedServer) -> list[RecordedRequest]:
    """Return the recompiles that stored a prompt."""
    sent = [request for request in server.requests if request.path.endswith("/recompile")]
    return [request for request in sent if dict(request.query).get("dry_run") != "true"]


@pytest.fixture
async def fleet(letta_server: EmbeddedServer) -> AsyncIterator[Fleet]:
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        yield await make_fleet(client)
