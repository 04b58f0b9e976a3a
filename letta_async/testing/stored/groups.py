"""Groups of agents. They have no messages: nothing here sends any to a group."""

from __future__ import annotations

from typing import Any, Final

from letta_async.operations import groups as calls
from letta_async.testing import _agent_blocks
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, not_found
from letta_async.testing._route import route_of
from letta_async.testing._rows import StoredRow
from letta_async.testing._state import Store, checked_limit, page
from letta_async.testing.stored.collection import Collection
from letta_async.testing.stored.relations import existing_block, linked, show_group, unlinked

__all__ = ["GROUPS", "ROUTES"]

_MANAGER_FIELDS: Final = (
    "manager_agent_id",
    "termination_token",
    "max_turns",
    "sleeptime_agent_frequency",
    "max_message_buffer_length",
    "min_message_buffer_length",
)


def _matches_project(_store: Store, row: StoredRow, project_id: str) -> bool:
    return not project_id or row.fields["project_id"] == project_id


GROUPS: Final = Collection(
    name="groups",
    prefix="group",
    kind="Group",
    operations=(calls.ListGroups, calls.RetrieveGroup),
    defaults={
        "manager_type": "round_robin",
        "agent_ids": [],
        "description": "",
        "project_id": None,
        "template_id": None,
        "base_template_id": None,
        "deployment_id": None,
        "shared_block_ids": [],
        "manager_agent_id": None,
        "termination_token": None,
        "max_turns": None,
        "sleeptime_agent_frequency": None,
        "turns_counter": None,
        "last_processed_message_id": None,
        "max_message_buffer_length": None,
        "min_message_buffer_length": None,
        "hidden": None,
    },
    show=show_group,
    filters={"project_id": _matches_project},
    ascending=True,
)


def _create(store: Store, call: Call) -> Any:
    """Create a group, all of whose agents must exist; its project and whether it is hidden are ignored."""
    body = call.body
    config = _given(body["manager_config"])
    kind: str = config.get("manager_type", "round_robin")
    _check_buffers(config)
    agent_ids: list[str] = body["agent_ids"]
    _check_agents(store, kind, agent_ids)
    manager: str | None = config.get("manager_agent_id")
    if manager is not None and manager not in store.agents:
        raise _missing_manager(manager)
    fields = {"description": body["description"], "agent_ids": agent_ids, **config}
    if kind == "dynamic":
        fields.setdefault("termination_token", "DONE!")
    if config.get("sleeptime_agent_frequency"):
        fields["turns_counter"] = -1
    group = GROUPS.add(store, fields)
    block_ids: list[str] = body["shared_block_ids"] or []
    for block_id in block_ids:
        if block_id in store.blocks:
            linked(store, group, "shared_block_ids", [block_id])
            _share(store, block_id, [*agent_ids, *([] if manager is None else [manager])])
    return show_group(store, group)


def _given(config: Any) -> dict[str, Any]:
    """Return the fields of a manager's settings that a request contains and that are not null."""
    if config is None:
        return {}
    given = {name: config[name] for name in _MANAGER_FIELDS if name in config.given and config[name] is not None}
    return {"manager_type": config["manager_type"], **given}


def _check_agents(store: Store, kind: str, agent_ids: list[str]) -> None:
    if kind == "dynamic" and len(set(agent_ids)) < len(agent_ids):
        raise Refusal(400, {"detail": "Duplicate agent ids found in list"})
    missing = set(agent_ids) - store.agents.keys()
    if missing or len(set(agent_ids)) < len(agent_ids):
        raise not_found(f"Items not found in agents: {missing or set()}")
    names = {store.agents[agent_id].fields["name"] for agent_id in agent_ids}
    if kind == "dynamic" and len(names) < len(agent_ids):
        raise Refusal(400, {"detail": "Duplicate agent names found in the provided agent IDs."})


def _missing_manager(agent_id: str) -> Refusal:
    sentence = "A foreign key constraint was violated for Group. Check your input for missing or invalid references"
    reason = f'DETAIL:  Key (manager_agent_id)=({agent_id}) is not present in table "agents".'
    return Refusal(409, {"detail": f"{sentence}: {reason}"})


def _check_buffers(config: dict[str, Any]) -> None:
    names = ("max_message_buffer_length", "min_message_buffer_length")
    most, least = (config.get(name) for name in names)
    got = f"(got {names[0]}={most}, {names[1]}={least})"
    if (most is None) != (least is None):
        words = "must be provided together"
    elif most is None or least is None or (most > 4 and least > 4 and most > least):
        return
    else:
        words = "must be greater than 4" if min(most, least) <= 4 else "must have the first greater than the second"
    raise Refusal(400, {"detail": f"Both '{names[0]}' and '{names[1]}' {words} {got}"})


def _share(store: Store, block_id: str, agent_ids: list[str]) -> None:
    for agent_id in agent_ids:
        _agent_blocks.attach_to(store, store.agents[agent_id], store.blocks[block_id])


def _update(store: Store, call: Call) -> Any:
    """Change what is in the body and neither null nor empty; the type of the manager stays."""
    body, row = call.body, GROUPS.existing(store, call.path["group_id"])
    config = _given(body["manager_config"])
    if config.get("manager_type", row.fields["manager_type"]) != row.fields["manager_type"]:
        raise Refusal(400, {"detail": "Cannot change group pattern after creation"})
    lengths = ("max_message_buffer_length", "min_message_buffer_length")
    _check_buffers({name: config.get(name, row.fields[name]) for name in lengths})
    changes = {name: value for name, value in config.items() if value}
    if config.get("sleeptime_agent_frequency") and row.fields["turns_counter"] is None:
        changes["turns_counter"] = -1
    if body["description"]:
        changes["description"] = body["description"]
    if body["agent_ids"]:
        _check_agents(store, row.fields["manager_type"], body["agent_ids"])
        changes["agent_ids"] = body["agent_ids"]
    return show_group(store, GROUPS.change(store, row, changes))


def _delete(store: Store, call: Call) -> Any:
    """Delete a group."""
    group_id = call.path["group_id"]
    GROUPS.delete(store, call, group_id)
    return {"message": f"Group id={group_id} successfully deleted"}


def _count(store: Store, _call: Call) -> Any:
    """Return the number of groups."""
    return len(list(GROUPS.rows(store)))


def _list_of_agent(store: Store, call: Call) -> Any:
    """Return the groups that an agent is in, by default the newest first; the cursors are compared with the IDs."""
    query, agent_id = call.query, call.path["agent_id"]
    rows = [row for row in GROUPS.rows(store) if agent_id in row.fields["agent_ids"]]
    if query["manager_type"]:
        rows = [row for row in rows if row.fields["manager_type"] == query["manager_type"]]
    if query["before"]:
        rows = [row for row in rows if row.id < query["before"]]
    if query["after"]:
        rows = [row for row in rows if row.id > query["after"]]
    limit = checked_limit(100 if query["limit"] is None else query["limit"]) or None
    ascending = query["order"] == "asc"
    shown = page(rows, lambda row: (row.created_at, row.sequence), ascending=ascending, limit=limit)
    return [show_group(store, row) for row in shown]


def _list_messages(store: Store, call: Call) -> Any:
    """Return the messages of a group, of which there are none."""
    GROUPS.existing(store, call.path["group_id"])
    return []


def _reset_messages(store: Store, call: Call) -> None:
    """Delete the messages of a group, of which there are none."""
    GROUPS.existing(store, call.path["group_id"])


def _attach_block(store: Store, call: Call) -> None:
    """Attach a block to a group, but not to its agents."""
    group = GROUPS.existing(store, call.path["group_id"])
    linked(store, group, "shared_block_ids", [existing_block(store, call.path["block_id"]).id])


def _detach_block(store: Store, call: Call) -> None:
    """Detach a block from a group; nothing changes if the group does not have it."""
    group = GROUPS.existing(store, call.path["group_id"])
    unlinked(store, group, "shared_block_ids", existing_block(store, call.path["block_id"]).id)


ROUTES: Final = (
    route_of(calls.CreateGroup, _create),
    *GROUPS.routes,
    route_of(calls.CountGroups, _count),
    route_of(calls.UpdateGroup, _update),
    route_of(calls.DeleteGroup, _delete),
    route_of(calls.ListAgentGroups, _list_of_agent),
    route_of(calls.ListGroupMessages, _list_messages),
    route_of(calls.ResetGroupMessages, _reset_messages),
    route_of(calls.AttachGroupBlock, _attach_block),
    route_of(calls.DetachGroupBlock, _detach_block),
)
"""Routes of groups."""
