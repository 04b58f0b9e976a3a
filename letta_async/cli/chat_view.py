"""Output of a chat: the agent's text, or every event as a line of JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Final, Protocol

from letta_async.cli.error_messages import without_control_characters
from letta_async.cli.report import say
from letta_async.errors import LettaError, StreamError
from letta_async.types.accumulation import Accumulator
from letta_async.types.content import text_of
from letta_async.types.message import (
    AssistantMessage,
    HiddenReasoningMessage,
    ReasoningMessage,
    ToolCall,
    ToolCallMessage,
    ToolReturn,
    ToolReturnMessage,
)
from letta_async.types.stream import LettaPing, LettaStopReason, StreamEvent

__all__ = ["ChatView", "EventView", "TextView", "describe_call", "is_complete"]

_SHOWN: Final = 200
"""Maximum length of a tool's arguments, or of what it returned, in characters."""
_COMPLETE: Final = (None, "end_turn", "tool_rule", "requires_approval")
"""Stop reasons of turns that ended as they should."""


def is_complete(stop_reason: str | None) -> bool:
    """Return whether a turn with this stop reason ended as it should, rather than being cut short."""
    return stop_reason in _COMPLETE


def describe_call(call: ToolCall, *, limit: int | None = None) -> str:
    """Return a tool call on one line, as `name({"argument": 1})`.

    Args:
        call: The call.
        limit: Maximum length of the arguments in characters. Default: no maximum.

    """
    return f"{_one_line(call.name or '?')}({_one_line(call.arguments or '', limit)})"


class ChatView(Protocol):
    """Output of a chat. The events of a turn are shown one by one; `end` or `fail` comes after the last one."""

    def show(self, event: StreamEvent) -> None:
        """Write an event.

        Raises:
            OSError: Standard output cannot be written.

        """
        ...

    def end(self) -> None:
        """End a turn.

        Raises:
            OSError: Standard output cannot be written.

        """
        ...

    def fail(self, error: LettaError) -> None:
        """End a turn that failed; the error is described by the caller.

        Raises:
            OSError: Standard output cannot be written.

        """
        ...


class EventView:
    """Every event as a line of JSON, the error of a turn included, as the server sends them."""

    def show(self, event: StreamEvent) -> None:
        """Write an event."""
        self._write(event.to_json())

    def end(self) -> None:
        """Write nothing: every event is a line of its own."""

    def fail(self, error: LettaError) -> None:
        """Write the error event that the error was made from, if it was an event."""
        if isinstance(error, StreamError):
            self._write(json.dumps(error.body))

    def _write(self, line: str) -> None:
        sys.stdout.write(f"{line}\n")  # JSON escapes every control character
        sys.stdout.flush()


class TextView:
    """The agent's text on standard output; tool calls, and reasoning if it is wanted, on standard error."""

    def __init__(self, *, reasoning: bool) -> None:
        """Create a view.

        Args:
            reasoning: Whether the reasoning is shown.

        """
        self._reasoning = reasoning
        self._is_dimming = sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._open: tuple[str, str] | None = None
        """ID and type of the message whose text is on the current line, if a line is begun."""
        self._stop_reason: str | None = None
        self._calls = Accumulator()
        self._names: dict[str, str] = {}
        """Names of the tools that were called, by the IDs of the calls."""

    def show(self, event: StreamEvent) -> None:
        """Write an event: text as it comes, a tool call once it is complete."""
        if isinstance(event, LettaPing):
            return
        if isinstance(event, ToolCallMessage):
            self._calls.add(event)
            return
        self._write_calls()
        if isinstance(event, AssistantMessage):
            self._write_answer(event)
        elif isinstance(event, ReasoningMessage):
            self._write_reasoning(event)
        elif isinstance(event, HiddenReasoningMessage) and self._reasoning:
            self._write_note("(reasoning that the provider hides)")
        elif isinstance(event, ToolReturnMessage):
            self._write_returns(event)
        elif isinstance(event, LettaStopReason):
            self._stop_reason = event.stop_reason

    def end(self) -> None:
        """End the line, and write why the turn ended unless it ended as it should."""
        self._write_calls()
        self._end_line()
        reason, self._stop_reason = self._stop_reason, None
        if not is_complete(reason):
            self._write_note(f"(the turn was cut short: {_one_line(reason or '')})")

    def fail(self, error: LettaError) -> None:
        """End the line."""
        del error
        self._stop_reason = None
        self.end()

    def _write_answer(self, event: AssistantMessage) -> None:
        text = _printable(event.text)
        if text:
            self._begin_line(event.id, event.message_type)
            sys.stdout.write(text)
            sys.stdout.flush()
            if text.endswith("\n"):
                self._open = None

    def _write_reasoning(self, event: ReasoningMessage) -> None:
        text = _printable(event.reasoning)
        if text and self._reasoning:
            self._begin_line(event.id, event.message_type)
            say(self._dim(text), end="")
            if text.endswith("\n"):
                self._open = None

    def _write_calls(self) -> None:
        calls = self._calls.response.tool_calls
        if calls:
            self._calls = Accumulator()
        for call in calls:
            self._names[f"{call.tool_call_id}"] = call.name or "?"
            self._write_note(f"call: {describe_call(call, limit=_SHOWN)}")

    def _write_returns(self, event: ToolReturnMessage) -> None:
        returns: list[tuple[str | None, str | None, str]]
        parts: Sequence[object] = event.tool_returns or ()
        returns = [
            (each.tool_call_id, each.status, text_of(each.tool_return))
            for each in parts
            if isinstance(each, ToolReturn)
        ]
        for call_id, status, text in returns or [(event.tool_call_id, event.status, event.tool_return or "")]:
            name = self._names.get(f"{call_id}") or event.name or "?"
            kind = "error" if status == "error" else "return"
            self._write_note(f"{kind}: {_one_line(name)}: {_one_line(text, _SHOWN)}")

    def _write_note(self, line: str) -> None:
        self._end_line()
        say(self._dim(line))

    def _begin_line(self, message_id: str, kind: str) -> None:
        """Begin a line, unless the current one is of this message."""
        if self._open != (message_id, kind):
            self._end_line()
            self._open = message_id, kind

    def _end_line(self) -> None:
        if self._open is None:
            return
        _, kind = self._open
        self._open = None
        if kind == "assistant_message":
            sys.stdout.write("\n")
            sys.stdout.flush()
        else:
            say("")

    def _dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[22m" if self._is_dimming else text


def _printable(text: object) -> str:
    """Return text without control characters; a server may send anything in its place."""
    return without_control_characters(str(text).replace("\r", ""))


def _one_line(text: object, limit: int | None = None) -> str:
    """Return text on one line, without control characters; a server may send anything in its place."""
    words = " ".join(without_control_characters(str(text)).split())
    return words if limit is None or len(words) <= limit else words[: limit - 2] + " …"
