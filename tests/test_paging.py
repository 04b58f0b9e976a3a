"""Lists in pages: all of the items, each once, fetched as they are asked for, and an end to it in any case."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from uuid import uuid4

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async import (
    APIConnectionError,
    APIError,
    AsyncLetta,
    AsyncPage,
    AsyncPaginator,
    ClientClosedError,
    Conversation,
    InvalidArgumentError,
    Letta,
    LettaError,
    Page,
    UnknownMessage,
)
from letta_async.operations._listing import Listing
from letta_async.operations.agents import ListAgents
from letta_async.operations.conversation_messages import ListMessages
from letta_async.operations.conversations import ListConversations
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT, CONVERSATION

IDS = [f"conv-{uuid4()}" for _ in range(500)]
ALL = [Conversation(id=each, agent_id=AGENT) for each in IDS]

Serve = Callable[[ListConversations], list[Conversation]]


@attrs.define
class Server:
    """Server of a list of conversations, which records the requests."""

    count: int
    default: int = 50
    most: int = 1000
    """Largest page that the server returns."""
    asked: list[ListConversations] = attrs.field(factory=list[ListConversations])

    async def fetch(self, listing: Any) -> list[Conversation]:
        self.asked.append(listing)
        first = IDS.index(listing.after) + 1 if listing.after else 0
        return ALL[: self.count][first : first + min(listing.limit or self.default, self.most)]

    def paginator(self, **parameters: object) -> AsyncPaginator[Conversation]:
        return AsyncPaginator(self.fetch, ListConversations, parameters)


async def gathered(paginator: AsyncPaginator[Any]) -> list[str]:
    return [item.id async for item in paginator]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture(scope="module")
def letta(server: EmbeddedServer) -> Iterator[Letta]:
    with Letta(base_url=server.base_url) as client:
        yield client


@pytest.fixture(scope="module")
def agent_id(letta: Letta) -> str:
    """Return an agent with seven conversations; another agent has conversations as well."""
    ids = [letta.agents.create(name=name, model="letta/letta-free").id for name in ("seven", "other")]
    for agent in [*ids, *[ids[0]] * 6]:
        letta.conversations.create(agent_id=agent)
    return ids[0]


# --- all of it ------------------------------------------------------------------------------------------------------


@given(count=st.integers(0, 200), limit=st.none() | st.integers(1, 120), most=st.integers(50, 120))
async def test_every_item_comes_once_whatever_the_pages_are(count: int, limit: int | None, most: int) -> None:
    server = Server(count, most=most)
    assert await gathered(server.paginator(**({} if limit is None else {"limit": limit}))) == IDS[:count]
    assert len(server.asked) <= count // min(limit or 50, 50) + 1


@pytest.mark.parametrize(
    ("count", "parameters", "requests"),
    [
        (0, {}, 1),
        (49, {}, 1),
        (50, {}, 2),
        (51, {}, 2),
        (3, {"limit": 5}, 1),
        (5, {"limit": 5}, 2),
        (80, {"limit": 100}, 2),  # it may be a page that the server cut
    ],
)
async def test_a_page_that_is_surely_short_is_the_last(count: int, parameters: Any, requests: int) -> None:
    server = Server(count)
    assert len(await gathered(server.paginator(**parameters))) == count
    assert len(server.asked) == requests


async def test_a_server_that_sends_everything_at_once_is_asked_once() -> None:
    async def fetch(_: Any) -> list[Conversation]:
        return ALL[:120]

    assert await gathered(AsyncPaginator(fetch, ListConversations, {"limit": 50})) == IDS[:120]


async def test_a_server_that_does_not_lead_on_is_found_out_rather_than_asked_for_ever() -> None:
    async def fetch(_: Any) -> list[Conversation]:
        return ALL[:50]

    seen: list[str] = []
    with pytest.raises(APIError, match=f"does not lead on from '{IDS[49]}'") as caught:
        async for item in AsyncPaginator(fetch, ListConversations, {}):
            seen.append(item.id)
    assert seen == IDS[:50]
    assert (caught.value.request_method, caught.value.request_path) == ("GET", "/v1/conversations/")


async def test_an_item_without_an_id_leads_nowhere() -> None:
    async def fetch(_: Any) -> list[Any]:
        return [UnknownMessage(message_type="new")]

    with pytest.raises(APIError, match="does not lead on from None"):
        await gathered(AsyncPaginator(fetch, ListMessages, {"conversation_id": CONVERSATION}))


async def test_a_page_that_fails_ends_it_after_what_came_before() -> None:
    server = Server(100)

    async def fetch(listing: Any) -> list[Conversation]:
        if listing.after:
            raise APIConnectionError("gone")
        return await server.fetch(listing)

    seen: list[str] = []
    with pytest.raises(APIConnectionError):
        async for item in AsyncPaginator(fetch, ListConversations, {}):
            seen.append(item.id)
    assert seen == IDS[:50]


async def test_nothing_is_fetched_before_it_is_asked_for() -> None:
    server = Server(200)
    items = aiter(server.paginator(limit=10))
    assert server.asked == []
    for number in range(25):
        assert (await anext(items)).id == IDS[number]
        assert len(server.asked) == number // 10 + 1


async def test_parameters_stay_from_page_to_page() -> None:
    server = Server(30)
    await gathered(server.paginator(limit=10, agent_id=AGENT, order="asc"))
    assert {(each.limit, each.agent_id, each.order) for each in server.asked} == {(10, AGENT, "asc")}


async def test_each_use_asks_anew() -> None:
    server = Server(3)
    paginator = server.paginator()
    assert await gathered(paginator) == await gathered(paginator) == IDS[:3]
    assert await paginator == await paginator.page() == ALL[:3]
    assert len(server.asked) == 4


async def test_it_can_begin_in_the_middle() -> None:
    assert await gathered(Server(9).paginator(after=IDS[6])) == IDS[7:9]


def test_a_wrong_parameter_is_refused_before_anything_is_awaited() -> None:
    client = AsyncLetta(base_url="http://127.0.0.1:1")
    for parameters in ({"limit": 0}, {"limit": True}, {"after": "x"}, {"order": "up"}, {"agent_id": "x"}):
        (name,) = parameters
        with pytest.raises(InvalidArgumentError, match=name):
            client.conversations.list(**parameters)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unexpected keyword argument 'limits'"):
        client.conversations.list(limits=5)  # type: ignore[call-arg]


# --- messages -------------------------------------------------------------------------------------------------------


def messages(*numbers: int) -> list[Any]:
    return [UnknownMessage(message_type="x", id=f"message-{number}") for number in numbers]


@pytest.mark.parametrize(
    ("order", "following"),
    [("asc", {"after": "message-1"}), ("desc", {"before": "message-1"}), (None, {"before": "message-1"})],
)
def test_messages_lead_on_by_time_whatever_the_order(order: Any, following: Any) -> None:
    given = {} if order is None else {"order": order}
    listing = ListMessages(conversation_id=CONVERSATION, limit=100, **given)
    assert listing.following(messages(3, 2, 1)) == following  # short, and yet not the last page
    assert listing.following([]) == {}


async def test_an_agents_own_messages_are_put_in_the_order_that_was_asked_for(server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        agent = await client.agents.create(
            name="a",
            model="letta/letta-free",
            extra_body={"initial_message_sequence": [{"role": "user", "content": str(n)} for n in range(4)]},
        )

        async def texts(**parameters: Any) -> list[str]:
            listed = client.conversations.messages.list("default", agent_id=agent.id, **parameters)
            return [message.content[-1] async for message in listed]  # type: ignore[union-attr,misc]

        oldest_first = await texts(order="asc")
        assert oldest_first[1:] == list("0123")
        assert await texts(order="asc", limit=2) == oldest_first
        for limit in (1, 2, 3):
            assert await texts(order="desc", limit=limit) == oldest_first[::-1]
        assert await texts() == oldest_first  # as the server returns a page where no order is asked for
        assert await texts(limit=2) == [*oldest_first[3:], *oldest_first[1:3], oldest_first[0]]


# --- the facade -----------------------------------------------------------------------------------------------------


def test_the_facade_goes_through_it_with_an_ordinary_loop(letta: Letta, agent_id: str) -> None:
    listed = letta.conversations.list(agent_id=agent_id, limit=3)
    assert isinstance(listed, Page)
    ids = [conversation.id for conversation in listed]
    assert len(ids) == len(set(ids)) == 7
    assert [conversation.id for conversation in listed] == ids
    assert [conversation.id for conversation in listed.items] == [each.id for each in listed.page()] == ids[:3]
    assert (len(listed), listed[0].id, [each.id for each in listed[1:]]) == (3, ids[0], ids[1:3])
    assert repr(listed) == f"<Page of 3 items, and more pages: {listed.items!r}>"
    assert not letta.agents.list(name="nobody has this name")


def test_a_list_says_that_it_is_lazy() -> None:
    listed = AsyncLetta(api_key="k").agents.list(limit=2)
    words = "await it for one page, or iterate it with async for"
    assert repr(listed) == f"<AsyncPaginator of ListAgents(limit=2): {words}>"


def test_the_facade_requests_the_first_page_at_once_and_others_when_they_are_reached(
    server: EmbeddedServer, letta: Letta, agent_id: str
) -> None:
    before = len(server.requests)
    listed = letta.conversations.list(agent_id=agent_id, limit=3)
    assert len(server.requests) == before + 1
    assert len(list(islice(listed, 3))) == len(listed) == 3
    assert len(server.requests) == before + 1
    assert len(list(islice(listed, 4))) == 4
    assert len(server.requests) == before + 2


def test_a_closed_facade_lists_nothing(server: EmbeddedServer, agent_id: str) -> None:
    client = Letta(base_url=server.base_url)
    listed = client.conversations.list(agent_id=agent_id, limit=3)
    client.close()
    with pytest.raises(ClientClosedError):
        list(listed)
    with pytest.raises(ClientClosedError):
        listed.get_next_page()
    with pytest.raises(ClientClosedError):
        client.conversations.list(agent_id=agent_id)


# --- page by page -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_the_facade_goes_from_page_to_page(letta: Letta, agent_id: str, limit: int) -> None:
    ids = [conversation.id for conversation in letta.conversations.list(agent_id=agent_id)]
    page = first = letta.conversations.list(agent_id=agent_id, limit=limit)
    found = [each.id for each in page.items]
    while page.has_next_page():
        page = page.get_next_page()
        found += [each.id for each in page.items]
    assert found == ids
    assert [each.id for page in first.iter_pages() for each in page.items] == ids
    with pytest.raises(LettaError, match="no page follows this one"):
        page.get_next_page()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_an_awaited_list_is_a_page_that_leads_on(server: EmbeddedServer, agent_id: str, limit: int) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        listed = client.conversations.list(agent_id=agent_id, limit=limit)
        ids = [each.id async for each in listed]
        page = await listed
        assert isinstance(page, AsyncPage)
        assert isinstance(page, list)
        assert page.items == list(page)
        assert [each.id async for each in page] == ids
        assert [each.id async for each in page] == ids
        assert [each.id async for page in listed.iter_pages() for each in page] == ids
        found = [each.id for each in page]
        while page.has_next_page():
            page = await page.get_next_page()
            found += [each.id for each in page]
        assert found == ids
        with pytest.raises(LettaError, match="no page follows this one"):
            await page.get_next_page()


@given(count=st.integers(0, 120), limit=st.integers(1, 60))
async def test_no_item_is_on_two_pages(count: int, limit: int) -> None:
    page = await Server(count).paginator(limit=limit)
    pages = [each async for each in page.iter_pages()]
    assert [item.id for each in pages for item in each] == IDS[:count]
    assert pages[0] == page


async def test_leaving_the_loop_leaves_nothing_open(server: EmbeddedServer, agent_id: str) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        async for _ in client.conversations.list(agent_id=agent_id, limit=2):
            break
        first = await client.conversations.list(agent_id=agent_id, limit=2)
        assert len(first) == 2


def test_every_listing_says_what_it_lists() -> None:
    for listing in (ListConversations, ListMessages, ListAgents):
        assert issubclass(listing, Listing)
        assert (listing.http.method, listing.http.repeatable) == ("GET", True)


async def test_a_page_is_pickled_as_a_list(server: EmbeddedServer, letta: Letta, agent_id: str) -> None:
    listed = letta.conversations.list(agent_id=agent_id, limit=3)
    assert pickle.loads(pickle.dumps(listed)) == listed.items
    async with AsyncLetta(base_url=server.base_url) as client:
        page = await client.conversations.list(agent_id=agent_id, limit=3)
    assert pickle.loads(pickle.dumps(page)) == pickle.loads(pickle.dumps(page.items)) == listed.items
