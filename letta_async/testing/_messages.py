"""Listing messages: of a conversation, of an agent without one, of an agent with all of them, of all agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from letta_async.testing import _wire
from letta_async.testing._agents import find
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, no_record, not_found
from letta_async.testing._message_wire import messages_of
from letta_async.testing._recompile import rebuild
from letta_async.testing._rows import Agent, Message
from letta_async.testing._state import Store, check_stored, checked_limit
from letta_async.testing._validation import Fields

__all__ = ["cut", "list_all", "list_messages", "list_of_agent", "reset", "retrieve", "search", "show_messages"]


def list_messages(store: Store, call: Call) -> Any:
    """List messages. A conversation that does not exist has none; an agent that does not exist is refused."""
    conversation_id, agent_id = call.path["conversation_id"], call.query["agent_id"]
    types: list[str] | None = call.query["include_return_message_types"]
    check_stored(*call.query.values())
    if conversation_id.startswith("agent-"):
        agent_id = conversation_id
    elif conversation_id != "default" or not agent_id:
        return show_messages(_of_conversation(store, conversation_id, call.query), types)
    agent = store.agents.get(agent_id)
    if agent is None:
        raise not_found("Agent not found")
    return show_messages(_of_agent(store, agent, call.query), types)


def list_of_agent(store: Store, call: Call) -> Any:
    """List all messages of an agent, those of its conversations included; the oldest first in both orders."""
    query, agent_id = call.query, call.path["agent_id"]
    check_stored(*query.values())
    if agent_id not in store.agents:
        raise not_found("Agent not found")
    return _of_all(store, store.held[agent_id].message_ids, query, agent_id)


def list_all(store: Store, call: Call) -> Any:
    """List the messages of all agents; the oldest first in both orders."""
    check_stored(*call.query.values())
    ids = [row.id for row in sorted(store.messages.values(), key=lambda row: row.sequence)]
    return _of_all(store, ids, call.query, None)


def _of_all(store: Store, ids: Sequence[str], query: Mapping[str, Any], agent_id: str | None) -> Any:
    rows = [store.messages[each] for each in ids if each in store.messages]
    wanted = query["conversation_id"]
    if wanted == "default":
        shared = {each for held in store.held.values() for each in held.shared_ids}
        rows = [row for row in rows if row.conversation_id is None and row.id not in shared]
    elif wanted is not None:
        rows = [row for row in rows if row.conversation_id == wanted]
    if query.get("group_id"):
        rows = []
    return show_messages(cut(store, rows, query, agent_id=agent_id), query["include_return_message_types"])


def retrieve(store: Store, call: Call) -> Any:
    """Return what is made of a stored message, the last part first; an assistant's text is shown as reasoning."""
    row = store.messages.get(call.path["message_id"])
    if row is None or row.deleted:
        raise not_found(f"Message with id {call.path['message_id']} not found.")
    return messages_of(row, text_is_reasoning=True)[::-1]


def search(store: Store, call: Call) -> Any:
    """Refuse to search, as a server without a search service does."""
    del store, call
    raise Refusal(400, {"detail": "Message search requires message embedding, OpenAI, and Turbopuffer to be enabled."})


def reset(store: Store, call: Call) -> Any:
    """Take all messages but the first out of the context of an agent, and recompile its prompt. They stay stored."""
    agent = store.agents.get(call.path["agent_id"])
    if agent is None:
        raise no_record("Agent", call.path["agent_id"])
    agent = store.put(attrs.evolve(agent, message_ids=agent.message_ids[:1], updated_at=store.clock()))
    rebuild(store, agent, update_timestamp=True, dry_run=False)
    return _wire.agent(find(store, agent.id), store)


def show_messages(rows: list[Message], wanted: list[str] | None) -> list[dict[str, Any]]:
    """Show a page. The return of an agent's first message is shown only where the call before it is not."""
    present = {row.sequence for row in rows}
    shown = [row for row in rows if row.role != "tool" or row.returns or row.sequence - 1 not in present]
    messages = [message for row in shown for message in messages_of(row)]
    return [message for message in messages if wanted is None or message["message_type"] in wanted]


def _of_conversation(store: Store, conversation_id: str, query: Fields) -> list[Message]:
    """Give a page of a conversation, the newest first unless asked otherwise; an unknown cursor is ignored.

    `after` and `before` always mean later and earlier, whatever the order. Messages that were summarized keep the
    places that they had.
    """
    conversation = store.conversations.get(conversation_id)
    limit = checked_limit(query["limit"])
    if conversation is None or conversation.deleted or query["group_id"]:
        return []
    places = {message_id: place for place, message_id in enumerate(conversation.message_ids)} | conversation.left
    ids = sorted(places, key=lambda each: places[each])
    if query["after"] in places:
        ids = [each for each in ids if places[each] > places[query["after"]]]
    if query["before"] in places:
        ids = [each for each in ids if places[each] < places[query["before"]]]
    kept = ids[::-1] if query["order"] == "desc" else ids
    return [store.messages[message_id] for message_id in kept[:limit]]


def _of_agent(store: Store, agent: Agent, query: Fields) -> list[Message]:
    """Give a page of an agent's own messages. Those that some conversation shares are left out."""
    held = store.held[agent.id]
    rows = [
        store.messages[message_id]
        for message_id in held.direct_ids
        if message_id not in held.shared_ids and not query["group_id"]
    ]
    return cut(store, rows, query, agent_id=agent.id)


def cut(store: Store, rows: list[Message], query: Mapping[str, Any], *, agent_id: str | None) -> list[Message]:
    """Cut a page out of messages: the oldest first in both orders, an unknown cursor is refused.

    `order` only decides which end the page is cut from: descending, it holds the newest messages.
    """
    first, last = (_mark(store, query[name], agent_id) for name in ("after", "before"))
    limit = checked_limit(len(rows) if query["limit"] is None else query["limit"])
    kept = [
        row
        for row in rows
        if not row.deleted and (first is None or row.sequence > first) and (last is None or row.sequence < last)
    ]
    return kept[:limit] if query["order"] == "asc" else kept[max(0, len(kept) - limit) :]


def _mark(store: Store, message_id: str | None, agent_id: str | None) -> int | None:
    if not message_id:
        return None
    message = store.messages.get(message_id)
    if message is None or message.deleted:
        raise not_found(f"No message found with id '{message_id}' for agent '{agent_id}'.")
    return message.sequence
