"""Tests of collections, by one that has some of the client's operations on folders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from letta_async.operations.folders import CreateFolder, ListFolders
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal
from letta_async.testing._state import Store
from letta_async.testing._validation import Fields
from letta_async.testing.stored.collection import Collection

FOLDERS = Collection(
    name="folders",
    prefix="source",
    kind="Source",
    operations=(CreateFolder, ListFolders),
    defaults={"name": None, "description": None, "metadata": {}},
)
CREATE, LIST = FOLDERS.routes


@pytest.fixture
def store() -> Store:
    """Return an empty store whose clock stands still."""
    return Store(clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def call(query: dict[str, Any] | None = None, body: dict[str, Any] | None = None) -> Call:
    """Return a call that was read."""
    fields = Fields(body or {})
    fields.given = frozenset(fields)
    return Call(path={}, query=Fields(query or {}), body=fields, headers={})


def test_what_is_created_has_the_fields_of_the_request_and_defaults_for_the_others(store: Store) -> None:
    made = CREATE.answer(store, call(body={"name": "a", "metadata": {"k": 1}}))
    assert (made["name"], made["description"], made["metadata"]) == ("a", None, {"k": 1})
    assert made["id"].startswith("source-")
    assert CREATE.answer(store, call(body={"name": "b"}))["metadata"] == {}
    assert FOLDERS.defaults["metadata"] == {}


def test_pages_are_in_the_order_asked_for(store: Store) -> None:
    ids = [CREATE.answer(store, call(body={"name": name}))["id"] for name in "aba"]
    assert [row["id"] for row in LIST.answer(store, call({"order": "asc"}))] == ids
    assert [row["id"] for row in LIST.answer(store, call({"order": "desc", "limit": 2}))] == ids[:0:-1]
    assert [row["id"] for row in LIST.answer(store, call({"order": "asc", "after": ids[0]}))] == ids[1:]
    assert [row["id"] for row in LIST.answer(store, call({"name": "a", "order": "asc"}))] == [ids[0], ids[2]]


def test_a_row_of_another_collection_is_not_found(store: Store) -> None:
    row = FOLDERS.add(store, {"name": "a"})
    other = Collection(name="others", prefix="source", kind="Other", operations=(), defaults={})
    with pytest.raises(Refusal) as refused:
        other.existing(store, row.id)
    assert refused.value.status == 404
    assert FOLDERS.existing(store, row.id) is row


def test_changes_keep_the_other_fields_and_a_deleted_row_is_gone(store: Store) -> None:
    row = FOLDERS.add(store, {"name": "a", "description": "D"})
    changed = FOLDERS.update(store, call(body={"name": "b", "description": None}), row.id)
    assert (changed["name"], changed["description"]) == ("b", "D")
    FOLDERS.delete(store, call(), row.id)
    with pytest.raises(Refusal):
        FOLDERS.retrieve(store, call(), row.id)
