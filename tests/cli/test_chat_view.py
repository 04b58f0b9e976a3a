"""Text of a chat where a server sends what no server should."""

from __future__ import annotations

from typing import Any

import pytest

from letta_async import (
    ApprovalRequestMessage,
    AssistantMessage,
    LettaResponse,
    LettaStopReason,
    ReasoningMessage,
    TextContent,
    ToolCall,
    ToolCallMessage,
    ToolReturn,
    ToolReturnMessage,
)
from letta_async.cli.chat_view import TextView

WRONG: Any = [4]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (ReasoningMessage(id="message-1", reasoning=WRONG), "[4]"),
        (ToolCallMessage(id="message-1", tool_calls=[WRONG]), ""),
        (ToolCallMessage(id="message-1", tool_call=ToolCall(name=WRONG, tool_call_id=WRONG)), "call: [4]()"),
        (ToolReturnMessage(id="message-1", tool_return=WRONG), "return: ?: [4]"),
        (ToolReturnMessage(id="message-1", tool_returns=[WRONG]), "return: ?:"),
        (
            ToolReturnMessage(
                id="message-1", tool_returns=[ToolReturn(tool_return="x", status=WRONG, tool_call_id=WRONG)]
            ),
            "return: ?: x",
        ),
        (AssistantMessage(id=WRONG, content="x"), "x"),
        (AssistantMessage(id="message-1", content=[TextContent(text=WRONG), TextContent(text="x")]), "x"),
        (LettaStopReason(stop_reason=WRONG), "(the turn was cut short: [4])"),
    ],
)
def test_a_field_of_the_wrong_type_is_shown_as_it_is_or_not_at_all(
    event: Any, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    view = TextView(reasoning=True)
    view.show(event)
    view.end()
    captured = capsys.readouterr()
    assert (captured.out + captured.err).strip() == words


def test_the_tool_calls_of_a_response_are_calls() -> None:
    call = ToolCall(name="add", tool_call_id="call-1")
    response = LettaResponse(messages=[ApprovalRequestMessage(id="message-1", tool_calls=[WRONG, call])])
    assert response.tool_calls == [call]
