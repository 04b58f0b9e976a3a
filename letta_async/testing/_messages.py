"""Listing the messages of a conversation, and of an agent without one, which the server orders differently."""

from __future__ import annotations

from typing import Any

from letta_async.testing import _wire
from letta_async.testing._call import Call
from letta_async.testing._errors import not_found
from letta_async.testing._state import Agent, Message, Store, check_stored, checked_limit
from letta_async.testing._validation import Fields

__all__ = ["list_messages"]


def list_messages(store: Store, call: Call) -> Any:
    """List messages. A conversation that does not exist has none; an agent that does not exist is refused."""
    conversation_id, agent_id = call.path["conversation_id"], call.query["agent_id"]
    check_stored(*call.query.values())
    if conversation_id.startswith("agent-"):
        agent_id = conversation_id
    elif conversation_id != "default" or not agent_id:
        return _listed(_of_conversation(store, conversation_id, call.query), call.query)
    agent = store.agents.get(agent_id)
    if agent is None:
        raise not_found("Agent not found")
    return _listed(_of_agent(store, agent, call.query), call.query)


def _listed(rows: list[Message], query: Fields) -> list[dict[str, Any]]:
    """Show a page. A tool's return is shown only where the call before it, an assistant's message, is on none."""
    wanted: list[str] | None = query["include_return_message_types"]
    present = {row.sequence for row in rows}
    shown = [_wire.message(row) for row in rows if row.role != "tool" or row.sequence - 1 not in present]
    return [message for message in shown if wanted is None or message["message_type"] in wanted]


def _of_conversation(store: Store, conversation_id: str, query: Fields) -> list[Message]:
    """Give a page of a conversation, the newest first unless asked otherwise; an unknown cursor is ignored.

    `after` and `before` always mean later and earlier, whatever the order.
    """
    conversation = store.conversations.get(conversation_id)
    limit = checked_limit(query["limit"])
    if conversation is None or conversation.deleted or query["group_id"]:
        return []
    ids = conversation.message_ids
    first = ids.index(query["after"]) + 1 if query["after"] in ids else 0
    last = ids.index(query["before"]) if query["before"] in ids else len(ids)
    kept = ids[first:last]
    if query["order"] == "desc":
        kept = kept[::-1]
    return [store.messages[message_id] for message_id in kept[:limit]]


def _of_agent(store: Store, agent: Agent, query: Fields) -> list[Message]:
    """Give a page of an agent's own messages: the oldest first in both orders.

    `order` only decides which end the page is cut from: descending, it holds the newest messages. Messages that some
    conversation shares are left out, and an unknown cursor is refused.
    """
    first, last = (_mark(store, agent, query[name]) for name in ("after", "before"))
    limit, held = checked_limit(query["limit"]), store.held[agent.id]
    rows = [
        store.messages[message_id]
        for message_id in held.direct_ids
        if message_id not in held.shared_ids and not query["group_id"]
    ]
    rows = [row for row in rows if (first is None or row.sequence > first) and (last is None or row.sequence < last)]
    return rows[:limit] if query["order"] == "asc" else rows[max(0, len(rows) - limit) :]


def _mark(store: Store, agent: Agent, message_id: str | None) -> int | None:
    if not message_id:
        return None
    message = store.messages.get(message_id)
    if message is None or message.deleted:
        raise not_found(f"No message found with id '{message_id}' for agent '{agent.id}'.")
    return message.sequence
