"""What a turn gives: responses, and the joining of the pieces of a stream to one."""

from __future__ import annotations

from typing import Any

import pytest

from letta_async import (
    ApprovalRequestMessage,
    AssistantMessage,
    LettaResponse,
    LettaStopReason,
    LettaUsageStatistics,
    ReasoningMessage,
    SummaryMessage,
    TextContent,
    ToolArgumentsError,
    ToolCall,
    ToolCallMessage,
    UserMessage,
    accumulate,
)

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
