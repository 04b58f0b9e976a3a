"""Turns and streams with the client, on both servers: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from letta_async import (
    APIStatusError,
    ApprovalCreate,
    AssistantMessage,
    AsyncLetta,
    AsyncStream,
    BadRequestError,
    ClientTool,
    ConflictError,
    Letta,
    LettaPing,
    LettaStopReason,
    LettaUsageStatistics,
    MessageCreate,
    ReasoningMessage,
    RetryPolicy,
    StreamError,
    StreamEvent,
    ToolReturn,
    ToolReturnMessage,
    UserMessage,
)
from tests.contract.conftest import Make
from tests.contract.proxy import CuttingProxy
from tests.contract.wire import Http

WEATHER = ClientTool(
    name="weather",
    description="Weather of a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
SCRIPT = "!think well\n!say one two three\n!usage 5 3"
SLOW = "!words 20\n!pace 0.1"


@pytest.fixture
async def client(base_url: str) -> AsyncIterator[AsyncLetta]:
    async with AsyncLetta(base_url=base_url, retry=RetryPolicy(initial_delay=0.01, max_retries=3)) as client:
        yield client


@pytest.fixture
async def conversation(http: Http, talker: str, make_conversation: Make) -> str:
    return str((await make_conversation(agent_id=talker))["id"])


def kinds(events: list[StreamEvent]) -> list[str]:
    """Return the types of events, each once where several of a type follow each other."""
    return [kind for kind, _ in itertools.groupby(event.message_type for event in events)]


async def said(stream: AsyncStream[StreamEvent]) -> list[StreamEvent]:
    return [event async for event in stream]


# --- whole ------------------------------------------------------------------------------------------------------------


async def test_a_whole_turn_has_text_reasons_and_usage(client: AsyncLetta, talker: str) -> None:
    response = await client.agents.messages.create(talker, input=SCRIPT)
    assert response.text == "one two three"
    assert [type(message) for message in response.messages] == [ReasoningMessage, AssistantMessage]
    assert response.stop_reason == LettaStopReason(stop_reason="end_turn")
    assert (response.usage.prompt_tokens, response.usage.completion_tokens) == (5, 3)
    assert not response.requires_approval


async def test_a_conversation_streams_unless_it_is_told_not_to(client: AsyncLetta, conversation: str) -> None:
    events = await said(client.conversations.messages.create(conversation, input=SCRIPT))
    assert kinds(events) == ["ping", "reasoning_message", "assistant_message", "stop_reason", "usage_statistics"]
    whole = await client.conversations.messages.create(
        conversation, messages=[MessageCreate(role="user", content="hello")], streaming=False
    )
    assert whole.text == "Echo: hello"


async def test_tokens_amount_to_the_whole_turn(client: AsyncLetta, talker: str) -> None:
    async with client.agents.messages.create(talker, input=SCRIPT, streaming=True, stream_tokens=True) as stream:
        response = await stream.collect()
    assert response.text == "one two three"
    assert [message.reasoning for message in response.messages if isinstance(message, ReasoningMessage)] == ["well"]
    pieces = [
        text async for text in client.agents.messages.stream(talker, input=SCRIPT, stream_tokens=True).text_stream
    ]
    assert "".join(pieces) == "one two three"
    assert len(pieces) > 1


def test_the_sync_client_does_the_same(base_url: str, talker: str) -> None:
    with Letta(base_url=base_url) as client:
        assert client.agents.messages.create(talker, input=SCRIPT).text == "one two three"
        with client.agents.messages.stream(talker, input=SCRIPT, stream_tokens=True) as stream:
            assert "".join(stream.text_stream) == "one two three"


# --- tools ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tokens", [False, True])
async def test_a_client_tool_is_called_and_answered(client: AsyncLetta, talker: str, tokens: bool) -> None:
    asked = client.agents.messages.stream(
        talker, input='!call weather {"city": "Rome"}', client_tools=[WEATHER], stream_tokens=tokens
    )
    response = await asked.collect()
    assert response.requires_approval
    (call,) = response.tool_calls
    assert (call.name, call.parsed_arguments) == ("weather", {"city": "Rome"})
    with pytest.raises(ConflictError, match="approv"):
        await client.agents.messages.create(talker, input="hello?", wait_if_busy=60)
    answer = ToolReturn(tool_call_id=str(call.tool_call_id), tool_return="sunny", status="success")
    response = await client.agents.messages.create(
        talker, messages=[ApprovalCreate(approvals=[answer])], client_tools=[WEATHER]
    )
    assert response.text.startswith("Returned: ")
    assert "sunny" in response.text
    assert isinstance(response.messages[0], ToolReturnMessage)


# --- failures ---------------------------------------------------------------------------------------------------------


async def test_a_failure_of_the_model_is_a_status_or_a_stream_error(client: AsyncLetta, talker: str) -> None:
    with pytest.raises(APIStatusError) as refused:
        await client.agents.messages.create(talker, input="!status 429")
    assert refused.value.status_code == 429
    with pytest.raises(StreamError) as failed:
        await said(client.agents.messages.stream(talker, input="!status 429"))
    assert failed.value.error_type == "llm_rate_limit"
    assert str(failed.value.run_id).startswith("run-")


async def test_a_failure_in_the_middle_says_what_came_before(client: AsyncLetta, talker: str) -> None:
    pieces: list[str] = []
    with pytest.raises(StreamError) as failed:
        async for event in client.agents.messages.stream(talker, input="!words 5\n!error 3", stream_tokens=True):
            if isinstance(event, AssistantMessage):
                pieces.append(event.text)
    assert pieces
    received = [event.text for event in failed.value.events if isinstance(event, AssistantMessage)]
    assert received == pieces


# --- runs -------------------------------------------------------------------------------------------------------------


async def test_a_run_in_the_background_is_waited_for_and_read(client: AsyncLetta, talker: str) -> None:
    run = await client.agents.messages.create_async(talker, input="!say one two")
    ended = await client.runs.wait(run.id, deadline=60, poll=0.3)
    assert (ended.status, ended.stop_reason) == ("completed", "end_turn")
    messages = [message async for message in client.runs.messages.list(run.id)]
    assert [message.text for message in messages if isinstance(message, UserMessage | AssistantMessage)] == [
        "!say one two",
        "one two",
    ]
    assert run.id in [listed.id async for listed in client.runs.list(agent_id=talker)]


async def test_runs_and_messages_are_listed_each_once_page_by_page(client: AsyncLetta, talker: str) -> None:
    for number in range(5):
        await client.agents.messages.create(talker, input=f"!say {number}")
    for order in ("asc", "desc"):
        runs = [run.id async for run in client.runs.list(agent_id=talker, limit=2, order=order)]
        assert len(set(runs)) == len(runs) == 5
        messages = [
            message.text
            async for message in client.agents.messages.list(talker, limit=3, order=order)
            if isinstance(message, AssistantMessage)
        ]
        expected = list("01234")
        assert messages == (expected if order == "asc" else expected[::-1])


async def test_a_stream_that_is_cancelled_ends(client: AsyncLetta, talker: str) -> None:
    events: list[StreamEvent] = []
    async for event in client.agents.messages.stream(talker, input=SLOW, stream_tokens=True):
        events.append(event)
        if len(events) == 3:
            assert event.run_id is not None  # type: ignore[union-attr]  # a piece of a message has one
            await client.agents.messages.cancel(talker, run_ids=[event.run_id])  # type: ignore[union-attr, list-item]
    assert LettaStopReason(stop_reason="cancelled") in events
    assert len(events) < 22


async def test_a_busy_conversation_is_waited_for(client: AsyncLetta, conversation: str) -> None:
    async with client.conversations.messages.create(
        conversation, input="!words 8\n!pace 0.1", stream_tokens=True
    ) as one:
        await anext(one)
        await anext(one)
        with pytest.raises(ConflictError, match="currently being processed"):
            await said(client.conversations.messages.create(conversation, input="now"))
        other = asyncio.ensure_future(
            said(client.conversations.messages.create(conversation, input="then", wait_if_busy=60))
        )
        await one.collect()
        assert kinds(await other)[-2:] == ["stop_reason", "usage_statistics"]


# --- lines that break -------------------------------------------------------------------------------------------------

WHOLE = [LettaPing, ReasoningMessage, AssistantMessage, LettaStopReason, LettaUsageStatistics]


@pytest.mark.parametrize("events", range(9))
@pytest.mark.parametrize("more", [0, 40])
async def test_a_background_run_survives_every_cut(base_url: str, talker: str, events: int, more: int) -> None:
    async with (
        CuttingProxy(base_url) as proxy,
        AsyncLetta(base_url=proxy.url, retry=RetryPolicy(initial_delay=0.01, max_retries=3)) as client,
    ):
        proxy.cuts = [(events, more), (0, more)]
        stream = client.agents.messages.stream(talker, input=SCRIPT, stream_tokens=True, background=True)
        received = await said(stream)
        numbers = [event.seq_id for event in received if getattr(event, "seq_id", None) is not None]  # type: ignore[union-attr]
        assert numbers == list(range(1, len(numbers) + 1))
        assert [kind for kind, _ in itertools.groupby(map(type, received))] == WHOLE
        assert "".join(event.text for event in received if isinstance(event, AssistantMessage)) == "one two three"
        sent = [
            message
            async for message in client.agents.messages.list(talker)
            if isinstance(message, UserMessage) and message.text == SCRIPT
        ]
        assert len(sent) == 1
        assert client.stats.in_flight == 0


async def test_a_conversations_turn_whose_response_is_lost_is_not_sent_twice(base_url: str, conversation: str) -> None:
    async with (
        CuttingProxy(base_url) as proxy,
        AsyncLetta(base_url=proxy.url, retry=RetryPolicy(initial_delay=0.01, max_retries=3)) as client,
    ):
        proxy.cuts = [(0, 0), (0, 0)]
        stream = client.conversations.messages.create(conversation, input=SCRIPT, background=True)
        assert [kind for kind, _ in itertools.groupby(map(type, await said(stream)))] == WHOLE
        assert proxy.streams == 3
        listed = [message async for message in client.conversations.messages.list(conversation)]
        assert len([message for message in listed if isinstance(message, UserMessage)]) == 1


async def test_a_run_is_streamed_again_from_any_event(client: AsyncLetta, talker: str) -> None:
    first = await said(client.agents.messages.stream(talker, input=SCRIPT, stream_tokens=True, background=True))
    run_id: Any = first[0].run_id  # type: ignore[union-attr]  # a ping has one
    assert await said(client.runs.messages.stream(run_id)) == first
    assert await said(client.runs.messages.stream(run_id, starting_after=3)) == first[3:]


# --- others -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["all", "sliding_window", "self_compact_all", "self_compact_sliding_window"])
async def test_every_mode_compacts(client: AsyncLetta, talker: str, mode: str) -> None:
    for number in range(6):
        await client.agents.messages.create(talker, input=f"!say {number}")
    done = await client.agents.messages.compact(talker, compaction_settings={"mode": mode})
    assert done.num_messages_after < done.num_messages_before
    assert "Summary of" in done.summary


async def test_a_reset_empties_the_context(client: AsyncLetta, talker: str) -> None:
    await client.agents.messages.create(talker, input="hello")
    await client.agents.messages.reset(talker)
    agent = await client.agents.retrieve(talker)
    assert len(agent.message_ids or []) == 1


async def test_a_message_is_retrieved_as_what_was_made_of_it(client: AsyncLetta, talker: str) -> None:
    response = await client.agents.messages.create(talker, input=SCRIPT)
    assert [message.id for message in await client.messages.retrieve(response.messages[0].id or "")]
    with pytest.raises(BadRequestError, match="search"):
        await client.messages.search(query="one")
