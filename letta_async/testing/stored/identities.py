"""Identities, and the agents and blocks that they are attached to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from letta_async.operations import identities as calls
from letta_async.testing import _agents, _blocks, _facts, _wire
from letta_async.testing._call import Call
from letta_async.testing._errors import duplicate, no_record, unknown_error
from letta_async.testing._route import route_of
from letta_async.testing._rows import StoredRow
from letta_async.testing._state import Store, like
from letta_async.testing.stored.archives import check_cursors
from letta_async.testing.stored.collection import Collection
from letta_async.testing.stored.relations import (
    existing_agent,
    existing_block,
    linked,
    show_identity,
    unlinked,
)

__all__ = ["IDENTITIES", "ROUTES"]


def _matches_name(_store: Store, row: StoredRow, name: str) -> bool:
    return like(name, ignore_case=True)(row.fields["name"])


IDENTITIES: Final = Collection(
    name="identities",
    prefix="identity",
    kind="Identity",
    operations=(calls.RetrieveIdentity, calls.DeleteIdentity),
    defaults={
        "identifier_key": None,
        "name": None,
        "identity_type": None,
        "project_id": None,
        "organization_id": _facts.ORGANIZATION_ID,
        "properties": [],
        "agents": [],
        "blocks": [],
    },
    show=show_identity,
    filters={"name": _matches_name},
)


def _with_key(store: Store, key: str, project_id: str | None) -> StoredRow | None:
    """Return the identity of a project that has a key."""
    rows = (row for row in IDENTITIES.rows(store) if row.fields["identifier_key"] == key)
    return next((row for row in rows if row.fields["project_id"] == project_id), None)


def _create(store: Store, call: Call) -> Any:
    """Create an identity, whose key no other one of the project has."""
    body = call.body
    relations = _related(store, body)
    if _with_key(store, body["identifier_key"], body["project_id"]) is not None:
        project = "null" if body["project_id"] is None else body["project_id"]
        key = f"({body['identifier_key']}, {project}, {_facts.ORGANIZATION_ID})"
        names = "(identifier_key, project_id, organization_id)"
        raise duplicate("Identity", "unique_identifier_key_project_id_organization_id", f"{names}={key}")
    own = {name: body[name] for name in ("identifier_key", "name", "identity_type", "project_id")}
    fields = {**own, "properties": _properties(body) or [], **relations}
    return show_identity(store, IDENTITIES.add(store, fields))


def _properties(body: Any) -> list[dict[str, Any]] | None:
    """Return the properties of a body as they are stored; `None` if it has none."""
    given: list[Any] | None = body["properties"]
    return None if given is None else [_property(each) for each in given]


def _property(given: Any) -> dict[str, Any]:
    return {name: given[name] for name in ("key", "value", "type")}


def _related(store: Store, body: Any) -> dict[str, list[str]]:
    """Return the agents and blocks that a body names, all of which must exist."""
    related: dict[str, list[str]] = {}
    for relation, name, known in (("agents", "agent_ids", store.agents), ("blocks", "block_ids", store.blocks)):
        ids: list[str] | None = body[name]
        if ids is not None:
            if not known.keys() >= set(ids):
                raise unknown_error()
            related[relation] = list(ids)
    return related


def _upsert(store: Store, call: Call) -> Any:
    """Change the identity with a key; the server creates none. Blocks are not changed."""
    body = call.body
    row = _with_key(store, body["identifier_key"], body["project_id"])
    if row is None:
        raise no_record("Identity", body["identifier_key"])
    changes = {"name": body["name"], "identity_type": body["identity_type"], "properties": _properties(body)}
    changes["agents"] = _related(store, body).get("agents")
    return _changed(store, row, changes)


def _changed(store: Store, row: StoredRow, changes: dict[str, Any]) -> Any:
    given = {name: value for name, value in changes.items() if value is not None}
    return show_identity(store, IDENTITIES.change(store, row, given))


def _update(store: Store, call: Call) -> Any:
    """Change the fields that are in the body and not null; what lists contain is added."""
    body, row = call.body, IDENTITIES.existing(store, call.path["identity_id"])
    changes = {name: body[name] for name in ("identifier_key", "name", "identity_type")}
    properties = _properties(body)
    if properties is not None:
        merged = {each["key"]: each for each in (*row.fields["properties"], *properties)}
        changes["properties"] = list(merged.values())
    for relation, ids in _related(store, body).items():
        changes[relation] = list(dict.fromkeys([*row.fields[relation], *ids]))
    return _changed(store, row, changes)


def _replace_properties(store: Store, call: Call) -> Any:
    """Replace all properties of an identity."""
    row = IDENTITIES.existing(store, call.path["identity_id"])
    return _changed(store, row, {"properties": [_property(each) for each in call.body]})


def _list(store: Store, call: Call) -> Any:
    """Return a page of identities, by default the newest first; an unknown cursor is not found."""
    check_cursors(store, call, "Identity")
    return IDENTITIES.list(store, call)


def _count(store: Store, _call: Call) -> Any:
    """Return the number of identities."""
    return len(list(IDENTITIES.rows(store)))


def _list_agents(store: Store, call: Call) -> Any:
    """Return the agents of an identity."""
    return _agents.list_of(store, call, _ids(store, call, "agents"))


def _list_blocks(store: Store, call: Call) -> Any:
    """Return the blocks of an identity."""
    return _blocks.list_of(store, call, _ids(store, call, "blocks"))


def _ids(store: Store, call: Call, relation: str) -> Iterable[str]:
    ids: list[str] = IDENTITIES.existing(store, call.path["identity_id"]).fields[relation]
    return ids


# --- attaching --------------------------------------------------------------------------------------------------------


def _attach(store: Store, call: Call) -> None:
    """Attach an identity to an agent."""
    identity = IDENTITIES.existing(store, call.path["identity_id"])
    linked(store, identity, "agents", [existing_agent(store, call.path["agent_id"]).id])


def _detach(store: Store, call: Call) -> None:
    """Detach an identity from an agent; nothing changes if the agent does not have it."""
    identity = IDENTITIES.existing(store, call.path["identity_id"])
    unlinked(store, identity, "agents", existing_agent(store, call.path["agent_id"]).id)


def _attach_to_block(store: Store, call: Call) -> Any:
    """Attach an identity to a block."""
    identity = IDENTITIES.existing(store, call.path["identity_id"])
    block = existing_block(store, call.path["block_id"])
    linked(store, identity, "blocks", [block.id])
    return _wire.block(block)


def _detach_from_block(store: Store, call: Call) -> Any:
    """Detach an identity from a block; nothing changes if the block does not have it."""
    identity = IDENTITIES.existing(store, call.path["identity_id"])
    block = existing_block(store, call.path["block_id"])
    unlinked(store, identity, "blocks", block.id)
    return _wire.block(block)


ROUTES: Final = (
    route_of(calls.CreateIdentity, _create),
    route_of(calls.UpsertIdentity, _upsert),
    route_of(calls.ListIdentities, _list),
    route_of(calls.CountIdentities, _count),
    *IDENTITIES.routes,
    route_of(calls.UpdateIdentity, _update),
    route_of(calls.UpsertIdentityProperties, _replace_properties),
    route_of(calls.ListIdentityAgents, _list_agents),
    route_of(calls.ListIdentityBlocks, _list_blocks),
    route_of(calls.AttachIdentity, _attach),
    route_of(calls.DetachIdentity, _detach),
    route_of(calls.AttachIdentityToBlock, _attach_to_block),
    route_of(calls.DetachIdentityFromBlock, _detach_from_block),
)
"""Routes of identities."""
