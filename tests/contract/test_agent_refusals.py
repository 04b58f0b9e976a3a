"""Contract tests of agents that are not created, and of the reason that the server states."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import MODEL
from tests.contract.wire import UNKNOWN_BLOCK, Http

BODY = {"name": "n", "model": MODEL, "include_base_tools": False, "system": "SYSTEM"}
"""Body of a request that creates an agent."""


async def refused(http: Http, **fields: Any) -> tuple[int, str]:
    """Return the refusal of an agent with these fields."""
    answer = await http.post("/v1/agents/", {**BODY, **fields})
    assert answer.status >= 400, answer
    return answer.status, answer.detail


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
