"""Contract tests of agents: create, read, list, change and delete."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.conftest import MODEL, Make, Story
from tests.contract.wire import ID_TAIL, UNKNOWN_AGENT, UNKNOWN_BLOCK, Http

UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
USER = "user-00000000-0000-4000-8000-000000000000"
VERSION_1 = {"User-Agent": "letta-client/1.12.1"}
OTHER = {"User-Agent": "something-else"}
SUMMARIZER_DEFAULTS = {
    "model": "letta/auto",
    "model_settings": None,
    "prompt": "Sum up.",
    "prompt_acknowledgement": False,
    "clip_chars": 50000,
    "mode": "sliding_window",
    "sliding_window_percentage": 0.3,
}

BODY = {"name": "n", "model": MODEL, "include_base_tools": False, "system": "SYSTEM"}
"""Body of a request that creates an agent."""


async def refused(http: Http, **fields: Any) -> tuple[int, str]:
    """Return the refusal of an agent with these fields."""
    answer = await http.post("/v1/agents/", {**BODY, **fields})
    assert answer.status >= 400, answer
    return answer.status, answer.detail


# --- making ---------------------------------------------------------------------------------------------------------


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


async def test_an_agent_needs_a_model(http: Http) -> None:
    expected = (400, "INVALID_ARGUMENT: Must specify either model or llm_config in request")
    assert await refused(http, model=None) == expected


@pytest.mark.parametrize("handle", ["letta", "/letta-free", "letta/"])
async def test_a_model_handle_has_a_form(http: Http, handle: str) -> None:
    expected = (400, "INVALID_ARGUMENT: The model handle should be in the format provider/model-name")
    # It is so wrong that nothing else is looked at.
    assert await refused(http, model=handle, tags="wrong") == expected


@pytest.mark.parametrize("handle", ["openai/gpt-5", ""])
async def test_an_unknown_model_is_not_found(http: Http, handle: str) -> None:
    assert await refused(http, model=handle) == (404, f"NOT_FOUND: Handle {handle} not found, must be one of []")


async def test_an_unknown_embedding_is_an_invalid_argument(http: Http) -> None:
    assert await refused(http, embedding="a/b") == (400, "INVALID_ARGUMENT: Embedding model a/b not found")


async def test_an_embedding_handle_has_a_form(http: Http) -> None:
    status, detail = await refused(http, embedding="letta")
    reason = "The embedding handle should be in the format provider/model-name"
    assert (status, detail) == (
        422,
        f"[{{'type': 'value_error', 'loc': ('body', 'embedding'), 'msg': 'Value error, {reason}', 'input': 'letta', "
        f"'ctx': {{'error': ValueError('{reason}')}}}}]",
    )


@pytest.mark.parametrize("name", ["a/b", "a.b", "a\tb", "ä:ö"])
async def test_a_name_with_other_characters_is_a_server_error(http: Http, name: str) -> None:
    status, detail = await refused(http, name=name)
    assert (status, detail.partition(". ")[0]) == (
        500,
        f"Export failed: Agent name '{name}' contains invalid characters",
    )


async def test_too_many_open_files_are_an_invalid_argument(http: Http) -> None:
    expected = (400, "INVALID_ARGUMENT: max_files_open cannot exceed 1000. Got: 1001")
    assert await refused(http, max_files_open=1001) == expected


async def test_too_large_a_view_of_a_file_is_an_invalid_argument(http: Http) -> None:
    expected = "INVALID_ARGUMENT: per_file_view_window_char_limit cannot exceed 2147483647. Got: 2147483648"
    assert await refused(http, per_file_view_window_char_limit=2**31) == (400, expected)


async def test_an_agent_for_voices_must_think_while_it_sleeps(http: Http) -> None:
    status, detail = await refused(http, agent_type="voice_convo_agent")
    reason = "Agent type AgentType.voice_convo_agent requires enable_sleeptime to be True"
    assert status == 422
    assert f"'msg': 'Value error, {reason}'" in detail


async def test_an_unknown_timezone_is_an_unknown_error(http: Http) -> None:
    assert await refused(http, timezone="Mars/Olympus") == (500, "An unknown error occurred")


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
async def test_text_that_the_database_cannot_hold_is_a_database_error(http: Http, text: str) -> None:
    assert await refused(http, system=text) == (500, "A database error occurred.")


NO_NUMBER = {"a": [1, {"b": float("nan")}]}


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": NO_NUMBER},
        {"compaction_settings": {"sliding_window_percentage": float("nan")}},
        {"model_settings": {"provider_type": "openai", "temperature": float("inf")}},
        {"secrets": {"NAME": "\x00"}},
        {"secrets": {"NA\x00ME": ""}},
    ],
)
async def test_a_value_that_the_database_cannot_hold_is_a_database_error(
    http: Http, agent: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert await refused(http, **fields) == (500, "A database error occurred.")
    answer = await http.patch(f"/v1/agents/{agent['id']}", fields)
    assert (answer.status, answer.detail) == (500, "A database error occurred.")


async def test_a_wrong_agent_is_refused_with_all_its_problems_in_order(http: Http) -> None:
    body = {
        "timezone": 5,
        "compaction_settings": {"mode": 5},
        "memory_blocks": [{"value": "no label"}, 5],
        "block_ids": ["short", UNKNOWN_BLOCK.upper(), 5, "\ud800"],
        "agent_type": "unknown",
        "tags": "wrong",
        "name": None,
        "include_base_tools": None,
    }
    assert (await http.post("/v1/agents/", body)).complaints == [
        ("string_type", "body.name"),
        ("missing", "body.memory_blocks.0.label"),
        ("model_attributes_type", "body.memory_blocks.1"),
        ("string_too_short", "body.block_ids.0"),
        ("string_pattern_mismatch", "body.block_ids.1"),
        ("string_type", "body.block_ids.2"),
        ("string_unicode", "body.block_ids.3"),
        ("list_type", "body.tags"),
        ("enum", "body.agent_type"),
        ("bool_type", "body.include_base_tools"),
        ("literal_error", "body.compaction_settings.mode"),
        ("string_type", "body.timezone"),
    ]


# --- reading --------------------------------------------------------------------------------------------------------


async def test_an_unknown_agent_is_not_found(http: Http) -> None:
    answer = await http.get(f"/v1/agents/{UNKNOWN_AGENT}")
    assert (answer.status, answer.detail) == (404, f"Agent with ID {UNKNOWN_AGENT} not found")


async def test_a_malformed_agent_is_a_wrong_path(http: Http) -> None:
    for method in ("GET", "DELETE"):
        answer = await http.call(method, "/v1/agents/malformed")
        assert answer.complaints == [("string_pattern_mismatch", "path.agent_id")]
        assert answer.json["examples"] == [UNKNOWN_AGENT]


@pytest.mark.parametrize(
    ("headers", "query", "blocks", "tags"),
    [
        (OTHER, "", 1, 1),
        ({"User-Agent": "letta-client/0.9.9"}, "", 1, 1),
        ({"User-Agent": "curl/8.1"}, "", 1, 1),
        (VERSION_1, "", 0, 0),
        ({"User-Agent": "@letta-ai/letta-client/1.0.0-alpha.2"}, "", 0, 0),
        (OTHER | {"X-Stainless-Package-Version": "1.12.1"}, "", 0, 0),
        (VERSION_1, "?include=agent.blocks", 1, 1),
        (VERSION_1, "?include=agent.tags", 0, 1),
        (VERSION_1, "?include=agent.tools&include=agent.tags", 0, 1),
        (VERSION_1, "?include_relationships=memory", 1, 1),
        (OTHER, "?include_relationships=tags", 0, 1),
        (OTHER, "?include=agent.tools", 0, 0),
        (OTHER, "?include=agent.tags&include_relationships=memory", 0, 1),
    ],
)
async def test_relations_are_shown_by_name_and_to_older_clients_all(
    http: Http, make_agent: Make, headers: dict[str, str], query: str, blocks: int, tags: int
) -> None:
    agent = await make_agent(tags=["a"], memory_blocks=[{"label": "notes"}])
    shown = (await http.get(f"/v1/agents/{agent['id']}{query}", headers=headers)).json
    assert (len(shown["blocks"]), len(shown["memory"]["blocks"]), len(shown["tags"])) == (blocks, blocks, tags)


@pytest.mark.parametrize(
    ("query", "secrets"),
    [
        ("", 1),
        ("?include_relationships=memory", 0),
        ("?include_relationships=tool_exec_environment_variables", 1),
        ("?include=agent.secrets", 1),
    ],
)
async def test_secrets_are_a_relation_with_two_names(http: Http, make_agent: Make, query: str, secrets: int) -> None:
    agent = await make_agent(secrets={"NAME": "value"})
    shown = (await http.get(f"/v1/agents/{agent['id']}{query}", headers=OTHER)).json
    assert (len(shown["secrets"]), len(shown["tool_exec_environment_variables"])) == (secrets, secrets)


async def test_the_blocks_of_an_agent_are_shown_without_their_tags(
    http: Http, make_agent: Make, make_block: Make
) -> None:
    block = await make_block(label="notes", tags=["a"])
    agent = await make_agent(block_ids=[block["id"]])
    assert (await http.get(f"/v1/blocks/{block['id']}")).json["tags"] == ["a"]
    shown = (await http.get(f"/v1/agents/{agent['id']}?include=agent.blocks")).json
    assert [each["tags"] for each in (*agent["blocks"], *shown["blocks"], *shown["memory"]["blocks"])] == [[], [], []]


async def test_an_unknown_relation_is_refused(http: Http) -> None:
    answer = await http.get(f"/v1/agents/{UNKNOWN_AGENT}?include=agent.blocks&include=blocks")
    assert answer.complaints == [("literal_error", "query.include.1")]


# --- listing --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def three(make_agent: Make) -> list[dict[str, Any]]:
    """Return three agents that share a unique tag, the oldest first."""
    first = await make_agent(name="zeta one", tags=["x"])
    tag = first["id"]
    agents = [await make_agent(name=f"zeta {name}", tags=[tag, name]) for name in ("One", "two", "three")]
    return [agent | {"tag": tag} for agent in agents]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "210"),
        ("&order=asc", "012"),
        ("&order=desc&limit=2", "21"),
        ("&limit=0", "210"),
        ("&after={1}", "0"),
        ("&before={1}", "2"),
        ("&order=asc&after={1}", "2"),
        ("&order=asc&before={1}", "0"),
        ("&after=unknown", "210"),
        ("&name=zeta%20two", "1"),
        ("&name=two", ""),
        ("&query_text=TWO", "1"),
        ("&query_text=zeta_t", "21"),
        ("&tags=two&match_all_tags=true", "1"),
        ("&tags=two&tags=three&match_all_tags=true", ""),
        ("&project_id=p", ""),
        (f"&created_by_id={USER}", "210"),
        ("&created_by_id=else", ""),
        ("&ascending=true", "210"),
    ],
)
async def test_agents_are_listed_newest_first_by_pages(
    http: Http, three: list[dict[str, Any]], query: str, expected: str
) -> None:
    ids = [agent["id"] for agent in three]
    answer = await http.get(f"/v1/agents/?tags={three[0]['tag']}{query.format(*ids)}")
    assert answer.status == 200, answer
    assert "".join(str(ids.index(agent["id"])) for agent in answer.json) == expected


async def test_hidden_agents_are_listed_when_asked_for(http: Http, make_agent: Make) -> None:
    first = await make_agent()
    hidden = await make_agent(tags=[first["id"]], hidden=True)
    assert (await http.get(f"/v1/agents/?tags={first['id']}")).json == []
    answer = await http.get(f"/v1/agents/?tags={first['id']}&show_hidden_agents=true")
    assert [agent["id"] for agent in answer.json] == [hidden["id"]]


async def test_a_wrong_query_is_refused_and_a_negative_limit_is_a_database_error(http: Http) -> None:
    answer = await http.get("/v1/agents/?limit=x&order=up&order_by=name&match_all_tags=7")
    assert [place for _, place in answer.complaints] == [
        "query.match_all_tags",
        "query.limit",
        "query.order",
        "query.order_by",
    ]
    answer = await http.get("/v1/agents/?limit=-1")
    assert (answer.status, answer.detail) == (500, "A database error occurred.")


# --- changing and deleting ------------------------------------------------------------------------------------------


async def test_a_change_touches_what_it_names_and_nothing_else(http: Http, agent: dict[str, Any]) -> None:
    change = {
        "name": "any/name",
        "system": "CHANGED",
        "tags": ["t"],
        "metadata": {"a": 1},
        "timezone": "Asia/Tokyo",
        "hidden": True,
    }
    answer = await http.patch(f"/v1/agents/{agent['id']}", {**change, "description": None, "unknown": 1})
    updated = answer.json["updated_at"]
    # `hidden` is accepted and never changed.
    assert answer.json == agent | change | {"updated_at": updated, "hidden": None}
    assert updated > agent["updated_at"]
    assert (await http.get(f"/v1/agents/{agent['id']}")).json == answer.json


async def test_compaction_settings_are_merged(http: Http, agent: dict[str, Any]) -> None:
    async def change(**settings: Any) -> dict[str, Any]:
        return (await http.patch(f"/v1/agents/{agent['id']}", {"compaction_settings": settings})).json[
            "compaction_settings"
        ]

    changed = await change(clip_chars=None, model="a/b", model_settings={"provider_type": "baseten"})
    assert changed == SUMMARIZER_DEFAULTS | {
        "clip_chars": None,
        "model": "a/b",
        "model_settings": {
            "max_output_tokens": 4096,
            "parallel_tool_calls": True,
            "provider_type": "baseten",
            "temperature": 0.7,
        },
    }
    assert await change(mode="sliding_window") == changed
    assert await change(prompt="Mine.") == changed | {"prompt": "Mine."}
    other = await change(mode="all", prompt="Ignored: a new mode brings its own prompt.")
    assert other["prompt"] not in {"Mine.", "Ignored: a new mode brings its own prompt."}
    assert other == changed | {"mode": "all", "prompt": other["prompt"]}


async def test_blocks_are_replaced(http: Http, story: Story, make_block: Make) -> None:
    notes = await make_block(label="notes")

    async def replace(*ids: str) -> set[str]:
        answer = await http.patch(f"/v1/agents/{story.agent_id}", {"block_ids": list(ids)})
        assert answer.status == 200, answer
        return {block["id"] for block in answer.json["blocks"]}

    assert await replace(story.block_id, notes["id"]) == {story.block_id, notes["id"]}
    assert await replace(notes["id"]) == {notes["id"]}
    assert await replace() == set()


async def test_a_block_cannot_replace_another_of_its_label_at_once(http: Http, story: Story, make_block: Make) -> None:
    namesake = await make_block(label="human")
    change = {"block_ids": [namesake["id"]]}
    assert (await http.patch(f"/v1/agents/{story.agent_id}", change)).json["blocks"] == []
    (block,) = (await http.patch(f"/v1/agents/{story.agent_id}", change)).json["blocks"]
    assert block["id"] == namesake["id"]


async def test_an_unknown_block_is_an_unknown_error(http: Http, story: Story) -> None:
    answer = await http.patch(f"/v1/agents/{story.agent_id}", {"block_ids": [UNKNOWN_BLOCK]})
    assert (answer.status, answer.detail) == (500, "An unknown error occurred")
    (block,) = (await http.get(f"/v1/agents/{story.agent_id}")).json["blocks"]
    assert block["id"] == story.block_id


async def test_an_unknown_model_is_not_found_when_changing(http: Http, agent: dict[str, Any]) -> None:
    for handle in ("letta", "openai/gpt-5"):
        answer = await http.patch(f"/v1/agents/{agent['id']}", {"model": handle})
        assert (answer.status, answer.detail) == (404, f"NOT_FOUND: Handle {handle} not found, must be one of []")


async def test_a_timezone_that_does_not_exist_is_kept_and_breaks_recompiling(http: Http, story: Story) -> None:
    answer = await http.patch(f"/v1/agents/{story.agent_id}", {"timezone": "Mars/Olympus"})
    assert (answer.status, answer.json["timezone"]) == (200, "Mars/Olympus")
    answer = await http.recompile(story.conversation_id)
    assert (answer.status, answer.detail) == (500, "An unknown error occurred")
    # A block can be changed all the same; the agent's own prompt stays behind.
    before = await http.prompt(story.agent_id)
    assert (await http.patch(f"/v1/blocks/{story.block_id}", {"value": "Grace"})).status == 200
    assert await http.prompt(story.agent_id) == before


async def test_changing_an_unknown_agent_is_not_found(http: Http) -> None:
    answer = await http.patch(f"/v1/agents/{UNKNOWN_AGENT}", {"name": "n"})
    assert answer.status == 404
    assert answer.detail.startswith(
        f"Agent not found with id='['{UNKNOWN_AGENT}']', access level in ['read'] for actor='"
    )


async def test_deleting_an_agent_takes_its_conversations_and_leaves_its_blocks(http: Http, story: Story) -> None:
    answer = await http.delete(f"/v1/agents/{story.agent_id}")
    assert (answer.status, answer.json) == (
        200,
        {"message": f"Agent id={story.agent_id} successfully deleted"},
    )
    assert (await http.get(f"/v1/agents/{story.agent_id}")).status == 404
    assert (await http.get(f"/v1/conversations/{story.conversation_id}")).status == 404
    assert (await http.get(f"/v1/conversations/{story.conversation_id}/messages")).json == []
    assert (await http.get(f"/v1/blocks/{story.block_id}")).status == 200
    again = await http.delete(f"/v1/agents/{story.agent_id}")
    assert again.status == 404
    assert again.detail.startswith(f"Agent not found with id='['{story.agent_id}']'")


# --- models by configuration ----------------------------------------------------------------------------------------

LEAST = {"model": "some-model", "model_endpoint_type": "openai", "context_window": 8000}


async def test_a_configuration_takes_the_place_of_a_handle(make_agent: Make) -> None:
    agent = await make_agent(model=None, llm_config={**LEAST, "reasoning_effort": "low", "max_tokens": 77, "odd": 1})
    assert agent["llm_config"] == {
        **dict.fromkeys(LLM_CONFIG_FIELDS),
        **LEAST,
        "put_inner_thoughts_in_kwargs": False,
        "temperature": 1.0,
        "max_tokens": 77,
        "enable_reasoner": False,
        "reasoning_effort": "low",
        "max_reasoning_tokens": 0,
        "parallel_tool_calls": False,
        "strict": False,
        "return_logprobs": False,
        "return_token_ids": False,
    }
    assert list(agent["llm_config"]) == LLM_CONFIG_FIELDS
    assert (agent["model"], agent["max_files_open"]) == (None, 3)
    assert (agent["model_settings"]["max_output_tokens"], agent["model_settings"]["reasoning"]) == (
        77,
        {"reasoning_effort": "low"},
    )


LLM_CONFIG_FIELDS = [
    "model",
    "display_name",
    "model_endpoint_type",
    "model_endpoint",
    "provider_name",
    "provider_category",
    "model_wrapper",
    "context_window",
    "put_inner_thoughts_in_kwargs",
    "handle",
    "temperature",
    "max_tokens",
    "enable_reasoner",
    "reasoning_effort",
    "max_reasoning_tokens",
    "effort",
    "frequency_penalty",
    "compatibility_type",
    "verbosity",
    "tier",
    "parallel_tool_calls",
    "response_format",
    "strict",
    "return_logprobs",
    "top_logprobs",
    "return_token_ids",
    "tool_call_parser",
]


async def test_a_configuration_replaces_the_whole_of_the_one_before(http: Http, agent: dict[str, Any]) -> None:
    body = {"llm_config": LEAST, "embedding_config": {"embedding_endpoint_type": "openai", "embedding_model": "m"}}
    body["embedding_config"]["embedding_dim"] = 8
    changed = (await http.patch(f"/v1/agents/{agent['id']}", body)).json
    assert (changed["llm_config"]["handle"], changed["llm_config"]["max_tokens"]) == (None, None)
    assert changed["llm_config"]["enable_reasoner"] is True
    assert changed["embedding_config"] == {
        "embedding_endpoint_type": "openai",
        "embedding_endpoint": None,
        "embedding_model": "m",
        "embedding_dim": 8,
        "embedding_chunk_size": 300,
        "handle": None,
        "batch_size": 32,
        "azure_endpoint": None,
        "azure_version": None,
        "azure_deployment": None,
    }


@pytest.mark.parametrize(
    ("config", "complaints"),
    [
        (
            {},
            [
                ("missing", "body.llm_config.model"),
                ("missing", "body.llm_config.model_endpoint_type"),
                ("missing", "body.llm_config.context_window"),
            ],
        ),
        ({**LEAST, "temperature": "x"}, [("float_parsing", "body.llm_config.temperature")]),
        ({**LEAST, "model_endpoint_type": "bad"}, [("literal_error", "body.llm_config.model_endpoint_type")]),
        ({**LEAST, "response_format": {"type": "bad"}}, [("union_tag_invalid", "body.llm_config.response_format")]),
    ],
)
async def test_a_configuration_is_checked(http: Http, config: Any, complaints: list[tuple[str, str]]) -> None:
    answer = await http.post("/v1/agents/", {"llm_config": config})
    assert answer.complaints == complaints


@pytest.mark.parametrize("config", ["text", 5, [], {"model": 5}])
async def test_what_a_configuration_is_looked_into_for_before_it_is_checked_must_be_there(
    http: Http, config: Any
) -> None:
    answer = await http.post("/v1/agents/", {"llm_config": config})
    assert (answer.status, answer.json) == (500, {"detail": "An unknown error occurred"})


async def test_a_number_that_json_does_not_know_is_null_in_an_answer(http: Http, agent: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"a": [float("nan"), 1.5]}}
    changed = (await http.patch(f"/v1/agents/{agent['id']}", {"response_format": wanted})).json
    assert changed["response_format"] == {"type": "json_schema", "json_schema": {"a": [None, 1.5]}}


async def test_a_stop_reason_is_one_of_those_there_are(http: Http, agent: dict[str, Any]) -> None:
    target = f"/v1/agents/{agent['id']}"
    assert (await http.patch(target, {"last_stop_reason": "error"})).json["last_stop_reason"] == "error"
    assert (await http.patch(target, {"last_stop_reason": "x"})).complaints == [("enum", "body.last_stop_reason")]
    assert (await http.patch(target, {"tool_rules": 5})).complaints == [("list_type", "body.tool_rules")]
