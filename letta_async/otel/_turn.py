"""Turns of agents: what the conventions for generative AI record of a call that sends messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from letta_async.instrumentation import Call
from letta_async.otel._content import input_messages, output_messages
from letta_async.types.accumulation import Accumulator
from letta_async.types.run import Run
from letta_async.types.stream import LettaPing, LettaStopReason, LettaUsageStatistics
from letta_async.types.turn_response import LettaResponse

__all__ = ["OPERATION", "Turn"]

OPERATION: Final = {"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "letta"}
"""Attributes of spans and measurements of all turns."""
_CALLS: Final = frozenset(
    {
        "agents.messages.create",
        "agents.messages.create_async",
        "agents.messages.stream",
        "conversations.messages.create",
    }
)
"""Calls that send messages to an agent."""
_CONTINUING: Final = frozenset({"conversations.messages.stream", "runs.messages.stream"})
"""Calls that stream a turn which another call has begun, or continue its stream."""
_USAGE: Final[Mapping[str, str]] = {
    "gen_ai.usage.input_tokens": "prompt_tokens",
    "gen_ai.usage.output_tokens": "completion_tokens",
    "gen_ai.usage.cache_read.input_tokens": "cached_input_tokens",
    "gen_ai.usage.cache_creation.input_tokens": "cache_write_tokens",
    "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
}
"""Attributes of spans, and the fields of the usage statistics that they are read from."""


@attrs.define(eq=False)
class Turn:
    """A turn, or the stream of one, from its begin to its end."""

    begins: bool
    """Whether the call begins the turn, and not only streams one that another call has begun."""
    model: str | None
    """Handle of the model that the call asks for; `None` for the agent's own."""
    attributes: dict[str, Any]
    """Attributes of the span at its begin."""
    usage: LettaUsageStatistics | None = attrs.field(default=None, init=False)
    _has_begun: bool = attrs.field(default=False, init=False)
    """Whether an event other than a ping was received."""
    _content: Accumulator | None = attrs.field(default=None, alias="content")
    """Messages of the stream; `None` if they are not recorded."""
    _messages: Sequence[object] = attrs.field(default=(), init=False)
    _stop_reason: str | None = attrs.field(default=None, init=False)
    _run_id: str | None = attrs.field(default=None, init=False)

    @classmethod
    def of(cls, call: Call, name: str, *, content: bool) -> Turn | None:
        """Return the turn that a call is about; `None` if it is about none.

        Args:
            call: The call.
            name: Its name.
            content: Whether the messages are recorded.

        """
        begins = name in _CALLS
        if not begins and name not in _CONTINUING:
            return None
        given = call.arguments
        model = _text(given, "override_model")
        attributes: dict[str, Any] = dict(OPERATION)
        if agent_id := _text(given, "agent_id"):
            attributes["gen_ai.agent.id"] = agent_id
        conversation_id = _text(given, "conversation_id")
        if conversation_id and conversation_id != "default":
            attributes["gen_ai.conversation.id"] = conversation_id
        if model is not None:
            attributes["gen_ai.request.model"] = model
        if call.streams:
            attributes["gen_ai.request.stream"] = True
        if content and (sent := input_messages(given)) is not None:
            attributes["gen_ai.input.messages"] = sent
        return cls(begins, model, attributes, content=Accumulator() if content else None)

    def receive(self, events: Sequence[Any]) -> bool:
        """Take in events of the stream; return whether these are the first, pings aside."""
        is_first = False
        for event in events:
            if self._content is not None:
                self._content.add(event)
            if isinstance(event, LettaUsageStatistics):
                self.usage = event
            elif isinstance(event, LettaStopReason):
                self._stop_reason = event.stop_reason
            elif not isinstance(event, LettaPing):
                is_first = is_first or not self._has_begun
                self._has_begun = True
                if self._run_id is None:
                    self._run_id = getattr(event, "run_id", None)
        return is_first

    def finish(self, value: object) -> None:
        """Take in what the call returned."""
        if isinstance(value, LettaResponse):
            self.usage, self._stop_reason = value.usage, value.stop_reason.stop_reason
            self._messages = value.messages
            self._run_id = next((found for each in value.messages if (found := getattr(each, "run_id", None))), None)
        elif isinstance(value, Run):
            self._run_id = value.id
        elif self._content is not None:
            self._messages = self._content.response.messages

    @property
    def result(self) -> dict[str, Any]:
        """Attributes of the span at its end."""
        found: dict[str, Any] = {}
        if self.usage is not None:
            for name, field in _USAGE.items():
                if (count := _count(self.usage, field)) is not None:
                    found[name] = count
        if self._stop_reason is not None:
            found["gen_ai.response.finish_reasons"] = [self._stop_reason]
        if self._run_id is not None:
            found["letta_async.run_id"] = self._run_id
        if self._content is not None and (received := output_messages(self._messages, self._stop_reason)) is not None:
            found["gen_ai.output.messages"] = received
        return found

    @property
    def tokens(self) -> dict[str, int]:
        """Number of tokens, by type."""
        if self.usage is None:
            return {}
        counts = {"input": _count(self.usage, "prompt_tokens"), "output": _count(self.usage, "completion_tokens")}
        return {kind: count for kind, count in counts.items() if count is not None}


def _count(usage: LettaUsageStatistics, field: str) -> int | None:
    value = getattr(usage, field)
    return value if isinstance(value, int) else None


def _text(given: Mapping[str, Any], name: str) -> str | None:
    """Return an argument that is a string, as a plain one."""
    value = given.get(name)
    return str(value) if isinstance(value, str) and value else None
