"""Assemble the events of a stream, whole messages or pieces, into the `LettaResponse` of the same turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeGuard, cast, get_args

import attrs

from letta_async.types.message import (
    ApprovalRequestMessage,
    AssistantMessage,
    Message,
    ReasoningMessage,
    ToolCall,
    ToolCallMessage,
)
from letta_async.types.stream import LettaStopReason, LettaUsageStatistics, StreamEvent
from letta_async.types.turn_response import LettaResponse

__all__ = ["Accumulator", "accumulate"]

_Delta = AssistantMessage | ReasoningMessage | ToolCallMessage | ApprovalRequestMessage


@attrs.define
class _MessageDeltas:
    """Deltas of one message that were received so far."""

    first: Any
    texts: list[str] = attrs.field(factory=list[str])
    calls: dict[str | None, list[ToolCall]] = attrs.field(factory=dict[str | None, list[ToolCall]])
    parts: list[Any] = attrs.field(factory=list[Any])

    def add(self, delta: Any) -> None:
        """Add a delta."""
        if isinstance(delta, AssistantMessage):
            if isinstance(delta.content, str):
                self.texts.append(delta.content)
            else:
                self.parts += delta.content
        elif isinstance(delta, ReasoningMessage):
            self.texts.append(delta.reasoning)
            if delta.signature is not None and self.first.signature is None:
                self.first = attrs.evolve(self.first, signature=delta.signature)
        else:
            for call in delta.calls:
                known = call.tool_call_id if call.tool_call_id is not None else next(reversed(self.calls), None)
                self.calls.setdefault(known, []).append(call)

    def to_message(self) -> Message:
        """Return the message that the deltas amount to so far."""
        first = self.first
        if isinstance(first, AssistantMessage):
            return attrs.evolve(first, content=self.parts or "".join(self.texts))
        if isinstance(first, ReasoningMessage):
            return attrs.evolve(first, reasoning="".join(self.texts))
        calls = [_join_call(deltas) for deltas in self.calls.values()]
        made: Message = attrs.evolve(first, tool_calls=calls, tool_call=calls[0] if calls else None)
        return made


def _join_call(deltas: list[ToolCall]) -> ToolCall:
    if len(deltas) == 1:
        return deltas[0]
    arguments = [delta.arguments for delta in deltas if delta.arguments is not None]
    names = [delta.name for delta in deltas if delta.name is not None]
    return attrs.evolve(
        deltas[0], name=names[0] if names else None, arguments="".join(arguments) if arguments else None
    )


def _is_delta(event: object) -> TypeGuard[_Delta]:
    """Return whether an event can be a delta of a message: in a field that is read, a server may send anything."""
    if not isinstance(event, _Delta):
        return False
    if isinstance(event, AssistantMessage):
        joinable = isinstance(event.content, str | list)
    elif isinstance(event, ReasoningMessage):
        joinable = isinstance(event.reasoning, str)
    else:
        joinable = all(map(_is_call, event.calls))
    return joinable and isinstance(event.id, str)


def _is_call(value: object) -> bool:
    """Return whether a value is a tool call whose fields have their types."""
    if not isinstance(value, ToolCall):
        return False
    texts: tuple[object, ...] = value.tool_call_id, value.name, value.arguments
    return all(text is None or isinstance(text, str) for text in texts)


class Accumulator:
    """Builds a `LettaResponse` from the events of a stream, as they arrive.

    Pieces are joined by the ID and type of their message, arguments of tool calls by the ID of the call. What cannot be
    joined, since a field is not of its type, is kept as it came.
    """

    def __init__(self) -> None:
        self._messages: dict[Any, _MessageDeltas | Message] = {}
        self._stop_reason = LettaStopReason()
        self._usage = LettaUsageStatistics()

    def add(self, event: object) -> None:
        """Add an event; what is no event of a turn is left out."""
        if _is_delta(event):
            key = event.id, event.message_type
            deltas = self._messages.get(key)
            if not isinstance(deltas, _MessageDeltas):
                deltas = self._messages[key] = _MessageDeltas(event)
            deltas.add(event)
        elif isinstance(event, LettaStopReason):
            self._stop_reason = event
        elif isinstance(event, LettaUsageStatistics):
            self._usage = event
        elif isinstance(event, get_args(Message)):
            self._messages[len(self._messages)] = cast("Message", event)

    @property
    def response(self) -> LettaResponse:
        """The response so far; without `stop_reason` and `usage` until these have arrived."""
        messages = [each.to_message() if isinstance(each, _MessageDeltas) else each for each in self._messages.values()]
        return LettaResponse(messages=messages, stop_reason=self._stop_reason, usage=self._usage)


def accumulate(events: Iterable[StreamEvent]) -> LettaResponse:
    """Return the response that the events of a stream amount to, as far as they go.

    Pieces are joined by the ID and type of their message, arguments of tool calls by the ID of the call.

    Args:
        events: Events in the order in which they arrived, such as those of an error's `events`.

    """
    accumulator = Accumulator()
    for event in events:
        accumulator.add(event)
    return accumulator.response
