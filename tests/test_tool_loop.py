"""Turns in which the tools run here: what the agent gets back, in every way in which a call can go."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import json
import logging
import pickle
import threading
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import attrs
import pytest
from pydantic import BaseModel

from letta_async import (
    AsyncLetta,
    ClientTool,
    ConflictError,
    ImageContent,
    InvalidArgumentError,
    Letta,
    LettaResponse,
    TextContent,
    ToolCall,
    ToolLoopError,
    ToolRun,
)
from letta_async.testing import EmbeddedServer
from tests.contract.awaited import awaited
from tests.ids import AGENT, CONVERSATION

TURN = f"/v1/agents/{AGENT}/messages"


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture(params=["AsyncLetta", "Letta"])
async def sdk(request: pytest.FixtureRequest, server: EmbeddedServer) -> AsyncIterator[AsyncLetta]:
    if request.param == "AsyncLetta":
        async with AsyncLetta(base_url=server.base_url, max_retries=0) as client:
            yield client
    else:
        with Letta(base_url=server.base_url, max_retries=0) as facade:
            yield awaited(facade)


@pytest.fixture
async def client(server: EmbeddedServer) -> AsyncIterator[AsyncLetta]:
    async with AsyncLetta(base_url=server.base_url, max_retries=0) as client:
        yield client


def response(*messages: dict[str, Any], stop: str = "end_turn") -> dict[str, Any]:
    numbered = [{"id": f"message-{i}", **message} for i, message in enumerate(messages)]
    return {"messages": numbered, "stop_reason": {"message_type": "stop_reason", "stop_reason": stop}, "usage": None}


def says(text: str) -> dict[str, Any]:
    return response({"message_type": "assistant_message", "content": text})


def calls(*wanted: tuple[str, Any]) -> dict[str, Any]:
    """Return a response that calls tools; arguments that are no string are written as JSON."""
    made = [
        {
            "name": name,
            "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
            "tool_call_id": f"call-{i}",
        }
        for i, (name, arguments) in enumerate(wanted)
    ]
    request = {"message_type": "approval_request_message", "tool_calls": made, "tool_call": made[0]}
    return response(request, stop="requires_approval")


def answers(server: EmbeddedServer, *bodies: dict[str, Any], path: str = TURN) -> None:
    for body in bodies:
        server.script("POST", path, body=body)


def sent(server: EmbeddedServer, place: int = -1) -> list[dict[str, Any]]:
    """Return the approvals in a request."""
    (message,) = server.requests[place].json()["messages"]
    assert message["type"] == "approval"
    approvals: list[dict[str, Any]] = message["approvals"]
    return approvals


async def returned(client: AsyncLetta, server: EmbeddedServer, tool: Any, arguments: Any = "{}") -> tuple[str, Any]:
    """Return what is sent back for one call of a tool: the status and the return."""
    name = tool[0].name if isinstance(tool, tuple) else getattr(tool, "__name__", "tool")
    answers(server, calls((name, arguments)), says("done"))
    run = await client.agents.messages.run_tools(AGENT, tools=[tool], input="x")
    assert run.text == "done"
    (approval,) = sent(server)
    assert (approval["type"], approval["tool_call_id"]) == ("tool", "call-0")
    return approval["status"], approval["tool_return"]


# --- a turn -----------------------------------------------------------------------------------------------------------


def add(a: int, b: int = 1) -> int:
    """Add numbers."""
    return a + b


async def slow(a: int) -> str:
    """Wait for the event loop."""
    await asyncio.sleep(0)
    return f"slow {a}"


async def test_a_turn_without_calls_is_one_request(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    answers(server, says("hello"))
    run = await sdk.agents.messages.run_tools(AGENT, tools=[add], input="hi", max_steps=3, override_model="a/b")
    assert isinstance(run, ToolRun)
    assert (run.text, len(run.responses), run.requires_approval) == ("hello", 1, False)
    assert run.response is run.responses[0]
    (request,) = server.requests
    assert request.json() == {
        "input": "hi",
        "max_steps": 3,
        "override_model": "a/b",
        "streaming": False,
        "client_tools": [
            {
                "name": "add",
                "description": "Add numbers.",
                "parameters": {
                    "type": "object",
                    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                    "required": ["a"],
                },
            }
        ],
    }


async def test_calls_are_run_and_returned_until_the_turn_ends(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    answers(server, calls(("add", {"a": 1})), calls(("slow", {"a": 2}), ("add", {"a": 2, "b": 3})), says("5"))
    run = await sdk.agents.messages.run_tools(
        AGENT, tools=[add, slow], messages=[{"role": "user", "content": "add"}], max_turns=3, override_model="a/b"
    )
    assert run.text == "5"
    assert [message.message_type for message in run.messages] == [
        "approval_request_message",
        "approval_request_message",
        "assistant_message",
    ]
    first, second, third = (request.json() for request in server.requests)
    assert first["messages"] == [{"type": "message", "role": "user", "content": "add"}]
    assert second.keys() == third.keys() == first.keys()
    assert second["client_tools"] == first["client_tools"]
    assert second["override_model"] == "a/b"
    assert [(a["tool_call_id"], a["tool_return"], a["status"]) for a in sent(server, 1)] == [("call-0", "2", "success")]
    assert [(a["tool_call_id"], a["tool_return"], a["status"]) for a in sent(server, 2)] == [
        ("call-0", "slow 2", "success"),
        ("call-1", "5", "success"),
    ]


async def test_a_conversation_has_the_same(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    path = f"/v1/conversations/{CONVERSATION}/messages"
    answers(server, calls(("add", {"a": 1})), says("2"), path=path)
    assert (await sdk.conversations.messages.run_tools(CONVERSATION, tools=[add], input="x")).text == "2"
    assert [request.json()["streaming"] for request in server.requests] == [False, False]
    answers(server, says("direct"), path="/v1/conversations/default/messages")
    run = await sdk.conversations.messages.run_tools("default", agent_id=AGENT, tools=[], input="x")
    assert run.text == "direct"
    assert server.requests[-1].json() == {"input": "x", "agent_id": AGENT, "streaming": False}


async def test_calls_of_one_response_run_at_the_same_time(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    meeting, loop_meeting = threading.Barrier(2, timeout=20), asyncio.Barrier(2)

    def meet(a: int) -> int:
        meeting.wait()
        return a

    async def gather(a: int) -> int:
        await asyncio.wait_for(loop_meeting.wait(), 20)
        return a

    answers(server, calls(*[(name, {"a": a}) for name in ("meet", "gather") for a in (1, 2)]), says("met"))
    await sdk.agents.messages.run_tools(AGENT, tools=[meet, gather], input="x")
    assert [approval["tool_return"] for approval in sent(server)] == ["1", "2", "1", "2"]


async def test_tools_without_async_leave_the_loop_free_and_have_the_callers_context(
    client: AsyncLetta, server: EmbeddedServer
) -> None:
    loop, variable = asyncio.get_running_loop(), contextvars.ContextVar[str]("variable")
    variable.set("seen")

    def tool() -> str:
        assert asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "free"), loop).result(20) == "free"
        return variable.get()

    assert await returned(client, server, tool) == ("success", "seen")


def test_a_tool_may_call_the_sync_client_itself(server: EmbeddedServer) -> None:
    with Letta(base_url=server.base_url) as client:

        def tool() -> int:
            return len(client.get("/v1/agents/"))

        answers(server, calls(("tool", {})), says("done"))
        client.agents.messages.run_tools(AGENT, tools=[tool], input="x")
        assert sent(server)[0]["tool_return"] == "0"


async def test_too_many_responses_are_an_error_that_has_them(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    ran: list[int] = []

    def count(a: int) -> None:
        ran.append(a)

    answers(server, *[calls(("count", {"a": n})) for n in range(9)])
    with pytest.raises(ToolLoopError, match=r"after max_turns=3 responses .* tools: count$") as caught:
        await sdk.agents.messages.run_tools(AGENT, tools=[count], input="x", max_turns=3)
    assert ran == [0, 1]
    assert [type(each) for each in caught.value.responses] == [LettaResponse] * 3
    assert pickle.loads(pickle.dumps(caught.value)).responses == caught.value.responses


async def test_errors_of_requests_are_raised(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    answers(server, calls(("add", {"a": 1})))
    server.script("POST", TURN, status=409, body={"detail": "CONFLICT: no"})
    with pytest.raises(ConflictError):
        await sdk.agents.messages.run_tools(AGENT, tools=[add], input="x")


async def test_types_of_messages_to_return_always_have_the_calls(client: AsyncLetta, server: EmbeddedServer) -> None:
    answers(server, says("x"))
    await client.agents.messages.run_tools(
        AGENT, tools=[add], input="x", include_return_message_types=["assistant_message"]
    )
    wanted = ["assistant_message", "approval_request_message"]
    assert server.requests[-1].json()["include_return_message_types"] == wanted


# --- what tools return ------------------------------------------------------------------------------------------------


class Color(Enum):
    RED = "red"


class Word(StrEnum):
    GO = "go"


@dataclass
class Point:
    x: int
    when: date


@attrs.frozen
class Line:
    points: tuple[Point, ...]


class Model(BaseModel):
    when: datetime


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is: é", "as it is: é"),
        (Word.GO, "go"),
        (None, "None"),
        (True, "true"),
        (1.5, "1.5"),
        ([1, "é", None], '[1, "é", null]'),
        ([], "[]"),
        ({"a": (1, {2})}, '{"a": [1, [2]]}'),
        (OrderedDict({1: "a", Color.RED: "b", None: "c"}), '{"1": "a", "red": "b", "None": "c"}'),
        (Color.RED, '"red"'),
        (Line((Point(1, NOON.date()),)), '{"points": [{"x": 1, "when": "2026-01-01"}]}'),
        (Model(when=NOON), '{"when": "2026-01-01T12:00:00Z"}'),
        (NOON, '"2026-01-01T12:00:00+00:00"'),
        ([Path("a"), Decimal("1.10"), uuid.UUID(int=0)], f'["a", "1.10", "{uuid.UUID(int=0)}"]'),
        (ToolCall(name="x"), '{"name": "x", "arguments": null, "tool_call_id": null}'),
    ],
    ids=str,
)
async def test_what_a_tool_returns_is_text_or_json(
    client: AsyncLetta, server: EmbeddedServer, value: Any, text: str
) -> None:
    def tool() -> Any:
        return value

    assert await returned(client, server, tool) == ("success", text)


async def test_texts_and_images_are_returned_as_parts(client: AsyncLetta, server: EmbeddedServer) -> None:
    image = ImageContent.from_url("https://example.com/a.png")

    def one() -> TextContent:
        return TextContent(text="a")

    def both() -> list[TextContent | ImageContent]:
        return [TextContent(text="a"), image]

    assert [part["type"] for part in (await returned(client, server, one))[1]] == ["text"]
    assert [part["type"] for part in (await returned(client, server, both))[1]] == ["text", "image"]


@pytest.mark.parametrize("value", [object(), {"a": b"x"}, Point], ids=repr)
async def test_what_has_no_form_in_json_is_an_error(client: AsyncLetta, server: EmbeddedServer, value: Any) -> None:
    def tool() -> Any:
        return value

    status, text = await returned(client, server, tool)
    assert status == "error"
    assert text.startswith("TypeError: the tool returned ")


async def test_what_contains_itself_is_an_error(client: AsyncLetta, server: EmbeddedServer) -> None:
    endless: list[Any] = []
    endless.append(endless)

    def tool() -> Any:
        return endless

    status, text = await returned(client, server, tool)
    assert (status, text.partition(":")[0]) == ("error", "RecursionError")


# --- what goes wrong in a tool ----------------------------------------------------------------------------------------


class Silent(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no such city"), "ValueError: no such city"),
        (Silent(), "Silent"),
        (TimeoutError("late"), "TimeoutError: late"),
        (InvalidArgumentError([]), "InvalidArgumentError: 0 invalid arguments:"),
        (ExceptionGroup("several", [ValueError()]), "ExceptionGroup: several (1 sub-exception)"),
    ],
    ids=repr,
)
async def test_an_exception_is_told_to_the_agent_and_logged(
    client: AsyncLetta, server: EmbeddedServer, caplog: pytest.LogCaptureFixture, error: Exception, text: str
) -> None:
    def tool() -> None:
        raise error

    with caplog.at_level(logging.WARNING, "letta_async"):
        assert await returned(client, server, tool) == ("error", text)
    (record,) = caplog.records
    assert record.getMessage() == "the tool tool failed; the agent is told so"
    assert record.exc_info is not None
    assert record.exc_info[1] is error


async def test_what_no_future_can_hold_is_told_to_the_agent_as_well(client: AsyncLetta, server: EmbeddedServer) -> None:
    def tool() -> None:
        raise StopIteration

    assert await returned(client, server, tool) == ("error", "RuntimeError: coroutine raised StopIteration")


async def test_an_exception_of_an_async_tool_is_told_to_the_agent(client: AsyncLetta, server: EmbeddedServer) -> None:
    async def tool() -> None:
        await asyncio.sleep(0)
        raise KeyError("x")

    assert await returned(client, server, tool) == ("error", "KeyError: 'x'")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("{", "the arguments of a call of 'add' are not a JSON object"),
        ("[1]", "it is not an object"),
        ("", "invalid argument: a: is required"),
        ('{"a": 1, "c": 2}', "invalid argument: c: is unknown"),
        ('{"a": "1", "c": 2}', "2 invalid arguments:\n  c: is unknown\n  a: '1' is not an integer"),
    ],
)
async def test_arguments_that_do_not_fit_are_told_to_the_agent(
    client: AsyncLetta, server: EmbeddedServer, caplog: pytest.LogCaptureFixture, arguments: str, words: str
) -> None:
    status, text = await returned(client, server, add, arguments)
    assert status == "error"
    assert words in text
    assert not caplog.records


async def test_one_tool_that_fails_leaves_the_others_alone(client: AsyncLetta, server: EmbeddedServer) -> None:
    def fail() -> None:
        raise ValueError("x")

    answers(server, calls(("fail", {}), ("add", {"a": 1}), ("add", {})), says("done"))
    await client.agents.messages.run_tools(AGENT, tools=[add, fail], input="x")
    assert [approval["status"] for approval in sent(server)] == ["error", "success", "error"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("wanted", [1, 2])
def test_interrupts_are_raised(server: EmbeddedServer, kind: type[BaseException], wanted: int) -> None:
    def tool() -> None:
        raise kind

    answers(server, calls(*[("tool", {})] * wanted))
    with Letta(base_url=server.base_url) as client, pytest.raises(kind):
        client.agents.messages.run_tools(AGENT, tools=[tool], input="x")
    assert len(server.requests) == 1


async def test_cancelling_cancels_the_tools_and_sends_nothing_more(client: AsyncLetta, server: EmbeddedServer) -> None:
    running, cancelled = asyncio.Event(), list[str]()

    async def wait(name: str) -> None:
        running.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.append(name)
            raise

    answers(server, calls(("wait", {"name": "a"}), ("wait", {"name": "b"})))
    task = asyncio.create_task(client.agents.messages.run_tools(AGENT, tools=[wait], input="x"))
    await running.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(cancelled) == ["a", "b"]
    assert len(server.requests) == 1


# --- kinds of tools ---------------------------------------------------------------------------------------------------


class Caller:
    async def __call__(self, a: int) -> str:
        return f"{a} on {threading.current_thread().name}"


async def test_async_callables_run_on_the_loop_and_others_do_not(client: AsyncLetta, server: EmbeddedServer) -> None:
    own = threading.current_thread().name

    async def here(a: int) -> str:
        return f"{a} on {threading.current_thread().name}"

    def there(a: int) -> Any:
        assert threading.current_thread().name != own
        return here(a)

    here.__name__ = "here"
    for tool in (here, functools.partial(here), Caller(), there):
        inner: Any = tool.func if isinstance(tool, functools.partial) else tool
        name = getattr(inner, "__name__", "Caller")
        answers(server, calls((name, {"a": 1})), says("done"))
        await client.agents.messages.run_tools(AGENT, tools=[tool], input="x")
        assert sent(server)[0]["tool_return"] == f"1 on {own}"


@pytest.mark.parametrize("tool", [ClientTool(name="tool"), {"name": "tool", "parameters": {"type": "object"}}])
async def test_a_description_of_ones_own_goes_out_as_it_is_and_so_do_arguments_come(
    client: AsyncLetta, server: EmbeddedServer, tool: Any
) -> None:
    def anything(**arguments: Any) -> Any:
        return arguments

    answers(server, calls(("tool", {"b": [1]})), says("done"))
    await client.agents.messages.run_tools(AGENT, tools=[(tool, anything)], input="x")
    assert sent(server)[0]["tool_return"] == '{"b": [1]}'
    assert server.requests[0].json()["client_tools"][0]["name"] == "tool"

    def one(a: int) -> int:
        return a

    assert await returned(client, server, (ClientTool(name="tool"), one), {"b": 1}) == (
        "error",
        "invalid argument: one: missing a required argument: 'a'",
    )


@pytest.mark.parametrize(
    ("wrong", "paths"),
    [
        ({"tools": add}, ["tools"]),
        ({"tools": "add"}, ["tools"]),
        (
            {"tools": [5, ({"description": "x"}, add), (ClientTool(name="x"), 5)]},
            ["tools[0]", "tools[1].name", "tools[2]"],
        ),
        ({"tools": [add, add]}, ["tools[1]"]),
        ({"tools": [lambda a: a]}, ["tools[0].name", "tools[0].<lambda>.a"]),
        ({"tools": [add], "max_turns": 0, "approve": 5}, ["approve", "max_turns"]),
        ({"tools": [add], "max_turns": True}, ["max_turns"]),
        ({"tools": [add], "max_turns": 1.5}, ["max_turns"]),
        ({"tools": [add], "messages": [{"role": "user", "content": "x"}]}, ["input"]),
        ({"tools": [add], "top_logprobs": 99}, ["top_logprobs"]),
    ],
)
async def test_what_is_wrong_is_refused_before_anything_is_sent(
    sdk: AsyncLetta, server: EmbeddedServer, wrong: dict[str, Any], paths: list[str]
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await sdk.agents.messages.run_tools(AGENT, **{"input": "x", **wrong})
    assert [fault.path for fault in caught.value.faults] == paths
    assert len(server.requests) == 0


# --- tools of the server that need approval ---------------------------------------------------------------------------


async def test_without_approve_a_call_of_another_tool_ends_the_loop(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    ran: list[int] = []

    def count(a: int) -> None:
        ran.append(a)

    answers(server, calls(("count", {"a": 1}), ("delete_all", {})))
    run = await sdk.agents.messages.run_tools(AGENT, tools=[count], input="x")
    assert run.requires_approval
    assert [call.name for call in run.response.tool_calls] == ["count", "delete_all"]
    assert ran == []


def allows(call: ToolCall) -> Any:
    return call.parsed_arguments.get("sure", False)


async def allows_with_reason(call: ToolCall) -> Any:
    await asyncio.sleep(0)
    return allows(call), "because"


@pytest.mark.parametrize(("approve", "reason"), [(allows, None), (allows_with_reason, "because")])
async def test_approve_decides_about_tools_of_the_server(
    sdk: AsyncLetta, server: EmbeddedServer, approve: Callable[[ToolCall], Any], reason: str | None
) -> None:
    answers(server, calls(("erase", {}), ("add", {"a": 1}), ("erase", {"sure": True})), says("done"))
    run = await sdk.agents.messages.run_tools(AGENT, tools=[add], input="x", approve=approve)
    assert run.text == "done"
    first, second, third = sent(server)
    assert (first["type"], first["tool_call_id"], first["approve"]) == ("approval", "call-0", False)
    assert (second["type"], second["tool_return"]) == ("tool", "2")
    assert (third["type"], third["tool_call_id"], third["approve"]) == ("approval", "call-2", True)
    assert first.get("reason") == third.get("reason") == reason
    assert server.requests[-1].json()["messages"][0] == attrs_of(first, second, third)


def attrs_of(*approvals: dict[str, Any]) -> dict[str, Any]:
    return {"type": "approval", "approvals": list(approvals)}


@pytest.mark.parametrize("decision", ["yes", 1, None, (True, None), (True,), ("yes", "no")], ids=repr)
async def test_what_is_no_decision_approves_nothing(sdk: AsyncLetta, server: EmbeddedServer, decision: Any) -> None:
    answers(server, calls(("erase", {})))
    with pytest.raises(ToolLoopError, match="approve returned .* for erase, not True, False") as caught:
        await sdk.agents.messages.run_tools(AGENT, tools=[], input="x", approve=lambda call: decision)
    assert len(caught.value.responses) == len(server.requests) == 1


async def test_what_approve_raises_is_raised_and_nothing_runs(sdk: AsyncLetta, server: EmbeddedServer) -> None:
    ran: list[int] = []

    def count(a: int) -> None:
        ran.append(a)

    def approve(call: ToolCall) -> bool:
        raise LookupError(call.name)

    answers(server, calls(("count", {"a": 1}), ("erase", {})))
    with pytest.raises(LookupError, match="erase"):
        await sdk.agents.messages.run_tools(AGENT, tools=[count], input="x", approve=approve)
    assert ran == []


@pytest.mark.parametrize("missing", ["id", "message"])
async def test_a_call_that_nothing_can_answer_ends_the_loop(
    client: AsyncLetta, server: EmbeddedServer, missing: str
) -> None:
    body = calls(("add", {"a": 1}))
    if missing == "id":
        body["messages"][0]["tool_calls"][0]["tool_call_id"] = None
    else:
        body["messages"] = []
    answers(server, body)
    assert (await client.agents.messages.run_tools(AGENT, tools=[add], input="x")).requires_approval


def test_a_run_is_shown_and_written_as_its_responses_are() -> None:
    run = ToolRun(responses=(LettaResponse(messages=[]),))
    assert repr(run) == "ToolRun(responses=(LettaResponse(messages=[]),))"
    assert run.to_dict()["responses"][0]["messages"] == []


class Mute(Exception):
    """An exception whose text cannot be made."""

    def __str__(self) -> str:
        raise ValueError("no text")


@dataclass
class Link:
    """A link of a chain."""

    next: Link | None = None


async def test_whatever_a_conversion_raises_is_for_the_agent(client: AsyncLetta, server: EmbeddedServer) -> None:
    def half(number: float) -> float:
        return number / 2

    def length(chain: Link) -> int:
        return 0

    huge, deep = "1" * 400, '{"next":' * 400 + "null" + "}" * 400
    status, text = await returned(client, server, half, f'{{"number": {huge}}}')
    assert (status, text.endswith("… (int) is not a number")) == ("error", True)
    status, text = await returned(client, server, length, f'{{"chain": {deep}}}')
    assert (status, text.startswith("invalid argument: RecursionError")) == ("error", True)


async def test_an_exception_without_a_text_is_named_at_least(client: AsyncLetta, server: EmbeddedServer) -> None:
    def fails() -> str:
        raise Mute

    assert await returned(client, server, fails) == ("error", "Mute")


async def test_a_part_that_the_api_does_not_take_is_for_the_agent(client: AsyncLetta, server: EmbeddedServer) -> None:
    def draw() -> object:
        return ImageContent(source={"type": "nonsense"})  # type: ignore[arg-type]

    status, text = await returned(client, server, draw)
    assert status == "error"
    assert text.startswith("InvalidArgumentError: tool_return[0].source.type: 'nonsense' is unknown")


async def test_of_several_tools_the_exception_that_is_none_of_the_agents_is_raised_itself(
    client: AsyncLetta, server: EmbeddedServer
) -> None:
    class Stop(BaseException):
        pass

    ended: list[bool] = []

    async def stop() -> str:
        raise Stop

    async def wait() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        return ""

    answers(server, calls(("wait", {}), ("stop", {})))
    with pytest.raises(Stop):
        await client.agents.messages.run_tools(AGENT, tools=[stop, wait], input="x")
    task = asyncio.current_task()
    assert task is not None
    assert (ended, task.cancelling()) == ([True], 0)


async def test_types_of_messages_that_are_none_are_an_invalid_argument(client: AsyncLetta) -> None:
    with pytest.raises(InvalidArgumentError, match="include_return_message_types"):
        await client.agents.messages.run_tools(
            AGENT,
            tools=[],
            input="x",
            include_return_message_types=[{}],  # type: ignore[list-item]
        )


@pytest.mark.parametrize("call", [None, {"name": [], "tool_call_id": "call-1"}, {"name": "add", "arguments": {}}])
async def test_calls_that_are_none_are_left_to_the_caller(
    client: AsyncLetta, server: EmbeddedServer, call: Any
) -> None:
    request = {"message_type": "approval_request_message", "tool_calls": [call], "tool_call": None}
    answers(server, response(request, stop="requires_approval"))
    run = await client.agents.messages.run_tools(AGENT, tools=[add], input="x", approve=lambda _: True)
    assert (run.requires_approval, len(run.responses)) == (True, 1)
