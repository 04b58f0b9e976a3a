"""Contract tests of recompiling an agent without a conversation, by way of the conversations and by its own call."""

from __future__ import annotations

import pytest

from tests.contract.conftest import Story
from tests.contract.test_recompile import UUID4
from tests.contract.wire import NOTHING, UNKNOWN_AGENT, Http, expected_prompt, human_block, timeless

# --- an agent without a conversation --------------------------------------------------------------------------------


async def test_editing_a_block_rewrites_the_agents_own_prompt(http: Http, story: Story) -> None:
    await http.patch(f"/v1/blocks/{story.block_id}", {"value": "Grace"})
    prompt = await http.prompt("default", agent_id=story.agent_id)
    assert timeless(prompt) == expected_prompt(story.agent_id, blocks=human_block("Grace"), previous=1)


async def test_editing_the_system_prompt_leaves_the_agents_own_prompt(http: Http, story: Story) -> None:
    before = await http.prompt("default", agent_id=story.agent_id)
    await http.patch(f"/v1/agents/{story.agent_id}", {"system": "CHANGED"})
    assert await http.prompt("default", agent_id=story.agent_id) == before


async def test_agent_direct_keeps_the_new_prompt_and_answers_the_one_before(http: Http, story: Story) -> None:
    await http.patch(f"/v1/agents/{story.agent_id}", {"system": "CHANGED"})
    before = await http.prompt("default", agent_id=story.agent_id)
    answer = await http.recompile("default", {"agent_id": story.agent_id})
    assert answer.status == 200
    assert answer.json == before
    assert timeless(await http.prompt("default", agent_id=story.agent_id)) == expected_prompt(
        story.agent_id, system="CHANGED", blocks=human_block("Ada"), previous=1
    )


async def test_agent_direct_on_a_dry_run_answers_the_new_prompt_and_keeps_the_old(http: Http, story: Story) -> None:
    await http.patch(f"/v1/agents/{story.agent_id}", {"system": "CHANGED"})
    before = await http.prompt("default", agent_id=story.agent_id)
    answer = await http.recompile("default", {"agent_id": story.agent_id}, query="?dry_run=true")
    assert timeless(answer.json) == expected_prompt(
        story.agent_id, system="CHANGED", blocks=human_block("Ada"), previous=1
    )
    assert await http.prompt("default", agent_id=story.agent_id) == before


async def test_agent_direct_leaves_conversations_as_they_were(http: Http, stale: Story) -> None:
    before = await http.prompt(stale.conversation_id)
    await http.recompile("default", {"agent_id": stale.agent_id})
    assert await http.prompt(stale.conversation_id) == before


async def test_an_agents_id_in_the_path_means_agent_direct(http: Http, story: Story) -> None:
    await http.patch(f"/v1/agents/{story.agent_id}", {"system": "CHANGED"})
    before = await http.prompt(story.agent_id)
    dry = await http.recompile(story.agent_id, query="?dry_run=true")
    kept = await http.recompile(story.agent_id, {"agent_id": UNKNOWN_AGENT})
    assert dry.json.startswith("CHANGED\n")
    assert kept.json == before
    assert (await http.prompt(story.agent_id)).startswith("CHANGED\n")


@pytest.mark.parametrize("body", [NOTHING, None, {}, {"agent_id": None}, {"agent_id": ""}])
async def test_default_without_an_agent_is_no_conversation(http: Http, body: object) -> None:
    answer = await http.recompile("default", body)
    assert answer.status == 404
    assert answer.detail.startswith(
        "Conversation not found with id='['default']', access level in ['read'] for actor='"
    )
    assert answer.detail.endswith("', is_deleted=False")


async def test_an_agent_in_the_query_is_not_read(http: Http, story: Story) -> None:
    answer = await http.recompile("default", query=f"?agent_id={story.agent_id}")
    assert answer.status == 404


async def test_an_unknown_agent_is_not_found(http: Http) -> None:
    for answer in (await http.recompile("default", {"agent_id": UNKNOWN_AGENT}), await http.recompile(UNKNOWN_AGENT)):
        assert (answer.status, answer.detail) == (404, f"Agent with ID {UNKNOWN_AGENT} not found")


@pytest.mark.parametrize(
    "agent_id",
    ["malformed", UNKNOWN_AGENT.upper(), UNKNOWN_AGENT + "0", " " + UNKNOWN_AGENT, UNKNOWN_AGENT[6:], "agent-Ä😀"],
)
async def test_a_malformed_agent_is_an_invalid_argument(http: Http, agent_id: str) -> None:
    answer = await http.recompile("default", {"agent_id": agent_id})
    expected = f"INVALID_ARGUMENT: Invalid agent ID format: {agent_id}. Expected format: 'agent-<uuid4>'"
    assert (answer.status, answer.detail) == (400, expected)


async def test_an_agent_id_that_is_no_text_is_a_wrong_body(http: Http) -> None:
    answer = await http.recompile("default", {"agent_id": 3})
    assert answer.complaints == [("string_type", "body.agent_id")]


@pytest.mark.parametrize("agent_id", ["\x00", "\ud800"])
async def test_an_agent_id_that_the_database_cannot_hold_is_a_database_error(http: Http, agent_id: str) -> None:
    answer = await http.recompile("default", {"agent_id": agent_id})
    assert (answer.status, answer.body) == (500, b'{"detail":"A database error occurred."}')


# --- the agent's own call -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["recompile", "system-prompt/recompile"])
async def test_an_agent_is_recompiled_with_the_same_quirk(http: Http, story: Story, path: str) -> None:
    await http.patch(f"/v1/agents/{story.agent_id}", {"system": "CHANGED"})
    before = await http.prompt(story.agent_id)
    dry = await http.post(f"/v1/agents/{story.agent_id}/{path}?dry_run=true")
    assert timeless(dry.json) == expected_prompt(
        story.agent_id, system="CHANGED", blocks=human_block("Ada"), previous=1
    )
    assert await http.prompt(story.agent_id) == before
    kept = await http.post(f"/v1/agents/{story.agent_id}/{path}")
    assert kept.json == before
    assert await http.prompt(story.agent_id) == dry.json


async def test_recompiling_an_agent_reads_no_body(http: Http, story: Story) -> None:
    answer = await http.post(f"/v1/agents/{story.agent_id}/recompile", b"{nonsense")
    assert answer.status == 200


async def test_recompiling_an_unknown_agent_is_not_found(http: Http) -> None:
    answer = await http.post(f"/v1/agents/{UNKNOWN_AGENT}/recompile")
    assert (answer.status, answer.detail) == (404, f"Agent with ID {UNKNOWN_AGENT} not found")


async def test_recompiling_a_malformed_agent_is_a_wrong_path_with_an_example(http: Http) -> None:
    answer = await http.post("/v1/agents/malformed/recompile?dry_run=x&update_timestamp=z")
    assert answer.problems[0] == {
        "type": "string_pattern_mismatch",
        "loc": ("path", "agent_id"),
        "msg": "String should match pattern 'agent-{uuid4}'",
        "input": "malformed",
        "ctx": {"pattern": f"^agent-{UUID4}$"},
    }
    assert answer.complaints[1:] == [
        ("bool_parsing", "query.update_timestamp"),
        ("bool_parsing", "query.dry_run"),
    ]
    assert answer.json["examples"] == [UNKNOWN_AGENT]
