"""The model of an embedded server: rules, what it was asked, tools, time, and streams that break off."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import pytest

from letta_async import Letta
from letta_async.testing import EmbeddedServer, Failure, Reply, SimulatedClock, ToolCall


def post(server: EmbeddedServer, path: str, **body: Any) -> Any:
    """Return the response to a request, whatever its status."""
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.base_url}/v1/{path}", data, headers)
    opener = urllib.request.build_opener(Lenient())
    with opener.open(request, timeout=20) as response:
        return json.loads(response.read())


class Lenient(urllib.request.HTTPErrorProcessor):
    """Takes errors for responses."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response


class Stream:
    """The events of a stream, as they arrive."""

    def __init__(self, server: EmbeddedServer, path: str, **body: Any) -> None:
        data = json.dumps({"include_pings": False, **body}).encode()
        request = urllib.request.Request(f"{server.base_url}/v1/{path}", data, {"Content-Type": "application/json"})
        self.response = urllib.request.urlopen(request, timeout=20)

    def __iter__(self) -> Iterator[Any]:
        with self.response:
            for line in self.response:
                if line.startswith(b"data: {"):
                    yield json.loads(line[6:])


@pytest.fixture
def agent_id(client: Letta) -> str:
    return client.agents.create(model="any/model").id


def texts(events: Any) -> list[str]:
    return [event["content"] for event in events if event["message_type"] == "assistant_message"]


def said(server: EmbeddedServer, agent_id: str, text: str, **body: Any) -> str:
    """Return what the agent says to a text."""
    response = post(server, f"agents/{agent_id}/messages", input=text, **body)
    return " / ".join(texts(response["messages"]))


# --- rules ----------------------------------------------------------------------------------------------------------


def test_without_a_rule_the_model_repeats_what_it_was_told(server: EmbeddedServer, agent_id: str) -> None:
    assert said(server, agent_id, "Hällo") == "Hällo"


def test_rules_are_met_in_their_order_and_used_up(server: EmbeddedServer, agent_id: str) -> None:
    once = server.model.reply("once")
    weather = server.model.reply("sunny", when="weather", times=2)
    loud = server.model.reply("loud", when=str.isupper, times=None)
    replies = [
        said(server, agent_id, text) for text in ("weather", "the weather", "weather?", "weather", "A", "B", "b")
    ]
    assert replies == ["once", "sunny", "sunny", "weather", "loud", "loud", "b"]
    assert [(rule.met, rule.left) for rule in (once, weather, loud)] == [(1, 0), (2, 0), (2, None)]
    loud.cancel()
    assert said(server, agent_id, "C") == "C"


def test_a_function_gets_what_the_model_gets(server: EmbeddedServer, agent_id: str) -> None:
    seen: list[Any] = []

    def reply(prompt: Any) -> Any:
        seen.append(prompt)
        return {1: "text", 2: ToolCall(name="none", arguments="{}"), 3: Reply(text="after")}[len(seen)]

    server.model.reply(reply, times=None)
    assert said(server, agent_id, "one") == "text"
    assert said(server, agent_id, "two") == "after"
    assert [message["role"] for message in seen[2]] == ["system", "user", "assistant", "user", "assistant", "tool"]
    call = seen[2][4]["tool_calls"][0]
    assert (call["name"], seen[2][5]["tool_call_id"]) == ("none", call["id"])
    assert list(server.model.prompts) == seen


def test_replies_of_several_parts(server: EmbeddedServer, agent_id: str) -> None:
    model = server.model
    model.tool("weather", lambda city: f"sunny in {city}")
    model.reply("Let me see.", model.call("weather", {"city": "Rome"}), reasoning="hmm", usage=[7, 3])
    model.reply("It is sunny.", finish="length")
    response = post(server, f"agents/{agent_id}/messages", input="weather?")
    types = [message["message_type"] for message in response["messages"]]
    assert types == ["reasoning_message", "tool_call_message", "tool_return_message", "assistant_message"]
    returned = response["messages"][2]
    assert (returned["tool_return"], returned["status"]) == ("sunny in Rome", "success")
    assert response["stop_reason"]["stop_reason"] == "max_tokens_exceeded"
    assert response["usage"]["completion_tokens"] == 3 + 3


def test_a_tool_that_fails_and_one_that_says_a_word(server: EmbeddedServer, agent_id: str) -> None:
    model = server.model
    model.tool("divide", lambda by: 1 / by)
    model.tool("word", "yes")
    model.reply(model.call("divide", {"by": 0}))
    model.reply(model.call("word", "not JSON"))
    response = post(server, f"agents/{agent_id}/messages", input="x")
    returns = [(each["tool_return"], each["status"]) for each in response["messages"] if "tool_return" in each]
    assert returns == [
        ("Error executing function divide: ZeroDivisionError: division by zero", "error"),
        ("yes", "success"),
    ]


def test_failures(server: EmbeddedServer, agent_id: str) -> None:
    server.model.fail(status=429, message="slow down")
    server.model.fail(status=None)
    server.model.fail(after=2, text="one two three")
    assert "slow down" in post(server, f"agents/{agent_id}/messages", input="x")["error"]["detail"]
    response = post(server, f"agents/{agent_id}/messages", input="x")
    assert response["error"]["detail"].endswith("Failed to connect to OpenAI: Connection error.")
    events = list(Stream(server, f"agents/{agent_id}/messages/stream", input="x", stream_tokens=True))
    assert texts(events) == ["one", " two"]
    assert events[-1]["error_type"] == "internal_error"


def test_what_is_no_rule(server: EmbeddedServer) -> None:
    model = server.model
    wrong: list[Any] = [
        lambda: model.reply(),
        lambda: model.reply("a", lambda _prompt: "b"),
        lambda: model.reply("a", times=0),
        lambda: model.reply("a", delay=-1),
    ]
    for rule in wrong:
        with pytest.raises(ValueError):
            rule()
    with pytest.raises(TypeError, match="is made of texts and tool calls"):
        model.reply(5)  # type: ignore[arg-type]  # on purpose


def test_it_can_forget(server: EmbeddedServer, agent_id: str) -> None:
    server.model.reply("no")
    server.model.summary = "short"
    server.model.clear()
    assert (said(server, agent_id, "yes"), len(server.model.prompts), server.model.summary) == ("yes", 1, None)


def test_summaries(server: EmbeddedServer, agent_id: str) -> None:
    everything = {"compaction_settings": {"mode": "all"}}
    for expected in ("Summary of 2 messages.", "short", "3 in all"):
        said(server, agent_id, "Hello")
        compacted = post(server, f"agents/{agent_id}/summarize", **everything)
        assert compacted["summary"] == expected
        server.model.summary = "short" if expected.startswith("Summary") else lambda prompt: f"{len(prompt)} in all"


# --- time -----------------------------------------------------------------------------------------------------------


def test_a_reply_is_held_until_it_is_released(server: EmbeddedServer, agent_id: str) -> None:
    rule = server.model.reply("one two three", hold=1, times=2)
    stream = Stream(server, f"agents/{agent_id}/messages/stream", input="x", stream_tokens=True)
    events = iter(stream)
    first = next(events)
    assert first["content"] == "one"
    with Letta(base_url=server.base_url) as client:
        assert client.get(f"/v1/runs/{first['run_id']}")["status"] == "running"
    rule.release()
    assert texts(events) == [" two", " three"]
    assert said(server, agent_id, "x") == "one two three"


def test_a_reply_is_held_before_its_first_token(server: EmbeddedServer) -> None:
    server.model.reply("one", hold=0)
    assert server.model.answer([{"role": "user", "content": "x"}])[0].hold == 0


def test_a_held_reply_that_is_cancelled(server: EmbeddedServer, agent_id: str) -> None:
    server.model.reply("one two", hold=1)
    stream = Stream(server, f"agents/{agent_id}/messages/stream", input="x", stream_tokens=True, background=True)
    events = iter(stream)
    run_id = next(events)["run_id"]
    assert post(server, f"agents/{agent_id}/messages/cancel") == {run_id: "cancelled"}
    assert [event["stop_reason"] for event in events] == ["cancelled"]


def test_a_server_that_stops_ends_its_streams() -> None:
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        agent_id = client.agents.create(model="any/model").id
        server.model.reply("one two", hold=1)
        events = iter(Stream(server, f"agents/{agent_id}/messages/stream", input="x", stream_tokens=True))
        next(events)
        reader = threading.Thread(target=list, args=[events])
        reader.start()
    reader.join(10)
    assert not reader.is_alive()


def test_a_simulated_clock_moves_where_the_model_takes_its_time() -> None:
    clock = SimulatedClock()
    began = clock()
    with EmbeddedServer(clock=clock) as server, Letta(base_url=server.base_url) as client:
        agent_id = client.agents.create(model="any/model").id
        server.model.reply("one two three", wait=60, delay=5)
        events = list(Stream(server, f"agents/{agent_id}/messages/stream", input="x", stream_tokens=True))
    assert (clock() - began).total_seconds() == 70
    assert [event["date"][14:19] for event in events[:3]] == ["01:00", "01:05", "01:10"]


def test_silence_is_filled_with_pings() -> None:
    with EmbeddedServer(ping_interval=0.05) as server, Letta(base_url=server.base_url) as client:
        agent_id = client.agents.create(model="any/model").id
        rule = server.model.reply("one two", hold=1)
        body = {"input": "x", "stream_tokens": True, "include_pings": True, "background": True}
        events = iter(Stream(server, f"agents/{agent_id}/messages/stream", **body))
        found = [next(events) for _ in range(4)]
        assert [event["message_type"] for event in found] == ["ping", "assistant_message", "ping", "ping"]
        # A ping between two events has the number of the one before it.
        assert [event["seq_id"] for event in found] == [1, 2, 2, 2]
        rule.release()
        assert texts(events) == [" two"]


def test_an_old_run_is_no_longer_streamed() -> None:
    clock = SimulatedClock()
    with EmbeddedServer(clock=clock) as server, Letta(base_url=server.base_url) as client:
        agent_id = client.agents.create(model="any/model").id
        events = list(Stream(server, f"agents/{agent_id}/messages/stream", input="x", background=True))
        clock.advance(3 * 3600 + 1)
        answer = post(server, f"runs/{events[0]['run_id']}/stream")
        assert answer == {"detail": "Run was created more than 3 hours ago, and is now expired."}


# --- streams that break off -----------------------------------------------------------------------------------------


def test_a_stream_is_cut_after_some_events_and_the_turn_goes_on(server: EmbeddedServer, agent_id: str) -> None:
    server.script("POST", "*/messages/stream", cut_after=2)
    body = {"input": "one two three", "stream_tokens": True, "background": True}
    stream = Stream(server, f"agents/{agent_id}/messages/stream", **body)
    with pytest.raises(IncompleteRead) as caught:
        stream.response.read()
    events = [json.loads(line[6:]) for line in caught.value.partial.splitlines() if line]
    assert texts(events) == ["one", " two"]
    rest = list(Stream(server, f"runs/{events[0]['run_id']}/stream", starting_after=2))
    assert texts(rest) == [" three"]


def test_a_stream_is_cut_in_the_middle_of_an_event(server: EmbeddedServer, agent_id: str) -> None:
    server.script("POST", "*/messages/stream", cut_off=20)
    stream = Stream(server, f"agents/{agent_id}/messages/stream", input="one")
    with pytest.raises(IncompleteRead) as caught:
        stream.response.read()
    assert caught.value.partial == b'data: {"id":"message'


def test_a_client_that_leaves_harms_nobody(server: EmbeddedServer, agent_id: str) -> None:
    rule = server.model.reply("one two", hold=1)
    stream = Stream(server, f"agents/{agent_id}/messages/stream", input="x", stream_tokens=True)
    next(iter(stream))
    stream.response.close()
    rule.release()
    assert said(server, agent_id, "still there") == "still there"


# --- models and files -----------------------------------------------------------------------------------------------


def test_a_server_with_certain_models() -> None:
    with EmbeddedServer(models=["own/one"]) as server, Letta(base_url=server.base_url) as client:
        own = client.agents.create(model="own/one", embedding="letta/letta-free")
        assert (own.model, said(server, own.id, "Hello")) == ("own/one", "Hello")
        silent = client.agents.create(model="letta/letta-free")
        answer = post(server, f"agents/{silent.id}/messages", input="Hello")
        assert "Failed to connect" in answer["error"]["detail"]
        unknown = post(server, "agents/", model="other/one")
        assert unknown == {"detail": "NOT_FOUND: Handle other/one not found, must be one of []"}


def test_any_model_answers_unless_told_otherwise(server: EmbeddedServer, client: Letta) -> None:
    for handle in ("letta/letta-free", "anthropic/claude"):
        agent = client.agents.create(model=handle, embedding="openai/text-embedding-3-small")
        assert (agent.model, said(server, agent.id, "Hello")) == (handle, "Hello")


def test_turns_are_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "letta.db"
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        agent_id = client.agents.create(model="any/model").id
        call = server.model.call("ask", {})
        server.model.tool("ask", requires_approval=True)
        server.model.reply(call, reasoning="hm")
        post(server, f"agents/{agent_id}/messages", input="x")
        before = [client.get(f"/v1/agents/{agent_id}/messages"), client.get("/v1/runs/")]
    with EmbeddedServer(path=path) as server, Letta(base_url=server.base_url) as client:
        assert [client.get(f"/v1/agents/{agent_id}/messages"), client.get("/v1/runs/")] == before
        server.model.tool("ask", "yes", requires_approval=True)
        approval = {"type": "approval", "approvals": [{"type": "approval", "tool_call_id": call.id, "approve": True}]}
        response = post(server, f"agents/{agent_id}/messages", messages=[approval])
        assert response["messages"][0]["tool_return"] == "yes"
        client.agents.delete(agent_id)
        assert client.get("/v1/runs/") == []


def test_a_failure_as_a_reply(server: EmbeddedServer, agent_id: str) -> None:
    server.model.reply(lambda _prompt: Reply(failure=Failure(status=401, message="who?")))
    assert post(server, f"agents/{agent_id}/messages", input="x")["error"]["type"] == "llm_authentication"
