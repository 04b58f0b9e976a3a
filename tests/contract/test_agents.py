"""Contract tests of creating agents: what a new one has, from its blocks to the settings of its model."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.conftest import MODEL, Make
from tests.contract.values import SUMMARIZER_DEFAULTS, USER
from tests.contract.wire import ID_TAIL, UNKNOWN_BLOCK, Http

UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


async def test_a_new_agent_in_full(http: Http, make_agent: Make) -> None:
    agent = await make_agent(name="Ada", embedding=MODEL, tags=["b", "a"], metadata={"k": [1]}, description="D")
    assert re.fullmatch(f"agent-{ID_TAIL}", agent["id"])
    assert re.fullmatch(f"message-{ID_TAIL}", agent["message_ids"][0])
    assert UTC_TIME.fullmatch(agent["created_at"])
    assert agent["updated_at"] == agent["created_at"]
    assert agent == {
        "created_by_id": USER,
        "last_updated_by_id": USER,
        "created_at": agent["created_at"],
        "updated_at": agent["updated_at"],
        "id": agent["id"],
        "name": "Ada",
        "tool_rules": [],
        "message_ids": agent["message_ids"][:1],
        "system": "SYSTEM",
        "agent_type": "letta_v1_agent",
        "llm_config": {
            "model": "letta-free",
            "display_name": None,
            "model_endpoint_type": "openai",
            "model_endpoint": "https://inference.letta.com/v1/",
            "provider_name": "letta",
            "provider_category": "base",
            "model_wrapper": None,
            "context_window": 30000,
            "put_inner_thoughts_in_kwargs": False,
            "handle": MODEL,
            "temperature": 1.0,
            "max_tokens": 4096,
            "enable_reasoner": False,
            "reasoning_effort": None,
            "max_reasoning_tokens": 0,
            "effort": None,
            "frequency_penalty": None,
            "compatibility_type": None,
            "verbosity": None,
            "tier": None,
            "parallel_tool_calls": False,
            "response_format": None,
            "strict": False,
            "return_logprobs": False,
            "top_logprobs": None,
            "return_token_ids": False,
            "tool_call_parser": None,
        },
        "embedding_config": {
            "embedding_endpoint_type": "openai",
            "embedding_endpoint": "https://inference.letta.com/v1/",
            "embedding_model": "letta-free",
            "embedding_dim": 1536,
            "embedding_chunk_size": 300,
            "handle": MODEL,
            "batch_size": 32,
            "azure_endpoint": None,
            "azure_version": None,
            "azure_deployment": None,
        },
        "model": MODEL,
        "embedding": MODEL,
        "model_settings": {
            "max_output_tokens": 4096,
            "parallel_tool_calls": True,
            "provider_type": "openai",
            "temperature": 1.0,
            "reasoning": {"reasoning_effort": "minimal"},
            "response_format": None,
            "strict": False,
        },
        "compaction_settings": SUMMARIZER_DEFAULTS,
        "response_format": None,
        "description": "D",
        "metadata": {"k": [1]},
        "memory": {
            "agent_type": "letta_v1_agent",
            "git_enabled": False,
            "blocks": [],
            "file_blocks": [],
            "prompt_template": "",
        },
        "blocks": [],
        "tools": [],
        "sources": [],
        "tags": agent["tags"],
        "tool_exec_environment_variables": [],
        "secrets": [],
        "project_id": None,
        "template_id": None,
        "base_template_id": None,
        "deployment_id": None,
        "entity_id": None,
        "identity_ids": [],
        "identities": [],
        "pending_approval": None,
        "message_buffer_autoclear": False,
        "enable_sleeptime": None,
        "multi_agent_group": None,
        "managed_group": None,
        "last_run_completion": None,
        "last_run_duration_ms": None,
        "last_stop_reason": None,
        "timezone": "UTC",
        "max_files_open": 5,
        "per_file_view_window_char_limit": 15000,
        "hidden": None,
    }
    assert sorted(agent["tags"]) == ["a", "b"]


async def test_an_agent_is_read_back_as_it_was_made(http: Http, agent: dict[str, Any]) -> None:
    answer = await http.get(f"/v1/agents/{agent['id']}")
    assert answer.json == agent | {"updated_at": answer.json["updated_at"]}


async def test_blocks_are_made_with_an_agent_and_attached(http: Http, make_agent: Make) -> None:
    agent = await make_agent(memory_blocks=[{"label": "notes", "value": "v", "limit": 5}])
    (block,) = agent["blocks"]
    assert block["label"] == "notes"
    assert agent["memory"]["blocks"] == [block]
    assert (await http.get(f"/v1/blocks/{block['id']}")).json == block


async def test_usual_labels_get_a_description_unless_they_have_one(make_agent: Make) -> None:
    labels = [{"label": "human"}, {"label": "persona", "description": "mine"}, {"label": "notes"}]
    agent = await make_agent(memory_blocks=labels)
    descriptions = {block["label"]: block["description"] for block in agent["blocks"]}
    assert descriptions["human"].startswith("The human block: Stores key details about the person")
    assert (descriptions["persona"], descriptions["notes"]) == ("mine", None)


async def test_existing_blocks_are_attached_and_unknown_ones_ignored(make_agent: Make, make_block: Make) -> None:
    block = await make_block(label="notes")
    agent = await make_agent(block_ids=[block["id"], UNKNOWN_BLOCK])
    assert [each["id"] for each in agent["blocks"]] == [block["id"]]


async def test_of_two_blocks_with_one_label_only_one_is_attached(make_agent: Make) -> None:
    agent = await make_agent(memory_blocks=[{"label": "notes", "value": "1"}, {"label": "notes", "value": "2"}])
    assert len(agent["blocks"]) == 1


async def test_given_compaction_settings_are_kept_and_filled_up(make_agent: Make) -> None:
    settings = {
        "mode": "all",
        "clip_chars": None,
        "sliding_window_percentage": "0.5",
        "model_settings": {"provider_type": "anthropic"},
    }
    agent = await make_agent(compaction_settings={**settings, "prompt": "P", "unknown": 1})
    assert agent["compaction_settings"] == {
        "model": "letta/auto",
        "model_settings": {
            "max_output_tokens": 4096,
            "parallel_tool_calls": True,
            "provider_type": "anthropic",
            "temperature": 1.0,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "response_format": None,
            "verbosity": None,
            "effort": None,
            "strict": False,
        },
        "prompt": "P",
        "prompt_acknowledgement": False,
        "clip_chars": None,
        "mode": "all",
        "sliding_window_percentage": 0.5,
    }


async def test_without_compaction_settings_an_agent_gets_some_with_a_prompt(make_agent: Make) -> None:
    agent = await make_agent(compaction_settings=None)
    prompt = agent["compaction_settings"]["prompt"]
    assert prompt
    assert agent["compaction_settings"] == SUMMARIZER_DEFAULTS | {"prompt": prompt}


async def test_an_agent_needs_no_embedding(make_agent: Make) -> None:
    agent = await make_agent()
    assert (agent["embedding"], agent["embedding_config"]) == (None, None)


async def test_an_agent_without_a_system_prompt_gets_one(make_agent: Make) -> None:
    assert (await make_agent(system=None))["system"]


async def test_model_limits_and_settings_reach_the_model(make_agent: Make) -> None:
    settings = {"provider_type": "openai", "temperature": 0.5, "reasoning": {"reasoning_effort": "low"}}
    agent = await make_agent(context_window_limit=5000, max_tokens=77, model_settings=settings)
    llm = agent["llm_config"]
    assert (llm["context_window"], llm["max_tokens"], llm["temperature"]) == (5000, 77, 0.5)
    assert (agent["max_files_open"], agent["per_file_view_window_char_limit"]) == (3, 5000)
    assert agent["model_settings"] == {
        "max_output_tokens": 77,
        "parallel_tool_calls": True,
        "provider_type": "openai",
        "temperature": 0.5,
        "reasoning": {"reasoning_effort": "low"},
        "response_format": None,
        "strict": True,
    }


@pytest.mark.parametrize(
    ("settings", "tokens"),
    [
        ({"provider_type": "anthropic", "thinking": {"type": "enabled", "budget_tokens": 2048}}, 2048),
        ({"provider_type": "google_ai", "thinking_config": {"include_thoughts": True, "thinking_budget": 77}}, 77),
        ({"provider_type": "google_ai", "thinking_config": {"include_thoughts": False, "thinking_budget": 77}}, 0),
        ({"provider_type": "zai"}, 0),
    ],
)
async def test_a_budget_for_thinking_reaches_the_model(
    http: Http, agent: dict[str, Any], settings: dict[str, Any], tokens: int
) -> None:
    changed = (await http.patch(f"/v1/agents/{agent['id']}", {"model_settings": settings})).json
    assert changed["llm_config"]["max_reasoning_tokens"] == tokens


@pytest.mark.parametrize(
    ("window", "files"), [(128_000, (10, 25_000)), (128_001, (10, 40_000)), (200_001, (15, 40_000))]
)
async def test_the_larger_the_model_the_more_files_are_open(
    make_agent: Make, window: int, files: tuple[int, int]
) -> None:
    agent = await make_agent(context_window_limit=window)
    assert (agent["max_files_open"], agent["per_file_view_window_char_limit"]) == files


async def test_a_new_limit_of_the_model_brings_back_its_other_limits(http: Http, make_agent: Make) -> None:
    agent = await make_agent(max_tokens=77)
    llm = (await http.patch(f"/v1/agents/{agent['id']}", {"context_window_limit": 5000})).json["llm_config"]
    assert (llm["context_window"], llm["max_tokens"]) == (5000, 4096)


async def test_a_summarizer_may_have_a_model_of_its_own(make_agent: Make) -> None:
    agent = await make_agent(compaction_settings={"model": "openai/gpt-5"})
    assert agent["compaction_settings"]["model"] == "openai/gpt-5"
