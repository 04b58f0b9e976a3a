"""Compacting with a model that answers: what stays, what is summarized, and what there is nothing to do about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.conftest import Make
from tests.contract.test_turns import ASKED, LOOK_UP, turn
from tests.contract.wire import Http

NOT_SHORTER = (
    "Summarization failed to reduce the number of messages. You may not have enough messages to compact or need to use "
    "a different CompactionSettings (e.g. using `all` mode)."
)


def settings(**changes: Any) -> dict[str, Any]:
    return {"compaction_settings": changes}


async def talk(http: Http, agent_id: str, turns: int) -> None:
    for number in range(turns):
        await turn(http, agent_id, input=f"Hello {number}")


async def compacted(http: Http, target: str, body: Any) -> tuple[str, int, int]:
    answer = await http.post(f"/v1/{target}", body)
    assert answer.status == 200, answer
    assert list(answer.json) == ["summary", "num_messages_before", "num_messages_after"]
    return answer.json["summary"], answer.json["num_messages_before"], answer.json["num_messages_after"]


async def test_all_messages_are_summarized(http: Http, talker: str) -> None:
    await talk(http, talker, 2)
    summary, before, after = await compacted(http, f"agents/{talker}/summarize", settings(mode="all"))
    assert (summary[:11], before, after) == ("Summary of ", 5, 2)
    first, second = (await http.get(f"/v1/agents/{talker}")).json["message_ids"]
    listed = (await http.get(f"/v1/agents/{talker}/messages?order=asc")).json
    assert len(listed) == 6
    message = listed[-1]
    assert (listed[0]["id"], message["id"]) == (first, second)
    assert [message[name] for name in ("message_type", "otid", "step_id", "run_id")] == ["user_message", *[None] * 3]
    alert = json.loads(message["content"])
    assert message["content"] == json.dumps(alert, indent=2)
    assert (list(alert), alert["type"]) == (["type", "message", "time"], "system_alert")
    said = (
        "Note: prior messages have been hidden from view due to conversation memory constraints.\n"
        f"The following is a summary of the previous messages:\n {summary}"
    )
    assert alert["message"] == said
    # What was compacted already is not asked about again.
    assert await compacted(http, f"agents/{talker}/summarize", settings(mode="all")) == (said, 2, 2)


async def test_the_beginning_of_a_conversation_is_summarized(http: Http, talker: str, make_conversation: Make) -> None:
    conversation = (await make_conversation(talker))["id"]
    for number in range(4):
        body = {"input": f"Hello {number}", "streaming": False}
        await http.post(f"/v1/conversations/{conversation}/messages", body)
    ids = (await http.get(f"/v1/conversations/{conversation}")).json["in_context_message_ids"]
    target = f"conversations/{conversation}/compact"
    assert (await compacted(http, target, settings(mode="sliding_window")))[1:] == (9, 7)
    left = (await http.get(f"/v1/conversations/{conversation}")).json["in_context_message_ids"]
    assert (left[0], left[2:]) == (ids[0], ids[4:])
    listed = (await http.get(f"/v1/conversations/{conversation}/messages?order=asc")).json
    assert sorted(each["id"] for each in listed) == sorted({*ids, left[1]})
    summary = next(each for each in listed if each["id"] == left[1])
    assert "prior messages from the beginning of the conversation" in summary["content"]
    assert (await compacted(http, target, settings(mode="all")))[1:] == (7, 2)
    answer = await http.post(f"/v1/{target}", settings(mode="all"))
    assert (answer.status, answer.detail) == (400, NOT_SHORTER)


async def test_the_agents_own_settings_count(http: Http, talker: str) -> None:
    await talk(http, talker, 4)
    await http.patch(f"/v1/agents/{talker}", settings(mode="all", prompt="Sum up."))
    assert (await compacted(http, f"conversations/{talker}/compact", {}))[1:] == (9, 2)


async def test_a_summary_is_clipped(http: Http, talker: str) -> None:
    await talk(http, talker, 2)
    target = f"agents/{talker}/summarize"
    summary, *_ = await compacted(http, target, settings(mode="all", clip_chars=7))
    assert summary == "Summary... [summary truncated to fit]"


async def test_a_request_for_an_approval_stays(http: Http, talker: str) -> None:
    await talk(http, talker, 2)
    (request,) = (await turn(http, talker, input=ASKED, client_tools=[LOOK_UP]))["messages"]
    assert (await compacted(http, f"agents/{talker}/summarize", settings(mode="all")))[1:] == (7, 3)
    assert (await http.get(f"/v1/agents/{talker}")).json["message_ids"][-1] == request["id"]


@pytest.mark.parametrize("mode", ["all", "sliding_window", "self_compact_all", "self_compact_sliding_window"])
async def test_nothing_to_compact(http: Http, talker: str, make_conversation: Make, mode: str) -> None:
    conversation = (await make_conversation(talker))["id"]
    answer = await http.post(f"/v1/conversations/{conversation}/compact", settings(mode=mode))
    assert (answer.status, answer.detail) == (400, NOT_SHORTER)
    answer = await http.post(f"/v1/agents/{talker}/summarize", settings(mode=mode))
    assert answer.status == 400
    assert answer.detail.startswith(
        "1 validation error for CompactionResponse\nsummary\n  Input should be a valid string"
    )
