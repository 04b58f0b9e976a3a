"""Compacting: what an agent, or a conversation, remembers in full gives way to a summary of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import attrs

from letta_async.testing import _facts, _models
from letta_async.testing._agents import find
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, llm_error, no_record
from letta_async.testing._message_wire import chat
from letta_async.testing._prompt import local_time
from letta_async.testing._rows import Agent, Conversation, Message
from letta_async.testing._state import Store
from letta_async.testing._validation import Fields

__all__ = ["compact", "summarize"]

_NOT_SHORTER: Final = (
    "Summarization failed to reduce the number of messages. You may not have enough messages to compact or need to use "
    "a different CompactionSettings (e.g. using `all` mode)."
)
_NO_SUMMARY: Final = (
    "1 validation error for CompactionResponse\nsummary\n  Input should be a valid string "
    "[type=string_type, input_value=None, input_type=NoneType]\n"
    "    For further information visit https://errors.pydantic.dev/2.13/v/string_type"
)
_TRUNCATED: Final = "... [summary truncated to fit]"
_ALL: Final = (
    "Note: prior messages have been hidden from view due to conversation memory constraints.\n"
    "The following is a summary of the previous messages:\n "
)
_WINDOW: Final = (
    "Note: prior messages from the beginning of the conversation have been hidden from view due to conversation memory "
    "constraints.\nThe following is a summary of the previous messages:\n "
)


def summarize(store: Store, call: Call) -> Any:
    """Compact an agent's messages; where all were compacted already, return the summary that is there."""
    agent = find(store, call.path["agent_id"])
    rows = _messages_of_context(store, agent.message_ids)
    if all(row.role == "system" or row.summary for row in rows):
        summaries = [row.text for row in rows if row.summary]
        if not summaries:
            raise Refusal(400, {"detail": _NO_SUMMARY})
        summary = str(json.loads(summaries[0])["message"])
        return {"summary": summary, "num_messages_before": len(rows), "num_messages_after": len(rows)}
    return _compact_messages(store, agent, None, rows, call.body)


def compact(store: Store, call: Call) -> Any:
    """Compact the messages of a conversation, or of an agent without one."""
    body: Fields | None = call.body
    conversation_id = call.path["conversation_id"]
    direct = body["agent_id"] if body and conversation_id == "default" and body["agent_id"] else None
    direct = conversation_id if conversation_id.startswith("agent-") else direct
    if direct is not None:
        agent = find(store, direct)
        conversation, message_ids = None, agent.message_ids
    else:
        conversation = store.conversations.get(conversation_id)
        if conversation is None or conversation.deleted:
            raise no_record("Conversation", conversation_id, even_deleted=False)
        agent, message_ids = store.agents[conversation.agent_id], conversation.message_ids
    if not message_ids:
        raise Refusal(400, {"detail": "No in-context messages found for this conversation."})
    return _compact_messages(store, agent, conversation, _messages_of_context(store, message_ids), body)


def _messages_of_context(store: Store, message_ids: Sequence[str]) -> list[Message]:
    return [store.messages[each] for each in message_ids if each in store.messages]


def _compact_messages(
    store: Store, agent: Agent, conversation: Conversation | None, rows: list[Message], body: Fields | None
) -> dict[str, Any]:
    live = store.live
    if live.models is not None and _facts.LLM_HANDLE not in live.models and _is_unreachable(agent):
        raise llm_error()
    given: Fields | None = body["compaction_settings"] if body else None
    settings = (
        agent.compaction_settings if given is None else _models.merge_compaction(agent.compaction_settings, given)
    )
    kept, window = _messages_to_keep(rows, settings)
    left = [row for row in rows[1:] if row not in kept]
    summary = live.model.summarize(chat(left))
    clip = settings["clip_chars"]
    if clip is not None and len(summary) > clip:
        summary = summary[:clip] + _TRUNCATED
    after = len(kept) + 2
    if len(rows) <= after:
        raise Refusal(400, {"detail": _NOT_SHORTER})
    alert = {
        "type": "system_alert",
        "message": (_WINDOW if window else _ALL) + summary,
        "time": local_time(store.clock(), agent.timezone),
    }
    text = json.dumps(alert, indent=2, ensure_ascii=False)
    made = store.add_message(agent, "user", text, conversation=conversation, summary=True)
    ids = (rows[0].id, made.id, *(row.id for row in kept))
    if conversation is None:
        store.put(attrs.evolve(agent, message_ids=ids))
    else:
        places = {message_id: place for place, message_id in enumerate(conversation.message_ids)}
        gone = {row.id: places[row.id] for row in left}
        store.put(attrs.evolve(conversation, message_ids=ids, left={**conversation.left, **gone}))
    return {"summary": summary, "num_messages_before": len(rows), "num_messages_after": after}


def _is_unreachable(agent: Agent) -> bool:
    return bool(agent.llm_config["handle"] == _facts.LLM_HANDLE)


def _messages_to_keep(rows: list[Message], settings: Any) -> tuple[list[Message], bool]:
    """Return the messages after the first one that stay, and whether they are the end of the conversation."""
    protected = rows[-1:] if rows[-1].is_approval_request else []
    if settings["mode"] in {"sliding_window", "self_compact_sliding_window"}:
        share = settings["sliding_window_percentage"] + 0.1
        cutoff = round(share * len(rows)) if share < 1.1 else len(rows)
        place = next(
            (
                place
                for place in reversed(range(1, min(cutoff, len(rows) - 1) + 1))
                if rows[place].role == "assistant" or rows[place].is_approval_request
            ),
            None,
        )
        if place is not None and place < len(rows) - 1 - len(protected):
            return rows[place:], True
    return protected, False
