"""Turns in which the tools run here: the requests of a turn, and the kinds of tools."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import pickle
import threading
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    ClientTool,
    ConflictError,
    InvalidArgumentError,
    Letta,
    LettaResponse,
    ToolLoopError,
    ToolRun,
)
from letta_async.testing import EmbeddedServer
from tests.both_clients import sdk, server
from tests.ids import AGENT, CONVERSATION
from tests.tool_runs import TURN, add, answers, calls, client, returned, says, sent

__all__ = ["client", "sdk", "server"]


# --- a turn -----------------------------------------------------------------------------------------------------------


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
    with pytest.raises(ToolLoopError, match=r"(?m)after max_turns=3 responses .* tools: count$") as caught:
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


def test_a_run_is_shown_and_written_as_its_responses_are() -> None:
    run = ToolRun(responses=(LettaResponse(messages=[]),))
    assert repr(run) == "ToolRun(responses=(LettaResponse(messages=[]),))"
    assert run.to_dict()["responses"][0]["messages"] == []


async def test_types_of_messages_that_are_none_are_an_invalid_argument(client: AsyncLetta) -> None:
    with pytest.raises(InvalidArgumentError, match="include_return_message_types"):
        await client.agents.messages.run_tools(
            AGENT,
            tools=[],
            input="x",
            include_return_message_types=[{}],  # type: ignore[list-item]
        )


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
