"""Tests of lists of passages, whose server sorts and compares those of one time in different directions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letta_async import APIError, Passage
from letta_async.operations._listing import Listing
from letta_async.operations.passages import ListAgentPassages
from letta_async.resources._paging import AsyncPaginator

AGENT = "agent-123e4567-e89b-42d3-8456-426614174000"


def passages(days: Sequence[int]) -> list[Passage]:
    """Return passages of some days, with random IDs."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return [
        Passage(id=f"passage-{uuid.uuid4()}", text=str(number), created_at=start + timedelta(days=day))
        for number, day in enumerate(days)
    ]


@attrs.define
class Server:
    """Pages of passages, as Letta 0.16.8 selects and sorts them."""

    rows: list[Passage]
    ignores_cursors: bool = False
    requests: int = 0

    async def fetch(self, listing: Listing[Passage]) -> list[Passage]:
        """Return a page."""
        self.requests += 1
        query: dict[str, Any] = listing.given()
        shown = sorted(self.rows, key=self._place)
        after, before = (query.get(name) for name in ("after", "before"))
        if after and not self.ignores_cursors:
            shown = [row for row in shown if self._place(row) > self._place(self._row(after))]
        if before and not self.ignores_cursors:
            shown = [row for row in shown if self._place(row) < self._place(self._row(before))]
        if query.get("ascending") is False:
            shown.sort(key=lambda row: self._place(row)[0], reverse=True)
        return shown[: query.get("limit", 100)]

    @staticmethod
    def _place(row: Passage) -> tuple[datetime, str]:
        assert row.created_at is not None
        assert row.id is not None
        return row.created_at, row.id

    def _row(self, row_id: str) -> Passage:
        return next(row for row in self.rows if row.id == row_id)

    def list(self, **parameters: Any) -> AsyncPaginator[Passage]:
        """Return the paginator of a list."""
        return AsyncPaginator(self.fetch, ListAgentPassages, {"agent_id": AGENT, **parameters})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([1, 30, 99, 100, 101, 220])), max_size=5), st.booleans())
async def test_each_passage_is_listed_once(groups: list[tuple[int, int]], ascending: bool) -> None:
    server = Server(passages([day for day, count in groups for _ in range(count)]))
    listed = [row async for row in server.list(ascending=ascending)]
    assert sorted(row.text for row in listed) == sorted(row.text for row in server.rows)
    times = [row.created_at for row in listed if row.created_at]
    assert times == sorted(times, reverse=not ascending)


@pytest.mark.parametrize("ascending", [True, False])
async def test_a_limit_is_reached_by_one_request(*, ascending: bool) -> None:
    server = Server(passages(range(300)))
    for limit in (1, 2, 100, 299):
        server.requests = 0
        assert len([row async for row in server.list(ascending=ascending, limit=limit)]) == limit
        assert server.requests == 1


@pytest.mark.parametrize("ascending", [True, False])
async def test_a_server_that_does_not_lead_on_is_an_error(*, ascending: bool) -> None:
    server = Server(passages(range(300)), ignores_cursors=True)
    with pytest.raises(APIError, match="does not lead on"):
        _ = [row async for row in server.list(ascending=ascending)]
    assert server.requests == 2
