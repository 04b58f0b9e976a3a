"""Contract tests of changing and deleting agents."""

from __future__ import annotations

from typing import Any

from tests.contract.conftest import Make, Story
from tests.contract.values import SUMMARIZER_DEFAULTS
from tests.contract.wire import UNKNOWN_AGENT, UNKNOWN_BLOCK, Http


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


async def test_a_number_that_json_does_not_know_is_null_in_an_answer(http: Http, agent: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"a": [float("nan"), 1.5]}}
    changed = (await http.patch(f"/v1/agents/{agent['id']}", {"response_format": wanted})).json
    assert changed["response_format"] == {"type": "json_schema", "json_schema": {"a": [None, 1.5]}}


async def test_a_stop_reason_is_one_of_those_there_are(http: Http, agent: dict[str, Any]) -> None:
    target = f"/v1/agents/{agent['id']}"
    assert (await http.patch(target, {"last_stop_reason": "error"})).json["last_stop_reason"] == "error"
    assert (await http.patch(target, {"last_stop_reason": "x"})).complaints == [("enum", "body.last_stop_reason")]
    assert (await http.patch(target, {"tool_rules": 5})).complaints == [("list_type", "body.tool_rules")]
