"""Responses as classes: messages by their type, dates with a timezone, and unknown fields kept."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async import (
    AgentEnvironmentVariable,
    AgentState,
    APIResponseValidationError,
    ApprovalReturn,
    Block,
    CompactionSettings,
    CompactionStats,
    Conversation,
    ImageContent,
    Memory,
    Message,
    OpenAIModelSettings,
    SystemMessage,
    TerminalToolRule,
    TextContent,
    Tool,
    ToolCall,
    ToolReturn,
    UnknownMessage,
    UnknownModelSettings,
    UnknownToolRule,
    UrlImage,
    UserMessage,
)
from letta_async._http.request import CallOptions
from letta_async._http.request_building import build
from letta_async._http.response_decoding import Response, decode_response
from letta_async._schema.annotations import members_by_tag
from letta_async._schema.converter import read, write
from letta_async.config import ClientConfig
from letta_async.operations.conversation_messages import ListMessages
from letta_async.operations.conversations import RetrieveConversation
from tests.ids import AGENT, CONVERSATION
from tests.settings_strategies import JSON

COMMON = {
    "id": "message-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e",
    "date": "2026-11-22T15:44:03+00:00",
    "name": None,
    "otid": None,
    "sender_id": None,
    "step_id": None,
    "is_err": None,
    "seq_id": None,
    "run_id": None,
}
CALL = {"name": "search", "arguments": '{"q": 1}', "tool_call_id": "call-1"}
RETURN = {
    "type": "tool",
    "tool_return": "found",
    "status": "success",
    "tool_call_id": "call-1",
    "stdout": ["out"],
    "stderr": ["err"],
}
APPROVAL = {"type": "approval", "tool_call_id": "call-1", "approve": False, "reason": "no"}
STATS = {
    "trigger": "post_step_context_check",
    "context_tokens_before": 10,
    "context_tokens_after": 5,
    "context_window": 100,
    "messages_count_before": 9,
    "messages_count_after": 2,
}
PARTS = [{"type": "text", "text": "Hi"}, {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}]

SEEN: dict[str, dict[str, Any]] = {
    "system_message": {"content": "You are."},
    "user_message": {"content": PARTS},
    "reasoning_message": {"source": "reasoner_model", "reasoning": "hm", "signature": "s"},
    "hidden_reasoning_message": {"state": "redacted", "hidden_reasoning": "xx"},
    "tool_call_message": {"tool_call": CALL, "tool_calls": [CALL]},
    "tool_return_message": {
        **{name: value for name, value in RETURN.items() if name != "type"},
        "tool_returns": [RETURN],
    },
    "assistant_message": {"content": "Yes"},
    "approval_request_message": {"tool_call": CALL, "tool_calls": [CALL]},
    "approval_response_message": {
        "approvals": [APPROVAL, RETURN],
        "approve": None,
        "approval_request_id": None,
        "reason": None,
    },
    "summary_message": {"summary": "so far", "compaction_stats": STATS},
    "event_message": {"event_type": "compaction", "event_data": {"a": 1}},
}
"""A message of every type as Letta 0.16.8 writes it, but for what all have in common."""


def message(message_type: str, **fields: Any) -> dict[str, Any]:
    return {**COMMON, "message_type": message_type, **SEEN.get(message_type, {}), **fields}


def refusal(operation: Any, parameters: dict[str, object], body: bytes) -> str:
    """Read a body as the response of a call, and return the text of the error."""
    config = ClientConfig(api_key=None, base_url="http://localhost")
    request = build(operation, parameters, CallOptions(), config)
    with pytest.raises(APIResponseValidationError) as caught:
        decode_response(request, Response(200, {"Content-Type": "application/json"}, body), limit=10_000)
    return str(caught.value)


# --- messages -------------------------------------------------------------------------------------------------------


def test_every_type_of_the_schema_has_a_class() -> None:
    name, classes = members_by_tag(get_args(Message))
    assert name == "message_type"
    assert set(classes) == set(SEEN)
    assert set(get_args(Message)) == {*classes.values(), UnknownMessage}


@pytest.mark.parametrize("message_type", SEEN)
def test_a_message_of_every_type_is_read_with_all_its_fields(message_type: str) -> None:
    wire = message(message_type)
    (made,) = read(list[Message], [wire])
    assert made.message_type == message_type
    assert made.date == datetime(2026, 11, 22, 15, 44, 3, tzinfo=UTC)
    assert not made.extra_fields
    written = write(made)
    assert {name: written.get(name) for name in wire} == wire
    assert pickle.loads(pickle.dumps(made)) == made


def test_the_parts_of_a_message_have_classes_too() -> None:
    read_back = [read(list[Message], [message(kind)])[0] for kind in SEEN]
    parts = {made.message_type: made for made in read_back}
    assert parts["tool_call_message"].tool_calls == [ToolCall(**CALL)]
    assert parts["tool_return_message"].tool_returns == [ToolReturn(**RETURN)]
    assert parts["approval_response_message"].approvals == [ApprovalReturn(**APPROVAL), ToolReturn(**RETURN)]
    assert parts["summary_message"].compaction_stats == CompactionStats(**STATS)
    assert parts["user_message"].content == [
        TextContent(text="Hi"),
        ImageContent(source=UrlImage(url="https://x/y.png")),
    ]
    assert parts["user_message"].text == "Hi"


def test_a_part_of_a_call_as_streams_have_it_is_read() -> None:
    delta = {"name": None, "arguments": '{"q', "tool_call_id": "call-1"}
    (made,) = read(list[Message], [message("tool_call_message", tool_call=delta, tool_calls=delta)])
    assert made.tool_calls == made.tool_call == ToolCall(arguments='{"q', tool_call_id="call-1")


def test_a_type_that_is_not_known_is_a_message_all_the_same() -> None:
    (made,) = read(list[Message], [message("dream_message", content="sheep")])
    assert type(made) is UnknownMessage
    assert (made.message_type, made.id, made.extra_fields["content"]) == ("dream_message", COMMON["id"], "sheep")
    assert made.date == datetime(2026, 11, 22, 15, 44, 3, tzinfo=UTC)


def test_a_known_type_without_what_it_must_have_is_kept_whole() -> None:
    (made,) = read(list[Message], [{"message_type": "system_message", "id": "message-x", "text": "elsewhere"}])
    assert made == UnknownMessage(message_type="system_message", id="message-x", extra_fields={"text": "elsewhere"})


def test_new_fields_of_a_known_type_can_be_read() -> None:
    (made,) = read(list[Message], [message("user_message", mood={"good": True})])
    assert type(made) is UserMessage
    assert made.extra_fields == {"mood": {"good": True}}


@given(st.sampled_from([*SEEN, "dream_message"]), st.data())
def test_reading_a_message_never_fails_whatever_its_fields_hold(message_type: str, data: st.DataObject) -> None:
    wire = message(message_type)
    for name in wire:
        if name != "message_type":
            wire[name] = data.draw(JSON | st.just(wire[name]))
    (made,) = read(list[Message], [wire])
    assert made.message_type == message_type


# --- dates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T15:44:03Z", datetime(2026, 11, 22, 15, 44, 3, tzinfo=UTC)),
        ("2026-11-22T15:44:03.517227Z", datetime(2026, 11, 22, 15, 44, 3, 517227, UTC)),
        ("2026-11-22T15:44:03+00:00", datetime(2026, 11, 22, 15, 44, 3, tzinfo=UTC)),
        ("2026-11-22T15:44:03-03:00", datetime(2026, 11, 22, 15, 44, 3, tzinfo=timezone(timedelta(hours=-3)))),
        ("2026-11-22T15:44:03", datetime(2026, 11, 22, 15, 44, 3, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_with_its_zone_and_is_utc_without_one(text: str, moment: datetime) -> None:
    made = read(Conversation, {"id": CONVERSATION, "agent_id": AGENT, "created_at": text})
    assert made.created_at == moment
    assert made.created_at.utcoffset() == moment.utcoffset()
    assert datetime.fromisoformat(write(made)["created_at"]) == moment


@pytest.mark.parametrize("value", ["yesterday", "", "2026-13-01T00:00:00Z", 5, 1.5, True, [], {"at": 1}])
def test_what_is_no_date_stays_as_it_is(value: Any) -> None:
    made = read(Conversation, {"id": CONVERSATION, "agent_id": AGENT, "created_at": value, "updated_at": None})
    assert made.created_at == value
    assert made.updated_at is None


# --- other answers --------------------------------------------------------------------------------------------------


def test_an_agent_holds_classes_all_the_way_down() -> None:
    made = read(
        AgentState,
        {
            "id": AGENT,
            "blocks": [{"id": "block-x", "value": "Ada", "newer": 1}],
            "model_settings": {"provider_type": "openai", "temperature": 1.0},
            "compaction_settings": {"mode": "all", "model_settings": {"provider_type": "newer", "a": 1}},
            "llm_config": {"model": "m"},
            "tool_rules": [{"type": "exit_loop", "tool_name": "a"}, {"type": "newer", "tool_name": "b"}],
            "tools": [{"id": "tool-x", "name": "roll"}],
            "memory": {"blocks": [{"id": "block-x", "value": "Ada"}], "file_blocks": []},
            "newer": 1,
        },
    )
    assert made.blocks == [Block(id="block-x", value="Ada", extra_fields={"newer": 1})]
    assert made.model_settings == OpenAIModelSettings(temperature=1.0)
    newer = UnknownModelSettings(provider_type="newer", extra_fields={"a": 1})
    assert made.compaction_settings == CompactionSettings(mode="all", model_settings=newer)
    assert made.llm_config == {"model": "m"}  # not whole, so as it came
    assert made.tool_rules is not None
    assert made.tool_rules[0] == TerminalToolRule(tool_name="a")
    assert made.tool_rules[1] == UnknownToolRule(type="newer", extra_fields={"tool_name": "b"})
    assert made.tools == [Tool(id="tool-x", name="roll")]
    assert made.memory == Memory(blocks=[Block(id="block-x", value="Ada")], file_blocks=[])
    assert made.api_model_settings is made.model_settings
    assert made.extra_fields == {"newer": 1}
    assert (made.name, made.tags) == (None, None)


def test_an_agents_secrets_are_not_shown() -> None:
    secrets = [{"key": "TOKEN", "value": "hush"}]
    made = read(AgentState, {"id": AGENT, "secrets": secrets, "tool_exec_environment_variables": secrets})
    variables = [AgentEnvironmentVariable(key="TOKEN", value="hush")]
    assert made.secrets == made.tool_exec_environment_variables == variables
    assert "hush" not in repr(made)


def test_answers_can_be_put_in_a_set() -> None:
    made = [read(list[Message], [message(kind)])[0] for kind in SEEN]
    made.append(read(AgentState, {"id": AGENT, "blocks": [], "metadata": {}, "tags": []}))
    assert len(set(made)) == len(made)


def test_answers_are_what_they_are_and_not_changed() -> None:
    made = SystemMessage(id="message-x", content="text")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.content = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("user_message", "content"), ("assistant_message", "content"), ("reasoning_message", "reasoning")],
)
def test_the_text_of_a_message_can_be_assigned_to(kind: str, name: str) -> None:
    made, same = (read(list[Message], [message(kind)])[0] for _ in range(2))
    setattr(made, name, "other")
    assert (getattr(made, name), hash(made), made == same) == ("other", hash(same), False)
    for other in (copy.copy(made), pickle.loads(pickle.dumps(made)), attrs.evolve(made)):
        assert other == made
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.id = "message-y"  # type: ignore[misc]


@pytest.mark.parametrize("kind", SEEN)
def test_a_message_can_be_made_of_its_json(kind: str) -> None:
    json_value = message(kind)
    (seen,) = read(list[Message], [json_value])
    made: Any = type(seen)
    declared = {name: value for name, value in json_value.items() if name in attrs.fields_dict(made)}
    assert made(**declared) == attrs.evolve(seen, extra_fields={})


def test_the_arguments_of_a_tool_call_can_be_assigned_to() -> None:
    call: Any = ToolCall(name="roll", arguments='{"sides":')
    call.arguments += " 6}"
    assert call.parsed_arguments == {"sides": 6}
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        call.name = "other"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[]", "Conversation was promised, not an array"),
        (b"null", "Conversation was promised, not null"),
        (b'"text"', "Conversation was promised, not a JSON string"),
        (b"{}", "Conversation was promised, not an object without id and agent_id"),
        (b'{"id": "x"}', "Conversation was promised, not an object without agent_id"),
    ],
)
def test_an_answer_that_is_no_conversation_is_refused(body: bytes, reason: str) -> None:
    assert reason in refusal(RetrieveConversation, {"conversation_id": CONVERSATION}, body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "an array was promised, not an object"),
        (b"[5]", "an object with message_type was promised, not a number"),
        (b"[{}]", "an object with message_type was promised, not an object"),
    ],
)
def test_an_answer_that_is_no_list_of_messages_is_refused(body: bytes, reason: str) -> None:
    assert reason in refusal(ListMessages, {"conversation_id": CONVERSATION}, body)
