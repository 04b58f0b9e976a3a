"""Calls of tools that do not run here: tools of the server that need approval, and calls that nothing can answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from letta_async import AsyncLetta, ToolCall, ToolLoopError
from letta_async.testing import EmbeddedServer
from tests.both_clients import sdk, server
from tests.ids import AGENT
from tests.tool_runs import add, answers, calls, client, response, says, sent

__all__ = ["client", "sdk", "server"]


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


@pytest.mark.parametrize("call", [None, {"name": [], "tool_call_id": "call-1"}, {"name": "add", "arguments": {}}])
async def test_calls_that_are_none_are_left_to_the_caller(
    client: AsyncLetta, server: EmbeddedServer, call: Any
) -> None:
    request = {"message_type": "approval_request_message", "tool_calls": [call], "tool_call": None}
    answers(server, response(request, stop="requires_approval"))
    run = await client.agents.messages.run_tools(AGENT, tools=[add], input="x", approve=lambda _: True)
    assert (run.requires_approval, len(run.responses)) == (True, 1)
