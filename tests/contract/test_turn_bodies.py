"""What the bodies of turns must be, in the server's words: it reads a message as each of three kinds."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.contract.wire import UNKNOWN_AGENT, UNKNOWN_CONVERSATION, Http

MESSAGE: Final = "function-after[generate_otid_if_missing(), MessageCreate]"
APPROVAL: Final = (
    "function-after[migrate_deprecated_fields(), function-after[generate_otid_if_missing(), ApprovalCreate]]"
)
RETURNS: Final = "function-after[generate_otid_if_missing(), ToolReturnCreate]"
PARTS: Final = (
    "list[tagged-union[TextContent,ImageContent,ToolCallContent,ToolReturnContent,ReasoningContent,"
    "RedactedReasoningContent,OmittedReasoningContent,SummarizedReasoningContent]]"
)
TARGETS: Final = [
    f"/v1/agents/{UNKNOWN_AGENT}/messages",
    f"/v1/agents/{UNKNOWN_AGENT}/messages/stream",
    f"/v1/agents/{UNKNOWN_AGENT}/messages/async",
    f"/v1/conversations/{UNKNOWN_CONVERSATION}/messages",
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"input": "x", "messages": [{"role": "user", "content": "y"}]},
            "Cannot specify both 'input' and 'messages'. Use one or the other.",
        ),
        ({}, "Must specify either 'input' or 'messages'."),
        ({"input": None, "messages": None}, "Must specify either 'input' or 'messages'."),
    ],
)
async def test_either_input_or_messages(http: Http, target: str, body: dict[str, Any], message: str) -> None:
    answer = await http.post(target, body)
    shown = {**body}
    if body.get("messages"):
        shown["messages"] = [{**each, "type": "message"} for each in body["messages"]]
    problem = {"type": "value_error", "loc": ("body",), "msg": f"Value error, {message}", "input": shown}
    text = f"{repr(problem)[:-1]}, 'ctx': {{'error': ValueError({message!r})}}}}"
    assert (answer.status, answer.json) == (422, {"trace_id": "", "detail": f"[{text}]"})


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        ({"input": 5}, [("string_type", "input.str"), ("list_type", f"input.{PARTS}")]),
        ({"input": [5]}, [("string_type", "input.str"), ("model_attributes_type", f"input.{PARTS}.0")]),
        ({"input": [{"type": "x"}]}, [("string_type", "input.str"), ("union_tag_invalid", f"input.{PARTS}.0")]),
        ({"input": [{"text": "x"}]}, [("string_type", "input.str"), ("union_tag_not_found", f"input.{PARTS}.0")]),
        ({"input": [{"type": "text"}]}, [("string_type", "input.str"), ("missing", f"input.{PARTS}.0.text.text")]),
        (
            {"input": [{"type": "image", "source": {"type": "x"}}]},
            [("string_type", "input.str"), ("union_tag_invalid", f"input.{PARTS}.0.image.source")],
        ),
        ({"messages": 5}, [("list_type", "messages")]),
        ({"messages": [5]}, [("model_attributes_type", f"messages.0.{kind}") for kind in (MESSAGE, APPROVAL, RETURNS)]),
        (
            {"messages": [{"role": "tool", "content": "x"}]},
            [
                ("literal_error", f"messages.0.{MESSAGE}.role"),
                ("literal_error", f"messages.0.{APPROVAL}.type"),
                ("literal_error", f"messages.0.{RETURNS}.type"),
                ("missing", f"messages.0.{RETURNS}.tool_returns"),
            ],
        ),
        (
            {"messages": [{"type": "approval", "approvals": [{"type": "tool"}]}]},
            [
                ("literal_error", f"messages.0.{MESSAGE}.type"),
                ("missing", f"messages.0.{MESSAGE}.role"),
                ("missing", f"messages.0.{MESSAGE}.content"),
                ("missing", f"messages.0.{APPROVAL}.approvals.0.tool.tool_return"),
                ("missing", f"messages.0.{APPROVAL}.approvals.0.tool.status"),
                ("missing", f"messages.0.{APPROVAL}.approvals.0.tool.tool_call_id"),
                ("literal_error", f"messages.0.{RETURNS}.type"),
                ("missing", f"messages.0.{RETURNS}.tool_returns"),
            ],
        ),
        (
            {"messages": [{"type": "tool_return"}]},
            [
                ("literal_error", f"messages.0.{MESSAGE}.type"),
                ("missing", f"messages.0.{MESSAGE}.role"),
                ("missing", f"messages.0.{MESSAGE}.content"),
                ("literal_error", f"messages.0.{APPROVAL}.type"),
                ("missing", f"messages.0.{RETURNS}.tool_returns"),
            ],
        ),
        (
            {"input": "x", "client_tools": [{}], "client_skills": [{"name": "y"}], "max_steps": "z"},
            [
                ("int_parsing", "max_steps"),
                ("missing", "client_tools.0.name"),
                ("missing", "client_skills.0.description"),
                ("missing", "client_skills.0.location"),
            ],
        ),
        (
            {"input": "x", "include_return_message_types": ["y"], "use_assistant_message": "z"},
            [("bool_parsing", "use_assistant_message"), ("enum", "include_return_message_types.0")],
        ),
    ],
)
async def test_what_is_wrong_with_a_body(http: Http, body: dict[str, Any], complaints: list[tuple[str, str]]) -> None:
    for target in (TARGETS[0], TARGETS[3]):
        answer = await http.post(target, body)
        assert answer.complaints == [(kind, f"body.{place}") for kind, place in complaints]


@pytest.mark.parametrize("target", TARGETS)
async def test_no_body(http: Http, target: str) -> None:
    assert (await http.post(target)).complaints == [("missing", "body")]
    assert (await http.post(target, [1])).complaints == [("model_attributes_type", "body")]


@pytest.mark.parametrize("target", [TARGETS[0], TARGETS[3]])
async def test_no_messages(http: Http, target: str) -> None:
    answer = await http.post(target, {"messages": []})
    assert (answer.status, answer.json) == (422, {"detail": "Messages must not be empty"})


@pytest.mark.parametrize("content", ["", []])
async def test_a_message_without_content(http: Http, talker: str, content: Any) -> None:
    answer = await http.post(f"/v1/agents/{talker}/messages", {"messages": [{"role": "user", "content": content}]})
    assert (answer.status, answer.json) == (400, {"detail": "Message content is empty or invalid"})
