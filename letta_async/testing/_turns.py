"""Turns of an agent as event streams: an echo, in the events that the server sends."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC
from typing import Any, Final

import attrs

from letta_async.testing import _wire
from letta_async.testing._agents import find
from letta_async.testing._call import Call
from letta_async.testing._errors import Problem, invalid_request
from letta_async.testing._state import Agent, Store
from letta_async.testing._validation import Fields

__all__ = ["EventStream", "stream"]

_PIECES: Final = re.compile(r"\s*\S+|\s+$")
"""What stands for tokens: words, each with the space before it."""


@attrs.frozen
class EventStream:
    """The body of an answer that is an event stream."""

    body: bytes


def stream(store: Store, call: Call) -> EventStream:
    """Answer the last message of the user with the same text, as one event or a word at a time."""
    body: Fields = call.body
    agent = find(store, call.path["agent_id"])
    if (body["input"] is None) == (body["messages"] is None):
        raise invalid_request([Problem("value_error", ("body",), "Value error, give one of input and messages", None)])
    text = _text(body)
    sent = store.add_message(agent, "user", text)
    reply = store.add_message(agent, "assistant", text)
    store.put(attrs.evolve(agent, message_ids=(*agent.message_ids, sent.id, reply.id)))
    events = [_wire.encode(event) for event in _events(store, agent, body, reply.id, text)]
    return EventStream(b"".join(b"data: %b\n\n" % event for event in [*events, b"[DONE]"]))


def _events(store: Store, agent: Agent, body: Fields, message_id: str, text: str) -> Iterator[dict[str, Any]]:
    del agent
    run_id = f"run-{uuid.uuid4()}"
    common = {
        "date": store.clock().astimezone(UTC).replace(microsecond=0).isoformat(),
        "name": None,
        "otid": str(uuid.uuid4()),
        "sender_id": None,
        "step_id": f"step-{uuid.uuid4()}",
        "is_err": None,
        "seq_id": None,
        "run_id": run_id,
    }
    if body["include_pings"]:
        yield {"id": f"message-{uuid.uuid4()}", **common, "message_type": "ping", "otid": None, "step_id": None}
    wanted: list[str] | None = body["include_return_message_types"]
    if wanted is None or "assistant_message" in wanted:
        for piece in (_PIECES.findall(text) or [text]) if body["stream_tokens"] else [text]:
            yield {"id": message_id, **common, "message_type": "assistant_message", "content": piece}
    words = len(text.split())
    yield {"message_type": "stop_reason", "stop_reason": "end_turn"}
    yield {
        "message_type": "usage_statistics",
        "completion_tokens": words,
        "prompt_tokens": words,
        "total_tokens": 2 * words,
        "step_count": 1,
        "run_ids": None,
        "cached_input_tokens": None,
        "cache_write_tokens": None,
        "reasoning_tokens": None,
        "context_tokens": None,
    }


def _text(body: Fields) -> str:
    """Return the text of the last message that is the user's."""
    if body["input"] is not None:
        return str(body["input"])
    contents: list[Any] = [each.get("content", "") for each in body["messages"] if each.get("role") == "user"]
    content: Any = contents[-1] if contents else ""
    return content if isinstance(content, str) else "".join(str(part.get("text", "")) for part in content)
