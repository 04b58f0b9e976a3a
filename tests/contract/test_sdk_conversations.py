"""Contract tests of all methods of the client for conversations, except recompile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from letta_async import (
    AssistantMessage,
    AsyncLetta,
    BadRequestError,
    CompactionSettings,
    ConflictError,
    Conversation,
    InternalServerError,
    NotFoundError,
    OpenAIModelSettings,
    SystemMessage,
    UserMessage,
)
from tests.contract.conftest import Make, Story
from tests.contract.wire import UNKNOWN_AGENT, UNKNOWN_CONVERSATION, human_block

FIRST = [
    {"role": "user", "content": "Hällo"},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "Bye"},
]


def now() -> datetime:
    return datetime.now(UTC)


# --- create, retrieve, update, delete -------------------------------------------------------------------------------


async def test_a_conversation_is_made_and_shown(sdk: AsyncLetta, agent: dict[str, Any]) -> None:
    made = await sdk.conversations.create(agent_id=agent["id"])
    assert type(made) is Conversation
    assert (made.agent_id, made.summary, made.model, made.archived) == (agent["id"], None, None, None)
    assert made.created_at is not None
    assert abs(now() - made.created_at) < timedelta(minutes=1)
    assert made.extra_fields == {}
    shown = await sdk.conversations.retrieve(made.id)
    assert (shown.id, shown.created_at) == (made.id, made.created_at)
    (message,) = await sdk.conversations.messages.list(made.id)
    assert shown.in_context_message_ids == [message.id]


async def test_what_it_is_given_is_kept(sdk: AsyncLetta, agent: dict[str, Any]) -> None:
    made = await sdk.conversations.create(
        agent_id=agent["id"],
        summary="About Ada",
        isolated_block_labels=["human"],
        model="openai/gpt-4o",
        model_settings=OpenAIModelSettings(temperature=0.5),
        description="hosted only",
        hidden=False,
    )
    assert (made.summary, made.model) == ("About Ada", "openai/gpt-4o")
    assert isinstance(made.model_settings, OpenAIModelSettings)
    assert made.model_settings.temperature == 0.5
    assert made.isolated_block_ids is not None
    (copy_id,) = made.isolated_block_ids
    assert (await sdk.blocks.retrieve(copy_id)).value == "Ada"
    await sdk.conversations.delete(made.id)
    with pytest.raises(NotFoundError):
        await sdk.blocks.retrieve(copy_id)


async def test_a_change_is_kept(sdk: AsyncLetta, story: Story) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, timezone(timedelta(hours=2)))
    changed = await sdk.conversations.update(story.conversation_id, summary="new", last_message_at=moment)
    assert (changed.summary, changed.last_message_at) == ("new", moment)
    changed = await sdk.conversations.update(story.conversation_id, last_message_at="2026-01-02T03:04:05Z")
    assert (changed.summary, changed.last_message_at) == ("new", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    unchanged = await sdk.conversations.update(story.conversation_id)
    assert (unchanged.summary, unchanged.last_message_at) == (changed.summary, changed.last_message_at)


async def test_a_deleted_conversation_is_gone(sdk: AsyncLetta, story: Story) -> None:
    assert await sdk.conversations.delete(story.conversation_id) is None  # type: ignore[func-returns-value]
    for call in (sdk.conversations.retrieve, sdk.conversations.delete, sdk.conversations.update):
        with pytest.raises(NotFoundError):
            await call(story.conversation_id)


async def test_there_is_no_conversation_of_no_agent(sdk: AsyncLetta) -> None:
    with pytest.raises(NotFoundError, match="Agent not found"):
        await sdk.conversations.create(agent_id=UNKNOWN_AGENT)


# --- list -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def five(agent: dict[str, Any], make_conversation: Make) -> list[str]:
    """Return the ids of five conversations of one agent, the newest first."""
    return [(await make_conversation(agent["id"], summary=f"No. {n}"))["id"] for n in range(5)][::-1]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 1000])
async def test_all_pages_are_gone_through(sdk: AsyncLetta, agent: dict[str, Any], five: list[str], limit: int) -> None:
    listed = sdk.conversations.list(agent_id=agent["id"], limit=limit)
    assert [each.id async for each in listed] == five
    assert [each.id for each in await listed.page()] == [each.id for each in await listed] == five[:limit]


async def test_a_list_can_be_ordered_searched_and_begun_in_the_middle(
    sdk: AsyncLetta, agent: dict[str, Any], five: list[str]
) -> None:
    async def ids(**parameters: Any) -> list[str]:
        return [each.id async for each in sdk.conversations.list(agent_id=agent["id"], **parameters)]

    assert await ids(order="asc", limit=2) == five[::-1]
    assert await ids(after=five[1]) == five[2:]
    assert await ids(summary_search="No. 3") == [five[1]]
    assert await ids(archive_status="all") == five
    for number, each in enumerate(five):
        await sdk.conversations.update(each, last_message_at=datetime(2026, 1, 1 + number, tzinfo=UTC))
    assert await ids(order_by="last_message_at", order="desc", limit=2) == five[::-1]
    assert await ids(order_by="last_run_completion", limit=2) == sorted(five, reverse=True)


async def test_the_conversations_of_every_agent_are_listed(sdk: AsyncLetta, five: list[str]) -> None:
    found: set[str] = set()
    async for each in sdk.conversations.list(limit=50):
        found.add(each.id)
        if found.issuperset(five):
            break
    assert found.issuperset(five)


async def test_an_unknown_agent_has_none(sdk: AsyncLetta) -> None:
    assert await sdk.conversations.list(agent_id=UNKNOWN_AGENT) == []


async def test_a_cursor_that_does_not_exist_is_not_found(sdk: AsyncLetta) -> None:
    with pytest.raises(NotFoundError):
        await sdk.conversations.list(after=UNKNOWN_CONVERSATION)


# --- messages -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def talk(make_agent: Make) -> str:
    """Return an agent that starts with messages of every role."""
    agent: str = (await make_agent(initial_message_sequence=FIRST))["id"]
    return agent


@pytest.fixture
async def monologue(make_agent: Make) -> str:
    """Return an agent that starts with messages of the user."""
    first = [{"role": "user", "content": f"No. {n}"} for n in range(4)]
    agent: str = (await make_agent(initial_message_sequence=first))["id"]
    return agent


async def test_messages_have_the_class_of_their_type(sdk: AsyncLetta, talk: str) -> None:
    messages = await sdk.conversations.messages.list("default", agent_id=talk, order="asc")
    assert [type(message) for message in messages] == [SystemMessage, UserMessage, AssistantMessage, UserMessage]
    for message in messages:
        assert message.date is not None
        assert message.date.tzinfo is not None
        assert not message.extra_fields
    assert [getattr(message, "content", None) for message in messages[1:]] == ["Hällo", "Yes?", "Bye"]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 100])
async def test_all_messages_are_gone_through_in_both_orders(sdk: AsyncLetta, monologue: str, limit: int) -> None:
    fork = await sdk.conversations.fork("default", agent_id=monologue)
    every = [message.id for message in await sdk.conversations.messages.list(fork.id, order="asc")]
    assert len(every) == 5

    async def ids(**parameters: Any) -> list[str | None]:
        listed = sdk.conversations.messages.list(fork.id, limit=limit, **parameters)
        return [message.id async for message in listed]

    assert await ids(order="asc") == every
    assert await ids() == await ids(order="desc") == every[::-1]
    assert await ids(order="desc", after=str(every[1])) == every[:1:-1]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 100])
async def test_an_agents_own_messages_are_gone_through_in_both_orders_too(
    sdk: AsyncLetta, monologue: str, limit: int
) -> None:
    async def ids(**parameters: Any) -> list[str | None]:
        listed = sdk.conversations.messages.list("default", agent_id=monologue, **parameters)
        return [message.id async for message in listed]

    every = await ids(order="asc")
    assert len(every) == 5
    assert await ids(limit=limit, order="asc") == every
    assert await ids(limit=limit, order="desc") == every[::-1]
    assert sorted(map(str, await ids(limit=limit))) == sorted(map(str, every))
    assert [message.id for message in await sdk.agents.messages.list(agent_id=monologue, limit=5)] == every
    assert await ids(limit=limit, order="asc", after=every[1]) == every[2:]
    assert await ids(limit=limit, order="desc", before=every[2]) == every[1::-1]


@pytest.mark.parametrize("limit", [2, 3])
async def test_no_message_is_lost_where_a_page_ends_between_a_tools_call_and_its_return(
    sdk: AsyncLetta, talk: str, limit: int
) -> None:
    # An assistant's first message is a tool's call, whose return is listed only at the beginning of a page.
    fork = await sdk.conversations.fork("default", agent_id=talk)
    every = [message.id for message in await sdk.conversations.messages.list(fork.id, order="asc")]
    for order in ("asc", "desc"):
        listed = sdk.conversations.messages.list(fork.id, order=order, limit=limit)  # type: ignore[arg-type]
        ids = [message.id async for message in listed]
        assert [each for each in ids if each in every] == (every if order == "asc" else every[::-1])


async def test_a_conversation_that_does_not_exist_has_no_messages(sdk: AsyncLetta) -> None:
    assert await sdk.conversations.messages.list(UNKNOWN_CONVERSATION) == []
    with pytest.raises(NotFoundError, match="Agent not found"):
        await sdk.conversations.messages.list("default", agent_id=UNKNOWN_AGENT)


# --- fork, cancel, compact ------------------------------------------------------------------------------------------


async def test_a_fork_has_the_messages_and_a_prompt_of_this_moment(sdk: AsyncLetta, stale: Story) -> None:
    fork = await sdk.conversations.fork(stale.conversation_id)
    assert fork.id != stale.conversation_id
    assert fork.agent_id == stale.agent_id
    (message,) = await sdk.conversations.messages.list(fork.id)
    assert isinstance(message, SystemMessage)
    assert human_block("Grace") in message.content
    assert not (await sdk.conversations.staleness(fork.id)).stale
    assert (await sdk.conversations.staleness(stale.conversation_id)).stale


async def test_forking_nothing_is_not_found(sdk: AsyncLetta) -> None:
    with pytest.raises(NotFoundError):
        await sdk.conversations.fork(UNKNOWN_CONVERSATION)
    with pytest.raises(NotFoundError, match="agent_id is missing"):
        await sdk.conversations.fork("default")


async def test_cancelling_without_a_run_is_a_conflict_that_is_not_tried_again(sdk: AsyncLetta, story: Story) -> None:
    for conversation_id, agent_id in ((story.conversation_id, None), ("default", story.agent_id)):
        with pytest.raises(ConflictError, match="No active runs to cancel") as caught:
            await sdk.conversations.cancel(conversation_id, agent_id=agent_id)
        assert len(caught.value.attempts) == 1
    with pytest.raises(NotFoundError):
        await sdk.conversations.cancel(UNKNOWN_CONVERSATION)


async def test_compacting_without_a_model_is_a_failure_that_is_not_tried_again(sdk: AsyncLetta, story: Story) -> None:
    settings = CompactionSettings(mode="all", prompt="Sum up.")
    with pytest.raises(InternalServerError, match="An error occurred with the LLM request") as caught:
        await sdk.conversations.compact(story.conversation_id, compaction_settings=settings)
    assert len(caught.value.attempts) == 1


async def test_compacting_nothing_is_refused(sdk: AsyncLetta, agent: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError):
        await sdk.conversations.create(agent_id=agent["id"], isolated_block_labels=["unknown"])
    (orphan,) = await sdk.conversations.list(agent_id=agent["id"])
    with pytest.raises(BadRequestError, match="No in-context messages"):
        await sdk.conversations.messages.compact(orphan.id)
    with pytest.raises(NotFoundError):
        await sdk.conversations.compact("default", agent_id=UNKNOWN_AGENT)
