"""Turns whose response is one object: what the model said, what tools returned, what failed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.conftest import Make
from tests.contract.events import OFFICIAL, kinds, streamed
from tests.contract.wire import ID_TAIL, UNKNOWN_AGENT, UNKNOWN_CONVERSATION, Http

LOOK_UP = {"name": "look_up", "parameters": {"type": "object", "properties": {"word": {"type": "string"}}}}
ASKED = '!call look_up {"word":"Ada"}\n!then\n!say I see.'


async def turn(http: Http, agent_id: str, **body: Any) -> dict[str, Any]:
    """Return the response to messages to an agent."""
    answer = await http.post(f"/v1/agents/{agent_id}/messages", body)
    assert answer.status == 200, answer
    return answer.json


def types(response: dict[str, Any]) -> list[str]:
    return [message["message_type"] for message in response["messages"]]


async def test_a_whole_turn(http: Http, talker: str) -> None:
    response = await turn(http, talker, input="Hällo")
    (message,) = response["messages"]
    assert re.fullmatch(f"message-{ID_TAIL}", message["id"])
    assert re.fullmatch(f"step-{ID_TAIL}", message["step_id"])
    assert re.fullmatch(f"run-{ID_TAIL}", message["run_id"])
    number = int(message["id"].removeprefix("message-").replace("-", ""), 16)
    assert int(message["otid"].replace("-", ""), 16) == number & ~0x7F
    usage = response["usage"]
    assert list(response) == ["messages", "stop_reason", "usage", "logprobs", "turns"]
    assert list(message) == [
        *("id", "date", "name", "message_type", "otid", "sender_id", "step_id", "is_err", "seq_id", "run_id"),
        "content",
    ]
    assert (message["message_type"], message["content"]) == ("assistant_message", "Echo: Hällo")
    assert response["stop_reason"] == {"message_type": "stop_reason", "stop_reason": "end_turn"}
    assert usage == {
        "message_type": "usage_statistics",
        "completion_tokens": 2,
        "prompt_tokens": usage["prompt_tokens"],
        "total_tokens": usage["prompt_tokens"] + 2,
        "step_count": 1,
        "run_ids": None,
        "cached_input_tokens": 0,
        "cache_write_tokens": 0,
        "reasoning_tokens": 0,
        "context_tokens": usage["prompt_tokens"] + 2,
    }


async def test_reasoning_and_the_usage_that_the_model_reports(http: Http, talker: str) -> None:
    response = await turn(http, talker, input="!think because\n!say yes\n!usage 100 5 60 3")
    reasoning, said = response["messages"]
    assert (reasoning["message_type"], reasoning["source"]) == ("reasoning_message", "reasoner_model")
    assert (reasoning["reasoning"], reasoning["signature"], said["content"]) == ("because", None, "yes")
    assert reasoning["id"] == said["id"]
    assert int(said["otid"][-2:], 16) == int(reasoning["otid"][-2:], 16) + 1
    usage = response["usage"]
    assert [usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")] == [100, 5, 105]
    assert [usage[name] for name in ("cached_input_tokens", "reasoning_tokens")] == [60, 3]


async def test_a_tool_that_is_none(http: Http, talker: str) -> None:
    response = await turn(http, talker, input='!say first\n!call nothing {"a":1}\n!then\n!say done')
    call, returned, said = response["messages"]
    called = {"name": "nothing", "arguments": '{"a": 1}', "tool_call_id": call["tool_call"]["tool_call_id"]}
    assert (call["message_type"], call["tool_call"], call["tool_calls"]) == ("tool_call_message", called, [called])
    error = "[ToolConstraintError] Cannot call nothing, valid tools include: []."
    expected = {"tool_return": error, "status": "error", "tool_call_id": called["tool_call_id"]}
    expected |= {"stdout": None, "stderr": None}
    assert (returned["message_type"], returned["name"]) == ("tool_return_message", "nothing")
    assert {name: returned[name] for name in expected} == expected
    assert returned["tool_returns"] == [{"type": "tool", **expected}]
    assert (said["content"], response["usage"]["step_count"]) == ("done", 2)
    # What the model said beside the call is kept, though the response leaves it out.
    listed = (await http.get(f"/v1/agents/{talker}/messages?order=asc&limit=3")).json
    assert [each["message_type"] for each in listed[1:]] == ["user_message", "assistant_message", "tool_call_message"]


async def test_of_two_tool_calls_at_once_an_agent_makes_one_unless_it_may_make_more(
    http: Http, talker: str, make_agent: Make
) -> None:
    text = "!call one {}\n!call two {}\n!then\n!say done"
    first = (await turn(http, talker, input=text))["messages"][0]
    assert [call["name"] for call in first["tool_calls"]] == ["one"]
    made = (await http.get(f"/v1/agents/{talker}")).json
    other = await make_agent(model=made["model"], embedding=made["embedding"], parallel_tool_calls=True)
    call, returned, _ = (await turn(http, other["id"], input=text))["messages"]
    assert [each["name"] for each in call["tool_calls"]] == ["one", "two"]
    ids = [each["tool_call_id"] for each in call["tool_calls"]]
    assert [each["tool_call_id"] for each in returned["tool_returns"]] == ids


@pytest.mark.parametrize(("steps", "reason", "count"), [(0, "end_turn", 0), (1, "max_steps", 2), (2, "end_turn", 3)])
async def test_steps_are_limited(http: Http, talker: str, steps: int, reason: str, count: int) -> None:
    response = await turn(http, talker, input="!call nothing {}\n!then\n!say done", max_steps=steps)
    assert (response["stop_reason"]["stop_reason"], len(response["messages"])) == (reason, count)


async def test_a_reply_that_is_cut_short(http: Http, talker: str) -> None:
    response = await turn(http, talker, input="!say cut\n!finish length")
    assert response["stop_reason"]["stop_reason"] == "max_tokens_exceeded"


async def test_messages_of_some_types_alone(http: Http, talker: str) -> None:
    text = "!think a\n!say b"
    assert types(await turn(http, talker, input=text, include_return_message_types=["reasoning_message"])) == [
        "reasoning_message"
    ]
    assert types(await turn(http, talker, input=text, include_return_message_types=[])) == [
        "reasoning_message",
        "assistant_message",
    ]


async def test_several_messages_of_all_roles(http: Http, talker: str) -> None:
    messages = [
        {"role": "system", "content": "alert"},
        {"role": "user", "content": "x", "name": "Bob", "sender_id": "agent-1"},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
    ]
    response = await turn(http, talker, messages=messages)
    assert response["messages"][0]["content"] == "Echo: one\ntwo"
    listed = (await http.get(f"/v1/agents/{talker}/messages?order=asc")).json[1:]
    assert [each["message_type"] for each in listed] == [
        *("system_message", "user_message", "user_message", "assistant_message")
    ]
    assert (listed[1]["name"], listed[1]["sender_id"]) == ("Bob", "agent-1")
    assert listed[2]["content"] == [
        {"type": "text", "text": "one", "signature": None},
        {"type": "text", "text": "two", "signature": None},
    ]
    assert {each["run_id"] for each in listed} == {response["messages"][0]["run_id"]}
    assert all(re.fullmatch(ID_TAIL, each["otid"]) for each in listed)


# --- failures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "answered", "kind", "prefix"),
    [
        (500, 500, "llm_error", "INTERNAL_SERVER_ERROR: OpenAI API error: Error code: 500 - {'error': "),
        (429, 429, "llm_rate_limit", "RATE_LIMIT_EXCEEDED: Rate limited by OpenAI: Error code: 429 - "),
        (401, 401, "llm_authentication", "UNAUTHENTICATED: Authentication failed with OpenAI: Error code: 401"),
        (400, 400, "llm_bad_request", "INVALID_ARGUMENT: Bad request to OpenAI-compatible endpoint: Error code: 400"),
        (402, 402, "llm_insufficient_credits", "PAYMENT_REQUIRED: Insufficient credits: Error code: 402"),
        (404, 500, "llm_error", "NOT_FOUND: Resource not found in OpenAI: Error code: 404"),
    ],
)
async def test_a_model_that_fails(http: Http, talker: str, status: int, answered: int, kind: str, prefix: str) -> None:
    answer = await http.post(f"/v1/agents/{talker}/messages", {"input": f"!status {status}"})
    assert (answer.status, answer.json["error"]["type"]) == (answered, kind)
    assert answer.json["error"]["detail"].startswith(prefix)
    assert "as the message asks" in answer.json["error"]["detail"]
    # Nothing is kept of the turn, but for its run.
    assert len((await http.get(f"/v1/agents/{talker}/messages")).json) == 1
    (run,) = (await http.get(f"/v1/runs/?agent_id={talker}")).json
    assert (run["status"], run["stop_reason"]) == ("failed", None)
    assert run["metadata"] == {"run_type": "send_message", "error": answer.json["error"]["detail"]}


async def test_a_model_that_cannot_be_reached(http: Http, agent: dict[str, Any]) -> None:
    answer = await http.post(f"/v1/agents/{agent['id']}/messages", {"input": "Hello"})
    assert (answer.status, answer.json["error"]["type"]) == (500, "llm_error")
    assert "Failed to connect to OpenAI: Connection error." in answer.json["error"]["detail"]


async def test_a_model_that_says_nothing(http: Http, talker: str) -> None:
    answer = await http.post(f"/v1/agents/{talker}/messages", {"input": "!say "})
    assert (answer.status, answer.json["error"]["type"]) == (500, "llm_error")
    assert "LLM provider returned empty content in response" in answer.json["error"]["detail"]


async def test_a_step_that_fails_leaves_those_before_it(http: Http, talker: str) -> None:
    answer = await http.post(f"/v1/agents/{talker}/messages", {"input": "!call nothing {}\n!then\n!status 500"})
    assert answer.status == 500
    listed = (await http.get(f"/v1/agents/{talker}/messages?order=asc")).json
    assert [each["message_type"] for each in listed[1:]] == [
        *("user_message", "tool_call_message", "tool_return_message")
    ]


@pytest.mark.parametrize(
    ("target", "status", "detail"),
    [
        (f"agents/{UNKNOWN_AGENT}/messages", 404, f"Agent with ID {UNKNOWN_AGENT} not found"),
        (f"agents/{UNKNOWN_AGENT}/messages/stream", 404, f"Agent with ID {UNKNOWN_AGENT} not found"),
        (f"agents/{UNKNOWN_AGENT}/messages/async", 404, "Agent not found"),
        (f"conversations/{UNKNOWN_AGENT}/messages", 404, f"Agent with ID {UNKNOWN_AGENT} not found"),
        (f"conversations/{UNKNOWN_CONVERSATION}/messages", 404, "Conversation not found"),
        ("conversations/default/messages", 404, "Conversation not found"),
    ],
)
async def test_nobody_to_talk_to(http: Http, target: str, status: int, detail: str) -> None:
    answer = await http.post(f"/v1/{target}", {"input": "Hello"})
    assert answer.status == status
    assert answer.detail.startswith(detail)


async def test_another_model_for_one_turn(http: Http, talker: str) -> None:
    for streaming in ("", "/stream"):
        body = {"input": "x", "override_model": "nobody/nothing"}
        answer = await http.post(f"/v1/agents/{talker}/messages{streaming}", body)
        assert (answer.status, answer.detail) == (
            404,
            "NOT_FOUND: Handle nobody/nothing not found, must be one of []",
        )


async def test_a_conversation_whose_model_is_unknown(http: Http, talker: str, make_conversation: Make) -> None:
    conversation = await make_conversation(talker, model="nobody/nothing")
    answer = await http.post(f"/v1/conversations/{conversation['id']}/messages", {"input": "x"})
    assert (answer.status, answer.detail[:44]) == (404, "NOT_FOUND: Handle nobody/nothing not found, ")


# --- tools of the client --------------------------------------------------------------------------------------------


async def test_a_tool_of_the_client(http: Http, talker: str) -> None:
    response = await turn(http, talker, input=ASKED, client_tools=[LOOK_UP])
    (request,) = response["messages"]
    call = {"name": "look_up", "arguments": '{"word":"Ada"}', "tool_call_id": request["tool_call"]["tool_call_id"]}
    assert response["stop_reason"]["stop_reason"] == "requires_approval"
    assert (request["message_type"], request["otid"]) == ("approval_request_message", request["id"])
    assert (request["tool_call"], request["tool_calls"]) == (call, [call])

    waiting = await http.post(f"/v1/agents/{talker}/messages", {"input": "Something else"})
    conflict = (
        "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call. "
        "Please approve or deny the pending request before continuing."
    )
    assert waiting.status == 409
    assert waiting.json["detail"] == {
        "code": "PENDING_APPROVAL",
        "message": conflict,
        "pending_request_id": request["id"],
    }
    direct = {"input": "Something else", "streaming": False}
    waiting = await http.post(f"/v1/conversations/{talker}/messages", direct)
    assert (waiting.status, waiting.detail) == (409, conflict)

    returned = {"type": "tool", "tool_call_id": call["tool_call_id"], "tool_return": "a name", "status": "success"}
    approval = {"type": "approval", "approvals": [returned]}
    after = await turn(http, talker, messages=[approval], client_tools=[LOOK_UP])
    tool, said = after["messages"]
    assert (tool["message_type"], tool["name"], tool["tool_return"]) == ("tool_return_message", None, "a name")
    assert tool["step_id"] == request["step_id"]
    assert (said["content"], after["usage"]["step_count"]) == ("I see.", 1)

    kept = (await http.get(f"/v1/agents/{talker}/messages?order=asc")).json
    answer = next(each for each in kept if each["message_type"] == "approval_response_message")
    assert answer["approvals"] == [{**returned, "stdout": None, "stderr": None}]
    assert [answer[name] for name in ("approve", "approval_request_id", "reason", "otid")] == [None] * 4

    again = await turn(http, talker, messages=[approval], client_tools=[LOOK_UP])
    assert "keep-alive ping" in again["messages"][0]["content"]


async def test_text_and_reasoning_come_with_the_request(http: Http, talker: str) -> None:
    text = '!say Wait.\n!think first\n!call look_up {"word":"Ada"}'
    response = await turn(http, talker, input=text, client_tools=[LOOK_UP])
    assert types(response) == ["reasoning_message", "assistant_message", "approval_request_message"]


async def test_returns_as_messages_of_their_own(http: Http, talker: str) -> None:
    call = (await turn(http, talker, input=ASKED, client_tools=[LOOK_UP]))["messages"][0]["tool_call"]
    returned = {"type": "tool", "tool_call_id": call["tool_call_id"], "status": "error", "stdout": ["line"]}
    returned["tool_return"] = [{"type": "text", "text": "oops"}]
    further = {"role": "user", "content": "And then?"}
    response = await turn(http, talker, messages=[{"type": "tool_return", "tool_returns": [returned]}, further])
    tool = response["messages"][0]
    assert (tool["tool_return"], tool["status"], tool["stdout"]) == ("oops", "success", ["line"])
    assert tool["tool_returns"][0]["tool_return"] == [{"type": "text", "text": "oops", "signature": None}]
    assert response["messages"][1]["content"] == "Echo: And then?"


async def test_returns_of_other_calls(http: Http, talker: str) -> None:
    call = (await turn(http, talker, input=ASKED, client_tools=[LOOK_UP]))["messages"][0]["tool_call"]
    returned = {"type": "tool", "tool_call_id": "call_other", "tool_return": "", "status": "success"}
    wrong = {"messages": [{"type": "approval", "approvals": [returned]}]}
    detail = f"Invalid tool call IDs. Expected '['{call['tool_call_id']}']', but received '['call_other']'."
    answer = await http.post(f"/v1/agents/{talker}/messages", wrong)
    assert (answer.status, answer.detail) == (400, detail)
    found = await streamed(http, f"/v1/agents/{talker}/messages/stream", wrong)
    assert kinds(found) == ["ping", "error", "error_message", "[DONE]"]
    assert found[2]["detail"] == detail


async def test_an_approval_that_nobody_waits_for(http: Http, talker: str) -> None:
    body = {"messages": [{"type": "approval", "approve": True, "approval_request_id": "message-1"}]}
    answer = await http.post(f"/v1/agents/{talker}/messages", body)
    assert (answer.status, answer.detail[:35]) == (400, "Cannot process approval response: N")


async def test_cancelling_denies_what_an_agent_waits_for(http: Http, talker: str) -> None:
    request = (await turn(http, talker, input=ASKED, client_tools=[LOOK_UP]))["messages"][0]
    cancelled = await http.post(f"/v1/agents/{talker}/messages/cancel")
    assert cancelled.json == {request["run_id"]: "cancelled"}
    answer, returned = (await http.get(f"/v1/agents/{talker}/messages?order=asc")).json[-2:]
    reason = "The user cancelled the request, so the tool call was denied."
    assert (answer["message_type"], answer["approve"], answer["reason"]) == ("approval_response_message", False, reason)
    assert returned["tool_return"] == f"Error: request to call tool denied. User reason: {reason}"
    assert types(await turn(http, talker, input="go on")) == ["assistant_message"]


# --- approvals ------------------------------------------------------------------------------------------------------


async def ask(http: Http, agent_id: str) -> dict[str, Any]:
    text = '!call ask_me {"q":"why"}\n!then\n!say after'
    (request,) = (await turn(http, agent_id, input=text))["messages"]
    assert request["message_type"] == "approval_request_message"
    return request


async def test_a_tool_that_was_approved_is_run(http: Http, careful: str) -> None:
    request = await ask(http, careful)
    approval = {"type": "approval", "tool_call_id": request["tool_call"]["tool_call_id"], "approve": True}
    tool, said = (await turn(http, careful, messages=[{"type": "approval", "approvals": [approval]}]))["messages"]
    assert (tool["name"], tool["tool_return"], tool["status"]) == ("ask_me", "asked why", "success")
    assert (tool["stdout"], tool["stderr"], said["content"]) == ([], [], "after")
    kept = (await http.get(f"/v1/agents/{careful}/messages?order=asc")).json
    answer = next(each for each in kept if each["message_type"] == "approval_response_message")
    assert answer["approvals"] == [{**approval, "reason": None}]
    assert (answer["approve"], answer["approval_request_id"]) == (True, approval["tool_call_id"])


async def test_a_tool_that_was_denied_is_not(http: Http, careful: str) -> None:
    request = await ask(http, careful)
    denial = {"type": "approval", "tool_call_id": request["tool_call"]["tool_call_id"], "approve": False}
    denial["reason"] = "too risky"
    tool, said = (await turn(http, careful, messages=[{"type": "approval", "approvals": [denial]}]))["messages"]
    assert (tool["name"], tool["status"]) == (None, "error")
    assert tool["tool_return"] == "Error: request to call tool denied. User reason: too risky"
    assert said["content"] == "after"


async def test_the_old_form_of_an_approval(http: Http, careful: str) -> None:
    request = await ask(http, careful)
    old = {"type": "approval", "approval_request_id": request["id"]}
    denied = await turn(http, careful, messages=[{**old, "approve": False, "reason": "no"}])
    assert (denied["messages"], denied["stop_reason"]["stop_reason"]) == ([], "invalid_tool_call")
    approved = await turn(http, careful, messages=[{**old, "approve": True}])
    assert types(approved) == ["tool_return_message", "assistant_message"]


# --- streaming as an option -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"stream_tokens": True}, "stream_tokens can only be true when streaming=true"),
        ({"include_pings": False}, "include_pings can only be set to false when streaming=true"),
        (
            {"background": True, "stream_tokens": True},
            "stream_tokens can only be true when streaming=true; background can only be true when streaming=true",
        ),
    ],
)
async def test_options_of_streams_without_one(http: Http, talker: str, options: dict[str, Any], wrong: str) -> None:
    answer = await http.post(f"/v1/agents/{talker}/messages", {"input": "x", **options})
    assert (answer.status, answer.detail) == (
        422,
        f"Streaming options set without streaming enabled. {wrong}. "
        "Either set streaming=true or use default values for streaming options.",
    )


async def test_a_stream_on_request_is_for_clients_of_version_1(http: Http, talker: str) -> None:
    body = {"input": "x", "streaming": True}
    answer = await http.post(f"/v1/agents/{talker}/messages", body, headers={"User-Agent": "letta-client/0.1.2"})
    assert (answer.status, answer.detail) == (422, "streaming=true is only supported for SDK v1.0+ clients.")
    found = await streamed(http, f"/v1/agents/{talker}/messages", body, headers=OFFICIAL)
    assert kinds(found) == ["ping", "assistant_message", "end_turn", "usage_statistics", "[DONE]"]
