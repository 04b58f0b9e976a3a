"""Contract tests of conversations: create, read, fork, cancel and compact."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.conftest import Make, Story
from tests.contract.values import NOT_FOUND, OPENAI, USER
from tests.contract.wire import (
    ID_TAIL,
    NOTHING,
    UNKNOWN_AGENT,
    UNKNOWN_CONVERSATION,
    Http,
    expected_prompt,
    human_block,
    timeless,
)

# --- making and reading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [NOTHING, b"", None, {}, {"unknown": 1, "description": "hosted only", "hidden": True}])
async def test_a_new_conversation_in_full(http: Http, agent: dict[str, Any], body: object) -> None:
    answer = await http.post(f"/v1/conversations/?agent_id={agent['id']}", body)
    made = answer.json
    assert answer.status == 200
    assert re.fullmatch(f"conv-{ID_TAIL}", made["id"])
    assert made["created_at"] == made["updated_at"]
    assert made == {
        "created_by_id": USER,
        "last_updated_by_id": USER,
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "id": made["id"],
        "agent_id": agent["id"],
        "summary": None,
        "in_context_message_ids": [],
        "isolated_block_ids": [],
        "model": None,
        "model_settings": None,
        "last_message_at": None,
    }


async def test_only_retrieving_tells_the_ids_of_the_messages(http: Http, story: Story) -> None:
    answer = await http.get(f"/v1/conversations/{story.conversation_id}")
    (message_id,) = answer.json["in_context_message_ids"]
    (message,) = (await http.get(f"/v1/conversations/{story.conversation_id}/messages")).json
    assert message["id"] == message_id
    (listed,) = (await http.get(f"/v1/conversations/?agent_id={story.agent_id}")).json
    assert listed == answer.json | {"in_context_message_ids": []}


async def test_a_new_conversation_begins_with_the_memory_of_that_moment(
    http: Http, stale: Story, make_conversation: Make
) -> None:
    conversation = await make_conversation(stale.agent_id)
    assert timeless(await http.prompt(conversation["id"])) == expected_prompt(
        stale.agent_id, blocks=human_block("Grace"), conversation_id=conversation["id"], previous=2
    )


async def test_summary_model_and_settings_are_kept_and_filled_up(
    agent: dict[str, Any], make_conversation: Make
) -> None:
    settings = {"provider_type": "openai", "temperature": "0.1"}
    made = await make_conversation(agent["id"], summary="s", model="a/b", model_settings=settings)
    assert (made["summary"], made["model"]) == ("s", "a/b")
    assert made["model_settings"] == OPENAI | {"temperature": 0.1}


async def test_parts_left_empty_get_defaults_of_their_own(agent: dict[str, Any], make_conversation: Make) -> None:
    made = await make_conversation(agent["id"], model_settings={"provider_type": "openai", "reasoning": {}})
    assert made["model_settings"] == OPENAI | {"reasoning": {"reasoning_effort": "minimal"}}


async def test_isolated_blocks_are_copies(http: Http, story: Story, make_conversation: Make) -> None:
    made = await make_conversation(story.agent_id, isolated_block_labels=["human"])
    (copy_id,) = made["isolated_block_ids"]
    original = (await http.get(f"/v1/blocks/{story.block_id}")).json
    assert (await http.get(f"/v1/blocks/{copy_id}")).json == original | {"id": copy_id}
    assert (await http.get(f"/v1/conversations/{made['id']}")).json["isolated_block_ids"] == [copy_id]
    # The prompt is compiled from the agent's own block all the same.
    await http.patch(f"/v1/blocks/{copy_id}", {"value": "isolated"})
    assert human_block("Ada") in (await http.recompile(made["id"])).json
    # They go with their conversation.
    await http.delete(f"/v1/conversations/{made['id']}")
    assert (await http.get(f"/v1/blocks/{copy_id}")).status == 404


async def test_a_conversation_goes_though_its_isolated_block_went_before(
    http: Http, story: Story, make_conversation: Make
) -> None:
    made = await make_conversation(story.agent_id, isolated_block_labels=["human"])
    (copy_id,) = made["isolated_block_ids"]
    assert (await http.delete(f"/v1/blocks/{copy_id}")).status == 200
    assert (await http.delete(f"/v1/conversations/{made['id']}")).status == 200
    assert (await http.get(f"/v1/conversations/{made['id']}")).status == 404


async def test_unknown_isolated_labels_are_refused_and_the_conversation_stays(
    http: Http, agent: dict[str, Any]
) -> None:
    answer = await http.post(f"/v1/conversations/?agent_id={agent['id']}", {"isolated_block_labels": ["none"]})
    expected = f"INVALID_ARGUMENT: Block with label 'none' not found on agent '{agent['id']}'"
    assert (answer.status, answer.detail) == (400, expected)
    (orphan,) = (await http.get(f"/v1/conversations/?agent_id={agent['id']}")).json
    assert (await http.get(f"/v1/conversations/{orphan['id']}/messages")).json == []


@pytest.mark.parametrize("agent_id", [UNKNOWN_AGENT, "malformed", ""])
async def test_without_a_known_agent_there_is_no_conversation(http: Http, agent_id: str) -> None:
    answer = await http.post(f"/v1/conversations/?agent_id={agent_id}", {})
    assert (answer.status, answer.detail) == (404, "Agent not found")


async def test_the_agent_must_be_named(http: Http) -> None:
    answer = await http.post("/v1/conversations/", {"agent_id": UNKNOWN_AGENT})
    assert answer.problems == [
        {"type": "missing", "loc": ("query", "agent_id"), "msg": "Field required", "input": None}
    ]


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        (
            {"summary": 5, "model_settings": 5},
            [("string_type", "body.summary"), ("model_attributes_type", "body.model_settings")],
        ),
        ({"isolated_block_labels": "human"}, [("list_type", "body.isolated_block_labels")]),
        ({"isolated_block_labels": [None]}, [("string_type", "body.isolated_block_labels.0")]),
        ([], [("model_attributes_type", "body")]),
    ],
)
async def test_a_wrong_conversation_is_refused(http: Http, body: object, complaints: list[tuple[str, str]]) -> None:
    answer = await http.post(f"/v1/conversations/?agent_id={UNKNOWN_AGENT}", body)
    assert answer.complaints == complaints


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_model_handle_has_a_form(http: Http, method: str) -> None:
    target = (
        f"/v1/conversations/?agent_id={UNKNOWN_AGENT}"
        if method == "POST"
        else f"/v1/conversations/{UNKNOWN_CONVERSATION}"
    )
    answer = await http.call(method, target, {"model": "letta", "model_settings": "not looked at"})
    expected = "INVALID_ARGUMENT: The model handle should be in the format provider/model-name"
    assert (answer.status, answer.detail) == (400, expected)


async def test_an_unknown_conversation_is_not_found(http: Http) -> None:
    target = f"/v1/conversations/{UNKNOWN_CONVERSATION}"
    for answer in (
        await http.get(target),
        await http.patch(target, {"summary": "s"}),
        await http.delete(target),
        await http.post(f"{target}/fork"),
        await http.post(f"{target}/cancel"),
        await http.post(f"{target}/compact"),
    ):
        assert answer.status == 404
        assert answer.detail.startswith(NOT_FOUND)
        assert answer.detail.endswith("', is_deleted=False")


@pytest.mark.parametrize("conversation_id", ["default", "malformed", UNKNOWN_AGENT, UNKNOWN_CONVERSATION + "0"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_one_conversation_is_meant_by_its_own_id_alone(http: Http, method: str, conversation_id: str) -> None:
    ((kind, place),) = (await http.call(method, f"/v1/conversations/{conversation_id}")).complaints
    assert place == "path.conversation_id"
    lengths = {True: "string_too_short", False: "string_too_long"}
    assert kind == lengths[len(conversation_id) < 41]


async def test_a_conversation_id_of_the_right_length_must_match_the_pattern(http: Http) -> None:
    wrong = UNKNOWN_CONVERSATION.upper()
    (problem,) = (await http.get(f"/v1/conversations/{wrong}")).problems
    pattern = f"^conv-{ID_TAIL}$"
    assert problem == {
        "type": "string_pattern_mismatch",
        "loc": ("path", "conversation_id"),
        "msg": f"String should match pattern '{pattern}'",
        "input": wrong,
        "ctx": {"pattern": pattern},
    }


# --- forking --------------------------------------------------------------------------------------------------------


async def test_a_fork_begins_with_the_memory_of_that_moment(http: Http, stale: Story, make_conversation: Make) -> None:
    settings = {"provider_type": "openai"}
    source = await make_conversation(stale.agent_id, summary="s", model="a/b", model_settings=settings)
    await http.patch(f"/v1/blocks/{stale.block_id}", {"value": "newer"})
    fork = (await http.post(f"/v1/conversations/{source['id']}/fork")).json
    assert fork == source | {
        "id": fork["id"],
        "summary": None,
        "created_at": fork["created_at"],
        "updated_at": fork["updated_at"],
    }
    assert timeless(await http.prompt(fork["id"])) == expected_prompt(
        stale.agent_id, blocks=human_block("newer"), conversation_id=fork["id"], previous=3
    )
    assert human_block("Grace") in await http.prompt(source["id"])


async def test_an_agents_own_messages_are_forked_by_its_id(http: Http, story: Story) -> None:
    for target in (f"default/fork?agent_id={story.agent_id}", f"{story.agent_id}/fork"):
        answer = await http.post(f"/v1/conversations/{target}")
        assert (answer.status, answer.json["agent_id"]) == (200, story.agent_id)


async def test_forking_default_needs_an_agent_that_is_there(http: Http) -> None:
    assert (await http.post("/v1/conversations/default/fork")).status == 404
    answer = await http.post("/v1/conversations/default/fork?agent_id=malformed")
    expected = "INVALID_ARGUMENT: Invalid agent ID format: malformed. Expected format: 'agent-<uuid4>'"
    assert (answer.status, answer.detail) == (400, expected)
    for target in (f"default/fork?agent_id={UNKNOWN_AGENT}", f"{UNKNOWN_AGENT}/fork"):
        answer = await http.post(f"/v1/conversations/{target}")
        assert (answer.status, answer.detail) == (404, f"Agent with ID {UNKNOWN_AGENT} not found")


# --- cancelling and compacting --------------------------------------------------------------------------------------


async def test_cancelling_without_a_run_is_a_conflict(http: Http, story: Story) -> None:
    for target, named in (
        (f"{story.conversation_id}/cancel", story.conversation_id),
        (f"default/cancel?agent_id={story.agent_id}", "default"),
        ("default/cancel?agent_id=malformed", "default"),
        (f"{UNKNOWN_AGENT}/cancel", UNKNOWN_AGENT),
    ):
        answer = await http.post(f"/v1/conversations/{target}")
        assert (answer.status, answer.detail) == (409, f"CONFLICT: No active runs to cancel for conversation {named}")
        assert "Retry-After" not in answer.headers


async def test_cancelling_default_needs_an_agent(http: Http) -> None:
    answer = await http.post("/v1/conversations/default/cancel")
    assert answer.status == 404


async def test_compacting_without_a_model_is_a_failure_of_the_model(http: Http, story: Story) -> None:
    answer = await http.post(f"/v1/conversations/{story.conversation_id}/compact")
    assert answer.status == 500
    assert answer.json["error"]["type"] == "llm_error"
    assert answer.json == {
        "error": {
            "type": "llm_error",
            "message": "An error occurred with the LLM request.",
            "detail": "INTERNAL_SERVER_ERROR: Failed to connect to OpenAI: Connection error.",
        }
    }


async def test_compacting_default_needs_an_agent_that_is_there(http: Http) -> None:
    assert (await http.post("/v1/conversations/default/compact")).status == 404
    answer = await http.post("/v1/conversations/default/compact", {"agent_id": "malformed"})
    assert (answer.status, answer.detail.partition(":")[0]) == (400, "INVALID_ARGUMENT")
    answer = await http.post("/v1/conversations/default/compact", {"agent_id": UNKNOWN_AGENT})
    assert (answer.status, answer.detail) == (404, f"Agent with ID {UNKNOWN_AGENT} not found")


async def test_compacting_nothing_is_a_bad_request(http: Http, agent: dict[str, Any]) -> None:
    await http.post(f"/v1/conversations/?agent_id={agent['id']}", {"isolated_block_labels": ["none"]})
    (orphan,) = (await http.get(f"/v1/conversations/?agent_id={agent['id']}")).json
    answer = await http.post(f"/v1/conversations/{orphan['id']}/compact")
    assert (answer.status, answer.detail) == (400, "No in-context messages found for this conversation.")
