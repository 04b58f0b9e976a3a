"""Turns whose response is an event stream: pieces, failures in the middle, streaming a run again, cancelling, busy."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.conftest import Make
from tests.contract.events import DONE, Stream, events, kinds, streamed, texts
from tests.contract.test_turns import ASKED, LOOK_UP, turn
from tests.contract.wire import UNKNOWN, UNKNOWN_CONVERSATION, Http, last_stop_reason

SLOW = "!words 30\n!pace 0.1"
TOKENS = {"stream_tokens": True}
QUIET = {"include_pings": False}
BACKGROUND = {"background": True}


async def say(http: Http, agent_id: str, text: str, **body: Any) -> list[Any]:
    """Return the events of a turn."""
    return await streamed(http, f"/v1/agents/{agent_id}/messages/stream", {"input": text, **body})


async def status_of(http: Http, run_id: str) -> tuple[str, str | None]:
    run = (await http.get(f"/v1/runs/{run_id}")).json
    return run["status"], run["stop_reason"]


async def test_the_bytes_of_a_stream(http: Http, talker: str) -> None:
    answer = await http.post(f"/v1/agents/{talker}/messages/stream", {"input": "!say Hällo\n!usage 4 2"})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "content-length" not in answer.headers
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
    empty = '"sender_id":null,"step_id":STEP,"is_err":null,"seq_id":null,"run_id":"run-ID"'
    pattern = (
        f'data: {{"id":"ping-ID","date":"{moment}","name":null,"message_type":"ping","otid":null,'
        f"{empty.replace('STEP', 'null')}}}\n\n"
        f'data: {{"id":"message-ID","date":"{moment}","name":null,"message_type":"assistant_message","otid":"ID",'
        f'{empty.replace("STEP", chr(34) + "step-ID" + chr(34))},"content":"Hällo"}}\n\n'
        'data: {"message_type":"stop_reason","stop_reason":"end_turn"}\n\n'
        'data: {"message_type":"usage_statistics","completion_tokens":2,"prompt_tokens":4,"total_tokens":6,'
        '"step_count":1,"run_ids":null,"cached_input_tokens":0,"cache_write_tokens":0,"reasoning_tokens":0,'
        '"context_tokens":6}\n\ndata: [DONE]\n\n'
    )
    tail = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    assert re.fullmatch(
        pattern.replace("{", r"\{")
        .replace("}", r"\}")
        .replace(r"\d\{4\}", r"\d{4}")
        .replace("[DONE]", r"\[DONE\]")
        .replace("ID", tail),
        answer.body.decode(),
    )


@pytest.mark.parametrize("target", ["agents/{}/messages/stream", "conversations/{}/messages"])
async def test_a_message_in_pieces(http: Http, talker: str, target: str) -> None:
    body = {"input": "!think a b\n!say one  two", **TOKENS, **QUIET}
    found = await streamed(http, f"/v1/{target.format(talker)}", body)
    assert kinds(found) == [
        *["reasoning_message"] * 2,
        *["assistant_message"] * 2,
        *("end_turn", "usage_statistics", DONE),
    ]
    assert texts(found, "reasoning_message", "reasoning") == ["a", " b"]
    assert texts(found) == ["one", "  two"]
    assert len({event["id"] for event in found[:4]}) == 1
    assert len({event["otid"] for event in found[2:4]}) == 1
    assert found[5]["cache_write_tokens"] is None
    (kept,) = (await http.get(f"/v1/agents/{talker}/messages?limit=1")).json[1:]
    assert (kept["id"], kept["otid"], kept["content"]) == (found[2]["id"], found[2]["otid"], "one  two")


async def test_a_tool_call_in_pieces(http: Http, talker: str) -> None:
    found = await say(http, talker, '!call nothing {"first":"a long one"}\n!then\n!say done', **TOKENS, **QUIET)
    named, *pieces = [event for event in found if event != DONE and event["message_type"] == "tool_call_message"]
    call_id = named["tool_call"]["tool_call_id"]
    assert named["tool_call"] == named["tool_calls"] == {"name": "nothing", "tool_call_id": call_id}
    assert all(piece["tool_call"] == piece["tool_calls"] for piece in pieces)
    assert all(list(piece["tool_call"]) == ["arguments", "tool_call_id"] for piece in pieces)
    assert "".join(piece["tool_call"]["arguments"] for piece in pieces) == '{"first":"a long one"}'
    assert kinds(found)[-5:] == ["tool_return_message", "assistant_message", "end_turn", "usage_statistics", DONE]


async def test_a_request_for_an_approval_in_pieces(http: Http, talker: str) -> None:
    found = await say(http, talker, ASKED, client_tools=[LOOK_UP], **TOKENS, **QUIET)
    named, *pieces = found[:-3]
    call_id = named["tool_call"]["tool_call_id"]
    assert named["message_type"] == "approval_request_message"
    assert named["tool_call"] == named["tool_calls"] == {"name": "look_up", "arguments": None, "tool_call_id": call_id}
    assert "".join(piece["tool_call"]["arguments"] for piece in pieces) == '{"word":"Ada"}'
    assert {piece["tool_call"]["name"] for piece in pieces} == {None}
    assert (named["id"], kinds(found)[-3:]) == (named["otid"], ["requires_approval", "usage_statistics", DONE])
    (request,) = (await http.get(f"/v1/agents/{talker}/messages?limit=1")).json
    assert (request["id"], request["tool_call"]["arguments"]) == (named["id"], '{"word":"Ada"}')

    waiting = await say(http, talker, "Something else", **QUIET)
    assert kinds(waiting) == ["error", "error_message", DONE]
    assert waiting[1]["event"] == "error"
    assert waiting[1]["message"] == waiting[1]["detail"]
    assert waiting[1]["message"].startswith("CONFLICT: Cannot send a new message: The agent is waiting for approval")
    returned = {"type": "tool", "tool_call_id": call_id, "tool_return": "a name", "status": "success"}
    approval = {"messages": [{"type": "approval", "approvals": [returned]}], "client_tools": [LOOK_UP], **TOKENS}
    after = await streamed(http, f"/v1/agents/{talker}/messages/stream", approval)
    # Of what the client returned itself, a stream of tokens says nothing.
    assert kinds(after)[:2] == ["ping", "assistant_message"]
    assert texts(after) == ["I", " see."]


async def test_some_types_alone(http: Http, talker: str) -> None:
    body = {"include_return_message_types": ["assistant_message"], **BACKGROUND}
    found = await say(http, talker, "!think a\n!say b", **body)
    assert kinds(found) == ["ping", "assistant_message", "end_turn", "usage_statistics", DONE]
    assert [event["seq_id"] for event in found[:2]] == [1, 2]


async def test_events_arrive_while_the_model_writes(http: Http, talker: str) -> None:
    body = {"input": "!words 3\n!pace 0.3", **TOKENS}
    async with Stream.open(http, f"/v1/agents/{talker}/messages/stream", body) as stream:
        ping, first = await stream.next(), await stream.next()
        assert (ping["message_type"], first["content"]) == ("ping", "word1")
        assert await status_of(http, ping["run_id"]) == ("running", None)
        assert texts(await stream.rest()) == [" word2", " word3"]
    assert await status_of(http, ping["run_id"]) == ("completed", "end_turn")


# --- failures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (500, "llm_error", "An error occurred with the LLM request."),
        (402, "llm_error", "An error occurred with the LLM request."),
        (400, "llm_error", "An error occurred with the LLM request."),
        (
            429,
            "llm_rate_limit",
            "Rate limit exceeded for LLM model provider. Please wait before making another request.",
        ),
        (401, "llm_authentication", "Authentication failed with the LLM model provider."),
    ],
)
async def test_a_model_that_fails(http: Http, talker: str, status: int, kind: str, message: str) -> None:
    answer = await http.post(f"/v1/agents/{talker}/messages/stream", {"input": f"!status {status}", **TOKENS})
    assert answer.status == 200
    assert b"\n\nevent: error\ndata: " in answer.body
    ping, stop, error, done = events(answer.body)
    assert (ping["message_type"], stop, done) == (
        "ping",
        {"message_type": "stop_reason", "stop_reason": "llm_api_error"},
        DONE,
    )
    assert list(error) == ["message_type", "run_id", "error_type", "message", "detail", "seq_id", "event"]
    assert (error["error_type"], error["message"]) == (kind, message)
    assert f"Error code: {status} - " in error["detail"]
    run = (await http.get(f"/v1/runs/{ping['run_id']}")).json
    assert (run["status"], run["stop_reason"]) == ("failed", "llm_api_error")
    del error["event"]
    assert run["metadata"] == {"run_type": "send_message_streaming", "error": error}
    assert await last_stop_reason(http, talker) == "llm_api_error"


@pytest.mark.parametrize(
    ("directive", "detail"),
    [
        ("!error 3", "INVALID_ARGUMENT: OpenAI API error: as the message asks"),
        ("!break 3", "INTERNAL_SERVER_ERROR: Connection error during OpenAI streaming: peer closed connection "),
    ],
)
@pytest.mark.parametrize("background", [False, True])
async def test_a_model_that_fails_in_the_middle(
    http: Http, talker: str, directive: str, detail: str, background: bool
) -> None:
    found = await say(http, talker, f"!words 9\n{directive}", background=background, **TOKENS, **QUIET)
    assert kinds(found) == [*["assistant_message"] * 2, "error", "llm_api_error", "error_message"]
    error = found[-1]
    assert (error["error_type"], error["message"]) == ("internal_error", "An error occurred during agent execution.")
    assert error["detail"].startswith(detail)
    assert error["seq_id"] == (5 if background else None)
    expected = ("failed" if background else "completed", "llm_api_error")
    assert await status_of(http, error["run_id"]) == expected
    assert len((await http.get(f"/v1/agents/{talker}/messages")).json) == 1


async def test_a_later_step_that_fails(http: Http, talker: str) -> None:
    found = await say(http, talker, "!call nothing {}\n!then\n!status 500", **QUIET)
    assert kinds(found) == ["tool_call_message", "tool_return_message", "llm_api_error", "error_message"]
    assert found[-1]["message"] == "An error occurred during agent execution."


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"messages": []}, "list index out of range"),
        ({"input": ""}, "Message content is empty or invalid"),
        ({"input": []}, "Message content is empty or invalid"),
    ],
)
async def test_messages_that_are_none(http: Http, talker: str, body: dict[str, Any], detail: str) -> None:
    found = await streamed(http, f"/v1/agents/{talker}/messages/stream", body)
    assert kinds(found) == ["ping", "error", "error_message", DONE]
    assert found[2]["message"] == "An unknown error occurred with the LLM streaming request."
    assert found[2]["detail"] == detail


async def test_a_reply_without_content(http: Http, talker: str) -> None:
    whole = await say(http, talker, "!say ")
    assert kinds(whole) == ["ping", "invalid_llm_response", "error_message", DONE]
    assert (whole[2]["error_type"], whole[2]["message"]) == ("llm_empty_response", "LLM returned an empty response.")
    assert kinds(await say(http, talker, "!say ", **TOKENS)) == ["ping", "end_turn", "usage_statistics", DONE]


# --- background and again -------------------------------------------------------------------------------------------


async def test_events_of_a_background_run_are_numbered_and_kept(http: Http, talker: str) -> None:
    found = await say(http, talker, "!words 4", **TOKENS, **BACKGROUND)
    assert [event.get("seq_id") for event in found[:-1]] == [1, 2, 3, 4, 5, None, None]
    run = f"/v1/runs/{found[0]['run_id']}/stream"
    assert await streamed(http, run, {}) == found
    assert await streamed(http, run, {"starting_after": 0, **QUIET}) == found
    for place in (1, 3, 5, 6, 7):
        assert await streamed(http, run, {"starting_after": place}) == found[place:]
    by_conversation = f"/v1/conversations/{talker}/stream"
    assert await streamed(http, by_conversation, {"run_id": found[0]["run_id"], "starting_after": 2}) == found[2:]


async def test_failures_and_their_numbers_are_kept_as_well(http: Http, talker: str) -> None:
    found = await say(http, talker, "!status 500", **BACKGROUND)
    assert kinds(found) == ["ping", "llm_api_error", "error_message"]
    assert found[2]["seq_id"] == 3
    run = f"/v1/runs/{found[0]['run_id']}/stream"
    assert await streamed(http, run, {}) == found
    assert await streamed(http, run, {"starting_after": 2}) == found[2:]


async def test_a_background_run_goes_on_without_its_client(http: Http, talker: str) -> None:
    target = f"/v1/agents/{talker}/messages/stream"
    async with Stream.open(http, target, {"input": "!words 8\n!pace 0.15", **TOKENS, **BACKGROUND}) as stream:
        ping = await stream.next()
        assert (await stream.next())["content"] == "word1"
    found = await streamed(http, f"/v1/runs/{ping['run_id']}/stream", {"starting_after": 2})
    assert texts(found) == [f" word{number}" for number in range(2, 9)]
    assert kinds(found)[-3:] == ["end_turn", "usage_statistics", DONE]


async def test_so_does_one_that_is_not_in_the_background(http: Http, talker: str) -> None:
    body = {"input": "!words 4\n!pace 0.2", **TOKENS}
    async with Stream.open(http, f"/v1/agents/{talker}/messages/stream", body) as stream:
        run_id = (await stream.next())["run_id"]
    await turn(http, talker, input="!wait 1.5\n!say Later")
    assert await status_of(http, run_id) == ("completed", "end_turn")
    listed = (await http.get(f"/v1/agents/{talker}/messages?order=asc")).json
    assert "word1 word2 word3 word4" in [message["content"] for message in listed]


async def test_a_conversation_shows_the_background_run_that_it_is_busy_with(
    http: Http, talker: str, make_conversation: Make
) -> None:
    conversation = (await make_conversation(talker))["id"]
    target, again = f"/v1/conversations/{conversation}/messages", f"/v1/conversations/{conversation}/stream"
    async with Stream.open(http, target, {"input": "!words 6\n!pace 0.2", **TOKENS, **BACKGROUND}) as stream:
        first = [await stream.next() for _ in range(3)]
        seen = await streamed(http, again, {"starting_after": 2})
        assert seen == [first[2], *await stream.rest()]
    answer = await http.post(again, {})
    assert (answer.status, answer.detail) == (
        400,
        "INVALID_ARGUMENT: No active runs found for this conversation.",
    )


async def test_the_otid_of_a_message_leads_to_its_run(http: Http, talker: str) -> None:
    otid = f"{talker.removeprefix('agent-')[:-4]}0000"
    body = {"messages": [{"role": "user", "content": "one", "otid": otid}], "agent_id": talker, **BACKGROUND}
    found = await streamed(http, "/v1/conversations/default/messages", body)
    assert await streamed(http, "/v1/conversations/default/messages", body) == found
    assert await streamed(http, "/v1/conversations/default/stream", {"otid": otid}) == found
    foreground = await streamed(http, "/v1/conversations/default/messages", {**body, "background": False})
    assert foreground[0]["run_id"] != found[0]["run_id"]
    kept = (await http.get(f"/v1/agents/{talker}/messages?order=asc")).json[1]
    assert (kept["content"], kept["otid"]) == ("one", otid)


async def test_runs_that_cannot_be_streamed_again(http: Http, talker: str) -> None:
    run_id = (await say(http, talker, "Hello"))[0]["run_id"]
    background = "Run was not created in background mode, so it cannot be retrieved."
    cases = [
        (f"runs/{run_id}/stream", {}, 400, f"INVALID_ARGUMENT: {background}"),
        (f"runs/run-{UNKNOWN}/stream", {}, 404, "Run not found with id="),
        (
            "runs/run-1/stream",
            {},
            400,
            "INVALID_ARGUMENT: Invalid run ID format: run-1. Expected format: 'run-<uuid4>'",
        ),
        (f"conversations/{UNKNOWN_CONVERSATION}/stream", {}, 400, "INVALID_ARGUMENT: No active runs found"),
        ("conversations/default/stream", {"run_id": f"run-{UNKNOWN}"}, 404, "Run not found with id="),
        ("conversations/default/stream", {"otid": "none"}, 404, "No run found for otid=none. The run may have expired"),
    ]
    for target, body, status, detail in cases:
        answer = await http.post(f"/v1/{target}", body)
        assert (answer.status, answer.detail[: len(detail)]) == (status, detail), target
    answer = await http.post(f"/v1/runs/{run_id}/stream", {"starting_after": None, "poll_interval": "x"})
    assert answer.complaints == [("int_type", "body.starting_after"), ("float_parsing", "body.poll_interval")]


# --- cancelling and busy --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("background", [False, True])
async def test_a_stream_that_is_cancelled(http: Http, talker: str, background: bool) -> None:
    body = {"input": SLOW, "background": background, **TOKENS}
    async with Stream.open(http, f"/v1/agents/{talker}/messages/stream", body) as stream:
        run_id = (await stream.next())["run_id"]
        await stream.next()
        answer = await http.post(f"/v1/agents/{talker}/messages/cancel", {"run_ids": [run_id]})
        assert answer.json == {run_id: "cancelled"}
        found = await stream.rest()
    assert kinds(found[-2:] if background else found[-1:]) == (["cancelled", DONE] if background else ["cancelled"])
    assert await status_of(http, run_id) == ("cancelled", "cancelled")
    # Neither what was said is kept nor what was asked.
    assert len((await http.get(f"/v1/agents/{talker}/messages")).json) == 1
    if background:
        again = await streamed(http, f"/v1/runs/{run_id}/stream", {"starting_after": 1})
        assert kinds(again[-2:]) == ["cancelled", DONE]
    assert (await turn(http, talker, input="Next"))["messages"][0]["content"] == "Echo: Next"


async def test_a_conversation_that_is_cancelled(http: Http, talker: str, make_conversation: Make) -> None:
    conversation = (await make_conversation(talker))["id"]
    async with Stream.open(http, f"/v1/conversations/{conversation}/messages", {"input": SLOW, **TOKENS}) as stream:
        run_id = (await stream.next())["run_id"]
        answer = await http.post(f"/v1/conversations/{conversation}/cancel")
        assert (answer.status, answer.json) == (200, {run_id: "cancelled"})
        assert kinds(await stream.rest())[-1] == "cancelled"
    answer = await http.post(f"/v1/conversations/{conversation}/cancel")
    assert (answer.status, answer.detail) == (
        409,
        f"CONFLICT: No active runs to cancel for conversation {conversation}",
    )


async def test_what_is_cancelled_when_nothing_runs(http: Http, talker: str) -> None:
    answer = await http.post(f"/v1/agents/{talker}/messages/cancel")
    assert (answer.status, answer.detail) == (409, f"CONFLICT: No active runs to cancel for agent {talker}")
    run_id = (await say(http, talker, "Hello"))[0]["run_id"]
    for body in ({}, {"run_ids": [run_id]}):
        assert (await http.post(f"/v1/agents/{talker}/messages/cancel", body)).json == {run_id: "cancelled"}
    assert await status_of(http, run_id) == ("completed", "end_turn")
    unknown = f"run-{UNKNOWN}"
    answer = await http.post(f"/v1/agents/{talker}/messages/cancel", {"run_ids": [unknown]})
    assert answer.json == {unknown: "failed"}


async def test_a_conversation_is_busy_while_it_streams(http: Http, talker: str, make_conversation: Make) -> None:
    conversation = (await make_conversation(talker))["id"]
    target = f"/v1/conversations/{conversation}/messages"
    async with Stream.open(http, target, {"input": SLOW, **TOKENS}) as stream:
        run_id = (await stream.next())["run_id"]
        await stream.next()
        busy = await http.post(target, {"input": "second"})
        assert (busy.status, busy.json) == (
            409,
            {
                "detail": f"CONFLICT: Cannot send a new message: Another request (run_id={run_id}) is currently being "
                "processed for this conversation. Please wait for it to complete.",
                "run_id": run_id,
            },
        )
        # Only streams take turns.
        whole = await http.post(target, {"input": "second", "streaming": False})
        assert whole.json["messages"][0]["content"] == "Echo: second"
        assert (await http.post(f"/v1/agents/{talker}/messages", {"input": "third"})).status == 200
        await http.post(f"/v1/conversations/{conversation}/cancel")
        await stream.rest()
    assert kinds(await streamed(http, target, {"input": "free"}))[-1] == DONE


async def test_an_agent_is_busy_as_a_conversation(http: Http, talker: str) -> None:
    target = f"/v1/conversations/{talker}/messages"
    async with Stream.open(http, target, {"input": SLOW, **TOKENS}) as stream:
        await stream.next()
        await stream.next()
        for body in ({"input": "x"}, {"input": "x", **BACKGROUND}, {"input": "x", "streaming": False}):
            assert (await http.post(target, body)).status == 409
            answer = await http.post("/v1/conversations/default/messages", {**body, "agent_id": talker})
            assert answer.status == 409
        assert (await http.post(f"/v1/agents/{talker}/messages/stream", {"input": "x"})).status == 200
        await http.post(f"/v1/conversations/{talker}/cancel")
        await stream.rest()
