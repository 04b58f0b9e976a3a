"""Data that commands are tested on: agents, some of which share a memory block, and stale conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from letta_async import Letta

__all__ = ["Story", "tell"]

MODEL: Final = "letta/letta-free"


@attrs.frozen
class Story:
    """Agents and their conversations, after the block that two of them share was edited."""

    block: str
    agents: Sequence[str]
    """IDs of the agents; the first two have the block, the third has none."""
    stale: Sequence[str]
    current: Sequence[str]
    """IDs of conversations created after the edit; their agents have the block."""
    unshared: Sequence[str]

    @property
    def of_block(self) -> set[str]:
        return {*self.stale, *self.current}

    @property
    def all(self) -> set[str]:
        return {*self.of_block, *self.unshared}

    @property
    def gone(self) -> str:
        """Well-formed ID of a conversation that does not exist."""
        return "conv-00000000-0000-4000-8000-000000000000"


def tell(client: Letta, *, stale: int = 2, current: int = 1, unshared: int = 1) -> Story:
    """Create a story, with the given numbers of conversations per agent."""
    block = client.blocks.create(label="project", value="The release is on Friday.")

    def make(name: str, blocks: list[str]) -> str:
        return client.agents.create(
            name=name, model=MODEL, embedding=MODEL, include_base_tools=False, block_ids=blocks
        ).id

    def talk(agent: str, count: int) -> list[str]:
        return [client.conversations.create(agent_id=agent).id for _ in range(count)]

    writer, tester, gardener = make("writer", [block.id]), make("tester", [block.id]), make("gardener", [])
    outdated = [*talk(writer, stale), *talk(tester, stale)]
    others = talk(gardener, unshared)
    client.blocks.update(block.id, value="The release is on Monday.")
    return Story(
        block.id, [writer, tester, gardener], outdated, [*talk(writer, current), *talk(tester, current)], others
    )
