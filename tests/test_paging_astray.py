"""Lists whose server pages wrongly, or whose rows move meanwhile: no item comes twice, none is left out silently."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async import APIError, AsyncLetta, AsyncPaginator, Letta
from letta_async._schema.converter import read
from letta_async.operations._listing import Listing
from letta_async.operations.agents import ListAgents
from letta_async.operations.blocks import ListBlockAgents, ListBlocks
from letta_async.operations.conversation_messages import ListMessages
from letta_async.operations.conversations import ListConversations
from letta_async.resources._paging import _Int64Set
from letta_async.testing import EmbeddedServer, RecordedRequest
from letta_async.types.message import Message
from tests.ids import CONVERSATION

BLOCK = f"block-{uuid4()}"
LISTINGS: dict[type[Listing[Any]], tuple[str, dict[str, Any]]] = {
    ListAgents: ("agent", {}),
    ListBlockAgents: ("agent", {"block_id": BLOCK}),
    ListBlocks: ("block", {}),
    ListConversations: ("conv", {}),
    ListMessages: ("message", {"conversation_id": CONVERSATION}),
}
BOTH_CURSORS = [listing for listing in LISTINGS if "before" in attrs.fields_dict(listing)]
IDS = [str(uuid4()) for _ in range(400)]


@attrs.frozen
class Row:
    """Item with the fields that paging needs."""

    id: str
    date: None = None
    message_type: str = "new"


Serve = Callable[["Server", Any], list[str]]


@attrs.define
class Server:
    """Server that lists rows, the newest first, by any paging function."""

    listing: type[Listing[Any]]
    count: int
    serve: Serve
    asked: list[Any] = attrs.field(factory=list[Any])
    ids: list[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.ids = [f"{LISTINGS[self.listing][0]}-{each}" for each in IDS[: self.count]]

    async def fetch(self, listing: Any) -> list[Any]:
        self.asked.append(listing)
        return [Row(each) for each in self.serve(self, listing)]

    async def listed(self, **parameters: Any) -> list[str]:
        paginator = AsyncPaginator(self.fetch, self.listing, {**LISTINGS[self.listing][1], **parameters})
        items: list[str] = []
        try:
            async for item in paginator:
                items.append(item.id)
        finally:
            assert len(items) == len(set(items)), "an item came twice"
            assert set(items) <= set(self.ids)
        return items


def cursor(listing: Any) -> str | None:
    return getattr(listing, "before", None) or getattr(listing, "after", None) or None


def size(listing: Any) -> int:
    return listing.limit or 50


def rightly(server: Server, listing: Any) -> list[str]:
    first = server.ids.index(cursor(listing)) + 1 if cursor(listing) else 0  # type: ignore[arg-type]
    return server.ids[first : first + size(listing)]


def overlapping(server: Server, listing: Any) -> list[str]:
    """Begin each page with the cursor itself, and two before it; the last one too, which so has nothing else."""
    first = max(0, server.ids.index(cursor(listing)) - 2) if cursor(listing) else 0  # type: ignore[arg-type]
    return server.ids[first : first + size(listing)]


def ignoring_the_cursor(server: Server, listing: Any) -> list[str]:
    return server.ids[: size(listing)]


def backwards(server: Server, listing: Any) -> list[str]:
    """Lead to what is newer than the cursor, the nearest, in the order of the list."""
    if not cursor(listing):
        return server.ids[: size(listing)]
    end = server.ids.index(cursor(listing))  # type: ignore[arg-type]
    return server.ids[max(0, end - size(listing)) : end]


def backwards_from_the_top(server: Server, listing: Any) -> list[str]:
    """Lead to what is newer than the cursor, the newest."""
    end = server.ids.index(cursor(listing)) if cursor(listing) else server.count  # type: ignore[arg-type]
    return server.ids[:end][: size(listing)]


def backwards_by(name: str, astray: Serve) -> Serve:
    """Take one of the cursors the wrong way, and the other one rightly."""
    return lambda server, listing: (astray if getattr(listing, name, None) else rightly)(server, listing)


def astray_from(page: int, astray: Serve) -> Serve:
    return lambda server, listing: (astray if len(server.asked) >= page else rightly)(server, listing)


def inserting(server: Server, listing: Any) -> list[str]:
    """Get a new row before each page, and count pages by what was listed instead of by the cursor."""
    already = sum(size(each) for each in server.asked[:-1])
    server.ids.insert(0, f"{LISTINGS[server.listing][0]}-{uuid4()}")
    return server.ids[already : already + size(listing)]


counts = pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 10, 11, 49, 50, 51, 120])
limits = pytest.mark.parametrize("limit", [None, 1, 2, 5, 60])


def parameters(limit: int | None) -> dict[str, Any]:
    return {} if limit is None else {"limit": limit}


@pytest.mark.parametrize("listing", LISTINGS)
@counts
@limits
async def test_pages_that_overlap_are_put_together(listing: Any, count: int, limit: int | None) -> None:
    server = Server(listing, count, overlapping)
    # Messages end with an empty page alone; and a page that is no longer than what overlaps leads nowhere.
    if (listing is ListMessages and count) or (limit in (1, 2) and count > 1):
        with pytest.raises(APIError, match="does not lead on"):
            await server.listed(**parameters(limit))
    else:
        assert await server.listed(**parameters(limit)) == server.ids


@pytest.mark.parametrize("listing", LISTINGS)
@pytest.mark.parametrize("astray", [ignoring_the_cursor, backwards, backwards_from_the_top])
@pytest.mark.parametrize("page", [2, 3, 4])
@limits
async def test_a_server_that_leads_nowhere_or_back_is_found_out(
    listing: Any, astray: Serve, page: int, limit: int | None
) -> None:
    server = Server(listing, 300, astray_from(page, astray))
    with pytest.raises(APIError, match="does not lead on from") as caught:
        await server.listed(**parameters(limit))
    assert (caught.value.request_method, caught.value.request_path) == ("GET", listing.http.path)
    assert len(server.asked) <= page + 1


@pytest.mark.parametrize("listing", BOTH_CURSORS)
@pytest.mark.parametrize("astray", [backwards, backwards_from_the_top, ignoring_the_cursor])
@counts
@limits
async def test_the_other_cursor_is_taken_where_it_leads_on(
    listing: Any, astray: Serve, count: int, limit: int | None
) -> None:
    """As the hosted API does it, where `before` leads to what is newer."""
    server = Server(listing, count, backwards_by("before" if listing is ListMessages else "after", astray))
    assert await server.listed(**parameters(limit)) == server.ids
    assert len(server.asked) <= count // min(limit or 50, 50) + 3


@pytest.mark.parametrize("listing", BOTH_CURSORS)
async def test_a_cursor_that_was_set_is_not_turned(listing: Any) -> None:
    name = "before" if listing is ListMessages else "after"
    server = Server(listing, 200, backwards_by(name, backwards))
    with pytest.raises(APIError, match="does not lead on"):
        await server.listed(**{name: server.ids[150]})


async def test_a_server_with_one_cursor_is_not_asked_by_another() -> None:
    server = Server(ListConversations, 200, backwards)
    with pytest.raises(APIError, match="does not lead on"):
        await server.listed()
    assert len(server.asked) == 2


@pytest.mark.parametrize("listing", [listing for listing in LISTINGS if listing is not ListMessages])
@pytest.mark.parametrize("limit", [None, 3, 60])
async def test_rows_that_move_between_two_pages_come_once(listing: Any, limit: int | None) -> None:
    server = Server(listing, 150, inserting)
    before = list(server.ids)
    items = await server.listed(**parameters(limit))
    assert items[1:] == before  # with what was new before the first page


async def test_several_messages_made_of_one_come_all_even_across_pages() -> None:
    texts = {"reasoning": "r", "content": "c", "date": None}
    made: list[Any] = [
        read(Message, {"id": f"message-{each}", "otid": f"{each}-{n}", "message_type": kind, **texts})
        for each in IDS[:6]
        for n, kind in enumerate(("reasoning_message", "assistant_message", "assistant_message"))
    ]
    pages = [made[:5], made[4:9], made[9:], []]

    async def fetch(_: Any) -> list[Any]:
        return pages.pop(0)

    listed = AsyncPaginator(fetch, ListMessages, {"conversation_id": CONVERSATION})
    assert [item async for item in listed] == made


@given(st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=60), max_size=20), st.integers())
def test_marks_are_a_set(added: list[list[int]], other: int) -> None:
    marks = _Int64Set()
    for each in added:
        marks.add(each)
    flat = {mark for each in added for mark in each}
    assert all(mark in marks for mark in flat)
    assert (other in marks) is (other in flat)
    assert None not in marks
    lengths = [len(run) for run in marks._runs]
    assert lengths == sorted(lengths, reverse=True)


def test_marks_take_eight_bytes_each() -> None:
    marks = _Int64Set()
    for page in range(2_000):
        marks.add(map(hash, (f"{page} {n}" for n in range(50))))
    assert sum(run.itemsize * len(run) for run in marks._runs) == 8 * 100_000
    assert len(marks._runs) < 20


@pytest.mark.parametrize("turns", [True, False])
def test_it_holds_on_the_wire_for_both_clients(turns: bool) -> None:
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as letta:
        for number in range(5):
            letta.blocks.create(label="l", value=str(number))
        rows = [{"id": block.id, "label": "l", "value": ""} for block in letta.blocks.list()]

        def listed_by_the_facade() -> list[str]:
            return [block.id for block in letta.blocks.list(limit=2)]

        async def listed() -> list[str]:
            async with AsyncLetta(base_url=server.base_url) as client:
                return [block.id async for block in client.blocks.list(limit=2)]

        for lists in (listed_by_the_facade, lambda: asyncio.run(listed())):
            led_on = [("before", rows[2:4]), ("before", rows[4:])] if turns else [("before", rows[:2])]
            for name, page in [("after", rows[:2]), *led_on]:

                def asks_so(request: RecordedRequest, name: str = name) -> bool:
                    return name in request.query

                server.script("GET", "/v1/blocks/", when=asks_so, status=200, body=page)
            if turns:
                assert lists() == [row["id"] for row in rows]
            else:
                with pytest.raises(APIError, match="does not lead on from"):
                    lists()
            assert server.requests[-1].query.keys() == {"limit", "before"}
