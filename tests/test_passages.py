"""Tests of passages, whose lists are sorted and compared in different directions, and of bodies that are lists."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letta_async import APIError, InvalidArgumentError, Passage
from letta_async._http.request import NO_OPTIONS, CallOptions
from letta_async._http.request_building import build
from letta_async._schema.converter import read
from letta_async.config import ClientConfig
from letta_async.operations._listing import Listing
from letta_async.operations.identities import UpsertIdentityProperties
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


def test_an_embedding_is_kept_and_shown_by_its_length() -> None:
    numbers = [0.5] * 4096
    passage = read(Passage, {"id": "passage-1", "text": "x", "embedding": numbers, "tags": ["a"]})
    assert passage.embedding is numbers
    assert repr(passage) == "Passage(id='passage-1', text='x', tags=['a'], embedding=<4096 numbers>)"
    assert repr(Passage(text="x", embedding=None)) == "Passage(text='x')"


IDENTITY = "identity-123e4567-e89b-42d3-8456-426614174000"
CONFIG = ClientConfig(api_key=None, base_url="http://localhost:8283")


def test_a_body_can_be_a_list() -> None:
    body = [{"key": "a", "value": 1, "type": "number"}, {"key": "b", "value": {"c": None}, "type": "json"}]
    request = build(UpsertIdentityProperties, {"identity_id": IDENTITY, "body": body}, NO_OPTIONS, CONFIG)
    assert request.body is not None
    assert json.loads(request.body) == body
    assert request.headers["Content-Type"] == "application/json"
    empty = build(UpsertIdentityProperties, {"identity_id": IDENTITY, "body": []}, NO_OPTIONS, CONFIG)
    assert empty.body == b"[]"


def test_nothing_is_added_to_a_body_that_is_a_list() -> None:
    options = CallOptions(extra_body={"newer": 1})
    with pytest.raises(InvalidArgumentError, match="extra_body: does not go with a body that is one parameter"):
        build(UpsertIdentityProperties, {"identity_id": IDENTITY, "body": []}, options, CONFIG)
    with pytest.raises(InvalidArgumentError, match=r"body\[0\]\.value: \[1\] .* is"):
        wrong = [{"key": "a", "value": [1], "type": "json"}]
        build(UpsertIdentityProperties, {"identity_id": IDENTITY, "body": wrong}, NO_OPTIONS, CONFIG)
