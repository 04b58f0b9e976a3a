"""The calls about runs: reading and listing them, streaming one again, cancelling those of an agent."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from letta_async.testing import _wire
from letta_async.testing._call import Call
from letta_async.testing._errors import (
    Refusal,
    conflict,
    invalid_argument,
    no_record,
    not_found,
    unknown_error,
    uuid_pattern,
)
from letta_async.testing._event_stream import EventStream, read_events
from letta_async.testing._live import Channel
from letta_async.testing._messages import cut, show_messages
from letta_async.testing._rows import Run
from letta_async.testing._runs import cancel_run
from letta_async.testing._state import Store, check_stored, page
from letta_async.testing._validation import Fields

__all__ = [
    "cancel_of_agent",
    "cancel_of_conversation",
    "list_messages",
    "list_runs",
    "retrieve",
    "stream",
    "stream_conversation",
]

_RUN_ID: Final = re.compile(uuid_pattern("run").removesuffix("$"))
_STATUSES: Final = frozenset({"created", "running", "completed", "failed", "cancelled"})
_KEPT: Final = timedelta(hours=3)


def _existing(store: Store, run_id: str) -> Run:
    if _RUN_ID.fullmatch(run_id) is None:
        raise invalid_argument(f"Invalid run ID format: {run_id}. Expected format: 'run-<uuid4>'")
    run = store.runs.get(run_id)
    if run is None:
        raise no_record("Run", run_id)
    return run


def retrieve(store: Store, call: Call) -> Any:
    """Return a run."""
    return _wire.run(_existing(store, call.path["run_id"]))


def list_runs(store: Store, call: Call) -> Any:
    """List runs, the newest first unless asked otherwise; an unknown cursor is ignored.

    The server has its cursors the wrong way round: in both orders, `before` leads on and `after` leads back.
    """
    query = call.query
    check_stored(*query.values())
    statuses: list[str] | None = query["statuses"]
    if statuses is None and query["active"]:
        statuses = ["created", "running"]
    for status in statuses or ():
        if status not in _STATUSES:
            raise Refusal(400, {"detail": f"'{status}' is not a valid RunStatus"})
    agents = [query["agent_id"]] if query["agent_id"] else query["agent_ids"]
    rows = page(
        [run for run in store.runs.values() if _matches_query(run, query, agents, statuses)],
        lambda run: (run.created_at, run.sequence),
        ascending=query["ascending"] or query["order"] == "asc",
        limit=query["limit"] or 100,
        after=store.runs.get(query["before"] or ""),
        before=store.runs.get(query["after"] or ""),
    )
    return [_wire.run(run, in_list=True) for run in rows]


def _matches_query(run: Run, query: Fields, agents: list[str] | None, statuses: list[str] | None) -> bool:
    return (
        (not agents or run.agent_id in agents)
        and (not statuses or run.status in statuses)
        and (not query["stop_reason"] or run.stop_reason == query["stop_reason"])
        and query["background"] in {None, run.background}
        and query["conversation_id"] in {None, run.conversation_id}
    )


def list_messages(store: Store, call: Call) -> Any:
    """List the messages of a run, the oldest first unless asked otherwise."""
    run, query = _existing(store, call.path["run_id"]), call.query
    held = store.held.get(run.agent_id)
    rows = [store.messages[each] for each in (held.message_ids if held else ()) if each in store.messages]
    kept = cut(store, [row for row in rows if row.run_id == run.id], query, agent_id=None)
    types: list[str] | None = run.request_config["include_return_message_types"]
    messages = show_messages(kept, types or None)
    return messages if query["order"] == "asc" else messages[::-1]


# --- streaming again ------------------------------------------------------------------------------------------------


def stream(store: Store, call: Call) -> EventStream:
    """Stream the events of a background run from the one after `starting_after` on, also when it has ended."""
    run = _existing(store, call.path["run_id"])
    _check_background(run)
    _check_age(store, run)
    if call.body is None:
        raise unknown_error()
    return _stream_again(store, run, call.body)


def stream_conversation(store: Store, call: Call) -> EventStream:
    """Stream the events of the background run that a conversation is busy with, or of another run of it."""
    body: Fields = call.body or Fields()
    conversation_id = call.path["conversation_id"]
    if body.get("run_id"):
        run = _existing(store, body["run_id"])
    elif body.get("otid"):
        run_id = store.live.otids.get(body["otid"])
        if run_id is None:
            raise not_found(f"No run found for otid={body['otid']}. The run may have expired or never existed.")
        run = _existing(store, run_id)
    else:
        direct = body.get("agent_id") if conversation_id == "default" else None
        direct = conversation_id if conversation_id.startswith("agent-") else direct
        active = [
            run
            for run in store.runs.values()
            if run.active and (run.agent_id == direct if direct else run.conversation_id == conversation_id)
        ]
        if not active:
            raise invalid_argument("No active runs found for this conversation.")
        run = max(active, key=lambda run: run.sequence)
        _check_background(run)
    _check_age(store, run)
    return _stream_again(store, run, body)


def _check_background(run: Run) -> None:
    if not run.background:
        raise invalid_argument("Run was not created in background mode, so it cannot be retrieved.")


def _check_age(store: Store, run: Run) -> None:
    if store.clock() - run.created_at > _KEPT:
        raise Refusal(410, {"detail": "Run was created more than 3 hours ago, and is now expired."})


def _stream_again(store: Store, run: Run, body: Fields) -> EventStream:
    """Stream the events of a run; of one that has none, as an asynchronous one, the response never begins."""
    channel = store.live.channels.get(run.id)
    if channel is None:
        silent = store.live.channels.setdefault("", Channel())
        return EventStream(read_events(store, silent, run.id, pings=False, numbered=False))
    pings = bool(body.get("include_pings"))
    start = body.get("starting_after") or 0
    return EventStream(read_events(store, channel, run.id, start=start, pings=pings, numbered=True))


# --- cancelling -----------------------------------------------------------------------------------------------------


def cancel_of_agent(store: Store, call: Call) -> Any:
    """Cancel runs of an agent: those that are named, or its latest."""
    agent_id = call.path["agent_id"]
    named: list[str] | None = call.body["run_ids"] if call.body else None
    latest = store.live.latest.get(agent_id)
    active = [run.id for run in _newest_runs(store) if run.agent_id == agent_id and run.active]
    run_ids = named or ([latest] if latest is not None else active)
    if not run_ids:
        raise conflict(f"No active runs to cancel for agent {agent_id}")
    return {run_id: cancel_run(store, run_id) for run_id in run_ids}


def cancel_of_conversation(store: Store, call: Call) -> Any:
    """Cancel the active runs of a conversation, or of an agent."""
    conversation_id, agent_id = call.path["conversation_id"], call.query["agent_id"]
    direct = agent_id if conversation_id == "default" and agent_id else None
    direct = conversation_id if conversation_id.startswith("agent-") else direct
    if direct is None:
        conversation = store.conversations.get(conversation_id)
        if conversation is None or conversation.deleted:
            raise no_record("Conversation", conversation_id, even_deleted=False)
        run_ids = [run.id for run in _newest_runs(store) if run.conversation_id == conversation_id and run.active]
    else:
        run_ids = [run.id for run in _newest_runs(store) if run.agent_id == direct and run.active]
    if not run_ids:
        raise conflict(f"No active runs to cancel for conversation {conversation_id}")
    return {run_id: cancel_run(store, run_id) for run_id in run_ids}


def _newest_runs(store: Store) -> list[Run]:
    return sorted(store.runs.values(), key=lambda run: run.sequence, reverse=True)
