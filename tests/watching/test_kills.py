"""Kills at any point, and edits at any point: nothing is lost, and nothing is recompiled twice without need."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letta_async import AsyncLetta, Scan, UnexpectedPromptError
from letta_async.testing import EmbeddedServer, RecordedRequest
from letta_async.watching.state_file import StateFile
from tests.watching.simulated import Requests, Time, watching_client

LEASE = 60.0


class Points:
    """Points between the requests of a watch, and before, within and after the transactions of its state."""

    def __init__(self) -> None:
        self.left = 0
        self.reached: Callable[[], object] | None = None

    def arm(self, number: int, reached: Callable[[], object]) -> None:
        """Call a function at the point with this number from now."""
        self.left, self.reached = number, reached

    def pass_one(self) -> None:
        """Pass a point, on any thread."""
        if self.reached is not None:
            self.left -= 1
            if self.left < 0:
                reached, self.reached = self.reached, None
                reached()

    async def pass_one_async(self, kind: str) -> None:
        del kind
        self.pass_one()


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Points:
    points = Points()

    def passing(name: str) -> None:
        own: Any = getattr(StateFile, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            points.pass_one()
            result = own(*args, **kwargs)
            points.pass_one()
            return result

        monkeypatch.setattr(StateFile, name, wrapped)

    for name in ("add_change", "remove_pending", "delay_pending", "keep_agents", "read_pending", "_write_lock"):
        passing(name)  # the last one is within each transaction, after which nothing of it is committed yet
    return points


async def populate(client: AsyncLetta) -> tuple[list[str], str]:
    """Create three agents that share a block, each with two conversations; return their IDs, and the block's."""
    shared = await client.blocks.create(label="team", value="0")
    agents = [await client.agents.create(model="letta/letta-free", block_ids=[shared.id]) for _ in range(3)]
    for agent in agents:
        for _ in range(2):
            await client.conversations.create(agent_id=agent.id)
    return [agent.id for agent in agents], shared.id


async def stale(client: AsyncLetta) -> list[str]:
    """Return the conversations that are stale, and the agents whose own prompt is."""
    found = list[str]()
    async for conversation in client.conversations.targets(all=True):
        if (await client.conversations.staleness(conversation)).stale:
            found.append(conversation)
    async for agent in client.agents.list():
        if (await client.conversations.staleness("default", agent_id=agent.id)).stale:
            found.append(agent.id)
    return found


def recompiled(request: RecordedRequest) -> str | None:
    """Return the conversation, or the agent, whose prompt a request stored; `None` if it stored none."""
    if not request.path.endswith("/recompile") or request.query.get("dry_run") == "true":
        return None
    body: dict[str, Any] = request.json() or {}
    return str(body.get("agent_id") or request.path.split("/")[3])


def copy_state(path: str, copy: str) -> None:
    """Copy the files of a state as a killed process leaves them."""
    for end in ("", "-wal", "-shm"):
        if Path(path + end).exists():
            shutil.copy(path + end, copy + end)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kills=st.lists(st.integers(min_value=0, max_value=120), max_size=4), edits_system=st.booleans())
async def test_killed_at_any_point_a_watch_goes_on(
    points: Points, tmp_path_factory: pytest.TempPathFactory, kills: list[int], edits_system: bool
) -> None:
    """The process is gone at a point; what it had sent may still arrive, and its lock stays until the lease expires."""
    folder = tmp_path_factory.mktemp("state")
    path, time, requests = str(folder / "state-0"), Time(), Requests()
    async with EmbeddedServer() as server, watching_client(server.base_url, time, max_retries=0) as owner:
        agents, block = await populate(owner)
        async with watching_client(server.base_url, time, max_retries=0) as client:
            async for _ in client.watch(all=True, once=True, state=path):
                pass
        await owner.blocks.update(block, value="1")
        if edits_system:
            await owner.agents.update(agents[0], system="You are new.")
        wanted = set(await stale(owner))
        assert len(wanted) == 6 + edits_system
        server.requests.clear()
        loop = asyncio.get_running_loop()
        for number, kill in enumerate(kills, start=1):
            counted = Requests(before=points.pass_one_async, after=points.pass_one_async)
            copied = str(folder / f"state-{number}")

            async def watch(path: str = path, counted: Requests = counted) -> None:
                async with watching_client(server.base_url, time, counted, max_retries=0) as client:
                    async for _ in client.watch(all=True, once=True, state=path, lease=LEASE):
                        pass

            task = asyncio.create_task(watch())

            def die(path: str = path, copied: str = copied, task: asyncio.Task[None] = task) -> None:
                copy_state(path, copied)
                loop.call_soon_threadsafe(task.cancel)

            points.arm(kill, die)
            try:
                await task
                points.reached = None
                copied = path  # it came to its end before
            except asyncio.CancelledError:
                await asyncio.sleep(0.01)  # what was in flight arrives
            time.now += LEASE
            path = copied
        async with watching_client(server.base_url, time, requests, max_retries=0) as client:
            async for _ in client.watch(all=True, once=True, state=path, lease=LEASE):
                pass
            requests_before = requests.number
            async for outcome in client.watch(all=True, once=True, state=path, lease=LEASE):
                raise AssertionError(outcome)
            assert requests.number - requests_before == 1
        arrived = Counter(target for each in server.requests if (target := recompiled(each)) is not None)
        assert await stale(owner) == []
        assert arrived == dict.fromkeys(wanted, 1)


Edit = Callable[[AsyncLetta, list[str], str], Awaitable[object]]


async def edit_block(client: AsyncLetta, agents: list[str], block: str) -> None:
    value = (await client.blocks.retrieve(block)).value
    await client.blocks.update(block, value=f"{value}1")


async def edit_system(client: AsyncLetta, agents: list[str], block: str) -> None:
    await client.agents.update(agents[0], system=f"You are {os.urandom(4).hex()}.")


async def begin_conversation(client: AsyncLetta, agents: list[str], block: str) -> None:
    await client.conversations.create(agent_id=agents[-1])


async def begin_agent(client: AsyncLetta, agents: list[str], block: str) -> None:
    agents.append((await client.agents.create(model="letta/letta-free", block_ids=[block])).id)
    await client.conversations.create(agent_id=agents[-1])


async def delete_conversation(client: AsyncLetta, agents: list[str], block: str) -> None:
    for conversation in await client.conversations.list(agent_id=agents[0], limit=1):
        await client.conversations.delete(conversation.id)


async def detach_block(client: AsyncLetta, agents: list[str], block: str) -> None:
    attached = [each.id for each in await client.agents.blocks.list(agents[0])]
    if block in attached:
        await client.agents.blocks.detach(block, agent_id=agents[0])
    else:
        await client.agents.blocks.attach(block, agent_id=agents[0])


EDITS = [edit_block, edit_system, begin_conversation, begin_agent, delete_conversation, detach_block]


@settings(max_examples=30, deadline=None)
@given(
    edits=st.lists(st.tuples(st.integers(min_value=0, max_value=60), st.sampled_from(EDITS)), min_size=1, max_size=5)
)
async def test_edits_at_any_point_are_seen_by_this_scan_or_the_next(edits: list[tuple[int, Edit]]) -> None:
    """Edits between the list of agents, that of conversations, comparisons and recompiles: the next scan sees them."""
    time, requests = Time(), Requests()
    waiting = [*edits]
    left = 0

    async with EmbeddedServer() as server, watching_client(server.base_url, time) as owner:
        agents, block = await populate(owner)

        async def between(kind: str) -> None:
            nonlocal left
            left -= 1
            while waiting and left < 0:
                _, edit = waiting.pop(0)
                left = waiting[0][0] if waiting else 0
                await edit(owner, agents, block)

        class EndError(Exception):
            pass

        rest = 0

        def report(scan: Scan) -> None:
            nonlocal rest
            assert scan.error is None
            rest = 0 if waiting or scan.pending else rest + 1
            if rest == 3:  # the last edit was within the first of these, at the latest
                raise EndError

        left = edits[0][0]
        requests.before = between
        async with watching_client(server.base_url, time, requests, max_retries=0) as client:
            with pytest.raises(EndError):
                async for outcome in client.watch(all=True, on_scan=report):
                    # A conversation that was deleted after its dry run has no message any more.
                    assert outcome.ok or isinstance(outcome.error, UnexpectedPromptError)
        assert await stale(owner) == []
