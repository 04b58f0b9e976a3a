"""Contract tests of lists of messages, which differ for a conversation and an agent's own messages."""

from __future__ import annotations

import json
import re
from typing import Any

import attrs
import pytest

from tests.contract.conftest import Make, Story
from tests.contract.wire import ID_TAIL, UNKNOWN, UNKNOWN_AGENT, UNKNOWN_CONVERSATION, Http

FIRST = [
    {"role": "user", "content": "Hällo"},
    {"role": "assistant", "content": "Yes?"},
    {"role": "system", "content": "alert"},
    {"role": "user", "content": "Bye"},
]


@attrs.frozen
class Talk:
    """An agent that starts with messages, and a conversation forked from them."""

    agent_id: str
    conversation_id: str
    direct: list[dict[str, Any]]
    """The agent's own messages as listed before the fork, the oldest first."""
    forked: list[dict[str, Any]]
    """The messages of the conversation, the oldest first."""


@pytest.fixture
async def talking(make_agent: Make) -> dict[str, Any]:
    """Return an agent that starts with four messages besides its system message."""
    return await make_agent(initial_message_sequence=FIRST)


@pytest.fixture
async def talk(http: Http, talking: dict[str, Any]) -> Talk:
    agent_id = talking["id"]
    direct = (await http.get(f"/v1/conversations/{agent_id}/messages?order=asc")).json
    fork = (await http.post(f"/v1/conversations/{agent_id}/fork")).json
    forked = (await http.get(f"/v1/conversations/{fork['id']}/messages?order=asc")).json
    return Talk(agent_id, fork["id"], direct, forked)


async def places(http: Http, target: str, known: list[dict[str, Any]]) -> str:
    """Return a list of messages, each as its index in `known`."""
    answer = await http.get(f"/v1/conversations/{target}")
    assert answer.status == 200, answer
    ids = [message["id"] for message in known]
    return "".join(str(ids.index(message["id"])) for message in answer.json)


async def test_the_system_message_in_full(http: Http, story: Story) -> None:
    (message,) = (await http.get(f"/v1/conversations/{story.conversation_id}/messages")).json
    assert re.fullmatch(f"message-{ID_TAIL}", message["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", message["date"])
    assert message == {
        "id": message["id"],
        "date": message["date"],
        "name": None,
        "message_type": "system_message",
        "otid": None,
        "sender_id": None,
        "step_id": None,
        "is_err": None,
        "seq_id": None,
        "run_id": None,
        "content": message["content"],
    }


async def test_first_messages_are_listed_by_their_roles(talk: Talk) -> None:
    assert [(message["message_type"], message["content"]) for message in talk.direct[1:3]] == [
        ("user_message", "Hällo"),
        ("assistant_message", "Yes?"),
    ]
    alert = json.loads(talk.direct[3]["content"])
    assert talk.direct[3]["message_type"] == "system_message"
    assert (alert["type"], alert["message"]) == ("system_alert", "alert")
    assert talk.direct[4]["content"] == "Bye"


async def test_an_assistants_message_is_a_tool_call_whose_result_is_not_listed(http: Http, talk: Talk) -> None:
    agent = (await http.get(f"/v1/agents/{talk.agent_id}")).json
    assert len(agent["message_ids"]) == 6
    assert {message["id"] for message in talk.direct} < set(agent["message_ids"])
    assistant = talk.direct[2]
    # Its `otid` is its own id, the last seven bits cleared.
    number = int(assistant["id"].removeprefix("message-").replace("-", ""), 16)
    assert int(assistant["otid"].replace("-", ""), 16) == number & ~0x7F


@pytest.mark.parametrize("query", ["?order=asc&after={2}&limit=1", "?before={3}&limit=1"])
async def test_the_result_is_listed_where_the_call_is_on_an_earlier_page(http: Http, talk: Talk, query: str) -> None:
    ids = [message["id"] for message in talk.forked]
    (message,) = (await http.get(f"/v1/conversations/{talk.conversation_id}/messages{query.format(*ids)}")).json
    returned = {
        "tool_return": "None",
        "status": "success",
        "tool_call_id": message["tool_call_id"],
        "stdout": None,
        "stderr": None,
    }
    assert re.fullmatch(ID_TAIL, message["tool_call_id"])
    assert message == {
        "id": message["id"],
        "date": message["date"],
        "name": None,
        "message_type": "tool_return_message",
        "otid": message["otid"],
        "sender_id": None,
        "step_id": None,
        "is_err": None,
        "seq_id": None,
        "run_id": None,
        **returned,
        "tool_returns": [{"type": "tool", **returned}],
    }
    number = int(message["id"].removeprefix("message-").replace("-", ""), 16)
    assert int(message["otid"].replace("-", ""), 16) == number & ~0x7F


async def test_a_fork_shares_the_messages_and_begins_with_its_own(http: Http, talk: Talk) -> None:
    assert talk.forked[1:] == talk.direct[1:]
    assert talk.forked[0]["id"] != talk.direct[0]["id"]
    conversation = (await http.get(f"/v1/conversations/{talk.conversation_id}")).json
    assert len(conversation["in_context_message_ids"]) == 6


# --- of a conversation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "43210"),
        ("?order=desc", "43210"),
        ("?order=asc", "01234"),
        ("?limit=2", "43"),
        ("?limit=2&order=asc", "01"),
        ("?limit=0", ""),
        ("?after={1}", "432"),
        ("?before={1}", "0"),
        ("?order=asc&after={1}", "234"),
        ("?order=asc&before={3}&after={0}", "12"),
        ("?after={0}&limit=2", "43"),
        ("?after=unknown", "43210"),
        ("?before=unknown", "43210"),
        ("?group_id=unknown", ""),
        ("?include_return_message_types=user_message", "41"),
        ("?include_return_message_types=user_message&include_return_message_types=assistant_message", "421"),
        ("?include_err=true", "43210"),
        ("?agent_id=malformed", "43210"),
    ],
)
async def test_a_conversation_is_listed_newest_first(http: Http, talk: Talk, query: str, expected: str) -> None:
    ids = [message["id"] for message in talk.forked]
    target = f"{talk.conversation_id}/messages{query.format(*ids)}"
    assert await places(http, target, talk.forked) == expected


@pytest.mark.parametrize("target", [UNKNOWN_CONVERSATION, "default"])
async def test_a_conversation_that_is_not_there_has_no_messages(http: Http, target: str) -> None:
    answer = await http.get(f"/v1/conversations/{target}/messages")
    assert (answer.status, answer.body) == (200, b"[]")


async def test_shared_messages_outlive_the_conversation_they_came_from(http: Http, talk: Talk) -> None:
    fork = (await http.post(f"/v1/conversations/{talk.conversation_id}/fork")).json
    await http.delete(f"/v1/conversations/{talk.conversation_id}")
    listed = (await http.get(f"/v1/conversations/{fork['id']}/messages?order=asc")).json
    assert listed[1:] == talk.forked[1:]


# --- of an agent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "01234"),
        ("?order=desc", "01234"),
        ("?order=asc", "01234"),
        ("?limit=2", "34"),
        ("?limit=2&order=asc", "01"),
        ("?limit=0", ""),
        ("?after={1}", "234"),
        ("?before={3}", "012"),
        ("?order=asc&after={1}", "234"),
        ("?order=asc&before={3}&after={0}", "12"),
        ("?group_id=unknown", ""),
        ("?include_return_message_types=user_message", "14"),
    ],
)
@pytest.mark.parametrize("form", ["{}/messages", "default/messages?agent_id={}"])
async def test_an_agents_own_messages_are_listed_oldest_first_in_both_orders(
    http: Http, talking: dict[str, Any], form: str, query: str, expected: str
) -> None:
    known = (await http.get(f"/v1/conversations/{talking['id']}/messages?order=asc")).json
    target = form.format(talking["id"])
    query = query.format(*(message["id"] for message in known))
    assert await places(http, target + (query.replace("?", "&") if "?" in target else query), known) == expected


async def test_what_a_fork_shares_is_no_longer_listed_as_the_agents_own(http: Http, talk: Talk) -> None:
    assert await places(http, f"{talk.agent_id}/messages", talk.direct) == "0"
    await http.delete(f"/v1/conversations/{talk.conversation_id}")
    assert await places(http, f"{talk.agent_id}/messages", talk.direct) == "0"


async def test_an_agents_own_list_holds_no_message_of_its_conversations(http: Http, story: Story) -> None:
    (message,) = (await http.get(f"/v1/conversations/{story.agent_id}/messages")).json
    agent = (await http.get(f"/v1/agents/{story.agent_id}")).json
    assert [message["id"]] == agent["message_ids"]


@pytest.mark.parametrize("cursor", ["after", "before"])
async def test_an_unknown_cursor_is_not_found(http: Http, agent: dict[str, Any], cursor: str) -> None:
    for message_id in ("unknown", f"message-{UNKNOWN}"):
        answer = await http.get(f"/v1/conversations/{agent['id']}/messages?{cursor}={message_id}")
        expected = f"No message found with id '{message_id}' for agent '{agent['id']}'."
        assert (answer.status, answer.detail) == (404, expected)


async def test_a_message_of_a_conversation_is_a_cursor_until_it_is_deleted(http: Http, story: Story) -> None:
    (message,) = (await http.get(f"/v1/conversations/{story.conversation_id}/messages")).json
    target = f"/v1/conversations/{story.agent_id}/messages"
    assert len((await http.get(f"{target}?before={message['id']}")).json) == 1
    assert (await http.get(f"{target}?after={message['id']}")).json == []
    await http.delete(f"/v1/conversations/{story.conversation_id}")
    assert (await http.get(f"{target}?before={message['id']}")).status == 404


@pytest.mark.parametrize("target", [f"{UNKNOWN_AGENT}/messages", "default/messages?agent_id=malformed"])
async def test_an_agent_that_is_not_there_is_not_found(http: Http, target: str) -> None:
    answer = await http.get(f"/v1/conversations/{target}")
    assert (answer.status, answer.detail) == (404, "Agent not found")


# --- what is refused ------------------------------------------------------------------------------------------------


async def test_a_wrong_query_is_refused(http: Http) -> None:
    query = "limit=x&order=up&order_by=id&include_err=maybe&include_return_message_types=user"
    answer = await http.get(f"/v1/conversations/malformed/messages?{query}")
    assert answer.complaints == [
        ("string_pattern_mismatch", "path.conversation_id"),
        ("int_parsing", "query.limit"),
        ("literal_error", "query.order"),
        ("literal_error", "query.order_by"),
        ("bool_parsing", "query.include_err"),
        ("enum", "query.include_return_message_types.0"),
    ]


async def test_a_negative_limit_is_a_database_error(http: Http, story: Story) -> None:
    for target in (story.conversation_id, story.agent_id):
        answer = await http.get(f"/v1/conversations/{target}/messages?limit=-1")
        assert (answer.status, answer.detail) == (500, "A database error occurred.")
