"""What a turn takes: input, messages, images and options, and what of them is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from letta_async import (
    ApprovalCreate,
    ApprovalReturn,
    ImageContent,
    InvalidArgumentError,
    MessageCreate,
    TextContent,
    ToolReturn,
)
from letta_async._http.request import CallOptions
from letta_async._http.request_building import build
from letta_async.config import ClientConfig
from letta_async.operations.agent_messages import CreateAgentMessages, StreamAgentMessages
from letta_async.operations.conversation_messages import CreateMessages

AGENT = "agent-00000000-0000-4000-8000-000000000000"
CONVERSATION = "conv-00000000-0000-4000-8000-000000000000"
CONFIG = ClientConfig(api_key=None, base_url="http://localhost:8283")
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
