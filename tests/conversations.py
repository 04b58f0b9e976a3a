"""Creation of conversations to recompile."""

from __future__ import annotations

from letta_async import Letta


def make_conversations(base_url: str, count: int) -> list[str]:
    """Create an agent and a number of conversations with it; return the IDs of the conversations."""
    with Letta(base_url=base_url) as client:
        agent = client.agents.create(name="a", model="letta/letta-free", embedding="letta/letta-free")
        return [client.conversations.create(agent_id=agent.id).id for _ in range(count)]
