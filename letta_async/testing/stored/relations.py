"""Relations between stored rows and agents or blocks, kept as lists of IDs in the rows' fields, and what shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from letta_async.testing._errors import Refusal, no_record, not_found
from letta_async.testing._rows import Agent, Block, StoredRow
from letta_async.testing._state import Store

__all__ = [
    "check_agent",
    "checked_identities",
    "existing_agent",
    "existing_block",
    "group_managed_by",
    "identities_of",
    "ids_of_identities",
    "linked",
    "remove_sleeptime_group",
    "set_identities",
    "show_group",
    "show_identity",
    "unlinked",
]


def existing_agent(store: Store, agent_id: str) -> Agent:
    """Return an agent.

    Raises:
        Refusal: There is no such agent.

    """
    if agent_id not in store.agents:
        raise no_record("Agent", agent_id)
    return store.agents[agent_id]


def existing_block(store: Store, block_id: str) -> Block:
    """Return a block.

    Raises:
        Refusal: There is no such block.

    """
    if block_id not in store.blocks:
        raise no_record("Block", block_id)
    return store.blocks[block_id]


def check_agent(store: Store, agent_id: str) -> None:
    """Raise the refusal of an agent that does not exist, in the words of a check that returns none."""
    if agent_id not in store.agents:
        raise not_found("Agent not found")


def linked(store: Store, row: StoredRow, relation: str, ids: Iterable[str]) -> StoredRow:
    """Store and return a row that is related to what has some IDs, each once."""
    kept = list(dict.fromkeys([*row.fields[relation], *ids]))
    return store.put(attrs.evolve(row, fields={**row.fields, relation: kept}))


def unlinked(store: Store, row: StoredRow, relation: str, other_id: str) -> StoredRow:
    """Store and return a row that is no longer related to what has an ID."""
    kept = [each for each in row.fields[relation] if each != other_id]
    return store.put(attrs.evolve(row, fields={**row.fields, relation: kept}))


def show_identity(_store: Store, row: StoredRow) -> dict[str, Any]:
    """Return the JSON of an identity; the server lists no agents and blocks in it."""
    fields = {name: value for name, value in row.fields.items() if name not in {"agents", "blocks"}}
    return {"id": row.id, **fields, "agent_ids": [], "block_ids": []}


def show_group(_store: Store, row: StoredRow) -> dict[str, Any]:
    """Return the JSON of a group; the server lists no blocks in it."""
    return {"id": row.id, **row.fields, "shared_block_ids": []}


def identities_of(store: Store, agent_id: str) -> list[dict[str, Any]]:
    """Return the JSON of the identities of an agent."""
    rows = (row for row in store.rows.values() if row.collection == "identities")
    return [show_identity(store, row) for row in rows if agent_id in row.fields["agents"]]


def checked_identities(store: Store, ids: Iterable[str] | None) -> list[str] | None:
    """Return the IDs of identities, all of which must exist; `None` if none are given."""
    if ids is None:
        return None
    for identity_id in ids:
        if identity_id not in store.rows:
            raise Refusal(
                409,
                {
                    "detail": "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) "
                    "<class 'asyncpg.exceptions.ForeignKeyViolationError'>: insert or update on table "
                    '"identities_agents" violates foreign key constraint "identities_agents_identity_id_fkey"\n'
                    f'DETAIL:  Key (identity_id)=({identity_id}) is not present in table "identities".'
                },
            )
    return list(ids)


def set_identities(store: Store, agent_id: str, ids: Iterable[str] | None) -> None:
    """Make some identities those of an agent, unless `ids` is `None`."""
    if ids is None:
        return
    for row in [row for row in store.rows.values() if row.collection == "identities"]:
        if row.id in ids:
            linked(store, row, "agents", [agent_id])
        elif agent_id in row.fields["agents"]:
            unlinked(store, row, "agents", agent_id)


def group_managed_by(store: Store, agent_id: str) -> dict[str, Any] | None:
    """Return the JSON of the group that an agent manages; `None` if there is none."""
    row = _managed(store, agent_id)
    return None if row is None else show_group(store, row)


def _managed(store: Store, agent_id: str) -> StoredRow | None:
    rows = (row for row in store.rows.values() if row.collection == "groups")
    return next((row for row in rows if row.fields["manager_agent_id"] == agent_id), None)


def remove_sleeptime_group(store: Store, agent_id: str) -> list[Agent]:
    """Remove the group of an agent that others think for in its sleep, and return these; refuse any other manager's."""
    row = _managed(store, agent_id)
    if row is None:
        return []
    if row.fields["manager_type"] not in {"sleeptime", "voice_sleeptime"}:
        raise Refusal(
            409,
            {
                "detail": "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) "
                "<class 'asyncpg.exceptions.RestrictViolationError'>: update or delete on table \"agents\" violates "
                'RESTRICT setting of foreign key constraint "groups_manager_agent_id_fkey" on table "groups"\n'
                f'DETAIL:  Key (id)=({agent_id}) is referenced from table "groups".'
            },
        )
    store.remove(row)
    return [store.agents[each] for each in row.fields["agent_ids"] if each in store.agents]


def ids_of_identities(store: Store, relation: str, query: Mapping[str, Any]) -> set[str] | None:
    """Return the IDs of what belongs to the identities that a query names; `None` if it names none."""
    identity_id, keys = query["identity_id"], query["identifier_keys"]
    if not identity_id and not keys:
        return None
    rows = [row for row in store.rows.values() if row.collection == "identities"]
    if identity_id:
        rows = [row for row in rows if row.id == identity_id]
    if keys:
        rows = [row for row in rows if row.fields["identifier_key"] in keys]
    return {each for row in rows for each in row.fields[relation]}
