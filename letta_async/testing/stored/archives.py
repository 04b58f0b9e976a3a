"""Archives of passages, and the agents that have them."""

from __future__ import annotations

from typing import Any, Final

from letta_async.operations import archives as calls
from letta_async.testing import _agents, _facts, _models
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, not_found
from letta_async.testing._route import NO_CONTENT, route_of
from letta_async.testing._rows import Agent, StoredRow
from letta_async.testing._state import Store
from letta_async.testing.stored.collection import Collection
from letta_async.testing.stored.relations import check_agent, linked, unlinked

__all__ = ["ARCHIVES", "ROUTES", "archive_of", "archive_to_fill", "check_cursors"]


def _show(_store: Store, row: StoredRow) -> dict[str, Any]:
    fields = {name: value for name, value in row.fields.items() if name != "agents"}
    return {
        "created_by_id": _facts.USER_ID,
        "last_updated_by_id": _facts.USER_ID,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        **fields,
        "id": row.id,
    }


def _delete_passages(store: Store, archive: StoredRow) -> None:
    for row in [row for row in store.rows.values() if row.fields.get("archive_id") == archive.id]:
        store.remove(row)


ARCHIVES: Final = Collection(
    name="archives",
    prefix="archive",
    kind="Archive",
    operations=(calls.RetrieveArchive, calls.UpdateArchive),
    defaults={
        "name": None,
        "description": None,
        "organization_id": _facts.ORGANIZATION_ID,
        "vector_db_provider": "native",
        "embedding_config": None,
        "metadata": None,
        "agents": [],
    },
    show=_show,
    filters={"agent_id": lambda _store, row, agent_id: agent_id in row.fields["agents"]},
    deleted=_delete_passages,
)


def archive_of(store: Store, agent_id: str) -> StoredRow | None:
    """Return the archive of an agent; `None` if it has none."""
    return next((row for row in ARCHIVES.rows(store) if agent_id in row.fields["agents"]), None)


def archive_to_fill(store: Store, agent: Agent) -> StoredRow:
    """Return the archive of an agent, which is created if the agent has none."""
    fields = {
        "name": f"{agent.fields['name']}'s Archive",
        "description": "Default archive created automatically",
        "embedding_config": agent.embedding_config,
        "agents": [agent.id],
    }
    return archive_of(store, agent.id) or ARCHIVES.add(store, fields)


def _create(store: Store, call: Call) -> Any:
    """Create an archive, whose embedding model must be known."""
    body = call.body
    embedding_config = _models.embedding_of(body, store.live.models)
    fields = {"name": body["name"], "description": body["description"], "embedding_config": embedding_config}
    return _show(store, ARCHIVES.add(store, fields))


def _list(store: Store, call: Call) -> Any:
    """Return a page of archives, by default the newest first; an unknown cursor or agent is not found."""
    if call.query["agent_id"]:
        check_agent(store, call.query["agent_id"])
    check_cursors(store, call, "Archive")
    return ARCHIVES.list(store, call)


def check_cursors(store: Store, call: Call, kind: str) -> None:
    """Raise the 404 of a cursor that is unknown."""
    for name in ("before", "after"):
        cursor: str | None = call.query[name]
        if cursor and cursor not in store.rows:
            raise not_found(f"No {kind} found with id {cursor}")


def _delete(store: Store, call: Call) -> Any:
    """Delete an archive with its passages."""
    ARCHIVES.delete(store, call, call.path["archive_id"])
    return NO_CONTENT


def _list_agents(store: Store, call: Call) -> Any:
    """Return the agents that an archive is attached to, none for an archive that does not exist."""
    row = store.rows.get(call.path["archive_id"])
    return _agents.list_of(store, call, [] if row is None else row.fields["agents"])


def _attach(store: Store, call: Call) -> None:
    """Attach an archive to an agent, which has at most one."""
    agent_id, archive = _agent_and_archive(store, call)
    current = archive_of(store, agent_id)
    if current is not None and current.id != archive.id:
        raise Refusal(409, {"detail": f"{_DUPLICATE}\nDETAIL:  Key (agent_id)=({agent_id}) already exists."})
    linked(store, archive, "agents", [agent_id])


def _detach(store: Store, call: Call) -> None:
    """Detach an archive from an agent; nothing changes if the agent does not have it."""
    agent_id, archive = _agent_and_archive(store, call)
    unlinked(store, archive, "agents", agent_id)


def _agent_and_archive(store: Store, call: Call) -> tuple[str, StoredRow]:
    agent_id = call.path["agent_id"]
    check_agent(store, agent_id)
    return agent_id, ARCHIVES.existing(store, call.path["archive_id"])


_DUPLICATE: Final = (
    "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) <class 'asyncpg.exceptions.UniqueViolationError'>: "
    'duplicate key value violates unique constraint "unique_agent_archive"'
)

ROUTES: Final = (
    route_of(calls.CreateArchive, _create),
    route_of(calls.ListArchives, _list),
    *ARCHIVES.routes,
    route_of(calls.DeleteArchive, _delete),
    route_of(calls.ListArchiveAgents, _list_agents),
    route_of(calls.AttachArchive, _attach),
    route_of(calls.DetachArchive, _detach),
)
"""Routes of archives."""
