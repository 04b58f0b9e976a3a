"""Contract tests of recompiling a conversation: what changes, dry runs, and which conversation is meant."""

from __future__ import annotations

import json

import pytest

from tests.contract.conftest import Make, Story
from tests.contract.wire import (
    NOTHING,
    UNKNOWN,
    UNKNOWN_AGENT,
    UNKNOWN_CONVERSATION,
    Http,
    expected_prompt,
    human_block,
    timeless,
)


async def test_editing_a_block_leaves_conversations_as_they_were(http: Http, story: Story) -> None:
    before = await http.prompt(story.conversation_id)
    await http.patch(f"/v1/blocks/{story.block_id}", {"value": "Grace"})
    assert await http.prompt(story.conversation_id) == before


async def test_editing_the_system_prompt_leaves_conversations_as_they_were(http: Http, story: Story) -> None:
    before = await http.prompt(story.conversation_id)
    await http.patch(f"/v1/agents/{story.agent_id}", {"system": "CHANGED"})
    assert await http.prompt(story.conversation_id) == before


async def test_recompiling_brings_the_block_and_the_system_prompt_up_to_date(http: Http, stale: Story) -> None:
    await http.patch(f"/v1/agents/{stale.agent_id}", {"system": "CHANGED"})
    answer = await http.recompile(stale.conversation_id)
    assert answer.status == 200
    assert timeless(answer.json) == expected_prompt(
        stale.agent_id, system="CHANGED", blocks=human_block("Grace"), previous=1
    )
    assert await http.prompt(stale.conversation_id) == answer.json


async def test_recompiling_reaches_one_conversation_only(http: Http, stale: Story, make_conversation: Make) -> None:
    await http.patch(f"/v1/blocks/{stale.block_id}", {"value": "Ada again"})
    other = await make_conversation(stale.agent_id)
    await http.patch(f"/v1/blocks/{stale.block_id}", {"value": "Grace"})
    await http.recompile(stale.conversation_id)
    assert human_block("Ada again") in await http.prompt(other["id"])


async def test_recompiling_keeps_the_message_and_its_date(http: Http, stale: Story) -> None:
    (before,) = (await http.get(f"/v1/conversations/{stale.conversation_id}/messages")).json
    await http.recompile(stale.conversation_id)
    (after,) = (await http.get(f"/v1/conversations/{stale.conversation_id}/messages")).json
    assert after | {"content": ""} == before | {"content": ""}
    assert after["content"] != before["content"]


async def test_recompiling_writes_default_for_the_conversation(http: Http, story: Story) -> None:
    assert f"- CONVERSATION_ID: {story.conversation_id}\n" in await http.prompt(story.conversation_id)
    answer = await http.recompile(story.conversation_id)
    assert "- CONVERSATION_ID: default\n" in answer.json


async def test_a_dry_run_answers_the_new_prompt_and_keeps_the_old(http: Http, stale: Story) -> None:
    before = await http.prompt(stale.conversation_id)
    answer = await http.recompile(stale.conversation_id, query="?dry_run=true")
    assert answer.status == 200
    assert human_block("Grace") in answer.json
    assert await http.prompt(stale.conversation_id) == before


async def test_the_prompt_is_a_json_string(http: Http, story: Story) -> None:
    text = 'quote " backslash \\ slash / tab \t bell \x07 del \x7f Ä 😀 \u2028'
    await http.patch(f"/v1/blocks/{story.block_id}", {"value": text})
    answer = await http.recompile(story.conversation_id)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.body.decode() == json.dumps(answer.json, ensure_ascii=False)
    assert human_block(text) in answer.json


async def test_the_conversation_itself_is_unchanged(http: Http, stale: Story) -> None:
    before = (await http.get(f"/v1/conversations/{stale.conversation_id}")).json
    await http.recompile(stale.conversation_id)
    assert (await http.get(f"/v1/conversations/{stale.conversation_id}")).json == before


async def test_compaction_settings_change_nothing_in_the_prompt(http: Http, story: Story) -> None:
    settings = {"mode": "all", "prompt": "PROMPT", "model_settings": {"provider_type": "openai"}}
    answer = await http.recompile(story.conversation_id, {"compaction_settings": settings})
    assert timeless(answer.json) == expected_prompt(story.agent_id, blocks=human_block("Ada"), previous=1)
    agent = (await http.get(f"/v1/agents/{story.agent_id}")).json
    assert agent["compaction_settings"]["prompt"] == "Sum up."


@pytest.mark.parametrize("body", [NOTHING, None, {}, {"agent_id": None}, {"compaction_settings": None}, b""])
async def test_the_body_may_be_missing_null_or_empty(http: Http, story: Story, body: object) -> None:
    answer = await http.recompile(story.conversation_id, body)
    assert answer.status == 200
    assert human_block("Ada") in answer.json


async def test_unknown_fields_of_the_body_and_of_the_settings_are_ignored(http: Http, story: Story) -> None:
    settings = {"clipchars": 1, "model_settings": {"provider_type": "groq", "temprature": 1}}
    answer = await http.recompile(story.conversation_id, {"compaction_settings": settings, "dryrun": True})
    assert answer.status == 200


async def test_an_agent_id_beside_a_conversation_has_no_effect(http: Http, stale: Story, agent: dict[str, str]) -> None:
    for agent_id in (agent["id"], UNKNOWN_AGENT, "malformed"):
        answer = await http.recompile(stale.conversation_id, {"agent_id": agent_id})
        assert answer.status == 200
        assert await http.prompt(stale.conversation_id) == answer.json


# --- dry_run --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "Y", "on", "t", "x&dry_run=true"])
async def test_these_mean_a_dry_run(http: Http, stale: Story, word: str) -> None:
    before = await http.prompt(stale.conversation_id)
    assert (await http.recompile(stale.conversation_id, query=f"?dry_run={word}")).status == 200
    assert await http.prompt(stale.conversation_id) == before


@pytest.mark.parametrize("query", ["", "?dry_run=false", "?dry_run=0", "?dry_run=No", "?dry_run=off", "?Dry_Run=true"])
async def test_these_mean_none(http: Http, stale: Story, query: str) -> None:
    answer = await http.recompile(stale.conversation_id, query=query)
    assert await http.prompt(stale.conversation_id) == answer.json


@pytest.mark.parametrize("word", ["", "2", "maybe", "%20true", "true%20", "null"])
async def test_these_are_no_words_for_it(http: Http, word: str) -> None:
    answer = await http.recompile(UNKNOWN_CONVERSATION, query=f"?dry_run={word}")
    (problem,) = answer.problems
    assert problem == {
        "type": "bool_parsing",
        "loc": ("query", "dry_run"),
        "msg": "Input should be a valid boolean, unable to interpret input",
        "input": word.replace("%20", " "),
    }


# --- which conversation ---------------------------------------------------------------------------------------------


async def test_an_unknown_conversation_is_not_found(http: Http) -> None:
    answer = await http.recompile(UNKNOWN_CONVERSATION)
    assert answer.status == 404
    assert answer.detail.startswith(f"Conversation not found with id='['{UNKNOWN_CONVERSATION}']', access level in")
    assert "for actor='id='user-00000000-0000-4000-8000-000000000000' organization_id='org-" in answer.detail


async def test_a_deleted_conversation_is_not_found(http: Http, story: Story) -> None:
    await http.delete(f"/v1/conversations/{story.conversation_id}")
    answer = await http.recompile(story.conversation_id)
    assert answer.status == 404
    assert answer.detail.startswith(f"Conversation not found with id='['{story.conversation_id}']'")


UUID4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
PATTERN = f"^(default|conv-{UUID4}|agent-{UUID4})$"


@pytest.mark.parametrize(
    ("conversation_id", "received"),
    [
        ("malformed", "malformed"),
        ("Default", "Default"),
        ("%64efault%20", "default "),
        ("default%0A", "default\n"),
        (UNKNOWN_CONVERSATION.upper(), UNKNOWN_CONVERSATION.upper()),
        (UNKNOWN_CONVERSATION.replace("-42d3-", "-12d3-"), UNKNOWN_CONVERSATION.replace("-42d3-", "-12d3-")),
        (UNKNOWN_CONVERSATION.replace("-8456-", "-c456-"), UNKNOWN_CONVERSATION.replace("-8456-", "-c456-")),
        (UNKNOWN_CONVERSATION[:-1], UNKNOWN_CONVERSATION[:-1]),
        (UNKNOWN_CONVERSATION[5:], UNKNOWN_CONVERSATION[5:]),
        ("block-" + UNKNOWN_CONVERSATION[5:], "block-" + UNKNOWN_CONVERSATION[5:]),
        ("%C3%84", "Ä"),
        ("..%5C", "..\\"),
    ],
)
async def test_a_malformed_conversation_is_a_wrong_path(http: Http, conversation_id: str, received: str) -> None:
    answer = await http.recompile(conversation_id)
    assert answer.problems == [
        {
            "type": "string_pattern_mismatch",
            "loc": ("path", "conversation_id"),
            "msg": f"String should match pattern '{PATTERN}'",
            "input": received,
            "ctx": {"pattern": PATTERN},
        }
    ]
    assert answer.json["trace_id"] == ""
    assert set(answer.json) == {"trace_id", "detail"}


async def test_a_conversation_id_of_more_than_42_characters_is_too_long(http: Http) -> None:
    long = UNKNOWN_CONVERSATION + "00"
    answer = await http.recompile(long)
    assert answer.problems == [
        {
            "type": "string_too_long",
            "loc": ("path", "conversation_id"),
            "msg": "String should have at most 42 characters",
            "input": long,
            "ctx": {"max_length": 42},
        }
    ]


async def test_percent_encoded_ids_are_decoded(http: Http, story: Story) -> None:
    encoded = story.conversation_id.replace("conv-", "%63onv%2D")
    assert (await http.recompile(encoded)).status == 200


async def test_path_query_and_body_are_complained_about_together_in_this_order(http: Http) -> None:
    body = {"compaction_settings": {"sliding_window_percentage": "much", "mode": "x", "clip_chars": 1.5}, "agent_id": 3}
    answer = await http.recompile("malformed", body, query="?dry_run=x")
    assert answer.complaints == [
        ("string_pattern_mismatch", "path.conversation_id"),
        ("bool_parsing", "query.dry_run"),
        ("string_type", "body.agent_id"),
        ("int_from_float", "body.compaction_settings.clip_chars"),
        ("literal_error", "body.compaction_settings.mode"),
        ("float_parsing", "body.compaction_settings.sliding_window_percentage"),
    ]


# --- conversations and agents that lack something -------------------------------------------------------------------


async def test_a_conversation_without_messages_cannot_be_recompiled_but_tried(
    http: Http, agent: dict[str, str]
) -> None:
    # Refused for its labels, it is there all the same, without a single message.
    await http.post(f"/v1/conversations/?agent_id={agent['id']}", {"isolated_block_labels": ["unknown"]})
    (orphan,) = (await http.get(f"/v1/conversations/?agent_id={agent['id']}")).json
    answer = await http.recompile(orphan["id"])
    assert (answer.status, answer.detail) == (400, "No in-context messages found for this conversation.")
    dry = await http.recompile(orphan["id"], query="?dry_run=true")
    assert human_block("Ada") in dry.json


async def test_a_fork_that_failed_half_way_has_no_prompt_to_recompile(http: Http, make_agent: Make) -> None:
    agent = await make_agent(initial_message_sequence=[{"role": "user", "content": "Hello"}])
    await http.patch(f"/v1/agents/{agent['id']}", {"timezone": "Mars/Olympus"})
    assert (await http.post(f"/v1/conversations/default/fork?agent_id={agent['id']}")).status == 500
    (fork,) = (await http.get(f"/v1/conversations/?agent_id={agent['id']}")).json
    await http.patch(f"/v1/agents/{agent['id']}", {"timezone": "UTC"})
    answer = await http.recompile(fork["id"])
    assert (answer.status, answer.detail) == (400, "Conversation does not have a system message in the first position.")


async def test_an_agent_without_messages_has_no_prompt_to_recompile(http: Http, story: Story) -> None:
    await http.patch(f"/v1/agents/{story.agent_id}", {"message_ids": []})
    direct = await http.recompile(story.agent_id)
    assert (direct.status, direct.detail) == (404, f"No system message found for agent '{story.agent_id}'")
    answer = await http.recompile(story.conversation_id)
    expected = f"No system message found for conversation '{story.conversation_id}'"
    assert (answer.status, answer.detail) == (404, expected)


async def test_an_agent_without_messages_cannot_be_recompiled_by_itself_either(http: Http, story: Story) -> None:
    await http.patch(f"/v1/agents/{story.agent_id}", {"message_ids": []})
    answer = await http.post(f"/v1/agents/{story.agent_id}/recompile")
    assert (answer.status, answer.detail) == (404, f"No system message found for agent '{story.agent_id}'")


async def test_an_agent_whose_first_message_is_unknown_has_no_prompt_to_recompile(http: Http, story: Story) -> None:
    await http.patch(f"/v1/agents/{story.agent_id}", {"message_ids": [f"message-{UNKNOWN}"]})
    answer = await http.recompile(story.agent_id)
    assert (answer.status, answer.detail) == (404, f"No system message found for agent '{story.agent_id}'")
