"""Scripted turns that call tools, and what a test of `run_tools` sees of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from letta_async import AsyncLetta
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT

TURN = f"/v1/agents/{AGENT}/messages"


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


def add(a: int, b: int = 1) -> int:
    """Add numbers."""
    return a + b
