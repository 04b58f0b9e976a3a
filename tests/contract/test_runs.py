"""Runs: of turns that nobody waits for, listed, read, with their messages; and messages across agents."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.conftest import Make
from tests.contract.events import streamed
from tests.contract.test_turns import turn
from tests.contract.wire import ID_TAIL, UNKNOWN, Http, last_stop_reason


async def ended(http: Http, run_id: str) -> dict[str, Any]:
    """Return a run when it has ended."""
    return dict(await http.get_until(f"/v1/runs/{run_id}", lambda run: run["status"] not in {"created", "running"}))


async def later(http: Http, agent_id: str, text: str, **body: Any) -> dict[str, Any]:
    answer = await http.post(f"/v1/agents/{agent_id}/messages/async", {"input": text, **body})
    assert answer.status == 200, answer
    return answer.json


async def test_a_turn_that_nobody_waits_for(http: Http, talker: str) -> None:
    run = await later(http, talker, "Hello", callback_url="http://127.0.0.1:9/none")
    assert re.fullmatch(f"run-{ID_TAIL}", run["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", run["created_at"])
    expected = {
        "id": run["id"],
        "status": "created",
        "created_at": run["created_at"],
        "completed_at": None,
        "agent_id": talker,
        "conversation_id": None,
        "base_template_id": None,
        "background": True,
        "metadata": {"run_type": "send_message_async", "lettuce": None},
        "request_config": {
            "use_assistant_message": True,
            "assistant_message_tool_name": "send_message",
            "assistant_message_tool_kwarg": "message",
            "include_return_message_types": None,
        },
        "stop_reason": None,
        "callback_url": "http://127.0.0.1:9/none",
        "callback_sent_at": None,
        "callback_status_code": None,
        "callback_error": None,
        "ttft_ns": None,
        "total_duration_ns": None,
    }
    assert (run, list(run)) == (expected, list(expected))
    done = await ended(http, run["id"])
    assert (done["status"], done["stop_reason"]) == ("completed", "end_turn")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", done["completed_at"])
    messages = (await http.get(f"/v1/runs/{run['id']}/messages")).json
    assert [(each["message_type"], each["content"]) for each in messages] == [
        ("user_message", "Hello"),
        ("assistant_message", "Echo: Hello"),
    ]
    assert {each["run_id"] for each in messages} == {run["id"]}
    assert await last_stop_reason(http, talker) == "end_turn"


async def test_one_that_fails(http: Http, talker: str) -> None:
    done = await ended(http, (await later(http, talker, "!status 429"))["id"])
    assert (done["status"], done["stop_reason"]) == ("failed", "error")
    assert done["metadata"]["error"].startswith("RATE_LIMIT_EXCEEDED: Rate limited by OpenAI: Error code: 429")


async def test_messages_of_a_run(http: Http, talker: str) -> None:
    await turn(http, talker, input="before")
    types = ["assistant_message", "user_message"]
    response = await turn(http, talker, input="!think a\n!say b", include_return_message_types=types)
    target = f"/v1/runs/{response['messages'][0]['run_id']}/messages"
    ascending = (await http.get(target)).json
    assert [each["message_type"] for each in ascending] == ["user_message", "assistant_message"]
    assert (await http.get(f"{target}?order=desc")).json == ascending[::-1]
    assert (await http.get(f"{target}?limit=1")).json == ascending[:1]
    assert (await http.get(f"{target}?after={ascending[0]['id']}")).json == ascending[1:]
    assert (await http.get(f"{target}?before={ascending[1]['id']}")).json == ascending[:1]
    unknown = f"message-{UNKNOWN}"
    answer = await http.get(f"{target}?after={unknown}")
    assert (answer.status, answer.detail) == (404, f"No message found with id '{unknown}' for agent 'None'.")


async def test_runs_are_listed_and_filtered(http: Http, talker: str, make_conversation: Make) -> None:
    conversation = (await make_conversation(talker))["id"]
    whole = (await turn(http, talker, input="one"))["messages"][0]["run_id"]
    stream = f"/v1/agents/{talker}/messages/stream"
    background = (await streamed(http, stream, {"input": "two", "background": True}))[0]["run_id"]
    failed = (await streamed(http, stream, {"input": "!status 500"}))[0]["run_id"]
    spoken = (await streamed(http, f"/v1/conversations/{conversation}/messages", {"input": "four"}))[0]["run_id"]

    async def listed(query: str) -> list[str]:
        answer = await http.get(f"/v1/runs/?agent_id={talker}{query}")
        assert answer.status == 200, answer
        return [run["id"] for run in answer.json]

    everything = [spoken, failed, background, whole]
    assert await listed("") == everything
    assert await listed("&order=asc") == await listed("&ascending=true") == everything[::-1]
    assert await listed("&limit=2") == everything[:2]
    # The cursors are the wrong way round: in both orders, `before` leads on and `after` leads back.
    assert await listed(f"&before={failed}") == everything[2:]
    assert await listed(f"&after={failed}") == everything[:1]
    assert await listed(f"&order=asc&before={failed}") == [spoken]
    assert await listed(f"&order=asc&after={failed}") == [whole, background]
    assert await listed(f"&after=run-{UNKNOWN}") == everything
    assert await listed("&background=true") == [background]
    assert await listed("&statuses=failed") == await listed("&stop_reason=llm_api_error") == [failed]
    assert await listed("&statuses=failed&statuses=completed") == everything
    assert await listed("&active=true") == []
    assert await listed(f"&conversation_id={conversation}") == [spoken]
    several = (await http.get(f"/v1/runs/?agent_ids={talker}&agent_ids=agent-{UNKNOWN}&limit=1")).json
    assert [run["id"] for run in several] == [spoken]
    assert several[0]["total_duration_ns"] >= 0
    assert (several[0]["conversation_id"], several[0]["metadata"]) == (
        conversation,
        {"run_type": "send_conversation_message"},
    )


async def test_what_filters_cannot_be(http: Http) -> None:
    answer = await http.get("/v1/runs/?limit=0&order=up&stop_reason=none&background=x")
    assert sorted(answer.complaints) == [
        ("bool_parsing", "query.background"),
        ("enum", "query.stop_reason"),
        ("greater_than_equal", "query.limit"),
        ("literal_error", "query.order"),
    ]
    (problem,) = (await http.get("/v1/runs/?limit=1001")).problems
    assert (problem["msg"], problem["ctx"]) == ("Input should be less than or equal to 1000", {"le": 1000})
    answer = await http.get("/v1/runs/?statuses=none")
    assert (answer.status, answer.detail) == (400, "'none' is not a valid RunStatus")


@pytest.mark.parametrize("target", ["", "/messages"])
async def test_runs_that_are_none(http: Http, target: str) -> None:
    answer = await http.get(f"/v1/runs/run-{UNKNOWN}{target}")
    assert (answer.status, answer.detail[:23]) == (404, "Run not found with id='")
    answer = await http.get(f"/v1/runs/run-1{target}")
    assert answer.detail == "INVALID_ARGUMENT: Invalid run ID format: run-1. Expected format: 'run-<uuid4>'"


async def test_a_conversations_whole_turn_leaves_its_run_open(http: Http, talker: str, make_conversation: Make) -> None:
    conversation = (await make_conversation(talker))["id"]
    body = {"input": "Hello", "streaming": False}
    response = (await http.post(f"/v1/conversations/{conversation}/messages", body)).json
    run = (await http.get(f"/v1/runs/{response['messages'][0]['run_id']}")).json
    assert (run["status"], run["stop_reason"], run["conversation_id"]) == ("created", None, None)
    shown = (await http.get(f"/v1/conversations/{conversation}")).json
    assert len(shown["in_context_message_ids"]) == 3
    assert shown["last_message_at"] is not None


# --- messages -------------------------------------------------------------------------------------------------------


async def test_all_messages_of_an_agent(http: Http, talker: str, make_conversation: Make) -> None:
    conversation = (await make_conversation(talker))["id"]
    await turn(http, talker, input="to the agent")
    body = {"input": "!think a\n!say to the conversation", "streaming": False}
    await http.post(f"/v1/conversations/{conversation}/messages", body)

    async def listed(query: str, target: str = f"/v1/agents/{talker}/messages") -> list[tuple[str, str]]:
        answer = await http.get(f"{target}?{query}")
        assert answer.status == 200, answer
        return [(each["message_type"], each.get("content") or each["reasoning"]) for each in answer.json]

    everything = await listed("")
    assert [kind for kind, _ in everything] == [
        *("system_message", "system_message", "user_message", "assistant_message", "user_message"),
        *("reasoning_message", "assistant_message"),
    ]
    assert await listed("order=asc") == everything
    assert await listed("limit=2") == everything[-3:]
    assert await listed("order=asc&limit=2") == everything[:2]
    assert await listed("conversation_id=default") == [everything[0], *everything[2:4]]
    assert await listed(f"conversation_id={conversation}") == [everything[1], *everything[4:]]
    assert await listed("include_return_message_types=reasoning_message") == [everything[5]]
    assert await listed(f"conversation_id={conversation}", "/v1/messages/") == [everything[1], *everything[4:]]
    ids = [each["id"] for each in (await http.get(f"/v1/agents/{talker}/messages")).json]
    assert await listed(f"after={ids[2]}&before={ids[5]}") == everything[3:5]
    answer = await http.get(f"/v1/agents/agent-{UNKNOWN}/messages")
    assert (answer.status, answer.detail) == (404, "Agent not found")


async def test_a_message_is_retrieved_with_its_text_as_reasoning(http: Http, talker: str) -> None:
    said = (await turn(http, talker, input="!think a\n!say b"))["messages"][1]
    text, reasoning = (await http.get(f"/v1/messages/{said['id']}")).json
    assert [(each["source"], each["reasoning"]) for each in (reasoning, text)] == [
        ("reasoner_model", "a"),
        ("non_reasoner_model", "b"),
    ]
    assert text["otid"] == said["otid"]
    answer = await http.get(f"/v1/messages/message-{UNKNOWN}")
    assert (answer.status, answer.detail) == (404, f"Message with id message-{UNKNOWN} not found.")
    assert (await http.get("/v1/messages/one")).complaints == [("string_pattern_mismatch", "path.message_id")]


async def test_messages_are_not_searched_without_a_search_service(http: Http, talker: str) -> None:
    answer = await http.post("/v1/messages/search", {"query": "x", "agent_id": talker})
    assert (answer.status, answer.detail) == (
        400,
        "Message search requires message embedding, OpenAI, and Turbopuffer to be enabled.",
    )
    answer = await http.post("/v1/messages/search", {"search_mode": "none", "limit": 101})
    assert answer.complaints == [
        ("missing", "body.query"),
        ("literal_error", "body.search_mode"),
        ("less_than_equal", "body.limit"),
    ]


async def test_messages_are_reset(http: Http, talker: str) -> None:
    await turn(http, talker, input="Hello")
    answer = await http.call("PATCH", f"/v1/agents/{talker}/reset-messages", {})
    (first,) = answer.json["message_ids"]
    system, *rest = (await http.get(f"/v1/agents/{talker}/messages?order=asc")).json
    assert (system["id"], len(rest)) == (first, 2)
    assert "- 2 previous messages between you" in system["content"]
    response = await turn(http, talker, input="!usage 1 1\n!say yes")
    assert response["messages"][0]["content"] == "yes"
    assert (await http.call("PATCH", f"/v1/agents/agent-{UNKNOWN}/reset-messages", {})).status == 404
    answer = await http.call("PATCH", f"/v1/agents/{talker}/reset-messages")
    assert answer.complaints == [("missing", "body")]
