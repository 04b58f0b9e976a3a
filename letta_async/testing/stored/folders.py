"""Folders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from letta_async.operations import folders as calls
from letta_async.testing import _facts, _models
from letta_async.testing._call import Call
from letta_async.testing._errors import duplicate, invalid_argument, not_found
from letta_async.testing._model_configs import EmbeddingConfig
from letta_async.testing._request_classes import REQUIRED, reads
from letta_async.testing._route import Route, route_of
from letta_async.testing._rows import Agent, StoredRow
from letta_async.testing._state import Store, checked_limit, like, page
from letta_async.testing.stored.collection import Collection

__all__ = ["FOLDERS", "ROUTES", "agents_with", "check_cursors", "show"]


@reads(calls.CreateFolder)
class CreateFolder:
    """Body of a request to create a folder."""

    name = REQUIRED
    description = None
    instructions = None
    metadata = None
    embedding = None
    embedding_chunk_size = None
    embedding_config: EmbeddingConfig | None = None


@reads(calls.UpdateFolder)
class UpdateFolder:
    """Body of a request to update a folder."""

    name = None
    description = None
    instructions = None
    metadata = None
    embedding_config: EmbeddingConfig | None = None


def show(_store: Store, row: StoredRow) -> dict[str, Any]:
    """Return the JSON of a folder."""
    return {
        **{name: row.fields[name] for name in ("name", "description", "instructions", "metadata")},
        "id": row.id,
        "embedding_config": row.fields["embedding_config"],
        "organization_id": _facts.ORGANIZATION_ID,
        "created_by_id": _facts.USER_ID,
        "last_updated_by_id": _facts.USER_ID,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


FOLDERS: Final = Collection(
    name="folders",
    prefix="source",
    kind="Source",
    operations=(calls.RetrieveFolder,),
    defaults={
        "name": None,
        "description": None,
        "instructions": None,
        "metadata": None,
        "embedding_config": None,
    },
    show=show,
    filters={"name": lambda _store, row, name: bool(like(name, ignore_case=True)(row.fields["name"]))},
    ascending=True,
)


def _create(store: Store, call: Call) -> Any:
    """Create a folder."""
    config = _models.embedding_of(call.body, store.live.models)
    if config is None:
        raise invalid_argument("Must specify either embedding or embedding_config in request")
    stored = {name: call.body[name] for name in ("name", "description", "instructions", "metadata")}
    _check_name(store, stored["name"], None)
    return FOLDERS.shown(store, FOLDERS.add(store, {**stored, "embedding_config": config}))


def _update(store: Store, call: Call) -> Any:
    """Change the fields of a folder that are in the body and not null."""
    row = FOLDERS.existing(store, call.path["folder_id"])
    given = {name: value for name, value in call.body.items() if value is not None}
    changes = {name: value for name, value in given.items() if row.fields[name] != value}
    if "name" in changes:
        _check_name(store, changes["name"], row)
    return FOLDERS.shown(store, FOLDERS.change(store, row, changes) if changes else row)


def _check_name(store: Store, name: str, own: StoredRow | None) -> None:
    """Refuse the name of another folder."""
    if any(row.fields["name"] == name for row in FOLDERS.rows(store) if row is not own):
        key = f"(name, organization_id)=({name}, {_facts.ORGANIZATION_ID})"
        raise duplicate("Source", "uq_source_name_organization", key)


def _list(store: Store, call: Call) -> Any:
    """Return a page of folders, by default the oldest first."""
    check_cursors(store, call.query, "Source", FOLDERS.name)
    return FOLDERS.list(store, call)


def check_cursors(store: Store, query: Mapping[str, Any], kind: str, collection: str) -> None:
    """Refuse a cursor that is the ID of no row of a collection."""
    for name in ("after", "before"):
        row = store.rows.get(query[name] or "")
        if query[name] and (row is None or row.collection != collection):
            raise not_found(f"No {kind} found with id {query[name]}")


def _count(store: Store, _call: Call) -> Any:
    """Return the number of folders."""
    return sum(1 for _ in FOLDERS.rows(store))


def _retrieve_by_name(store: Store, call: Call) -> Any:
    """Return the ID of the folder with a name."""
    name = call.path["folder_name"]
    for row in FOLDERS.rows(store):
        if row.fields["name"] == name:
            return row.id
    raise not_found(f"Source with name={name} not found.")


def agents_with(store: Store, folder_id: str) -> list[Agent]:
    """Return the agents that a folder is attached to."""
    return [agent for agent in store.agents.values() if folder_id in agent.folder_ids]


def _list_agents(store: Store, call: Call) -> Any:
    """Return a page of the IDs of the agents that a folder is attached to, by default those of the newest first."""
    folder_id, query = call.path["folder_id"], call.query
    if folder_id not in {row.id for row in FOLDERS.rows(store)}:
        raise not_found(f"Source with ID {folder_id} not found")
    for name in ("before", "after"):
        if query[name] and query[name] not in store.agents:
            raise not_found(f"No Agent found with id {query[name]}")
    listed = page(
        agents_with(store, folder_id),
        lambda agent: (agent.created_at, agent.sequence),
        ascending=query["order"] == "asc",
        limit=50 if query["limit"] is None else checked_limit(query["limit"]),
        after=store.agents.get(query["after"] or ""),
        before=store.agents.get(query["before"] or ""),
    )
    return [agent.id for agent in listed]


ROUTES: Final[tuple[Route, ...]] = (
    *FOLDERS.routes,
    attrs.evolve(route_of(calls.CreateFolder, _create), body=CreateFolder),
    attrs.evolve(route_of(calls.UpdateFolder, _update), body=UpdateFolder),
    route_of(calls.ListFolders, _list),
    route_of(calls.CountFolders, _count),
    route_of(calls.RetrieveFolderByName, _retrieve_by_name),
    route_of(calls.ListFolderAgents, _list_agents),
)
