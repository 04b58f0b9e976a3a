"""Contract tests of listing conversations: order, pages and filters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import Make, Story
from tests.contract.values import NOT_FOUND
from tests.contract.wire import UNKNOWN_AGENT, UNKNOWN_CONVERSATION, Http


@pytest.fixture
async def four(http: Http, agent: dict[str, Any], make_conversation: Make) -> list[str]:
    """Return the IDs of four conversations of one agent, the oldest first; two have a summary, two a last message."""
    ids = [(await make_conversation(agent["id"]))["id"] for _ in range(4)]
    await http.patch(f"/v1/conversations/{ids[0]}", {"summary": "Alpha_1", "last_message_at": "2021-01-01T00:00:00Z"})
    await http.patch(f"/v1/conversations/{ids[2]}", {"summary": "beta%", "last_message_at": "2020-01-01T00:00:00Z"})
    return ids


async def order(http: Http, agent_id: str, ids: list[str], query: str) -> str:
    """Return the order of a list, each conversation as its index in `ids`."""
    answer = await http.get(f"/v1/conversations/?agent_id={agent_id}{query.format(*ids)}")
    assert answer.status == 200, answer
    return "".join(str(ids.index(conversation["id"])) for conversation in answer.json)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "3210"),
        ("&order=desc&order_by=created_at", "3210"),
        ("&order=asc", "0123"),
        ("&limit=2", "32"),
        ("&limit=0", ""),
        ("&limit=1&limit=3", "321"),
        ("&after={2}", "10"),
        ("&after={2}&limit=1", "1"),
        ("&after={2}&order=asc", "3"),
        ("&after={0}", ""),
        ("&after=", "3210"),
        ("&summary_search=lph", "0"),
        ("&summary_search=ALPHA", ""),
        ("&summary_search=a_1", "0"),
        ("&summary_search=a%5C_1", "0"),
        ("&summary_search=a%25", "20"),
        ("&summary_search=", "3210"),
        ("&order_by=last_message_at&limit=2", "02"),
        ("&order_by=last_message_at&after={0}&limit=1", "2"),
        ("&order_by=last_message_at&order=asc&after={2}", "0"),
        ("&order_by=last_message_at&order=asc&after={0}", ""),
        ("&archive_status=archived", "3210"),
    ],
)
async def test_conversations_are_listed_newest_first_by_pages(
    http: Http, agent: dict[str, Any], four: list[str], query: str, expected: str
) -> None:
    assert await order(http, agent["id"], four, query) == expected


async def test_without_a_time_conversations_come_last_in_the_order_of_their_ids(
    http: Http, agent: dict[str, Any], four: list[str]
) -> None:
    first, second = sorted((1, 3), key=lambda place: four[place])
    by_message = "&order_by=last_message_at"
    assert await order(http, agent["id"], four, by_message) == f"02{second}{first}"
    assert await order(http, agent["id"], four, f"{by_message}&order=asc") == f"20{first}{second}"
    assert await order(http, agent["id"], four, f"{by_message}&after={four[2]}") == f"{second}{first}"
    assert await order(http, agent["id"], four, f"{by_message}&after={four[second]}") == f"{first}"
    # Ascending, what follows one without a time begins with those that have one.
    assert await order(http, agent["id"], four, f"{by_message}&order=asc&after={four[first]}") == f"20{second}"


async def test_without_runs_the_last_run_sorts_by_id(http: Http, agent: dict[str, Any], four: list[str]) -> None:
    ids = "".join(str(place) for place in sorted(range(4), key=lambda place: four[place]))
    by_run = "&order_by=last_run_completion"
    assert await order(http, agent["id"], four, f"{by_run}&order=asc") == ids
    assert await order(http, agent["id"], four, by_run) == ids[::-1]
    assert await order(http, agent["id"], four, f"{by_run}&after=unknown") == ids[::-1]
    assert await order(http, agent["id"], four, f"{by_run}&after={four[int(ids[2])]}") == ids[1::-1]
    assert await order(http, agent["id"], four, f"{by_run}&order=asc&after={four[int(ids[1])]}") == ids[2:]


async def test_a_page_may_begin_after_a_deleted_conversation(
    http: Http, agent: dict[str, Any], four: list[str]
) -> None:
    await http.delete(f"/v1/conversations/{four[2]}")
    assert await order(http, agent["id"], four, "&after={2}") == "10"


@pytest.mark.parametrize("order_by", ["created_at", "last_message_at"])
async def test_a_page_after_an_unknown_conversation_is_not_found(http: Http, order_by: str) -> None:
    answer = await http.get(f"/v1/conversations/?order_by={order_by}&after={UNKNOWN_CONVERSATION}")
    assert answer.status == 404
    assert answer.detail.startswith(NOT_FOUND)
    assert answer.detail.endswith(" is_deleted=False'")


async def test_every_conversation_of_every_agent_is_listed_without_an_agent(
    http: Http, story: Story, make_agent: Make, make_conversation: Make
) -> None:
    other = await make_conversation((await make_agent())["id"])
    listed = [conversation["id"] for conversation in (await http.get("/v1/conversations/?limit=2")).json]
    assert listed == [other["id"], story.conversation_id]


@pytest.mark.parametrize("agent_id", [UNKNOWN_AGENT, "malformed", ""])
async def test_an_unknown_agent_has_no_conversations(http: Http, agent_id: str) -> None:
    answer = await http.get(f"/v1/conversations/?agent_id={agent_id}")
    assert (answer.status, answer.json) == (200, [])


async def test_a_wrong_query_is_refused_and_a_negative_limit_is_a_database_error(http: Http) -> None:
    answer = await http.get("/v1/conversations/?limit=&order=up&order_by=summary")
    assert answer.complaints == [
        ("int_parsing", "query.limit"),
        ("literal_error", "query.order"),
        ("literal_error", "query.order_by"),
    ]
    answer = await http.get("/v1/conversations/?limit=-1")
    assert (answer.status, answer.detail) == (500, "A database error occurred.")
