"""Passages of archives and of agents, and their search by words.

The server embeds nothing: instead of by meaning, passages are ranked by how many words of the query they contain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from letta_async.operations import archives as archive_calls
from letta_async.operations import passages as calls
from letta_async.testing import _facts
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, not_found, unknown_error
from letta_async.testing._request_classes import REQUIRED, reads
from letta_async.testing._route import NO_CONTENT, route_of
from letta_async.testing._rows import Agent, StoredRow
from letta_async.testing._state import Store, check_stored, checked_limit, like
from letta_async.testing.stored.archives import ARCHIVES, archive_of, archive_to_fill
from letta_async.testing.stored.collection import Collection

__all__ = ["ROUTES"]

_FOUND: Final = 5
"""Maximum number of results of a search of an agent by default."""
_WORD: Final = re.compile(r"\w+")

_PASSAGES: Final = Collection(
    name="passages",
    prefix="passage",
    kind="Passage",
    operations=(),
    defaults={
        "is_deleted": False,
        "organization_id": _facts.ORGANIZATION_ID,
        "archive_id": None,
        "source_id": None,
        "file_id": None,
        "file_name": None,
        "metadata": {},
        "tags": None,
        "text": "",
        "embedding": None,
        "embedding_config": None,
    },
)


@reads(archive_calls.CreateArchivePassage)
class CreatePassage:
    """Body of a request to create a passage in an archive; a time is read only after the archive is found."""

    text = REQUIRED
    tags = None
    metadata = None
    created_at: str | None = None


@reads(archive_calls.CreateArchivePassages)
class CreatePassages:
    """Body of a request to create passages in an archive."""

    passages: list[CreatePassage] = REQUIRED


# --- creating and deleting --------------------------------------------------------------------------------------------


def _add(store: Store, archive: StoredRow, passage: Any) -> dict[str, Any]:
    """Store a passage in an archive, and return its JSON."""
    tags = passage["tags"]
    created_at = _moment(passage["created_at"])
    row = _PASSAGES.add(
        store,
        {
            "archive_id": archive.id,
            "metadata": passage.get("metadata") or {},
            "tags": list(dict.fromkeys(tags)) if tags else None,
            "text": passage["text"],
            "embedding_config": archive.fields["embedding_config"],
        },
    )
    if created_at is not None:
        row = store.put(attrs.evolve(row, created_at=_in_utc(created_at)))
    return _PASSAGES.shown(store, row)


def _moment(given: datetime | str | None) -> datetime | None:
    if not given or isinstance(given, datetime):
        return given or None
    try:
        return datetime.fromisoformat(given)
    except ValueError as error:
        raise Refusal(400, {"detail": str(error)}) from None


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _create_of_agent(store: Store, call: Call) -> Any:
    """Create a passage in the archive of an agent, which is created with the first one."""
    return [_add(store, archive_to_fill(store, _agent(store, call.path["agent_id"])), call.body)]


def _agent(store: Store, agent_id: str) -> Agent:
    if agent_id not in store.agents:
        raise not_found(f"Agent with ID {agent_id} not found")
    return store.agents[agent_id]


def _create(store: Store, call: Call) -> Any:
    """Create a passage in an archive."""
    return _add(store, ARCHIVES.existing(store, call.path["archive_id"]), call.body)


def _create_many(store: Store, call: Call) -> Any:
    """Create passages in an archive that has an embedding model."""
    passages: list[Any] = call.body["passages"]
    if not passages:
        return []
    archive = ARCHIVES.existing(store, call.path["archive_id"])
    if archive.fields["embedding_config"] is None:
        raise unknown_error()
    for each in passages:
        _moment(each["created_at"])
    return [_add(store, archive, each) for each in passages]


def _delete(store: Store, call: Call) -> Any:
    """Delete a passage of an archive."""
    archive, passage_id = ARCHIVES.existing(store, call.path["archive_id"]), call.path["passage_id"]
    row = _existing(store, passage_id, "Agent passage")
    if row.fields["archive_id"] != archive.id:
        raise Refusal(400, {"detail": f"Passage {passage_id} does not belong to archive {archive.id}"})
    store.remove(row)
    return NO_CONTENT


def _delete_of_agent(store: Store, call: Call) -> Any:
    """Delete a passage, whichever agent has it."""
    memory_id = call.path["memory_id"]
    store.remove(_existing(store, memory_id, "Passage"))
    return {"message": f"Memory id={memory_id} successfully deleted"}


def _existing(store: Store, passage_id: str, words: str) -> StoredRow:
    row = store.rows.get(passage_id)
    if row is None or row.collection != _PASSAGES.name:
        raise not_found(f"{words} with id {passage_id} not found in database.")
    return row


# --- listing and searching --------------------------------------------------------------------------------------------


def _list(store: Store, call: Call) -> Any:
    """Return passages of an agent, by default the oldest first; the cursors mean newer and older in either order.

    Those of one time are in the order of their IDs, whatever the order. An unknown cursor selects none.
    """
    query = call.query
    check_stored(*query.values())
    rows = _of_archive(store, archive_of(store, call.path["agent_id"]))
    if query["search"]:
        rows = _containing(rows, query["search"])
    for name in ("after", "before"):
        if query[name]:
            rows = [row for row in rows if _is_beyond(row, store.rows.get(query[name]), later=name == "after")]
    limit = checked_limit(100 if query["limit"] is None else query["limit"]) or None
    return [_PASSAGES.shown(store, row) for row in _sorted(rows, ascending=query["ascending"] is not False)[:limit]]


def _is_beyond(row: StoredRow, cursor: StoredRow | None, *, later: bool) -> bool:
    return cursor is not None and (_place(row) > _place(cursor) if later else _place(row) < _place(cursor))


def _place(row: StoredRow) -> tuple[datetime, str]:
    return row.created_at, row.id


def _sorted(rows: Iterable[StoredRow], *, ascending: bool = True) -> list[StoredRow]:
    by_id = sorted(rows, key=lambda row: row.id)
    return sorted(by_id, key=lambda row: row.created_at, reverse=not ascending)


def _of_archive(store: Store, archive: StoredRow | None) -> list[StoredRow]:
    if archive is None:
        return []
    return [row for row in _PASSAGES.rows(store) if row.fields["archive_id"] == archive.id]


def _containing(rows: Iterable[StoredRow], text: str) -> list[StoredRow]:
    matches = like(text, ignore_case=True)
    return [row for row in rows if matches(row.fields["text"])]


def _search_of_agent(store: Store, call: Call) -> Any:
    """Return the passages of an agent that match a query best."""
    query = call.query
    results: list[dict[str, Any]] = []
    if query["query"].strip():
        agent = _agent(store, call.path["agent_id"])
        found = _ranked(
            _between(_of_archive(store, archive_of(store, agent.id)), query["start_datetime"], query["end_datetime"]),
            query["query"],
            by_words=agent.embedding_config is None,
        )
        limit = checked_limit(_FOUND if query["top_k"] is None else query["top_k"]) or None
        results = [_result(row, agent.timezone) for row in _tagged(found[:limit], query)]
    return {"results": results, "count": len(results)}


def _result(row: StoredRow, timezone: str) -> dict[str, Any]:
    timestamp = row.created_at.astimezone(ZoneInfo(timezone)).isoformat()
    return {
        "id": row.id,
        "timestamp": timestamp,
        "content": row.fields["text"],
        "tags": row.fields["tags"] or [],
    }


def _search(store: Store, call: Call) -> Any:
    """Return the passages of an agent, of an archive or of all that match a query best, or all without a query."""
    body = call.body
    agent_id, archive_id, text = body["agent_id"], body["archive_id"], body["query"]
    if agent_id is not None:
        embedding = _agent(store, agent_id).embedding_config if text else None
        rows = _of_archive(store, archive_of(store, agent_id))
    elif archive_id is not None:
        embedding = ARCHIVES.existing(store, archive_id).fields["embedding_config"] if text else None
        rows = _of_archive(store, store.rows.get(archive_id))
    else:
        newest = max(store.agents.values(), key=lambda agent: agent.sequence, default=None)
        embedding = None if newest is None else newest.embedding_config
        rows = list(_PASSAGES.rows(store))
    rows = _between(rows, body["start_date"], body["end_date"])
    found = _ranked(rows, text, by_words=embedding is None) if text else _sorted(rows)
    found = _tagged(found[: 50 if body["limit"] is None else body["limit"]], body)
    return [{"passage": _PASSAGES.shown(store, row), "score": 0.0, "metadata": {}} for row in found]


def _between(rows: Iterable[StoredRow], start: datetime | None, end: datetime | None) -> list[StoredRow]:
    return [
        row
        for row in rows
        if (start is None or row.created_at >= _in_utc(start)) and (end is None or row.created_at <= _in_utc(end))
    ]


def _ranked(rows: Iterable[StoredRow], text: str, *, by_words: bool) -> list[StoredRow]:
    """Return rows by how many words of a text they contain; `by_words` only those that contain the whole text."""
    if by_words:
        return _sorted(_containing(rows, text))
    words = set(_WORD.findall(text.lower()))
    return sorted(_sorted(rows), key=lambda row: -len(words.intersection(_WORD.findall(row.fields["text"].lower()))))


def _tagged(rows: Iterable[StoredRow], parameters: Any) -> list[StoredRow]:
    """Return rows that have any or all of the tags that a search asks for."""
    tags = set(parameters["tags"] or [])
    if not tags:
        return list(rows)
    wanted = len(tags) if parameters["tag_match_mode"] == "all" else 1
    return [row for row in rows if len(tags.intersection(row.fields["tags"] or [])) >= wanted]


ROUTES: Final = (
    route_of(calls.CreateAgentPassage, _create_of_agent),
    route_of(calls.ListAgentPassages, _list),
    route_of(calls.DeleteAgentPassage, _delete_of_agent),
    route_of(calls.SearchAgentPassages, _search_of_agent),
    route_of(calls.SearchPassages, _search),
    attrs.evolve(route_of(archive_calls.CreateArchivePassage, _create), body=CreatePassage),
    attrs.evolve(route_of(archive_calls.CreateArchivePassages, _create_many), body=CreatePassages),
    route_of(archive_calls.DeleteArchivePassage, _delete),
)
"""Routes of passages."""
