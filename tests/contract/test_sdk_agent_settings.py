"""Contract tests of what an agent can be made with and changed to, besides what `test_sdk_agents` has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from letta_async import (
    AgentState,
    AsyncLetta,
    BadRequestError,
    ChildToolRule,
    ConditionalToolRule,
    ContinueToolRule,
    EmbeddingConfig,
    InitToolRule,
    InvalidArgumentError,
    LlmConfig,
    MaxCountPerStepToolRule,
    Memory,
    MessageCreate,
    NewBlock,
    ParentToolRule,
    RequiredBeforeExitToolRule,
    RequiresApprovalToolRule,
    TerminalToolRule,
    ToolCallNode,
    ToolRule,
)
from tests.contract.conftest import MODEL
from tests.contract.wire import Http

Create = Callable[..., Awaitable[AgentState]]

RULES: Final[list[ToolRule]] = [
    InitToolRule(tool_name="a", args={"x": 1}),
    ChildToolRule(tool_name="a", children=["b"], child_arg_nodes=[ToolCallNode(name="b", args={"y": [2]})]),
    ParentToolRule(tool_name="a", children=["b", "c"]),
    ConditionalToolRule(tool_name="a", child_output_mapping={"ok": "b"}, default_child="c"),
    TerminalToolRule(tool_name="a"),
    ContinueToolRule(tool_name="a"),
    RequiredBeforeExitToolRule(tool_name="a"),
    MaxCountPerStepToolRule(tool_name="a", max_count_limit=2),
    RequiresApprovalToolRule(tool_name="a"),
]
EMBEDDING_CONFIG: Final = EmbeddingConfig(
    embedding_endpoint_type="openai", embedding_model="text", embedding_dim=8, handle="openai/text"
)


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


@pytest.mark.parametrize("as_mappings", [False, True])
async def test_rules_of_all_kinds_are_kept(sdk: AsyncLetta, create: Create, as_mappings: bool) -> None:
    given: list[Any] = [rule.to_dict() for rule in RULES] if as_mappings else RULES
    agent = await create(tool_rules=given, include_base_tool_rules=False)
    assert agent.tool_rules is not None
    assert [type(rule) for rule in agent.tool_rules] == [type(rule) for rule in RULES]
    for rule, before in zip(agent.tool_rules, RULES, strict=True):
        assert rule.to_dict().items() >= before.to_dict().items()
        assert rule.extra_fields == {}
    changed = await sdk.agents.update(agent.id, tool_rules=given[4:5])
    assert [type(rule) for rule in changed.tool_rules or []] == [TerminalToolRule]
    assert (await sdk.agents.update(agent.id, tool_rules=[])).tool_rules == []
    again = await sdk.agents.update(agent.id, tool_rules=agent.tool_rules)
    assert again.tool_rules == agent.tool_rules


async def test_a_rule_that_is_wrong_is_not_sent(create: Create) -> None:
    wrong: list[Any] = [
        {"type": "exit_loop"},
        {"tool_name": "a"},
        {"type": "exit_lop", "tool_name": "a"},
        MaxCountPerStepToolRule(tool_name="a", max_count_limit=-1),
        {"type": "run_first", "tool_name": "a", "arguments": {}},
    ]
    with pytest.raises(InvalidArgumentError) as caught:
        await create(tool_rules=wrong)
    words = [str(fault) for fault in caught.value.faults]
    assert words[0] == "tool_rules[0].tool_name: is required"
    assert words[1].startswith("tool_rules[1].type: is required; allowed: 'run_first', ")
    assert words[2].startswith("tool_rules[2].type: 'exit_lop' is unknown; allowed: ")
    assert words[3] == "tool_rules[3].max_count_limit: -1 (int) is out of range; allowed: at least 0"
    assert words[4].startswith("tool_rules[4].arguments: is not a field of type 'run_first'")
    assert len(words) == 5


async def test_a_configuration_is_taken_as_it_came(sdk: AsyncLetta, create: Create) -> None:
    first = await create(embedding_config=EMBEDDING_CONFIG)
    assert isinstance(first.llm_config, LlmConfig)
    assert (first.llm_config.handle, first.llm_config.extra_fields) == (MODEL, {})
    assert first.llm_config.api_model_endpoint_type == first.llm_config.model_endpoint_type
    assert first.embedding_config is not None
    assert first.embedding_config.to_dict().items() >= EMBEDDING_CONFIG.to_dict().items()
    second = await create(model=None, llm_config=first.llm_config, embedding_config=first.embedding_config)
    assert (second.llm_config, second.embedding_config) == (first.llm_config, first.embedding_config)
    smaller = {**first.llm_config.to_dict(), "context_window": 4321}
    changed = await sdk.agents.update(second.id, llm_config=smaller)
    assert changed.llm_config is not None
    assert changed.llm_config.context_window == 4321


async def test_a_configuration_that_is_wrong_is_not_sent(create: Create) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await create(llm_config={"model": "m", "context_windw": 1})
    assert [fault.path for fault in caught.value.faults] == [
        "llm_config.model_endpoint_type",
        "llm_config.context_window",
        "llm_config.context_windw",
    ]


async def test_a_context_begins_with_what_it_is_given(sdk: AsyncLetta, create: Create) -> None:
    first: list[Any] = [MessageCreate(role="user", content="Hello"), {"role": "assistant", "content": "Ada here"}]
    agent = await create(initial_message_sequence=first)
    assert len(agent.message_ids or []) > 2
    listed = [message async for message in sdk.agents.messages.list(agent.id, order="asc")]
    texts = [message.text for message in listed if message.message_type in ("user_message", "assistant_message")]
    assert texts == ["Hello", "Ada here"]


async def test_what_is_only_stored_comes_back(sdk: AsyncLetta, create: Create) -> None:
    stored: dict[str, Any] = {
        "max_files_open": 3,
        "per_file_view_window_char_limit": 999,
        "message_buffer_autoclear": True,
        "enable_sleeptime": False,
        "project_id": "project",
        "template_id": "template",
        "base_template_id": "base",
    }
    agent = await create(**stored, include_multi_agent_tools=False, include_default_source=False)
    assert {name: getattr(agent, name) for name in stored} == stored
    assert (agent.sources, agent.identities, agent.identity_ids, agent.tools) == ([], [], [], [])
    assert (agent.pending_approval, agent.managed_group, agent.multi_agent_group) == (None, None, None)
    assert isinstance(agent.memory, Memory)
    assert agent.memory.blocks == agent.blocks == []
    moment = datetime(2026, 11, 5, 10, 30, tzinfo=UTC)
    changed = await sdk.agents.update(
        agent.id,
        message_buffer_autoclear=False,
        last_run_completion=moment,
        last_run_duration_ms=5,
        last_stop_reason="end_turn",
    )
    assert (changed.message_buffer_autoclear, changed.last_run_completion) == (False, moment)
    assert (changed.last_run_duration_ms, changed.last_stop_reason) == (5, "end_turn")
    with pytest.raises(BadRequestError, match="max_files_open cannot exceed 1000"):
        await sdk.agents.update(agent.id, max_files_open=1001)


async def test_agents_are_found_by_what_is_stored(sdk: AsyncLetta, create: Create) -> None:
    agent = await create(template_id="template-of-this-test", base_template_id="base-of-this-test")
    await sdk.agents.update(agent.id, last_stop_reason="max_steps")
    filters: list[dict[str, Any]] = [
        {"template_id": "template-of-this-test"},
        {"base_template_id": "base-of-this-test"},
        {"last_stop_reason": "max_steps", "template_id": "template-of-this-test"},
    ]
    for each in filters:
        assert [found.id async for found in sdk.agents.list(**each, sort_by="created_at", ascending=False)] == [
            agent.id
        ]
    nothing: list[dict[str, Any]] = [
        {"identity_id": "identity-00000000-0000-4000-8000-000000000000"},
        {"identifier_keys": ["nobody of this test"]},
        {"created_by_id": "user-00000000-0000-4000-8000-00000000ffff"},
    ]
    for each in nothing:
        assert [found.id async for found in sdk.agents.list(**each)] == []


async def test_a_block_keeps_its_template(sdk: AsyncLetta, create: Create, http: Http) -> None:
    fields: dict[str, Any] = {
        "template_name": "a template",
        "template_id": None,
        "base_template_id": "base",
        "deployment_id": "deployment",
        "entity_id": "entity",
        "preserve_on_migration": True,
        "is_template": False,
    }
    block = await sdk.blocks.create(label="human", value="Ada", **fields)
    try:
        assert {name: getattr(block, name) for name in fields} == fields
        assert block.extra_fields == {}
    finally:
        await http.delete(f"/v1/blocks/{block.id}")
    agent = await create(memory_blocks=[NewBlock(label="human", value="Ada", **fields)])
    assert agent.blocks is not None
    assert {name: getattr(agent.blocks[0], name) for name in fields} == fields
