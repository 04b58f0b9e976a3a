"""Requests of a watch over 1,000 conversations, as the documentation says them, and an hour of simulated time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from letta_async import AsyncLetta, Outcome, Scan
from letta_async.testing import EmbeddedServer
from tests.watching.simulated import Requests, Time, watching_client

AGENTS, CONVERSATIONS = 50, 20


async def populate(client: AsyncLetta, agents: int, conversations: int) -> tuple[str, list[str]]:
    """Create agents that share a block and have one of their own; return the shared one and all of their own."""
    shared = await client.blocks.create(label="team", value="The team meets on Mondays.")

    async def create() -> str:
        agent = await client.agents.create(
            model="letta/letta-free", block_ids=[shared.id], memory_blocks=[{"label": "human", "value": "Ada"}]
        )
        await asyncio.gather(*(client.conversations.create(agent_id=agent.id) for _ in range(conversations)))
        (own,) = {block.id for block in agent.blocks or []} - {shared.id}
        return own

    return shared.id, [await create() for _ in range(agents)]


@pytest.mark.timeout(120)
async def test_requests_at_rest_after_an_edit_and_after_a_restart(server: EmbeddedServer, tmp_path: Path) -> None:
    requests, scans = Requests(), list[Scan]()
    async with watching_client(server.base_url, Time(), requests) as client:
        shared, own = await populate(client, AGENTS, CONVERSATIONS)

        async def scan() -> list[Outcome]:
            requests.reset()
            watch = client.watch(all=True, once=True, state=tmp_path / "state", on_scan=scans.append)
            outcomes = [outcome async for outcome in watch]
            assert scans[-1].requests == requests.number
            return outcomes

        prompts = AGENTS * (1 + CONVERSATIONS)
        lists = 2  # pages of agents: one of exactly 50 does not show that it is the last

        assert await scan() == []  # the first one looks at everything
        assert requests.kinds == {"agents": lists, "conversations": AGENTS, "dry run": AGENTS, "message": prompts}
        assert requests.number == 1152

        assert await scan() == []  # a restart, at rest
        assert requests.kinds == {"agents": lists}

        await client.blocks.update(own[0], value="Bob")
        assert len(await scan()) == CONVERSATIONS
        assert requests.kinds == {
            "agents": lists,
            "conversations": 1,
            "dry run": 1,
            "message": 1 + CONVERSATIONS,
            "recompile": CONVERSATIONS,
        }
        assert requests.number == 45

        await client.blocks.update(shared, value="The team meets on Fridays.")
        assert len(await scan()) == AGENTS * CONVERSATIONS
        assert requests.kinds == {
            "agents": lists,
            "conversations": AGENTS,
            "dry run": AGENTS,
            "message": prompts,
            "recompile": AGENTS * CONVERSATIONS,
        }
        assert requests.number == 2152
        assert set(requests.recompiled.values()) == {1}


async def test_an_hour(server: EmbeddedServer, tmp_path: Path) -> None:
    time, requests, scans = Time(), Requests(), list[Scan]()
    async with watching_client(server.base_url, time, requests) as client:
        shared, (own, _, _) = await populate(client, 3, 2)

        async def edit(block: str, value: str) -> None:
            await client.blocks.update(block, value=value)

        class HourIsOverError(Exception):
            pass

        async def end() -> None:
            raise HourIsOverError

        time.at(700, lambda: edit(own, "Bob"))
        time.at(1801, lambda: edit(shared, "The team meets on Fridays."))
        time.at(1802, lambda: edit(shared, "The team meets on Sundays."))
        time.at(3600, end)
        outcomes, began = list[tuple[float, str]](), time.now
        with pytest.raises(HourIsOverError):
            async for outcome in client.watch(all=True, state=tmp_path / "state", on_scan=scans.append):
                outcomes.append((time.now - began, outcome.status))
        assert outcomes == [(720, "recompiled")] * 2 + [(1830, "recompiled")] * 6
        assert len(scans) == 120
        assert sum(scan.requests for scan in scans) == 120 + (3 + 3 + 9) + (1 + 1 + 3 + 2) + (3 + 3 + 9 + 6)
        assert {scan.error for scan in scans} == {None}
        assert set(requests.recompiled.values()) <= {1, 2}
