"""The calls that begin a turn: of an agent, and of a conversation, which can be that of an agent without one."""

from __future__ import annotations

from typing import Any

import attrs

from letta_async.testing import _models, _wire
from letta_async.testing._agents import find
from letta_async.testing._call import Call
from letta_async.testing._errors import Refusal, no_record, not_found
from letta_async.testing._event_stream import Deferred, EventStream, read_events
from letta_async.testing._rows import Agent, Conversation
from letta_async.testing._runs import begin_run, in_background, streamed, whole
from letta_async.testing._state import Store
from letta_async.testing._turns import Turn
from letta_async.testing._validation import Fields

__all__ = ["create", "create_async", "create_in_conversation", "stream"]

_STREAM_OPTIONS = (
    ("stream_tokens", True, "stream_tokens can only be true when streaming=true"),
    ("include_pings", False, "include_pings can only be set to false when streaming=true"),
    ("background", True, "background can only be true when streaming=true"),
)


def create(store: Store, call: Call) -> Deferred | EventStream:
    """Send messages to an agent; the response is the whole turn, or a stream if asked for."""
    body: Fields = call.body
    _check_messages(body)
    if not body["streaming"]:
        wrong = [reason for name, value, reason in _STREAM_OPTIONS if body[name] is value]
        if wrong:
            reasons = "; ".join(wrong)
            detail = f"Streaming options set without streaming enabled. {reasons}. "
            raise Refusal(
                422,
                {"detail": f"{detail}Either set streaming=true or use default values for streaming options."},
            )
    elif not call.is_version_1():
        raise Refusal(422, {"detail": "streaming=true is only supported for SDK v1.0+ clients."})
    agent = find(store, call.path["agent_id"])
    if body["streaming"]:
        return _stream(store, agent, None, body, "send_message")
    handle = _model_handle(store, agent, None, body)
    run = begin_run(store, "send_message", body, agent_id=agent.id)
    store.live.latest[agent.id] = run.id
    return whole(store, _turn(store, run.id, agent, None, body, handle))


def stream(store: Store, call: Call) -> EventStream:
    """Send messages to an agent; the response is a stream."""
    agent = find(store, call.path["agent_id"])
    return _stream(store, agent, None, call.body, "send_message_streaming")


def create_async(store: Store, call: Call) -> Any:
    """Send messages to an agent and return the run at once."""
    body: Fields = call.body
    agent = store.agents.get(call.path["agent_id"])
    if agent is None:
        raise not_found("Agent not found")
    metadata = {"lettuce": None}
    callback = body["callback_url"]
    fields: dict[str, Any] = {"agent_id": agent.id, "background": True, "callback_url": callback, "metadata": metadata}
    run = begin_run(store, "send_message_async", body, **fields)
    handle = body["override_model"] or agent.llm_config["handle"]
    in_background(store, _turn(store, run.id, agent, None, body, handle))
    return _wire.run(run)


def create_in_conversation(store: Store, call: Call) -> Deferred | EventStream:
    """Send messages to the agent of a conversation; the response is a stream unless asked otherwise."""
    body: Fields = call.body
    _check_messages(body)
    conversation_id = call.path["conversation_id"]
    direct = body["agent_id"] if conversation_id == "default" and body["agent_id"] else None
    direct = conversation_id if conversation_id.startswith("agent-") else direct
    if direct is not None:
        return _in_agents_own(store, find(store, direct), body)
    conversation = store.conversations.get(conversation_id)
    if conversation is None or conversation.deleted:
        raise no_record("Conversation", conversation_id, even_deleted=False)
    conversation = store.put(attrs.evolve(conversation, last_message_at=store.clock(), updated_at=store.clock()))
    agent = store.agents[conversation.agent_id]
    if body["streaming"]:
        return _stream(store, agent, conversation, body, "send_conversation_message", lock=conversation.id)
    handle = _model_handle(store, agent, conversation, body)
    run = begin_run(store, "send_conversation_message", body, agent_id=agent.id)
    store.live.latest[agent.id] = run.id
    return whole(store, _turn(store, run.id, agent, conversation, body, handle), tracked=False)


def _in_agents_own(store: Store, agent: Agent, body: Fields) -> Deferred | EventStream:
    if body["streaming"]:
        return _stream(store, agent, None, body, "send_message", lock=agent.id)
    handle = _model_handle(store, agent, None, body)
    _check_free(store, agent.id)
    run = begin_run(store, "send_message", body, agent_id=agent.id)
    store.live.latest[agent.id] = run.id
    _note_otids(store, run.id, body)
    store.live.locks[agent.id] = run.id
    turn = _turn(store, run.id, agent, None, body, handle)
    turn.of_agent = False
    return whole(store, turn, tracked=False, lock=agent.id)


def _stream(
    store: Store, agent: Agent, conversation: Conversation | None, body: Fields, run_type: str, lock: str | None = None
) -> EventStream:
    handle, background, pings = (
        _model_handle(store, agent, conversation, body),
        body["background"],
        body["include_pings"],
    )
    if lock is not None:
        known = store.live.requests.get(_otids_of_messages(body)) if background else None
        channel = store.live.channels.get(known or "")
        if known is not None and channel is not None:
            return EventStream(read_events(store, channel, known, pings=pings, numbered=True))
        _check_free(store, lock)
    run = begin_run(
        store,
        run_type,
        body,
        agent_id=agent.id,
        conversation_id=None if conversation is None else conversation.id,
        background=background,
    )
    store.live.latest[agent.id] = run.id
    _note_otids(store, run.id, body)
    turn = _turn(store, run.id, agent, conversation, body, handle)
    turn.tokens = body["stream_tokens"]
    if turn.tokens and body["include_return_message_types"] == []:
        turn.types = frozenset()  # an empty list means none of them here, and all elsewhere
    return streamed(store, turn, background=background, pings=pings, lock=lock)


def _turn(
    store: Store, run_id: str, agent: Agent, conversation: Conversation | None, body: Fields, handle: str
) -> Turn:
    types = body["include_return_message_types"]
    return Turn(
        store=store,
        run_id=run_id,
        agent_id=agent.id,
        conversation_id=None if conversation is None else conversation.id,
        inputs=body["messages"],
        handle=handle,
        client_tools=frozenset(tool["name"] for tool in body.get("client_tools") or ()),
        max_steps=body["max_steps"],
        types=frozenset(types) if types else None,
        of_agent=conversation is None,
    )


def _check_messages(body: Fields) -> None:
    if not body["messages"]:
        raise Refusal(422, {"detail": "Messages must not be empty"})


def _model_handle(store: Store, agent: Agent, conversation: Conversation | None, body: Fields) -> str:
    """Return the handle of the model that the turn is to ask: the request's, the conversation's or the agent's."""
    given = body["override_model"] or (None if conversation is None else conversation.model)
    if given is not None:
        _models.check_handle(given, store.live.models)
        return str(given)
    handle: str | None = agent.llm_config["handle"]
    return handle or ""


def _check_free(store: Store, lock: str) -> None:
    holder = store.live.locks.get(lock)
    if holder is not None:
        detail = (
            f"CONFLICT: Cannot send a new message: Another request (run_id={holder}) is currently being processed for "
            "this conversation. Please wait for it to complete."
        )
        raise Refusal(409, {"detail": detail, "run_id": holder})


def _otids_of_messages(body: Fields) -> tuple[str, ...]:
    return tuple(str(each["otid"]) for each in body["messages"])


def _note_otids(store: Store, run_id: str, body: Fields) -> None:
    store.live.requests[_otids_of_messages(body)] = run_id
    store.live.otids.update(dict.fromkeys(_otids_of_messages(body), run_id))
