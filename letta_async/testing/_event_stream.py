"""Event streams: how an event is written, and what a handler returns whose response is one, or comes later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, Final
from uuid import uuid4

import attrs

from letta_async.testing import _wire
from letta_async.testing._live import Channel
from letta_async.testing._message_wire import date_of, part
from letta_async.testing._state import Store

__all__ = ["CANCELLED", "DONE", "Deferred", "EventStream", "ping", "read_events", "write_event"]

DONE: Final = b"data: [DONE]\n\n"
CANCELLED: Final = b'data: {"message_type": "stop_reason", "stop_reason": "cancelled"}\n\n'
"""The one event that the server writes with spaces."""


@attrs.frozen
class EventStream:
    """A response that is an event stream."""

    events: AsyncIterator[bytes]


@attrs.frozen
class Deferred:
    """A response that comes later: the value, or a refusal, of something under way."""

    value: Awaitable[Any]


def write_event(event: Mapping[str, Any], seq_id: int | None = None) -> bytes:
    """Write an event; a `seq_id` goes into those that have a place for it."""
    if seq_id is not None and "seq_id" in event:
        event = {**event, "seq_id": seq_id}
    name = b"event: error\n" if event.get("message_type") == "error_message" else b""
    return b"%bdata: %b\n\n" % (name, _wire.encode(event))


def ping(store: Store, run_id: str, seq_id: int | None = None) -> dict[str, Any]:
    """Return a ping: the first event of a stream, and what a silent one says that it is there."""
    made = part("ping", f"ping-{uuid4()}", {}, date=date_of(store.clock()), otid=None, run_id=run_id)
    return {**made, "seq_id": seq_id}


async def read_events(
    store: Store, channel: Channel, run_id: str, *, start: int = 0, pings: bool, numbered: bool
) -> AsyncIterator[bytes]:
    """Yield the events of a run from its channel, with a ping after each 20 s of silence if asked for."""
    place = start
    silence = store.live.ping_interval if pings else None
    async for event in channel.read(max(0, start), silence=silence):
        if event is None:
            yield write_event(ping(store, run_id, place if numbered and place > 0 else None))
        else:
            place += 1
            yield event
