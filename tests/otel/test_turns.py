"""Spans of turns: what the conventions for generative AI want, and the messages only where they are asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from letta_async import AsyncLetta, StreamError
from letta_async.otel import OpenTelemetry
from letta_async.testing import EmbeddedServer
from tests.otel.telemetry import Telemetry, attributes

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
USAGE = {
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 5,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "gen_ai.usage.reasoning.output_tokens": 3,
}


def of_turn(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of generative AI."""
    found = {name: value for name, value in attributes(span).items() if name.startswith("gen_ai.")}
    assert found.pop("gen_ai.usage.cache_creation.input_tokens", 0) == 0
    return found


async def test_a_turn(client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer, agent_id: str) -> None:
    letta_server.model.reply("hello", usage=(12, 5, 4, 3))
    response = await client.agents.messages.create(agent_id, input="hi", override_model="letta/letta-free")
    span = telemetry.span
    assert span.name == "invoke_agent"
    assert of_turn(span) == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "letta",
        "gen_ai.agent.id": agent_id,
        "gen_ai.request.model": "letta/letta-free",
        "gen_ai.response.finish_reasons": ("end_turn",),
        **USAGE,
    }
    found = attributes(span)
    assert found["letta_async.run_id"] == response.messages[-1].run_id
    assert found["url.template"] == "/v1/agents/{agent_id}/messages"
    tokens = {point["gen_ai.token.type"]: data.sum for point, data in telemetry.points("gen_ai.client.token.usage")}
    assert tokens == {"input": 12, "output": 5}
    ((measured, data),) = telemetry.points("gen_ai.client.operation.duration")
    assert (measured["gen_ai.request.model"], data.count) == ("letta/letta-free", 1)


async def test_a_stream_ends_its_span_when_it_is_closed(
    client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer, agent_id: str
) -> None:
    letta_server.model.reply("one two three", usage=(12, 5, 4, 3))
    async with client.agents.messages.stream(agent_id, input="hi", stream_tokens=True) as stream:
        async for _ in stream:
            assert telemetry.spans == []
    span = telemetry.span
    found = of_turn(span)
    elapsed = found.pop("gen_ai.response.time_to_first_chunk")
    assert found == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "letta",
        "gen_ai.agent.id": agent_id,
        "gen_ai.request.stream": True,
        "gen_ai.response.finish_reasons": ("end_turn",),
        **USAGE,
    }
    assert [event.name for event in span.events] == ["letta_async.first_event"]
    ((_, data),) = telemetry.points("gen_ai.client.operation.time_to_first_chunk")
    assert (data.count, data.sum) == (1, elapsed)
    ((_, data),) = telemetry.points("gen_ai.client.operation.duration")
    assert data.sum > elapsed > 0


async def test_a_stream_that_is_left_early_has_no_usage(
    client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer, agent_id: str
) -> None:
    letta_server.model.reply("one two three", hold=1)
    async with client.agents.messages.stream(agent_id, input="hi", stream_tokens=True) as stream:
        async for event in stream:
            if event.message_type == "assistant_message":
                break
    assert telemetry.span.status.status_code is StatusCode.UNSET
    assert "gen_ai.usage.input_tokens" not in attributes(telemetry.span)
    assert telemetry.points("gen_ai.client.token.usage") == []


async def test_a_turn_that_fails_in_its_stream(
    client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer, agent_id: str
) -> None:
    letta_server.model.fail(message="MostSecret", after=2)
    with pytest.raises(StreamError, match="MostSecret"):
        await client.agents.messages.stream(agent_id, input="hi", stream_tokens=True).collect()
    found = attributes(telemetry.span)
    assert (found["error.type"], found["http.response.status_code"]) == ("StreamError", 200)
    ((measured, _),) = telemetry.points("gen_ai.client.operation.duration")
    assert measured["error.type"] == "StreamError"
    assert "MostSecret" not in telemetry.text()


async def test_conversations_and_runs(client: AsyncLetta, telemetry: Telemetry, agent_id: str) -> None:
    conversation = await client.conversations.create(agent_id=agent_id)
    telemetry.clear()
    async with await client.conversations.messages.create(conversation.id, input="hi") as stream:
        async for _ in stream:
            pass
    await client.conversations.messages.create("default", agent_id=agent_id, input="hi", streaming=False)
    run = await client.agents.messages.create_async(agent_id, input="hi")
    streamed, default, started = map(attributes, telemetry.spans)
    assert streamed["gen_ai.conversation.id"] == conversation.id
    assert streamed["gen_ai.request.stream"] is True
    assert "gen_ai.conversation.id" not in default
    assert default["gen_ai.agent.id"] == agent_id
    assert started["letta_async.run_id"] == run.id


async def test_a_stream_of_a_turn_that_has_begun_is_no_second_turn(
    client: AsyncLetta, telemetry: Telemetry, agent_id: str
) -> None:
    turn = client.agents.messages.stream(agent_id, input="hi", background=True)
    run_id = (await turn.collect()).messages[0].run_id
    assert run_id is not None
    telemetry.clear()
    await client.runs.messages.stream(run_id).collect()
    assert telemetry.span.name == "POST /v1/runs/{run_id}/stream"
    ((_, data),) = telemetry.points("gen_ai.client.operation.duration")
    assert data.count == 1


# --- content ----------------------------------------------------------------------------------------------------------


async def test_messages_are_recorded_only_when_asked_for(
    client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer, agent_id: str
) -> None:
    model = letta_server.model
    model.tool("look", "'found it'")
    calls = [model.call("look", {"where": "here"})]
    for _ in range(3):
        model.reply(*calls)
        model.reply("done")
    await client.agents.messages.create(agent_id, input="MostPrivate")
    assert "MostPrivate" not in telemetry.text()
    telling = client.with_options(instrumentation=telemetry.instrumentation(capture_content=True))
    telemetry.clear()
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "where?"}]}]
    await telling.agents.messages.create(agent_id, messages=messages)
    await telling.agents.messages.stream(agent_id, messages=messages, stream_tokens=True).collect()
    for span in telemetry.spans:
        found = attributes(span)
        assert json.loads(found["gen_ai.input.messages"]) == [
            {"role": "user", "parts": [{"type": "text", "content": "where?"}]}
        ]
        called, returned, said = json.loads(found["gen_ai.output.messages"])
        (call,) = called["parts"]
        assert (call["type"], call["name"], json.loads(call["arguments"])["where"]) == ("tool_call", "look", "here")
        (answer,) = returned["parts"]
        assert (returned["role"], answer["type"], answer["id"]) == ("tool", "tool_call_response", call["id"])
        assert "found it" in answer["response"]
        assert said == {
            "role": "assistant",
            "parts": [{"type": "text", "content": "done"}],
            "finish_reason": "end_turn",
        }


async def test_returns_of_tools_are_recorded(
    client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer, agent_id: str
) -> None:
    telling = client.with_options(instrumentation=telemetry.instrumentation(capture_content=True))
    letta_server.model.reply(letta_server.model.call("ask"), reasoning="hm")
    tools: list[Any] = [{"name": "ask", "description": "Ask.", "parameters": {"type": "object", "properties": {}}}]
    response = await telling.agents.messages.create(agent_id, input="?", client_tools=tools)
    (call,) = response.pending_calls
    approval = {"type": "tool", "tool_call_id": call.tool_call_id, "tool_return": "so", "status": "success"}
    answer: list[Any] = [{"type": "approval", "approvals": [approval]}]
    await telling.agents.messages.create(agent_id, messages=answer, client_tools=tools)
    asked, answered = map(attributes, telemetry.spans)
    thought, called = json.loads(asked["gen_ai.output.messages"])
    assert thought["parts"] == [{"type": "reasoning", "content": "hm"}]
    assert (called["parts"][0]["name"], called["finish_reason"]) == ("ask", "requires_approval")
    assert json.loads(answered["gen_ai.input.messages"]) == [
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": call.tool_call_id, "response": "so"}]}
    ]


@pytest.mark.parametrize(
    ("value", "captures"), [("", False), ("true", True), ("SPAN_ONLY", True), ("event_only", False)]
)
def test_the_environment_can_ask_for_messages(value: str, captures: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONTENT, value)
    assert OpenTelemetry()._content is captures
    assert OpenTelemetry(capture_content=False)._content is False
