"""Cost of a recompile: what of the prompt and of the messages a provider's cache cannot hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async import AsyncLetta, InvalidArgumentError, NotFoundError, RecompileCost, Staleness
from letta_async._schema.converter import read
from letta_async.batch.token_estimate import estimate_message_tokens
from letta_async.testing import EmbeddedServer
from letta_async.types.message import Message
from tests.ids import CONVERSATION


def staleness(stored: str, compiled: str) -> Staleness:
    return Staleness(conversation_id=CONVERSATION, stored=stored, compiled=compiled, aligned=stored)


# --- prompts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "compiled", "tokens"),
    [
        ("same", "same", 0),
        ("", "", 0),
        ("", "12345", 2),
        ("abcd1", "abcd2", 1),
        ("abcdX", "abcd", 0),
        ("abcd", "abcd12345678", 2),
        ("Xbcdefgh", "abcdefgh", 2),
    ],
)
def test_characters_after_the_common_ones_count(stored: str, compiled: str, tokens: int) -> None:
    assert staleness(stored, compiled).uncached_tokens == tokens


@given(st.text(), st.text(), st.text())
def test_what_is_in_common_counts_for_nothing(common: str, old: str, new: str) -> None:
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    assert staleness(common + old, common + new).uncached_tokens == (len(new) - same + 3) // 4


def test_volatile_lines_count_although_they_make_nothing_stale() -> None:
    found = Staleness(conversation_id=CONVERSATION, stored="at 1, Ada", compiled="at 2, Ada", aligned="at 2, Ada")
    assert not found.stale
    assert found.uncached_tokens == 2


# --- messages ---------------------------------------------------------------------------------------------------------


def message(kind: str, **fields: Any) -> Message:
    return read(Message, {"id": "message-1", "message_type": kind, **fields})


@pytest.mark.parametrize(
    ("kind", "fields", "characters"),
    [
        ("user_message", {"content": "x" * 9}, 9),
        ("user_message", {"content": [{"type": "text", "text": "x" * 9}]}, 9),
        ("assistant_message", {"content": "x" * 9}, 9),
        ("system_message", {"content": "x" * 9}, 9),
        ("summary_message", {"summary": "x" * 9}, 9),
        ("reasoning_message", {"reasoning": "x" * 9}, 9),
        ("hidden_reasoning_message", {"state": "omitted"}, 0),
        ("tool_call_message", {"tool_call": {"name": "ab", "arguments": "{}", "tool_call_id": "c"}}, 4),
        ("tool_call_message", {"tool_calls": [{"name": "ab", "arguments": None, "tool_call_id": "c"}] * 2}, 4),
        ("approval_request_message", {"tool_call": {"name": "ab", "arguments": "{}", "tool_call_id": "c"}}, 4),
        ("tool_return_message", {"tool_return": "abc", "status": "success", "tool_call_id": "c"}, 3),
        (
            "tool_return_message",
            {"tool_returns": [{"type": "tool", "tool_return": "abc", "status": "success", "tool_call_id": "c"}] * 2},
            6,
        ),
        ("approval_response_message", {"approve": False, "reason": "no"}, 2),
        (
            "approval_response_message",
            {"approvals": [{"type": "tool", "tool_return": "abc", "status": "success", "tool_call_id": "c"}]},
            3,
        ),
        ("event_message", {"event_type": "compaction", "event_data": {}}, 0),
        ("of_another_world", {"content": "x" * 9}, 0),
    ],
)
def test_each_kind_of_message_counts_with_what_the_model_reads(
    kind: str, fields: dict[str, Any], characters: int
) -> None:
    assert estimate_message_tokens([message(kind, **fields)], {"message-1"}, 1) == (characters + 3) // 4


def test_messages_out_of_context_do_not_count_and_those_not_listed_count_as_the_mean() -> None:
    listed = [message("user_message", content="x" * 40), message("user_message", id="message-2", content="x" * 4000)]
    assert estimate_message_tokens(listed, {"message-1"}, 1) == 10
    assert estimate_message_tokens(listed, {"message-1", "message-3"}, 2) == 20
    assert estimate_message_tokens(listed, {"message-3"}, 1) == 0


# --- the method -------------------------------------------------------------------------------------------------------


async def agent_with_block(client: AsyncLetta) -> str:
    agent = await client.agents.create(
        model="letta/letta-free",
        embedding="letta/letta-free",
        include_base_tools=False,
        memory_blocks=[{"label": "human", "value": "Ada"}],
    )
    return agent.id


async def test_requests_and_sum(letta_server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        agent_id = await agent_with_block(client)
        conversation = (await client.conversations.create(agent_id=agent_id)).id
        await client.conversations.messages.create(conversation, input="x" * 400, streaming=False)
        found = await client.conversations.staleness(conversation)
        before = len(letta_server.requests)
        cost = await client.conversations.recompile_cost(conversation, staleness=found)
        sent = [(each.method, each.path) for each in letta_server.requests[before:]]
        assert sent == [
            ("GET", f"/v1/conversations/{conversation}"),
            ("GET", f"/v1/conversations/{conversation}/messages"),
        ]
        replied = (await client.conversations.messages.list(conversation, limit=1)).items[0]
        assert replied.message_type == "assistant_message"
        assert cost == RecompileCost(
            conversation_id=conversation,
            prompt_tokens=found.uncached_tokens,
            message_tokens=(400 + len(replied.text) + 3) // 4,
        )
        assert cost.total_tokens == cost.prompt_tokens + cost.message_tokens
        assert json.loads(cost.to_json())["total_tokens"] == cost.total_tokens
        again = await client.conversations.recompile_cost(conversation)
        assert len(letta_server.requests) == before + 2 + 1 + 4
        assert again.message_tokens == cost.message_tokens


async def test_after_a_compaction_both_ends_of_the_list_are_requested(letta_server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        agent_id = await agent_with_block(client)
        conversation = (await client.conversations.create(agent_id=agent_id)).id
        for _ in range(8):
            await client.conversations.messages.create(conversation, input="before", streaming=False)
        await client.conversations.compact(conversation, compaction_settings={"mode": "all"})
        await client.conversations.messages.create(conversation, input="x" * 4000, streaming=False)
        cost = await client.conversations.recompile_cost(conversation)
        assert cost.message_tokens >= 1000
        every = sum(len(str(each)) for each in await client.conversations.messages.list(conversation))
        assert cost.message_tokens * 4 < every


async def test_agents_own_messages(letta_server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        agent_id = await agent_with_block(client)
        empty = await client.conversations.recompile_cost("default", agent_id=agent_id)
        await client.agents.messages.create(agent_id, input="x" * 4000, streaming=False)
        cost = await client.conversations.recompile_cost("default", agent_id=agent_id)
        assert cost.conversation_id == "default"
        assert cost.message_tokens >= empty.message_tokens + 1000


async def test_wrong_arguments_send_nothing(letta_server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        with pytest.raises(InvalidArgumentError, match="conversation_id"):
            await client.conversations.recompile_cost("nonsense")
        other = staleness("a", "b")
        with pytest.raises(InvalidArgumentError, match=f"staleness: is that of {CONVERSATION}"):
            await client.conversations.recompile_cost(CONVERSATION[:-1] + "0", staleness=other)
        assert len(letta_server.requests) == 0
        with pytest.raises(NotFoundError):
            await client.conversations.recompile_cost(CONVERSATION)
        with pytest.raises(NotFoundError, match="agent_id is missing"):
            await client.conversations.recompile_cost("default")
