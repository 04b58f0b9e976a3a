"""Handlers of conversations: create, list, change, fork, delete, cancel, compact and recompile them."""

from __future__ import annotations

from typing import Any

import attrs

from letta_async.testing import _blocks, _wire
from letta_async.testing._agents import find
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, invalid_argument, no_record, not_found
from letta_async.testing._recompile import begin_conversation, compile_direct, rebuild
from letta_async.testing._rows import Agent, Conversation
from letta_async.testing._state import Store, check_numbers, check_stored, checked_limit, like, new_id
from letta_async.testing._validation import Fields

__all__ = ["create", "delete", "fork", "list_conversations", "recompile", "retrieve", "update"]


def _existing(store: Store, call: Call) -> Conversation:
    conversation_id = call.path["conversation_id"]
    conversation = store.conversations.get(conversation_id)
    if conversation is None or conversation.deleted:
        raise no_record("Conversation", conversation_id, even_deleted=False)
    return conversation


def _direct_id(call: Call, agent_id: str | None) -> str | None:
    """Return the ID of an agent that is addressed without a conversation; `None` if a conversation is addressed."""
    conversation_id = call.path["conversation_id"]
    if conversation_id == "default" and agent_id:
        return agent_id
    return conversation_id if conversation_id.startswith("agent-") else None


def _add_conversation(store: Store, agent: Agent, **fields: Any) -> Conversation:
    now = store.clock()
    return store.put(
        Conversation(
            id=new_id("conv"), sequence=store.next(), created_at=now, updated_at=now, agent_id=agent.id, **fields
        )
    )


def create(store: Store, call: Call) -> Any:
    """Create a conversation with a system message. If an isolated label is unknown, it is refused but still stored."""
    body: Fields = call.body
    check_stored(call.query["agent_id"])
    agent = store.agents.get(call.query["agent_id"])
    if agent is None:
        raise not_found("Agent not found")
    check_stored(body["summary"], body["model"])
    check_numbers(body["model_settings"])
    conversation = _add_conversation(
        store, agent, summary=body["summary"], model=body["model"], model_settings=body["model_settings"]
    )
    isolated = _isolate_blocks(store, agent, body["isolated_block_labels"] or [])
    conversation = attrs.evolve(conversation, isolated_block_ids=isolated)
    return _wire.conversation(begin_conversation(store, agent, conversation))


def _isolate_blocks(store: Store, agent: Agent, labels: list[str]) -> tuple[str, ...]:
    """Copy the agent's blocks with these labels; return the IDs of the copies."""
    blocks = {block.label: block for block in store.core_memory(agent)}
    copies: list[str] = []
    for label in labels:
        if label not in blocks:
            raise invalid_argument(f"Block with label '{label}' not found on agent '{agent.id}'")
        kept = ("value", "limit", "label", "description", "metadata", "read_only")
        fields = dict.fromkeys(blocks[label].fields) | {"is_template": False, "preserve_on_migration": False}
        fields |= {name: blocks[label].fields[name] for name in kept}
        copies.append(_blocks.make(store, Fields({**fields, "tags": None})).id)
    return tuple(copies)


def retrieve(store: Store, call: Call) -> Any:
    """Return a conversation, with the IDs of its messages."""
    return _wire.conversation(_existing(store, call), with_messages=True)


def update(store: Store, call: Call) -> Any:
    """Change the fields that are in the body and not null."""
    conversation = _existing(store, call)
    changes = {name: value for name, value in call.body.items() if value is not None}
    check_stored(*changes.values())
    check_numbers(changes)
    return _wire.conversation(store.put(attrs.evolve(conversation, **changes, updated_at=store.clock())))


def delete(store: Store, call: Call) -> Any:
    """Delete a conversation, its isolated blocks, and those of its messages that no other conversation has."""
    conversation = _existing(store, call)
    elsewhere = {
        message_id
        for other in store.held[conversation.agent_id].conversation_ids
        if other != conversation.id and not store.conversations[other].deleted
        for message_id in store.conversations[other].message_ids
    }
    for message_id in conversation.message_ids:
        message = store.messages[message_id]
        if message.conversation_id == conversation.id and message_id not in elsewhere:
            store.put(attrs.evolve(message, deleted=True))
    store.put(attrs.evolve(conversation, deleted=True))
    for block_id in conversation.isolated_block_ids:
        if block_id in store.blocks:
            store.remove_block(block_id)


# --- listing --------------------------------------------------------------------------------------------------------


def list_conversations(store: Store, call: Call) -> Any:
    """Return a page of conversations; those without a time to sort by come last, in the order of their IDs."""
    query = call.query
    check_stored(*query.values())
    matches = like(query["summary_search"], ignore_case=False) if query["summary_search"] else None
    rows = [
        row
        for row in _of_agent(store, query["agent_id"])
        if not row.deleted and (matches is None or matches(row.summary))
    ]
    ascending = query["order"] == "asc"
    cursor = _find_cursor(store, query)
    if query["order_by"] == "created_at":
        rows.sort(key=lambda row: (row.created_at, row.sequence), reverse=not ascending)
        if cursor is not None:
            mark = (cursor.created_at, cursor.sequence)
            rows = [row for row in rows if ((row.created_at, row.sequence) > mark) == ascending and row is not cursor]
    else:
        rows = _page_by_time(rows, cursor, runs=query["order_by"] == "last_run_completion", ascending=ascending)
    return [_wire.conversation(row) for row in rows[: checked_limit(query["limit"])]]


def _of_agent(store: Store, agent_id: str | None) -> list[Conversation]:
    if agent_id is None:
        return list(store.conversations.values())
    held = store.held.get(agent_id)
    return [] if held is None else [store.conversations[each] for each in held.conversation_ids]


def _find_cursor(store: Store, query: Fields) -> Conversation | None:
    """Return the conversation that the page starts after: it may be deleted; `None` if there is none."""
    after: str | None = query["after"]
    if not after:
        return None
    if after not in store.conversations and query["order_by"] != "last_run_completion":
        raise no_record("Conversation", after)
    return store.conversations.get(after)


def _page_by_time(
    rows: list[Conversation], cursor: Conversation | None, *, runs: bool, ascending: bool
) -> list[Conversation]:
    """Return rows after a cursor by the time of the last message or of the last run; there are no runs here.

    Rows without a time come last in both orders. A cursor is applied as on the server: in ascending order, one without
    a time keeps all rows that have a time, and one with a time keeps none without.
    """
    timed = {} if runs else {row.id: row.last_message_at for row in rows if row.last_message_at is not None}
    with_time = sorted((row for row in rows if row.id in timed), key=lambda row: (timed[row.id], row.id))
    without = sorted((row for row in rows if row.id not in timed), key=lambda row: row.id)
    if cursor is not None:
        moment = None if runs else cursor.last_message_at
        mark = None if moment is None else (moment, cursor.id)
        if mark is not None:
            kept = (row for row in with_time if row is not cursor)
            with_time = [row for row in kept if ((timed[row.id], row.id) > mark) == ascending]
            without = [] if ascending else without
        else:
            with_time = with_time if ascending else []
            without = [row for row in without if (row.id > cursor.id if ascending else row.id < cursor.id)]
    return [*with_time, *without] if ascending else [*reversed(with_time), *reversed(without)]


# --- messages of a conversation -------------------------------------------------------------------------------------


def fork(store: Store, call: Call) -> Any:
    """Create a conversation that shares the messages of another, with its own system message."""
    direct = _direct_id(call, call.query["agent_id"])
    if direct is not None:
        agent = find(store, direct)
        message_ids, model, settings = agent.message_ids, None, None
    else:
        source = _existing(store, call)
        agent = store.agents[source.agent_id]
        message_ids, model, settings = source.message_ids, source.model, source.model_settings
    shared = tuple(message_id for message_id in message_ids[1:] if message_id in store.messages)
    forked = _add_conversation(store, agent, summary=None, model=model, model_settings=settings, message_ids=shared)
    return _wire.conversation(begin_conversation(store, agent, forked))


def _no_messages_refusal() -> Refusal:
    return Refusal(400, {"detail": "No in-context messages found for this conversation."})


def recompile(store: Store, call: Call) -> Any:
    """Recompile the system prompt of a conversation, or of an agent without one.

    The compaction settings of the body are validated, but not used. For a conversation the new prompt is returned,
    stored or not; for an agent addressed without a conversation the previous one, except on a dry run.
    """
    dry_run: bool = call.query["dry_run"]
    direct = _direct_id(call, call.body["agent_id"] if call.body else None)
    if direct is not None:
        check_stored(direct)
        agent = find(store, direct)
        prompt = rebuild(store, agent, update_timestamp=True, dry_run=dry_run)
        if prompt is None:
            raise not_found(f"No system message found for agent '{agent.id}'")
        return prompt
    conversation = _existing(store, call)
    prompt = compile_direct(store, store.agents[conversation.agent_id], update_timestamp=True)
    if prompt is None:
        raise not_found(f"No system message found for conversation '{conversation.id}'")
    if not dry_run:
        if not conversation.message_ids:
            raise _no_messages_refusal()
        first = store.messages[conversation.message_ids[0]]
        if first.role != "system":
            raise Refusal(400, {"detail": "Conversation does not have a system message in the first position."})
        store.put(attrs.evolve(first, text=prompt))
    return prompt
