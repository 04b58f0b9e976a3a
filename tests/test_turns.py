"""What a turn takes and gives: input, messages, responses, and the joining of pieces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    ApprovalCreate,
    ApprovalRequestMessage,
    ApprovalReturn,
    AssistantMessage,
    AsyncLetta,
    AuthenticationError,
    ConflictError,
    ImageContent,
    InvalidArgumentError,
    LettaResponse,
    LettaStopReason,
    LettaUsageStatistics,
    MessageCreate,
    ReasoningMessage,
    SummaryMessage,
    TextContent,
    ToolArgumentsError,
    ToolCall,
    ToolCallMessage,
    ToolReturn,
    UserMessage,
    accumulate,
)
from letta_async._http.request import CallOptions, build
from letta_async.config import ClientConfig
from letta_async.operations.agent_messages import CreateAgentMessages, StreamAgentMessages
from letta_async.operations.conversation_messages import CreateMessages
from tests.faults.scripts import answer
from tests.faults.server import Peer, Server

AGENT = "agent-00000000-0000-4000-8000-000000000000"
CONVERSATION = "conv-00000000-0000-4000-8000-000000000000"
CONFIG = ClientConfig(api_key=None, base_url="http://localhost:8283")
BUSY = (
    b'{"detail":"CONFLICT: Cannot send a new message: Another request (run_id=run-1) is currently being processed for '
    b'this conversation. Please wait for it to complete.","run_id":"run-1"}'
)
PENDING = (
    b'{"detail":{"code":"PENDING_APPROVAL","message":"CONFLICT: Cannot send a new message: The agent is waiting"}}'
)
WHOLE = b'{"messages": [], "stop_reason": {"stop_reason": "end_turn"}, "usage": {}}'
PNG = b"\x89PNG\r\n\x1a\n rest"


def body(**given: Any) -> Any:
    request = build(CreateAgentMessages, {"agent_id": AGENT, **given}, CallOptions(), CONFIG)
    return json.loads(request.body or b"")


def problems(operation: Any = CreateAgentMessages, options: CallOptions | None = None, **given: Any) -> list[str]:
    where = {"conversation_id": CONVERSATION} if operation is CreateMessages else {"agent_id": AGENT}
    with pytest.raises(InvalidArgumentError) as caught:
        build(operation, {**where, **given}, options or CallOptions(), CONFIG)
    return [str(problem) for problem in caught.value.faults]


# --- input ------------------------------------------------------------------------------------------------------------


def test_messages_are_classes_or_mappings() -> None:
    said = {"type": "message", "role": "user", "content": "Hi"}
    assert body(messages=[MessageCreate(role="user", content="Hi")]) == {"messages": [said]}
    assert body(messages=[{"role": "user", "content": "Hi"}]) == {"messages": [said]}
    approvals = [
        ApprovalReturn(tool_call_id="call-1", approve=False, reason="no"),
        ToolReturn(tool_call_id="call-2", tool_return="4", status="success"),
    ]
    assert body(messages=[ApprovalCreate(approvals=approvals)]) == {
        "messages": [
            {
                "type": "approval",
                "approvals": [
                    {"type": "approval", "tool_call_id": "call-1", "approve": False, "reason": "no"},
                    {"type": "tool", "tool_call_id": "call-2", "tool_return": "4", "status": "success"},
                ],
            }
        ]
    }


def test_input_is_text_or_parts(tmp_path: Path) -> None:
    assert body(input="Hi") == {"input": "Hi"}
    path = tmp_path / "cat"
    path.write_bytes(PNG)
    parts = [TextContent(text="What is this?"), ImageContent.from_file(path), {"type": "text", "text": "?"}]
    sent = body(input=[*parts, ImageContent.from_url("https://example.com/cat.png")])["input"]
    assert [part["type"] for part in sent] == ["text", "image", "text", "image"]
    assert sent[1]["source"]["media_type"] == "image/png"
    assert sent[3]["source"] == {"type": "url", "url": "https://example.com/cat.png"}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF1234WEBPVP8", "image/webp"),
    ],
)
def test_images_are_recognized(data: bytes, kind: str) -> None:
    source: Any = ImageContent.from_bytes(data, detail="low").source
    assert (source.media_type, source.detail) == (kind, "low")


def test_an_image_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="pass media_type"):
        ImageContent.from_bytes(b"hello")
    with pytest.raises(InvalidArgumentError, match="No such file"):
        ImageContent.from_file(tmp_path / "missing.png")
    source: Any = ImageContent.from_bytes(b"hello", "image/bmp").source
    assert source.media_type == "image/bmp"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["input: is required, or messages"]),
        ({"input": None}, ["input: is required, or messages"]),
        ({"input": "a", "messages": []}, ["input: excludes messages; give one of them", "messages: is empty"]),
        ({"input": ""}, ["input: is empty"]),
        ({"messages": []}, ["messages: is empty"]),
        ({"input": "a", "background": True}, ["background: True goes with a stream; pass streaming=True"]),
        ({"input": "a", "include_pings": False}, ["include_pings: False goes with a stream; pass streaming=True"]),
        ({"input": "a", "max_steps": 0}, ["max_steps: 0 (int) is out of range; allowed: at least 1"]),
        (
            {"messages": [{"type": "aproval", "approvals": []}]},
            [
                "messages[0].type: 'aproval' is unknown; allowed: 'message', 'approval', 'tool_return'; "
                "did you mean approval?"
            ],
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, None),
        ({"messages": [{"role": "user", "content": "x", "nmae": "y"}]}, None),
        ({"messages": [{"type": "tool_return", "tool_returns": [{"type": "tool", "tool_return": "x"}]}]}, None),
        ({"input": [{"type": "image", "source": {"type": "url"}}]}, ["input[0].source.url: is required"]),
        ({"input": "a", "client_tools": [{"description": "x"}]}, ["client_tools[0].name: is required"]),
        ({"input": "a", "wait_if_busy": -1}, ["wait_if_busy: -1 (int) is out of range; allowed: at least 0"]),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(given: dict[str, Any], expected: list[str] | None) -> None:
    found = problems(**given)
    assert found == (expected or found)
    assert found


def test_extra_body_may_carry_the_input() -> None:
    request = build(CreateAgentMessages, {"agent_id": AGENT}, CallOptions(extra_body={"input": "x"}), CONFIG)
    assert json.loads(request.body or b"") == {"input": "x"}


def test_what_the_api_deprecates_is_warned_of() -> None:
    with pytest.warns(DeprecationWarning, match="use_assistant_message is deprecated by the API"):
        body(input="x", use_assistant_message=False)


def test_only_a_background_stream_marks_its_messages() -> None:
    assert body(input="x") == {"input": "x"}
    request = build(StreamAgentMessages, {"agent_id": AGENT, "input": "x"}, CallOptions(), CONFIG)
    assert json.loads(request.body or b"") == {"input": "x"}
    mine = [{"role": "user", "content": "a", "otid": "mine"}, {"role": "user", "content": "b"}]
    given = {"agent_id": AGENT, "messages": mine, "background": True}
    sent = json.loads(build(StreamAgentMessages, given, CallOptions(), CONFIG).body or b"")["messages"]
    assert sent[0]["otid"] == "mine"
    assert len(sent[1]["otid"]) == 36
    off = build(StreamAgentMessages, {**given, "resume": False}, CallOptions(), CONFIG)
    assert "otid" not in json.loads(off.body or b"")["messages"][1]


def test_a_turn_is_repeatable_only_where_the_server_knows_it() -> None:
    def repeatable(operation: Any, **given: Any) -> bool:
        where = {"conversation_id": CONVERSATION} if operation is CreateMessages else {"agent_id": AGENT}
        return build(operation, {**where, "input": "x", **given}, CallOptions(), CONFIG).repeatable

    assert repeatable(CreateMessages, background=True)
    assert not repeatable(CreateMessages)
    assert not repeatable(CreateMessages, background=True, resume=False)
    assert not repeatable(StreamAgentMessages, background=True)
    assert not repeatable(CreateAgentMessages)


# --- responses --------------------------------------------------------------------------------------------------------


def test_a_response_gives_what_programs_look_for() -> None:
    call = ToolCall(name="add", arguments='{"a": 1}', tool_call_id="call-1")
    response = LettaResponse(
        messages=[
            ReasoningMessage(id="message-1", reasoning="hm"),
            AssistantMessage(id="message-1", content="One."),
            ToolCallMessage(id="message-2", tool_calls=[call], tool_call=call),
            AssistantMessage(id="message-3", content=[TextContent(text="Tw"), TextContent(text="o.")]),
        ],
        stop_reason=LettaStopReason(stop_reason="requires_approval"),
    )
    assert response.text == "One.\nTwo."
    assert [call.parsed_arguments for call in response.tool_calls] == [{"a": 1}]
    assert response.requires_approval
    assert response.pending_calls == []
    asked = ApprovalRequestMessage(id="message-4", tool_calls=[call])
    waiting = LettaResponse(messages=[*response.messages, asked], stop_reason=response.stop_reason)
    assert waiting.pending_calls == [call]
    assert len(waiting.tool_calls) == 2
    assert not LettaResponse(messages=[]).requires_approval


@pytest.mark.parametrize("arguments", ['{"a": ', "[1]", "null", "NaN", "1" * 5000])
def test_arguments_that_are_no_object_say_so(arguments: str) -> None:
    with pytest.raises(ToolArgumentsError, match="call of 'add' are not a JSON object") as caught:
        _ = ToolCall(name="add", arguments=arguments).parsed_arguments
    assert (caught.value.tool_name, caught.value.arguments) == ("add", arguments)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("arguments", [None, "", " "])
def test_no_arguments_are_an_empty_object(arguments: str | None) -> None:
    assert ToolCall(name="now", arguments=arguments).parsed_arguments == {}


# --- pieces -----------------------------------------------------------------------------------------------------------


def call_piece(name: str | None, arguments: str | None, call_id: str | None) -> ApprovalRequestMessage:
    piece = ToolCall(name=name, arguments=arguments, tool_call_id=call_id)
    return ApprovalRequestMessage(id="message-2", tool_calls=piece, tool_call=piece)


def test_pieces_are_joined_by_message_and_by_call() -> None:
    response = accumulate(
        [
            UserMessage(id="message-0", content="summary"),
            ReasoningMessage(id="message-1", reasoning="h"),
            ReasoningMessage(id="message-1", reasoning="m", signature="s"),
            AssistantMessage(id="message-1", content="O"),
            AssistantMessage(id="message-1", content="ne"),
            call_piece("add", None, "call-1"),
            call_piece(None, '{"a"', "call-1"),
            call_piece(None, ": 1}", None),
            call_piece("now", None, "call-2"),
            SummaryMessage(id="message-3", summary="s"),
            LettaStopReason(stop_reason="requires_approval"),
        ]
    )
    kinds = [message.message_type for message in response.messages]
    assert kinds == [
        "user_message",
        "reasoning_message",
        "assistant_message",
        "approval_request_message",
        "summary_message",
    ]
    assert response.messages[1] == ReasoningMessage(id="message-1", reasoning="hm", signature="s")
    assert response.text == "One"
    assert response.tool_calls == [
        ToolCall(name="add", arguments='{"a": 1}', tool_call_id="call-1"),
        ToolCall(name="now", tool_call_id="call-2"),
    ]
    request: Any = response.messages[3]
    assert request.tool_call == response.tool_calls[0]
    assert response.requires_approval
    assert response.usage == LettaUsageStatistics()


def test_whole_messages_stay_as_they_are() -> None:
    calls = [ToolCall(name="a", arguments="{}", tool_call_id="1"), ToolCall(name="b", arguments="{}", tool_call_id="2")]
    messages = [
        AssistantMessage(id="message-1", content="One"),
        AssistantMessage(id="message-2", content=[TextContent(text="Two")]),
        ToolCallMessage(id="message-3", tool_calls=calls, tool_call=calls[0]),
    ]
    assert accumulate(messages).messages == messages


# --- busy -------------------------------------------------------------------------------------------------------------


def conflicts(number: int, body: bytes = BUSY) -> Any:
    """Return a script that answers 409 to a number of requests, and then with a whole turn."""
    left = [number]

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            left[0] -= 1
            await peer.send(answer(409, body) if left[0] >= 0 else answer(200, WHOLE))

    return script


async def turn(client: AsyncLetta, **options: Any) -> LettaResponse:
    return await client.conversations.messages.create(CONVERSATION, input="x", streaming=False, **options)


async def test_a_busy_conversation_is_waited_for(far: Server) -> None:
    far.follow(conflicts(9))
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with AsyncLetta(base_url=far.url, max_retries=0) as client:
        client._transport.retries.sleep = sleep
        assert (await turn(client, wait_if_busy=60)).stop_reason == LettaStopReason(stop_reason="end_turn")
    assert len(far.requests) == 10
    assert len(waits) == 9
    assert all(0.1 <= wait <= 2 for wait in waits)
    assert waits[0] <= 0.5


async def test_it_is_not_waited_for_unasked_nor_too_long(far: Server) -> None:
    far.follow(conflicts(10**6))

    async def sleep(_: float) -> None:
        return

    async with AsyncLetta(base_url=far.url) as client:
        client._transport.retries.sleep = sleep
        with pytest.raises(ConflictError, match="currently being processed"):
            await turn(client)
        assert len(far.requests) == 1
        with pytest.raises(ConflictError) as caught:
            await turn(client, wait_if_busy=0.1)
        assert len(caught.value.attempts) == len(far.requests) - 1 > 1


async def test_an_approval_is_not_waited_for(far: Server) -> None:
    far.follow(conflicts(1, PENDING))
    async with AsyncLetta(base_url=far.url) as client:
        with pytest.raises(ConflictError, match="waiting"):
            await turn(client, wait_if_busy=60)
    assert len(far.requests) == 1


async def test_other_failures_meanwhile_keep_to_the_retry_policy(far: Server) -> None:
    answers = [answer(409, BUSY), answer(503, b"{}", "Retry-After: 0"), answer(409, BUSY), answer(200, WHOLE)]

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(answers.pop(0))

    far.follow(script)

    async def sleep(_: float) -> None:
        return

    async with AsyncLetta(base_url=far.url, max_retries=1) as client:
        client._transport.retries.sleep = sleep
        await turn(client, wait_if_busy=60)
    assert answers == []


async def test_a_raw_call_that_meets_a_stream_says_that_the_server_has_acted(far: Server) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(200, b"data: {}\n\n", "Content-Type: text/event-stream", length=999))
        await peer.stall()

    far.follow(script)
    async with AsyncLetta(base_url=far.url) as client:
        with pytest.raises(Exception, match=r"is an event stream.*client\.agents\.messages\.stream.*has processed"):
            await client.post(f"/v1/agents/{AGENT}/messages", body={"input": "x", "streaming": True})
        assert client.stats.in_flight == 0


@pytest.mark.parametrize("key", [None, "k", lambda: "k"], ids=["none", "text", "callable"])
async def test_a_providers_401_is_not_taken_for_a_wrong_key_of_ours(far: Server, key: Any) -> None:
    refused = b'{"error":{"type":"llm_authentication","message":"Authentication failed.","detail":"x"}}'

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(401, refused))

    far.follow(script)
    async with AsyncLetta(base_url=far.url, api_key=key) as client:
        with pytest.raises(
            AuthenticationError, match="model's provider rejected the key that the server has"
        ) as caught:
            await turn(client)
    assert "no API key was sent" not in str(caught.value)
    assert len(far.requests) == 1


# --- what has no form on the wire -------------------------------------------------------------------------------------

HUGE = 10**5000
"""Number with more digits than Python writes."""


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"extra_body": {"a": [HUGE]}}, "extra_body.a[0]"),
        ({"extra_query": {"a": HUGE}}, "extra_query.a"),
        ({"extra_query": {"a": "\ud800"}}, "extra_query.a"),
        ({"extra_query": {"\udfff": 1}}, "extra_query"),
        ({"timeout": HUGE}, "timeout"),
        ({"timeout": 10**400}, "timeout"),
        ({"timeout": [HUGE]}, "timeout"),
    ],
)
def test_options_that_cannot_be_written_are_invalid_arguments(options: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        build(CreateAgentMessages, {"agent_id": AGENT, "input": "x"}, CallOptions(**options), CONFIG)
    assert [each.path for each in caught.value.faults] == [path]


def test_a_number_that_cannot_be_written_is_an_invalid_argument() -> None:
    for number in (HUGE, 2**63, -(2**63) - 1):
        with pytest.raises(InvalidArgumentError, match=r"max_steps: .* does not fit into the 64 bits"):
            body(input="x", max_steps=number)
    assert body(input="x", max_steps=2**63 - 1)["max_steps"] == 2**63 - 1


# --- pieces that a server got wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        AssistantMessage(id="message-1", content=None),  # type: ignore[arg-type]
        AssistantMessage(id=[], content="x"),  # type: ignore[arg-type]
        ReasoningMessage(id="message-1", reasoning=4),  # type: ignore[arg-type]
        ToolCallMessage(id="message-1", tool_calls=[None]),  # type: ignore[list-item]
        ApprovalRequestMessage(id="message-1", tool_calls=[ToolCall(tool_call_id=[])]),  # type: ignore[arg-type]
        ToolCallMessage(id="message-1", tool_call=ToolCall(tool_call_id="call-1", arguments={})),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_joined_is_kept_as_it_came(wrong: Any) -> None:
    pieces = [AssistantMessage(id="message-1", content="a"), wrong, AssistantMessage(id="message-1", content="b")]
    assert accumulate(pieces).messages == [AssistantMessage(id="message-1", content="ab"), wrong]
