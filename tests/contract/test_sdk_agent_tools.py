"""Contract tests of the client for the tools of an agent, on a real server; the embedded one only scripts them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from letta_async import AgentState, AsyncLetta, RequiresApprovalToolRule, Tool
from letta_async.testing import _facts
from tests.contract.conftest import MODEL, REAL
from tests.contract.wire import Http

pytestmark = pytest.mark.skipif(not REAL, reason="the embedded server has no tools of its own: tests/test_calls.py")

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
        rules = [rule for rule in changed.tool_rules or [] if isinstance(rule, RequiresApprovalToolRule)]
        assert [rule.tool_name for rule in rules] == (["memory_insert"] if required else [])


async def test_a_name_with_anything_in_it_stays_one_segment(sdk: AsyncLetta, create: Create) -> None:
    agent = await create()
    changed = await sdk.agents.tools.update_approval("a ?#%é", agent_id=agent.id, body_requires_approval=True)
    assert changed is not None
    assert changed.tool_rules == [RequiresApprovalToolRule(tool_name="a ?#%é", prompt_template=None)]
