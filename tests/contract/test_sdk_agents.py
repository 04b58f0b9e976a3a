"""Contract tests of all methods of the client for agents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from letta_async import (
    AgentState,
    AsyncLetta,
    BadRequestError,
    Block,
    CompactionSettings,
    InvalidArgumentError,
    NewBlock,
    NotFoundError,
    OpenAIModelSettings,
    TextResponseFormat,
)
from tests.contract.conftest import MODEL, Make, Story
from tests.contract.wire import UNKNOWN_AGENT, UNKNOWN_BLOCK, Http, expected_prompt, human_block, timeless

Create = Callable[..., Awaitable[AgentState]]


@pytest.fixture
async def create(sdk: AsyncLetta, http: Http) -> AsyncIterator[Create]:
    """Create agents with the client; they are deleted after the test, with their blocks."""
    made: list[AgentState] = []

    async def create(**parameters: Any) -> AgentState:
        agent = await sdk.agents.create(
            **{"name": "contract", "model": MODEL, "include_base_tools": False, "system": "SYSTEM", **parameters}
        )
        made.append(agent)
        return agent

    yield create
    for agent in made:
        await http.delete(f"/v1/agents/{agent.id}")
        for block in agent.blocks or []:
            await http.delete(f"/v1/blocks/{block.id}")


@pytest.mark.parametrize("name", ["secrets", "tool_exec_environment_variables"])
async def test_secrets_are_sent_by_name_and_no_message_shows_them(sdk: AsyncLetta, create: Create, name: str) -> None:
    agent = await create(**{name: {"API_KEY": "hunter2", "TOKEN": "ünïcode"}})
    shown = await sdk.agents.retrieve(agent.id)
    assert {each.key: each.value for each in shown.secrets or []} == {"API_KEY": "hunter2", "TOKEN": "ünïcode"}
    changed = await sdk.agents.update(agent.id, secrets={"OTHER": "3"})
    assert [each.key for each in changed.secrets or []] == ["OTHER"]
    with pytest.raises(InvalidArgumentError) as caught:
        await sdk.agents.update(agent.id, secrets={"API_KEY": 12345})  # type: ignore[dict-item]
    assert str(caught.value.faults[0]) == "secrets.API_KEY: a value of type int is not a string"


async def test_tools_are_named_and_must_exist(create: Create) -> None:
    await create(tools=["send_message"])
    with pytest.raises(BadRequestError, match="Tools not found by name: {'no_such_tool'}"):
        await create(tools=["no_such_tool"])


async def test_an_agent_is_made_with_what_it_is_given(create: Create, make_block: Make) -> None:
    shared = await make_block(label="shared", value="Everything")
    agent = await create(
        name="Ada",
        agent_type="letta_v1_agent",
        memory_blocks=[NewBlock(label="human", value="Grace"), {"label": "notes", "value": "", "limit": 9}],
        block_ids=[shared["id"], UNKNOWN_BLOCK],
        model_settings=OpenAIModelSettings(temperature=0.5),
        context_window_limit=5000,
        compaction_settings=CompactionSettings(mode="all", clip_chars=None, prompt="Sum up."),
        response_format=TextResponseFormat(),
        description="D",
        metadata={"k": [1]},
        tags=["a", "b"],
        timezone="Europe/Berlin",
        hidden=False,
    )
    assert type(agent) is AgentState
    assert (agent.name, agent.system, agent.description, agent.timezone) == ("Ada", "SYSTEM", "D", "Europe/Berlin")
    assert agent.blocks is not None
    assert all(type(block) is Block for block in agent.blocks)
    assert {(block.label, block.value) for block in agent.blocks} == {
        ("human", "Grace"),
        ("notes", ""),
        ("shared", "Everything"),
    }
    assert sorted(agent.tags or []) == ["a", "b"]
    assert agent.metadata == {"k": [1]}
    assert isinstance(agent.model_settings, OpenAIModelSettings)
    assert agent.model_settings.temperature == 0.5
    assert agent.compaction_settings is not None
    assert (agent.compaction_settings.mode, agent.compaction_settings.clip_chars) == ("all", None)
    assert agent.compaction_settings.sliding_window_percentage == 0.3
    assert agent.created_at is not None
    assert agent.llm_config is not None
    assert agent.llm_config.context_window == 5000
    assert agent.extra_fields == {}


async def test_an_agent_needs_a_model(sdk: AsyncLetta) -> None:
    with pytest.raises(BadRequestError, match="Must specify either model or llm_config"):
        await sdk.agents.create()


async def test_an_agent_is_shown_with_what_is_asked_for(sdk: AsyncLetta, agent: dict[str, Any]) -> None:
    shown = await sdk.agents.retrieve(agent["id"])
    assert (shown.id, shown.name, shown.message_ids) == (agent["id"], "contract", agent["message_ids"])
    with_blocks = await sdk.agents.retrieve(agent["id"], include=["agent.blocks"])
    assert [block.value for block in with_blocks.blocks or []] == ["Ada"]


async def test_a_change_is_kept_and_no_prompt_follows(sdk: AsyncLetta, http: Http, story: Story) -> None:
    before = await http.prompt(story.conversation_id)
    changed = await sdk.agents.update(
        story.agent_id, name="New", system="CHANGED", tags=("x",), compaction_settings={"mode": "all"}
    )
    assert (changed.name, changed.system, changed.tags) == ("New", "CHANGED", ["x"])
    assert changed.compaction_settings is not None
    assert changed.compaction_settings.mode == "all"
    assert await http.prompt(story.conversation_id) == before
    assert (await sdk.agents.update(story.agent_id)).name == "New"


async def test_blocks_are_attached_and_detached(sdk: AsyncLetta, story: Story, make_block: Make) -> None:
    block = await make_block(label="other", value="Grace")
    changed = await sdk.agents.update(story.agent_id, block_ids=[block["id"]])
    assert [each.id for each in changed.blocks or []] == [block["id"]]


async def test_a_deleted_agent_is_gone_with_its_conversations(sdk: AsyncLetta, story: Story) -> None:
    assert await sdk.agents.delete(story.agent_id) is None  # type: ignore[func-returns-value]
    for call in (sdk.agents.retrieve, sdk.agents.delete, sdk.agents.update, sdk.agents.recompile):
        with pytest.raises(NotFoundError):
            await call(story.agent_id)
    with pytest.raises(NotFoundError):
        await sdk.conversations.retrieve(story.conversation_id)
    assert (await sdk.blocks.retrieve(story.block_id)).id == story.block_id


# --- list -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_all_pages_are_gone_through(
    sdk: AsyncLetta, make_agent: Make, limit: int, request: pytest.FixtureRequest
) -> None:
    tag = f"tag {request.node.name} {id(request)}"
    ids = [(await make_agent(tags=[tag, f"n{n}"]))["id"] for n in range(3)]

    async def found(**parameters: Any) -> list[str]:
        return [agent.id async for agent in sdk.agents.list(limit=limit, **parameters)]

    assert await found(tags=[tag]) == ids[::-1]
    assert await found(tags=[tag], order="asc", order_by="created_at") == ids
    assert await found(tags=[tag, "n1"], match_all_tags=True) == [ids[1]]
    assert await found(tags=[tag], after=ids[1]) == ids[:1]
    assert await found(tags=[tag], before=ids[1]) == ids[2:]
    assert await found(tags=[tag], order="asc", before=ids[2]) == ids[:2]


async def test_agents_are_found_by_name(sdk: AsyncLetta, make_agent: Make) -> None:
    agent = await make_agent(name="A quite unusual name")
    assert agent["id"] in [each.id async for each in sdk.agents.list(name="A quite unusual name")]
    assert agent["id"] in [each.id async for each in sdk.agents.list(query_text="QUITE UNUSUAL")]
    assert await sdk.agents.list(name="A quite unusual", limit=1) == []


# --- recompile ------------------------------------------------------------------------------------------------------


async def test_an_agents_own_prompt_is_recompiled_and_the_one_before_is_given(
    sdk: AsyncLetta, http: Http, story: Story
) -> None:
    await sdk.agents.update(story.agent_id, system="CHANGED")
    before = await http.prompt("default", agent_id=story.agent_id)
    of_conversation = await http.prompt(story.conversation_id)
    dry = await sdk.agents.recompile(story.agent_id, dry_run=True)
    assert timeless(dry) == expected_prompt(story.agent_id, system="CHANGED", blocks=human_block("Ada"), previous=1)
    assert await http.prompt("default", agent_id=story.agent_id) == before
    assert await sdk.agents.recompile(story.agent_id) == before
    assert await http.prompt("default", agent_id=story.agent_id) == dry
    assert await http.prompt(story.conversation_id) == of_conversation


async def test_the_time_in_it_stays_unless_asked_for(sdk: AsyncLetta, story: Story) -> None:
    first = await sdk.agents.recompile(story.agent_id, dry_run=True)
    again = await sdk.agents.recompile(story.agent_id, dry_run=True, update_timestamp=False)
    assert first == again
    fresh = await sdk.agents.recompile(story.agent_id, dry_run=True, update_timestamp=True)
    assert timeless(fresh) == timeless(first)


async def test_recompiling_an_unknown_agent_is_not_found(sdk: AsyncLetta) -> None:
    with pytest.raises(NotFoundError, match=f"Agent with ID {UNKNOWN_AGENT} not found"):
        await sdk.agents.recompile(UNKNOWN_AGENT)
