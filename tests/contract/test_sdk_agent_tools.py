"""Contract tests of the client for the tools of an agent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from letta_async import AgentState, APIStatusError, AsyncLetta, NotFoundError, Tool
from letta_async.testing import _facts
from tests.contract.conftest import MODEL, REAL, Make
from tests.contract.test_sdk_tools import UNKNOWN, named, source
from tests.contract.wire import UNKNOWN_AGENT, Http

NAMES = ["archival_memory_insert", "conversation_search", "memory_insert"]
EVERY = sorted(_facts.TOOL_NAMES)
Create = Callable[..., Awaitable[AgentState]]


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create agents with the client; they are deleted after the test."""
    made: list[AgentState] = []

    async def create(**parameters: Any) -> AgentState:
        made.append(await sdk.agents.create(model=MODEL, include_base_tools=False, **parameters))
        return made[-1]

    yield create
    for agent in made:
        await http.delete(f"/v1/agents/{agent.id}")


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_the_tools_of_an_agent_are_listed(sdk: AsyncLetta, create: Create, limit: int) -> None:
    agent = await create(tools=NAMES)
    tools = [tool async for tool in sdk.agents.tools.list(agent.id, limit=limit)]
    assert sorted(tool.name or "" for tool in tools) == NAMES
    assert all(type(tool) is Tool and tool.id.startswith("tool-") and tool.json_schema for tool in tools)
    every = await create(tools=EVERY)
    for order in ("asc", "desc"):
        names = [tool.name async for tool in sdk.agents.tools.list(every.id, order=order)]
        assert sorted(names) == EVERY


async def test_approval_is_required_and_no_longer_required(sdk: AsyncLetta, create: Create) -> None:
    agent = await create(tools=NAMES)
    for required in (True, False):
        changed = await sdk.agents.tools.update_approval(
            "memory_insert", agent_id=agent.id, body_requires_approval=required
        )
        assert changed is not None
        rules = [rule for rule in changed.to_dict()["tool_rules"] if rule["type"] == "requires_approval"]
        assert [rule["tool_name"] for rule in rules] == (["memory_insert"] if required else [])


async def test_a_name_with_anything_in_it_stays_one_segment(sdk: AsyncLetta, create: Create) -> None:
    agent = await create()
    changed = await sdk.agents.tools.update_approval("a ?#%é", agent_id=agent.id, body_requires_approval=True)
    assert changed is not None
    assert [rule["tool_name"] for rule in changed.to_dict()["tool_rules"]] == ["a ?#%é"]


# --- attaching --------------------------------------------------------------------------------------------------------


def tools_of(agent: AgentState | None) -> list[str]:
    """Return the names of the tools of an agent, as the response has them."""
    assert agent is not None
    return sorted(tool["name"] for tool in agent.to_dict()["tools"])


def rules_of(agent: AgentState | None) -> list[tuple[str, str]]:
    """Return the types and the tools of an agent's rules."""
    assert agent is not None
    return [(rule["type"], rule["tool_name"]) for rule in agent.to_dict()["tool_rules"]]


@pytest.fixture
async def tool(sdk: AsyncLetta, http: Http) -> AsyncIterator[Tool]:
    """Return a tool that joins a text and a number; it is deleted after the test."""
    code = source(named(), "a: str", "b: int = 3", args="a: A\n        b: B") + "    print('ran')\n    return a * b\n"
    made = await sdk.tools.create(source_code=code)
    yield made
    await http.delete(f"/v1/tools/{made.id}")


async def test_a_tool_is_attached_and_detached(sdk: AsyncLetta, create: Create, tool: Tool) -> None:
    agent = await create()
    assert tools_of(agent) == []
    for _ in range(2):
        assert tools_of(await sdk.agents.tools.attach(tool.id, agent_id=agent.id)) == [tool.name]
        shown = await sdk.agents.retrieve(agent.id)
        assert [(type(each), each.name) for each in shown.tools or []] == [(Tool, tool.name)]
    assert [each.id async for each in sdk.agents.tools.list(agent.id)] == [tool.id]
    for _ in range(2):
        assert tools_of(await sdk.agents.tools.detach(tool.id, agent_id=agent.id)) == []
    assert await sdk.agents.tools.list(agent.id).page() == []
    assert (await sdk.tools.retrieve(tool.id)).id == tool.id


async def test_a_deleted_tool_is_attached_to_no_agent(sdk: AsyncLetta, create: Create, tool: Tool) -> None:
    agent = await create(tool_ids=[tool.id])
    assert tools_of(agent) == [tool.name]
    await sdk.tools.delete(tool.id)
    assert tools_of(await sdk.agents.retrieve(agent.id)) == []


async def test_what_is_not_there_is_not_attached(sdk: AsyncLetta, create: Create, tool: Tool) -> None:
    agent = await create()
    with pytest.raises(NotFoundError, match="not found in organization"):
        await sdk.agents.tools.attach(UNKNOWN, agent_id=agent.id)
    assert tools_of(await sdk.agents.tools.detach(UNKNOWN, agent_id=agent.id)) == []
    for call in (sdk.agents.tools.attach, sdk.agents.tools.detach):
        with pytest.raises(NotFoundError):
            await call(tool.id, agent_id=UNKNOWN_AGENT)
    with pytest.raises(NotFoundError):
        await sdk.agents.tools.list(UNKNOWN_AGENT).page()


async def test_an_agent_is_made_with_tools(sdk: AsyncLetta, create: Create, tool: Tool) -> None:
    agent = await create(tools=["memory", tool.name], tool_ids=[tool.id])
    assert tools_of(agent) == sorted(["memory", tool.name or ""])
    assert tools_of(await sdk.agents.update(agent.id, name="still")) == tools_of(agent)
    assert tools_of(await sdk.agents.update(agent.id, tool_ids=[tool.id])) == [tool.name]
    assert tools_of(await sdk.agents.update(agent.id, tool_ids=[])) == []
    with pytest.raises(APIStatusError, match="Tools not found by name"):
        await create(tools=["nobody"])


async def test_a_tool_that_requires_approval_brings_its_rule(sdk: AsyncLetta, create: Create, tool: Tool) -> None:
    assert tool.name is not None
    await sdk.tools.update(tool.id, default_requires_approval=True)
    rule = ("requires_approval", tool.name)
    assert rule in rules_of(await create(tool_ids=[tool.id]))
    agent = await create()
    assert rules_of(await sdk.agents.tools.attach(tool.id, agent_id=agent.id)) == [rule]
    assert rules_of(await sdk.agents.tools.attach(tool.id, agent_id=agent.id)) == [rule]


async def test_tool_rules_are_checked_and_kept(make_agent: Make, http: Http) -> None:
    agent = await make_agent(include_base_tools=True, tool_rules=[{"type": "exit_loop", "tool_name": "send_message"}])
    assert "send_message" in [rule["tool_name"] for rule in agent["tool_rules"]]
    answer = await http.patch(f"/v1/agents/{agent['id']}", {"tool_rules": [{"type": "no such rule"}]})
    assert answer.complaints == [("union_tag_invalid", "body.tool_rules.0")]


# --- running ----------------------------------------------------------------------------------------------------------


async def test_a_tool_runs_with_arguments(sdk: AsyncLetta, create: Create, tool: Tool) -> None:
    agent = await create(tool_ids=[tool.id])
    assert tool.name is not None
    if not REAL:
        with pytest.raises(APIStatusError, match=r"script\(") as caught:
            await sdk.agents.tools.run(tool.name, agent_id=agent.id, args={"a": "x"})
        assert caught.value.status_code == 501
        return
    result = await sdk.agents.tools.run(tool.name, agent_id=agent.id, args={"a": "x"})
    assert (result.status, result.func_return, result.stdout, result.stderr) == ("success", "xxx", ["ran\n"], [])
    failed = await sdk.agents.tools.run(tool.name, agent_id=agent.id)
    assert (failed.status, failed.func_return) == ("error", None)
    assert "missing 1 required positional argument: 'a'" in "".join(failed.stderr or [])
    with pytest.raises(NotFoundError, match="not attached"):
        await sdk.agents.tools.run("nobody", agent_id=agent.id)
