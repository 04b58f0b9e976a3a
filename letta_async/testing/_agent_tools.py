"""Handlers of an agent's tools: list, attach and detach them, and require approvals. None is ever run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import attrs

from letta_async.operations import agent_tools as calls
from letta_async.testing import _facts, _wire
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, not_found
from letta_async.testing._request_classes import reads
from letta_async.testing._route import Route, route_of
from letta_async.testing._rows import Agent
from letta_async.testing._state import Store, checked_limit
from letta_async.testing._validation import Fields
from letta_async.testing.stored import tools

__all__ = ["ROUTES", "changed_tool_ids", "new_tool_ids", "rules_with_approvals"]

_USUAL: Final = {
    "letta_v1_agent": ("conversation_search", "memory_replace", "memory_insert"),
    "memgpt_agent": (
        "memory_apply_patch",
        "send_message",
        "core_memory_replace",
        "core_memory_append",
        "conversation_search",
        "memory",
    ),
    "memgpt_v2_agent": ("send_message", "memory_replace", "conversation_search", "memory_insert"),
    "sleeptime_agent": ("memory_rethink", "memory_finish_edits", "memory_replace", "memory_insert"),
    "voice_convo_agent": ("search_memory", "send_message"),
    "voice_sleeptime_agent": ("finish_rethinking_memory", "rethink_user_memory", "store_memories"),
}
"""Names of the tools that a new agent has unless it wants none, by its type."""
_MULTI_AGENT: Final = (
    "send_message_to_agent_and_wait_for_reply",
    "send_message_to_agents_matching_tags",
    "send_message_to_agent_async",
)


def new_tool_ids(store: Store, body: Fields) -> tuple[str, ...]:
    """Return the IDs of the tools of a new agent: those asked for by name and ID, and the usual ones."""
    usual = _USUAL.get(body["agent_type"], ()) if body["include_base_tools"] else ()
    more = _MULTI_AGENT if body["include_multi_agent_tools"] else ()
    ids: list[str] = body["tool_ids"] or []
    if unknown := {tool_id for tool_id in ids if tools.find(store, tool_id) is None}:
        raise Refusal(400, {"detail": f"Tools not found by id:   {unknown}"})
    named = tools.ids_of_names(store, body["tools"] or [])
    return tuple(dict.fromkeys([*named, *ids, *tools.base_tool_ids([*usual, *more])]))


def changed_tool_ids(store: Store, tool_ids: list[str] | None) -> tuple[str, ...] | None:
    """Return the IDs of the tools of an agent that is changed; `None` to keep those it has."""
    if tool_ids is None:
        return None
    for tool_id in tool_ids:
        if tools.find(store, tool_id) is None:
            reason = (
                'insert or update on table "tools_agents" violates foreign key constraint "tools_agents_tool_id_fkey"\n'
                f'DETAIL:  Key (tool_id)=({tool_id}) is not present in table "tools".'
            )
            raise Refusal(409, {"detail": reason})
    return tuple(dict.fromkeys(tool_ids))


def rules_with_approvals(store: Store, rules: list[Any], tool_ids: Iterable[str]) -> list[Any]:
    """Return rules for tools, with one for each of these tools that requires an approval by default."""
    found = [tools.find(store, tool_id) for tool_id in tool_ids]
    names = [row.fields["name"] for row in found if row is not None and row.fields["default_requires_approval"]]
    return [*rules, *(_approval(name) for name in names if _approval(name) not in rules)]


def _approval(name: str) -> dict[str, Any]:
    return {"tool_name": name, "type": "requires_approval", "prompt_template": None}


def _agent(store: Store, call: Call) -> Agent:
    agent = store.agents.get(call.path["agent_id"])
    if agent is None:
        raise not_found("Agent not found")
    return agent


def _changed(store: Store, call: Call, agent: Agent, **changes: Any) -> Any:
    """Store a changed agent and return it; to clients of version 1, `None`."""
    if changes:
        agent = store.put(attrs.evolve(agent, **changes))
    return None if call.is_version_1() else _wire.agent(agent, store)


def _list(store: Store, call: Call) -> Any:
    """Return the tools of an agent, by default the newest first; the cursors compare IDs."""
    agent, query = _agent(store, call), call.query
    rows = [row for row in (tools.find(store, tool_id) for tool_id in agent.tool_ids) if row is not None]
    rows = [
        row
        for row in rows
        if (not query["after"] or row.id > query["after"]) and (not query["before"] or row.id < query["before"])
    ]
    rows.sort(key=lambda row: (row.created_at, row.sequence), reverse=query["order"] != "asc")
    limit = checked_limit(query["limit"] or 0) or None
    return [tools.show(store, row) for row in rows[:limit]]


def _attach(store: Store, call: Call) -> Any:
    """Attach a tool, if it is not attached, with the rule that it brings."""
    agent, tool_id = _agent(store, call), call.path["tool_id"]
    if tools.find(store, tool_id) is None:
        raise not_found(f"Tool with id={tool_id} not found in organization={_facts.ORGANIZATION_ID}")
    rules = rules_with_approvals(store, agent.fields.get("tool_rules", []), [tool_id])
    tool_ids = tuple(dict.fromkeys([*agent.tool_ids, tool_id]))
    return _changed(store, call, agent, tool_ids=tool_ids, fields={**agent.fields, "tool_rules": rules})


def _detach(store: Store, call: Call) -> Any:
    """Detach a tool, if it is attached; its rules stay."""
    agent, tool_id = _agent(store, call), call.path["tool_id"]
    if tool_id not in agent.tool_ids:
        return _changed(store, call, agent)
    return _changed(store, call, agent, tool_ids=tuple(each for each in agent.tool_ids if each != tool_id))


def _approve(store: Store, call: Call) -> Any:
    """Require approvals of a tool, or do not; the tool need not exist."""
    agent, rule = _agent(store, call), _approval(call.path["tool_name"])
    body: Fields | None = call.body
    required = call.query["requires_approval"] if body is None else body["requires_approval"]
    rules = [each for each in agent.fields.get("tool_rules", []) if each != rule]
    if required:
        rules.append(rule)
    return _changed(store, call, agent, fields={**agent.fields, "tool_rules": rules})


@reads(calls.ListAgentTools)
class _ListQuery:
    """Query of a request for the tools of an agent."""

    before: str | None = None
    after: str | None = None
    limit: int | None = 10
    order = "desc"
    order_by = "created_at"


ROUTES: Final[tuple[Route, ...]] = (
    attrs.evolve(route_of(calls.ListAgentTools, _list), query=_ListQuery),
    route_of(calls.AttachTool, _attach),
    route_of(calls.DetachTool, _detach),
    route_of(calls.UpdateToolApproval, _approve),
)
