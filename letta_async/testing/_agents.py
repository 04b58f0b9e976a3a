"""Handlers of agents: create, read, change and delete them, and recompile their own prompts."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import attrs

from letta_async.testing import _agent_tools, _blocks, _facts, _models, _wire
from letta_async.testing._call import Call
from letta_async.testing._errors import (
    invalid_argument,
    no_record,
    not_found,
    unknown_error,
    uuid_pattern,
)
from letta_async.testing._prompt import compile_prompt, local_time
from letta_async.testing._recompile import rebuild
from letta_async.testing._rows import Agent
from letta_async.testing._state import Store, check_numbers, check_stored, checked_limit, like, new_id, page
from letta_async.testing._validation import Fields
from letta_async.testing.stored import relations
from letta_async.testing.stored.attached_files import attach, check_folders, forget_agent

__all__ = ["create", "delete", "find", "list_agents", "list_of", "list_of_block", "recompile", "retrieve", "update"]

_STORED: Final = (
    "name",
    "description",
    "metadata",
    "response_format",
    "project_id",
    "template_id",
    "base_template_id",
    "message_buffer_autoclear",
    "enable_sleeptime",
    "max_files_open",
    "per_file_view_window_char_limit",
)
"""Fields that are only stored and returned."""
_RUN_FIELDS: Final = ("last_run_completion", "last_run_duration_ms", "last_stop_reason")
_AGENT_ID: Final = re.compile(uuid_pattern("agent").removesuffix("$"))


def find(store: Store, agent_id: str) -> Agent:
    """Return an agent by an ID that no route has validated."""
    if _AGENT_ID.fullmatch(agent_id.removesuffix("\n")) is None:
        raise invalid_argument(f"Invalid agent ID format: {agent_id}. Expected format: 'agent-<uuid4>'")
    if agent_id not in store.agents:
        raise not_found(f"Agent with ID {agent_id} not found")
    return store.agents[agent_id]


def _existing(store: Store, call: Call) -> Agent:
    agent_id = call.path["agent_id"]
    if agent_id not in store.agents:
        raise no_record("Agent", agent_id)
    return store.agents[agent_id]


# --- creating ---------------------------------------------------------------------------------------------------------


def create(store: Store, call: Call) -> Any:
    """Create an agent, its blocks, and its own system message."""
    body: Fields = call.body
    models = store.live.models
    llm_config, embedding_config = _models.new_llm_config(body, models), _models.embedding_of(body, models)
    tool_ids = _agent_tools.new_tool_ids(store, body)
    folder_ids = check_folders(store, body["folder_ids"] or body["source_ids"] or [])
    identity_ids = relations.checked_identities(store, body["identity_ids"])
    block_ids = _block_ids(store, body)
    now = store.clock()
    agent_id = new_id("agent")
    agent = Agent(
        id=agent_id,
        sequence=store.next(),
        created_at=now,
        updated_at=now,
        system=_facts.DEFAULT_SYSTEM if body["system"] is None else body["system"],
        agent_type=body["agent_type"],
        timezone=body["timezone"] or "UTC",
        message_ids=(),
        block_ids=block_ids,
        tool_ids=tool_ids,
        tags=tuple(dict.fromkeys(body["tags"] or [])),
        llm_config=llm_config,
        embedding_config=embedding_config,
        compaction_settings=_models.new_compaction(body["compaction_settings"]),
        secrets=_secrets(agent_id, body) or (),
        fields={
            **{name: body[name] for name in (*_STORED, "hidden")},
            "tool_rules": _agent_tools.rules_with_approvals(store, list(body["tool_rules"] or []), tool_ids),
            **dict.fromkeys(_RUN_FIELDS),
            **({"message_buffer_autoclear": True} if body["agent_type"] == "workflow_agent" else {}),
        },
    )
    check_stored(agent.system, agent.timezone, *agent.fields.values(), *agent.tags)
    check_numbers(agent.llm_config, agent.compaction_settings, agent.fields)
    blocks = store.core_memory(agent)
    prompt = compile_prompt(agent, blocks, conversation_id="default", compiled_at=now, previous_messages=0)
    store.put(agent)
    store.add_message(agent, "system", prompt)
    first: list[Fields] = body["initial_message_sequence"] or []
    for initial in first:
        _add_initial_message(store, agent, initial["role"], initial["content"])
    agent = store.put(attrs.evolve(agent, message_ids=tuple(store.held[agent.id].direct_ids)))
    for folder_id in folder_ids:
        agent = attach(store, agent, store.rows[folder_id])
    relations.set_identities(store, agent.id, identity_ids)
    return _wire.agent(agent, store)


def _block_ids(store: Store, body: Fields) -> tuple[str, ...]:
    """Create the agent's own blocks; return the IDs of the blocks to attach: existing ones, one per label."""
    ids = list(body["block_ids"] or [])
    described: list[Fields] = body["memory_blocks"] or []
    for each in described:
        fields = Fields(each)
        if fields["description"] is None:
            fields["description"] = _facts.BLOCK_DESCRIPTIONS.get(fields["label"])
        ids.append(_blocks.make(store, fields).id)
    return _attached_ids(store, (), ids)


def _attached_ids(store: Store, current: Sequence[str], wanted: list[str]) -> tuple[str, ...]:
    """Return the IDs of an agent's blocks after a change to the wanted ones: those that exist, one per label.

    New ones are attached before old ones are detached, so a new block with the label of an old one is left out.
    """
    labels = {store.blocks[block_id].label for block_id in current}
    attached = list(current)
    for block_id in wanted:
        block = store.blocks.get(block_id)
        if block is not None and block.label not in labels:
            labels.add(block.label)
            attached.append(block_id)
    return tuple(block_id for block_id in attached if block_id in wanted)


def _secrets(agent_id: str, body: Fields) -> tuple[dict[str, Any], ...] | None:
    """Return the secrets that a request contains; `None` if it contains none."""
    secrets: dict[str, str] | None = body["secrets"]
    if secrets is None:
        secrets = body["tool_exec_environment_variables"]
    if secrets is None:
        return None
    check_stored(*secrets, *secrets.values())
    missing = dict.fromkeys(("created_by_id", "last_updated_by_id", "created_at", "updated_at"))
    return tuple(
        {
            **missing,
            "id": new_id("agent-env"),
            "key": key,
            "value": value,
            "description": None,
            "organization_id": _facts.ORGANIZATION_ID,
            "value_enc": value,
            "agent_id": agent_id,
        }
        for key, value in secrets.items()
    )


def _add_initial_message(store: Store, agent: Agent, role: Literal["user", "assistant", "system"], text: str) -> None:
    """Add an initial message; an assistant's is stored as a tool call, and the tool's return follows it."""
    if role == "system":
        alert = {"type": "system_alert", "message": text, "time": local_time(store.clock(), agent.timezone)}
        store.add_message(agent, role, json.dumps(alert))
        return
    store.add_message(agent, role, text)
    if role == "assistant":
        store.add_message(agent, "tool", str(uuid.uuid4()))


# --- reading --------------------------------------------------------------------------------------------------------


def retrieve(store: Store, call: Call) -> Any:
    """Return an agent."""
    agent = store.agents.get(call.path["agent_id"])
    if agent is None:
        raise not_found(f"Agent with ID {call.path['agent_id']} not found")
    return _wire.agent(agent, store, shown=call.shown_relations())


def list_agents(store: Store, call: Call) -> Any:
    """Return a page of agents, by default the newest first; a limit of 0 is no limit, an unknown cursor is ignored."""
    query = call.query
    check_stored(*query.values())
    owned = relations.ids_of_identities(store, "agents", query)
    rows = [agent for agent in store.agents.values() if _matches_query(agent, query)]
    rows = [agent for agent in rows if owned is None or agent.id in owned]
    return _agent_page(store, call, rows, order_by=query["order_by"], shown=call.shown_relations())


def list_of_block(store: Store, call: Call) -> Any:
    """Return the agents that a block is attached to, none for a block that does not exist."""
    return list_of(store, call, [agent.id for agent in store.agents_with(call.path["block_id"])])


def list_of(store: Store, call: Call, agent_ids: Iterable[str]) -> Any:
    """Return a page of some agents, by default the newest first; those that do not exist are left out.

    Relations are included only if `include` names them, for clients of any version.
    """
    rows = [store.agents[agent_id] for agent_id in agent_ids if agent_id in store.agents]
    shown = call.shown_relations(everything=False)
    return _agent_page(store, call, rows, order_by="created_at", shown=shown)


def _agent_page(store: Store, call: Call, rows: list[Agent], *, order_by: str, shown: frozenset[str]) -> Any:
    query, moment = call.query, "updated_at" if order_by == "updated_at" else "created_at"
    listed = page(
        rows,
        lambda agent: (getattr(agent, moment), agent.sequence),
        ascending=query["order"] == "asc",
        limit=checked_limit(50 if query["limit"] is None else query["limit"]) or None,
        after=store.agents.get(query["after"] or ""),
        before=store.agents.get(query["before"] or ""),
    )
    return [_wire.agent(agent, store, shown=shown) for agent in listed]


def _matches_query(agent: Agent, query: Fields) -> bool:
    fields, tags = agent.fields, set(query["tags"] or [])
    return (
        (not query["name"] or fields["name"] == query["name"])
        and (not query["query_text"] or like(query["query_text"], ignore_case=True)(fields["name"]))
        and all(
            not query[name] or fields[name] == query[name]
            for name in ("project_id", "template_id", "base_template_id", "last_stop_reason")
        )
        and query["created_by_id"] in {None, "", _facts.USER_ID}
        and (not tags or (tags <= set(agent.tags) if query["match_all_tags"] else bool(tags.intersection(agent.tags))))
        and bool(query["show_hidden_agents"] or not fields["hidden"])
    )


# --- changing -------------------------------------------------------------------------------------------------------


def update(store: Store, call: Call) -> Any:
    """Change the fields that are in the body and not null. No prompt is recompiled, not even the agent's own."""
    body: Fields = call.body
    agent = store.agents.get(call.path["agent_id"])
    current = _facts.LLM_CONFIG if agent is None else agent.llm_config
    llm_config = _models.updated_llm_config(current, body, store.live.models)
    embedding_config = _models.embedding_of(body, store.live.models)
    agent = _existing(store, call)
    block_ids: list[str] | None = body["block_ids"]
    if block_ids is not None and not store.blocks.keys() >= set(block_ids):
        raise unknown_error()
    stored = (*_STORED, *_RUN_FIELDS, "tool_rules")
    fields = {name: _stored(body[name]) for name in stored if body[name] is not None}
    check_stored(body["system"], body["timezone"], *fields.values(), *(body["tags"] or []))
    wanted: list[str] | None = body["source_ids"] if body["folder_ids"] is None else body["folder_ids"]
    compaction, tags, message_ids = body["compaction_settings"], body["tags"], body["message_ids"]
    changes = {
        "block_ids": None if block_ids is None else _attached_ids(store, agent.block_ids, block_ids),
        "tool_ids": _agent_tools.changed_tool_ids(store, body["tool_ids"]),
        "folder_ids": None if wanted is None else check_folders(store, wanted),
        "llm_config": llm_config,
        "embedding_config": embedding_config,
        "compaction_settings": (
            None if compaction is None else _models.merge_compaction(agent.compaction_settings, compaction)
        ),
        "tags": None if tags is None else tuple(dict.fromkeys(tags)),
        "message_ids": None if message_ids is None else tuple(message_ids),
        "system": body["system"],
        "timezone": body["timezone"],
        "secrets": _secrets(agent.id, body),
        "fields": {**agent.fields, **fields},
        "updated_at": store.clock(),
    }
    changed = {name: value for name, value in changes.items() if value is not None}
    check_numbers(changed)
    relations.set_identities(store, agent.id, relations.checked_identities(store, body["identity_ids"]))
    return _wire.agent(store.put(attrs.evolve(agent, **changed)), store)


def _stored(value: Any) -> Any:
    return _wire.time(value) if isinstance(value, datetime) else value


def delete(store: Store, call: Call) -> Any:
    """Delete an agent, its conversations and messages, but not its blocks; with it those that think in its sleep."""
    agent = _existing(store, call)
    sleeptime_agents = relations.remove_sleeptime_group(store, agent.id)
    for each in (agent, *sleeptime_agents):
        forget_agent(store, each.id)
        store.remove_agent(each)
    return {"message": f"Agent id={agent.id} successfully deleted"}


def recompile(store: Store, call: Call) -> Any:
    """Recompile the agent's own prompt; `rebuild` says which prompt is stored and which is returned."""
    agent = find(store, call.path["agent_id"])
    prompt = rebuild(store, agent, update_timestamp=call.query["update_timestamp"], dry_run=call.query["dry_run"])
    if prompt is None:
        raise not_found(f"No system message found for agent '{agent.id}'")
    return prompt
