"""Contract tests of the client for groups of agents."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    BadRequestError,
    ConflictError,
    DynamicManager,
    Group,
    InvalidArgumentError,
    NotFoundError,
    RoundRobinManager,
    SleeptimeManager,
    SleeptimeManagerUpdate,
    SupervisorManager,
    VoiceSleeptimeManager,
)
from tests.contract.conftest import Make
from tests.contract.wire import UNKNOWN, UNKNOWN_AGENT, UNKNOWN_BLOCK, Http

Create = Callable[..., Awaitable[Group]]

UNKNOWN_GROUP = f"group-{UNKNOWN}"


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http, make_agent: Make) -> AsyncIterator[Create]:
    """Create groups with the client; they are deleted after the test, and before their agents."""
    del make_agent
    made: list[Group] = []

    async def create(**parameters: Any) -> Group:
        values: dict[str, Any] = {"description": "contract", **parameters}
        made.append(await sdk.groups.create(**values))
        return made[-1]

    yield create
    for group in made:
        await http.delete(f"/v1/groups/{group.id}")


@pytest.fixture
async def agents(make_agent: Make) -> list[str]:
    """Return the IDs of three agents with different names."""
    return [(await make_agent(name=f"contract-{number}"))["id"] for number in range(3)]


async def test_a_group_is_made_with_what_it_is_given(sdk: AsyncLetta, create: Create, agents: list[str]) -> None:
    first, second, third = agents
    group = await create(agent_ids=[first, second], description="D")
    assert (type(group), group.description, group.manager_type) == (Group, "D", "round_robin")
    assert (group.agent_ids, group.manager_agent_id, group.max_turns) == ([first, second], None, None)
    assert await sdk.groups.retrieve(group.id) == group
    turns = await create(agent_ids=[first], manager_config=RoundRobinManager(max_turns=4))
    assert turns.max_turns == 4
    dynamic = await create(agent_ids=[first, second], manager_config=DynamicManager(manager_agent_id=third))
    assert (dynamic.manager_type, dynamic.manager_agent_id) == ("dynamic", third)
    assert (dynamic.termination_token, dynamic.max_turns) == ("DONE!", None)
    sleeping = {"manager_type": "sleeptime", "manager_agent_id": third, "sleeptime_agent_frequency": 3}
    sleeptime = await create(agent_ids=[first], manager_config=sleeping)
    assert (sleeptime.sleeptime_agent_frequency, sleeptime.turns_counter) == (3, -1)
    supervisor = await create(agent_ids=[first], manager_config=SupervisorManager(manager_agent_id=third))
    assert (supervisor.manager_type, supervisor.manager_agent_id) == ("supervisor", third)
    config = VoiceSleeptimeManager(manager_agent_id=third, max_message_buffer_length=20, min_message_buffer_length=10)
    voice = await create(agent_ids=[first], manager_config=config)
    assert (voice.max_message_buffer_length, voice.min_message_buffer_length) == (20, 10)
    assert (await create(agent_ids=[])).agent_ids == []


async def test_what_no_group_can_be_is_refused(create: Create, agents: list[str]) -> None:
    manager = DynamicManager(manager_agent_id=agents[2])
    with pytest.raises(BadRequestError, match="Duplicate agent ids"):
        await create(agent_ids=[agents[0], agents[0]], manager_config=manager)
    with pytest.raises(NotFoundError, match="Items not found in agents"):
        await create(agent_ids=[UNKNOWN_AGENT])
    with pytest.raises(ConflictError):
        await create(agent_ids=[agents[0]], manager_config=SupervisorManager(manager_agent_id=UNKNOWN_AGENT))
    with pytest.raises(InvalidArgumentError, match="manager_agent_id: is required"):
        await create(agent_ids=[agents[0]], manager_config={"manager_type": "supervisor"})
    for lengths in ({"max_message_buffer_length": 9}, {"max_message_buffer_length": 9, "min_message_buffer_length": 9}):
        with pytest.raises(InvalidArgumentError, match="buffer length"):
            await create(
                agent_ids=[],
                manager_config={
                    "manager_type": "voice_sleeptime",
                    "manager_agent_id": agents[2],
                    **lengths,
                },
            )


async def test_a_group_keeps_what_is_not_changed(sdk: AsyncLetta, create: Create, agents: list[str]) -> None:
    first, second, third = agents
    group = await create(agent_ids=[first], manager_config=SleeptimeManager(manager_agent_id=third))
    assert (group.sleeptime_agent_frequency, group.turns_counter) == (None, None)
    changed = await sdk.groups.update(
        group.id,
        agent_ids=[second],
        description="E",
        manager_config=SleeptimeManagerUpdate(sleeptime_agent_frequency=5),
    )
    assert (changed.agent_ids, changed.description, changed.manager_agent_id) == ([second], "E", third)
    assert (changed.sleeptime_agent_frequency, changed.turns_counter) == (5, -1)
    same = await sdk.groups.modify(group.id, description="", agent_ids=[])
    assert (same.agent_ids, same.description) == ([second], "E")
    with pytest.raises(BadRequestError, match="Cannot change group pattern"):
        await sdk.groups.update(group.id, manager_config=RoundRobinManager(max_turns=1))
    with pytest.raises(NotFoundError, match="Items not found in agents"):
        await sdk.groups.update(group.id, agent_ids=[UNKNOWN_AGENT])


async def test_a_deleted_group_is_gone(sdk: AsyncLetta, create: Create) -> None:
    group = await create(agent_ids=[])
    assert await sdk.groups.delete(group.id) is None  # type: ignore[func-returns-value]
    for call in (
        sdk.groups.retrieve(group.id),
        sdk.groups.update(group.id),
        sdk.groups.delete(group.id),
        sdk.groups.messages.list(group.id),
        sdk.groups.messages.reset(group.id),
    ):
        with pytest.raises(NotFoundError, match="Group not found"):
            await call  # type: ignore[misc]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_pages_are_gone_through(sdk: AsyncLetta, create: Create, limit: int, agents: list[str]) -> None:
    ids = [(await create(agent_ids=agents[:1])).id for _ in range(3)]
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        found = [each.id async for each in sdk.groups.list(limit=limit, order=order) if each.id in ids]  # type: ignore[arg-type]
        assert found == expected
        mine = [each.id async for each in sdk.agents.groups.list(agents[0], limit=limit, order=order)]  # type: ignore[arg-type]
        assert mine == expected


async def test_groups_are_filtered(sdk: AsyncLetta, create: Create, agents: list[str]) -> None:
    plain = await create(agent_ids=agents[:2])
    managed = await create(agent_ids=agents[:1], manager_config=SupervisorManager(manager_agent_id=agents[2]))
    found = {each.id async for each in sdk.groups.list(manager_type="supervisor")}
    assert (managed.id in found, plain.id in found) == (True, False)
    assert [each.id async for each in sdk.agents.groups.list(agents[0])] == [managed.id, plain.id]
    assert [each.id async for each in sdk.agents.groups.list(agents[0], manager_type="supervisor")] == [managed.id]
    assert [each.id async for each in sdk.agents.groups.list(agents[2])] == []
    assert await sdk.agents.groups.list(UNKNOWN_AGENT) == []
    assert await sdk.groups.list(project_id=str(uuid.uuid4())) == []
    assert await sdk.groups.count() >= 2


async def test_a_block_is_attached_to_a_group_but_not_to_its_agents(
    sdk: AsyncLetta, create: Create, agents: list[str], make_block: Make
) -> None:
    group, block = await create(agent_ids=agents[:2]), await make_block(label="shared", value="V")
    for _ in range(2):
        assert await sdk.groups.blocks.attach(block["id"], group_id=group.id) is None  # type: ignore[func-returns-value]
    assert await sdk.blocks.agents.list(block["id"]) == []
    for _ in range(2):
        assert await sdk.groups.blocks.detach(block["id"], group_id=group.id) is None  # type: ignore[func-returns-value]
    for call in (sdk.groups.blocks.attach, sdk.groups.blocks.detach):
        with pytest.raises(NotFoundError, match="Group not found"):
            await call(block["id"], group_id=UNKNOWN_GROUP)
        with pytest.raises(NotFoundError, match="Block not found"):
            await call(UNKNOWN_BLOCK, group_id=group.id)


async def test_shared_blocks_are_attached_to_all_agents(
    sdk: AsyncLetta, create: Create, agents: list[str], make_block: Make
) -> None:
    block = await make_block(label="shared", value="V")
    manager = SupervisorManager(manager_agent_id=agents[2])
    group = await create(agent_ids=agents[:1], manager_config=manager, shared_block_ids=[block["id"]])
    assert group.shared_block_ids == []
    assert {each.id async for each in sdk.blocks.agents.list(block["id"])} == {agents[0], agents[2]}


async def test_an_agent_shows_the_group_that_it_manages(create: Create, http: Http, agents: list[str]) -> None:
    group = await create(agent_ids=agents[:1], manager_config=SupervisorManager(manager_agent_id=agents[2]))
    manager = (await http.get(f"/v1/agents/{agents[2]}?include=agent.managed_group")).json
    assert (manager["managed_group"]["id"], manager["multi_agent_group"]["id"]) == (group.id, group.id)
    other = (await http.get(f"/v1/agents/{agents[0]}?include=agent.managed_group")).json
    assert other["managed_group"] is None


async def test_an_agent_that_manages_a_group_is_not_deleted(sdk: AsyncLetta, create: Create, agents: list[str]) -> None:
    first, second, third = agents
    group = await create(agent_ids=[first], manager_config=SupervisorManager(manager_agent_id=third))
    with pytest.raises(ConflictError, match="groups_manager_agent_id_fkey"):
        await sdk.agents.delete(third)
    await sdk.groups.delete(group.id)
    sleeptime = await create(agent_ids=[first], manager_config=SleeptimeManager(manager_agent_id=second))
    await sdk.agents.delete(second)
    for call in (sdk.groups.retrieve(sleeptime.id), sdk.agents.retrieve(first)):
        with pytest.raises(NotFoundError):
            await call  # type: ignore[misc]


async def test_a_group_has_no_messages_at_first(sdk: AsyncLetta, create: Create, agents: list[str]) -> None:
    group = await create(agent_ids=agents[:1])
    assert [each async for each in sdk.groups.messages.list(group.id)] == []
    assert await sdk.groups.messages.reset(group.id) is None  # type: ignore[func-returns-value]
