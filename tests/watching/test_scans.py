"""Scans of a watch: what is brought up to date, what is tried again, and what ends a watch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    AuthenticationError,
    InvalidArgumentError,
    IsolatedBlocksError,
    Letta,
    NotFoundError,
    Outcome,
    Recompile,
    Scan,
)
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT
from tests.watching.simulated import Requests, Time, watching_client

BLOCK = "block-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"


@pytest.fixture
def requests() -> Requests:
    return Requests()


@pytest.fixture
async def client(server: EmbeddedServer, time: Time, requests: Requests) -> AsyncIterator[AsyncLetta]:
    async with watching_client(server.base_url, time, requests, max_retries=0) as client:
        yield client


async def new_agent(client: AsyncLetta, conversations: int = 2) -> tuple[str, str, list[str]]:
    """Create an agent with a block, and conversations; return the IDs."""
    agent = await client.agents.create(
        model="letta/letta-free", memory_blocks=[{"label": "human", "value": "Ada lives in London."}]
    )
    ids = [(await client.conversations.create(agent_id=agent.id)).id for _ in range(conversations)]
    return agent.id, agent.blocks[0].id if agent.blocks else "", ids


async def once(client: AsyncLetta, scans: list[Scan] | None = None, **parameters: Any) -> list[Outcome]:
    scans = [] if scans is None else scans
    further: dict[str, Any] = {"all": True, "once": True, "on_scan": scans.append, **parameters}
    return [each async for each in client.watch(**further)]


def targets_of(outcomes: list[Outcome]) -> list[str]:
    return sorted(str(each.target.agent_id) if isinstance(each.target, Recompile) else each.target for each in outcomes)


# --- what is brought up to date ---------------------------------------------------------------------------------------


async def test_an_edit_is_seen_and_what_is_current_has_no_outcome(client: AsyncLetta, tmp_path: Path) -> None:
    _, block, conversations = await new_agent(client)
    _, _, others = await new_agent(client)
    state = tmp_path / "state"
    assert await once(client, state=state) == []

    await client.blocks.update(block, value="Ada moved to Paris.")
    outcomes = await once(client, state=state)

    assert targets_of(outcomes) == sorted(conversations)  # the server itself updates the agent's own prompt
    assert {each.status for each in outcomes} == {"recompiled"}
    for each in conversations:
        assert "Paris" in (await client.conversations.staleness(each)).stored
    assert "London" in (await client.conversations.staleness(others[0])).stored
    assert await once(client, state=state) == []


async def test_an_edit_of_the_system_text_reaches_the_agents_own_prompt(client: AsyncLetta, tmp_path: Path) -> None:
    agent, _, conversations = await new_agent(client)
    await once(client, state=tmp_path / "state")
    await client.agents.update(agent, system="You are new.")
    assert targets_of(await once(client, state=tmp_path / "state")) == sorted([agent, *conversations])
    assert "You are new." in (await client.conversations.staleness("default", agent_id=agent)).stored


async def test_without_a_state_everything_is_checked(client: AsyncLetta) -> None:
    _, block, conversations = await new_agent(client)
    await client.blocks.update(block, value="Ada moved to Paris.")
    assert targets_of(await once(client)) == sorted(conversations)
    scans: list[Scan] = []
    assert await once(client, scans) == []
    assert [(scan.agents, scan.changed, scan.checked, scan.pending) for scan in scans] == [(1, 1, 3, 0)]


@pytest.mark.parametrize("scope", ["agent_id", "block_id"])
async def test_other_agents_are_left_alone(client: AsyncLetta, scope: str) -> None:
    agent, block, conversations = await new_agent(client)
    _, other, _ = await new_agent(client)
    for each in (block, other):
        await client.blocks.update(each, value="Ada moved to Paris.")
    chosen = {"agent_id": agent, "block_id": block}[scope]
    outcomes = await once(client, None, all=False, **{scope: chosen})
    assert targets_of(outcomes) == sorted(conversations)


async def test_new_agents_are_checked_once_and_those_that_are_gone_forgotten(
    client: AsyncLetta, requests: Requests, tmp_path: Path
) -> None:
    state, scans = tmp_path / "state", list[Scan]()
    first, _, _ = await new_agent(client)
    await once(client, state=state)
    await new_agent(client, 3)
    await client.agents.delete(first)
    await once(client, scans, state=state)
    assert (scans[-1].agents, scans[-1].changed, scans[-1].checked) == (1, 1, 4)
    requests.reset()
    await once(client, scans, state=state)
    assert (scans[-1].agents, scans[-1].changed, scans[-1].checked) == (1, 0, 0)
    assert requests.kinds == {"agents": 1}


async def test_isolated_blocks_fail_once_per_change(client: AsyncLetta, tmp_path: Path) -> None:
    agent, block, conversations = await new_agent(client)
    isolated = await client.conversations.create(agent_id=agent, isolated_block_labels=["human"])
    state = tmp_path / "state"
    (first,) = await once(client, state=state)
    assert (first.target, first.status) == (isolated.id, "failed")
    assert isinstance(first.error, IsolatedBlocksError)
    assert await once(client, state=state) == []
    await client.blocks.update(block, value="Ada moved to Paris.")
    assert targets_of(await once(client, state=state)) == sorted([isolated.id, *conversations])
    assert await once(client, state=state) == []


async def test_one_dry_run_is_enough_for_an_agent(client: AsyncLetta, requests: Requests) -> None:
    _, block, _ = await new_agent(client, 5)
    await client.blocks.update(block, value="Ada moved to Paris.")
    requests.reset()
    outcomes = await once(client)
    assert requests.kinds == {"agents": 1, "conversations": 1, "dry run": 1, "message": 6, "recompile": 5}
    assert max(outcome.tries for outcome in outcomes) <= 3
    assert sum(outcome.tries for outcome in outcomes) in {10, 11}  # the dry run may be that of the agent's own prompt


async def test_a_conversation_that_was_deleted_meanwhile_is_forgotten(client: AsyncLetta, requests: Requests) -> None:
    _, _, (poor, _) = await new_agent(client)
    deleted = False

    async def delete(kind: str) -> None:
        nonlocal deleted
        if kind == "dry run" and not deleted:
            deleted = True
            await client.conversations.delete(poor)

    requests.before = delete
    scans = list[Scan]()
    assert await once(client, scans) == []
    assert (scans[0].failed, scans[0].pending) == (0, 0)


# --- what is tried again ----------------------------------------------------------------------------------------------


async def test_what_fails_is_tried_again_after_delays_that_double(
    server: EmbeddedServer, client: AsyncLetta, time: Time
) -> None:
    _, block, (poor,) = await new_agent(client, 1)
    began, moments = time.now, list[float]()
    await client.blocks.update(block, value="Ada moved to Paris.")
    script = server.script("POST", f"*/{poor}/recompile", status=500, times=10_000)
    async for outcome in client.watch(all=True, every=30):
        moments.append(time.now - began)
        if len(moments) == 12:
            assert outcome.status == "recompiled"
            break
        assert outcome.status == "failed"
        if len(moments) == 11:
            script.cancel()
    delays = [later - earlier for earlier, later in pairwise(moments)]
    assert delays == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]


async def test_a_change_is_tried_at_once_whatever_failed_before(
    server: EmbeddedServer, client: AsyncLetta, time: Time
) -> None:
    _, block, (poor,) = await new_agent(client, 1)
    await client.blocks.update(block, value="Ada moved to Paris.")
    script = server.script("POST", f"*/{poor}/recompile", status=500, times=10_000)

    async def mend() -> None:
        script.cancel()
        await client.blocks.update(block, value="Ada moved to Rome.")

    began = time.now
    time.at(3000, mend)
    async for outcome in client.watch(all=True, every=30):
        if outcome.ok:
            break
    assert time.now - began == 3000
    assert "Rome" in (await client.conversations.staleness(poor)).stored


async def test_a_busy_conversation_is_tried_again_after_at_most_five_minutes(
    server: EmbeddedServer, client: AsyncLetta, time: Time
) -> None:
    agent, block, (busy, idle) = await new_agent(client)
    await client.blocks.update(block, value="Ada moved to Paris.")
    run = {"id": "run-1", "agent_id": agent, "conversation_id": busy, "status": "running"}
    runs = server.script("GET", "*/runs/", status=200, body=[run], times=10_000)
    began, moments, scans = time.now, list[float](), list[Scan]()
    async for outcome in client.watch(all=True, every=30, wait_if_busy=0, on_scan=scans.append):
        if outcome.target == idle:
            continue
        moments.append(time.now - began)
        if len(moments) == 8:
            assert outcome.status == "recompiled"
            break
        assert (outcome.status, outcome.ok) == ("busy", False)
        assert "Paris" in str(outcome.diff)
        if len(moments) == 7:
            runs.cancel()
    delays = [later - earlier for earlier, later in pairwise(moments)]
    assert delays == [30, 60, 120, 240, 300, 300, 300]
    assert (scans[0].busy, scans[0].recompiled, scans[0].pending) == (1, 1, 1)


async def test_a_server_without_runs_makes_nothing_look_gone(server: EmbeddedServer, client: AsyncLetta) -> None:
    _, block, (conversation,) = await new_agent(client, 1)
    await client.blocks.update(block, value="Ada moved to Paris.")
    server.script("GET", "*/runs/", status=404, times=10_000)
    scans = list[Scan]()
    (outcome,) = await once(client, scans, wait_if_busy=5)
    assert (outcome.target, type(outcome.error), scans[0].pending) == (conversation, NotFoundError, 1)


async def test_a_server_that_is_away_is_waited_for(
    server: EmbeddedServer, client: AsyncLetta, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    _, block, conversations = await new_agent(client)
    scans, began = list[Scan](), time.now
    away = server.script("GET", "/v1/agents/*", status=503, times=10_000)

    async def back() -> None:
        away.cancel()
        await client.blocks.update(block, value="Ada moved to Paris.")

    time.at(1000, back)
    outcomes = list[Outcome]()
    async for outcome in client.watch(all=True, every=30, on_scan=scans.append):
        outcomes.append(outcome)
        if len(outcomes) == 2:
            break
    assert targets_of(outcomes) == sorted(conversations)
    assert [type(scan.error).__name__ for scan in scans] == ["InternalServerError"] * 6
    assert [scan.at.timestamp() - began for scan in scans] == [0, 30, 90, 210, 450, 750]
    assert len([record for record in caplog.records if "a scan failed" in record.getMessage()]) == 6


async def test_an_outage_in_the_middle_leaves_everything_pending(
    server: EmbeddedServer, client: AsyncLetta, tmp_path: Path
) -> None:
    _, block, conversations = await new_agent(client, 5)
    await client.blocks.update(block, value="Ada moved to Paris.")
    scans = list[Scan]()
    away = server.script("POST", "*/recompile", status=503, times=10_000)
    with pytest.raises(Exception, match="503"):
        await once(client, scans, state=tmp_path / "state")
    assert (scans[-1].failed, scans[-1].pending) == (0, 6)
    away.cancel()
    assert targets_of(await once(client, state=tmp_path / "state")) == sorted(conversations)


# --- what ends a watch ------------------------------------------------------------------------------------------------


async def test_a_wrong_key_ends_it(time: Time) -> None:
    scans = list[Scan]()
    async with EmbeddedServer(password="right") as server, watching_client(server.base_url, time) as client:
        with pytest.raises(AuthenticationError):
            async for _ in client.watch(all=True, on_scan=scans.append):
                pass
    assert [type(scan.error) for scan in scans] == [AuthenticationError]


@pytest.mark.parametrize("scope", [{"agent_id": AGENT}, {"block_id": BLOCK}], ids=str)
async def test_an_agent_or_block_that_is_not_there_ends_it(client: AsyncLetta, scope: dict[str, str]) -> None:
    with pytest.raises(NotFoundError):
        await once(client, None, all=False, **scope)


async def test_a_block_that_no_agent_has_is_retrieved_once(client: AsyncLetta, requests: Requests, time: Time) -> None:
    block = await client.blocks.create(label="human", value="Ada")
    requests.reset()
    outcomes = client.watch(block_id=block.id)

    async def end() -> None:
        raise KeyError("end")

    time.at(100, end)
    with pytest.raises(KeyError):
        await anext(outcomes)
    assert requests.kinds == {"agents": 4, f"/v1/blocks/{block.id}": 1}


def test_bad_arguments_are_refused_at_once_and_together() -> None:
    with Letta(base_url="http://127.0.0.1:1") as client, pytest.raises(InvalidArgumentError) as refused:
        client.watch(  # type: ignore[call-overload]  # that is the point
            agent_id="agent-x",
            every=0,
            once="no",  # pyright: ignore[reportArgumentType] - that is the point
            max_rate=0,
            wait_if_busy=-1,
            lease=float("nan"),
            on_scan=3,  # pyright: ignore[reportArgumentType] - that is the point
            state="",
        )
    places = {fault.path for fault in refused.value.faults}
    assert places == {"agent_id", "every", "once", "max_rate", "wait_if_busy", "lease", "on_scan", "state"}


@pytest.mark.parametrize("scope", [{}, {"all": False}, {"all": True, "agent_id": AGENT}, {"all": 1}], ids=str)
def test_exactly_one_scope_is_needed(scope: dict[str, object]) -> None:
    with Letta(base_url="http://127.0.0.1:1") as client, pytest.raises(InvalidArgumentError, match="takes agent_id"):
        client.watch(**scope)  # type: ignore[arg-type]  # that is the point


def test_the_sync_client_watches_too(tmp_path: Path) -> None:
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        agent = client.agents.create(model="letta/letta-free", memory_blocks=[{"label": "human", "value": "Ada"}])
        assert agent.blocks is not None
        conversation = client.conversations.create(agent_id=agent.id)
        scans = list[Scan]()
        client.blocks.update(agent.blocks[0].id, value="Bob")
        (outcome,) = client.watch(all=True, once=True, on_scan=scans.append, state=tmp_path / "state")
        assert (outcome.target, outcome.status) == (conversation.id, "recompiled")
        assert scans[0].requests == 1 + 1 + 1 + 2 + 1
