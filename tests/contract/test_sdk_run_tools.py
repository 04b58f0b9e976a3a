"""Tools that run in the client, on a real server with the stub of a model; the embedded one is scripted elsewhere."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from letta_async import AsyncLetta, ImageContent, ToolCall, ToolLoopError
from tests.contract.conftest import REAL, Make

MODEL = os.environ.get("LETTA_TEST_MODEL", "")
EMBEDDING = os.environ.get("LETTA_TEST_EMBEDDING", "")

pytestmark = pytest.mark.skipif(
    not (REAL and MODEL), reason="needs a real server with a model: tests/test_tool_loop.py"
)


def add(a: int, b: int = 1) -> int:
    """Add numbers.

    Args:
        a: The first one.
        b: The second one.

    """
    return a + b


async def fail(text: str) -> None:
    raise ValueError(text)


@pytest.fixture
async def agent_id(make_agent: Make) -> str:
    """Return an agent that may call several tools at once."""
    settings = {"provider_type": "openai", "parallel_tool_calls": True}
    agent = await make_agent(model=MODEL, embedding=EMBEDDING, model_settings=settings)
    return str(agent["id"])


async def test_calls_run_here_until_the_turn_ends(sdk: AsyncLetta, agent_id: str) -> None:
    script = '!say Adding.\n!call add {"a": 40}\n!then\n!call add {"a": 1, "b": 2}\n!call fail {"text": "no"}'
    script += "\n!then\n!say Done."
    run = await sdk.agents.messages.run_tools(agent_id, tools=[add, fail], input=script)
    assert (run.text, len(run.responses), run.requires_approval) == ("Done.", 3, False)
    returns = [
        (each.tool_return, each.status)
        for message in run.messages
        if message.message_type == "tool_return_message"
        for each in message.tool_returns or []
    ]
    assert returns == [("41", "success"), ("3", "success"), ("ValueError: no", "error")]


async def test_a_conversation_has_the_same(sdk: AsyncLetta, agent_id: str) -> None:
    conversation = await sdk.conversations.create(agent_id=agent_id)
    run = await sdk.conversations.messages.run_tools(
        conversation.id,
        tools=[add],
        input='!call add {"a": "x", "c": 1}',
        include_return_message_types=["assistant_message"],
    )
    assert len(run.responses) == 2
    assert "2 invalid arguments" in run.text


async def test_the_bound_leaves_an_agent_that_waits_for_an_answer(sdk: AsyncLetta, agent_id: str) -> None:
    with pytest.raises(ToolLoopError) as caught:
        await sdk.agents.messages.run_tools(agent_id, tools=[add], input='!call add {"a": 1}', max_turns=1)
    (response,) = caught.value.responses
    (call,) = response.tool_calls
    decision = {"type": "approval", "approve": False, "tool_call_id": call.tool_call_id, "reason": "enough"}
    run = await sdk.agents.messages.run_tools(
        agent_id, tools=[add], messages=[{"type": "approval", "approvals": [decision]}]
    )
    assert "enough" in run.text


async def test_approve_decides_about_tools_of_the_server(sdk: AsyncLetta, make_agent: Make) -> None:
    agent = await make_agent(model=MODEL, embedding=EMBEDDING, tools=["conversation_search"])
    await sdk.agents.tools.update_approval("conversation_search", agent_id=agent["id"], body_requires_approval=True)
    asked: list[dict[str, Any]] = []

    async def approve(call: ToolCall) -> tuple[bool, str]:
        await asyncio.sleep(0)
        asked.append(call.parsed_arguments)
        return len(asked) > 1, f"reason {len(asked)}"

    script = (
        '!call conversation_search {"query": "x"}\n!then\n!call conversation_search {"query": "y"}\n!then\n!say Done.'
    )
    waiting = await sdk.agents.messages.run_tools(agent["id"], tools=[], input="!say Hello.", approve=approve)
    assert (waiting.text, asked) == ("Hello.", [])
    run = await sdk.agents.messages.run_tools(agent["id"], tools=[add], input=script, approve=approve)
    assert (run.text, len(run.responses)) == ("Done.", 3)
    assert [each["query"] for each in asked] == ["x", "y"]
    statuses = [message.status for message in run.messages if message.message_type == "tool_return_message"]
    assert statuses == ["error", "success"]


async def test_a_tool_may_return_an_image(sdk: AsyncLetta, agent_id: str) -> None:
    dot = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000") + b"\x1f\x15\xc4\x89"

    def look() -> ImageContent:
        return ImageContent.from_bytes(dot)

    run = await sdk.agents.messages.run_tools(agent_id, tools=[look], input="!call look {}\n!then\n!say Seen.")
    assert run.text == "Seen."


async def test_a_background_run_is_waited_for(sdk: AsyncLetta, agent_id: str) -> None:
    started = await sdk.agents.messages.create_async(agent_id, input="!wait 0.5\n!say Done.")
    run = await sdk.runs.wait(started.id, deadline=60)
    assert (run.status, run.stop_reason) == ("completed", "end_turn")
    assert run.completed_at is not None
