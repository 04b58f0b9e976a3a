"""Response that holds a whole turn.

Source: `LettaResponse` in the OpenAPI description of Letta 0.16.8.
"""

from __future__ import annotations

from typing import Final

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.message import ApprovalRequestMessage, AssistantMessage, Message, ToolCall, ToolCallMessage
from letta_async.types.stream import LettaStopReason, LettaUsageStatistics
from letta_async.types.token_data import Logprobs, TurnTokenData

__all__ = ["LettaResponse"]

_NO_REASON: Final = LettaStopReason()
_NO_USAGE: Final = LettaUsageStatistics()


def _is_call(value: object) -> bool:
    """Return whether an item is a call: a server may send anything in its place."""
    return isinstance(value, ToolCall)


@attrs.frozen(kw_only=True)
class LettaResponse(WireObject):
    """A whole turn: the messages of the agent, the reason for its end, the tokens that it took."""

    messages: list[Message] = attrs.field(hash=False)
    """The messages of the agent, the oldest first."""
    stop_reason: LettaStopReason = _NO_REASON
    """Reason for the end of the turn; its `stop_reason` is `None` where the turn has not ended."""
    usage: LettaUsageStatistics = _NO_USAGE
    """Number of tokens and steps that the turn took; `None` each where the turn has not ended."""
    logprobs: Logprobs | None = attrs.field(default=None, hash=False)
    """Log probabilities of the output tokens of the model's last response, with `return_logprobs=True`."""
    turns: list[TurnTokenData] | None = attrs.field(default=None, hash=False)
    """Token IDs and log probabilities of all generations, with `return_token_ids=True`."""

    @property
    def text(self) -> str:
        """The text of the assistant's messages; between two messages a line feed."""
        return "\n".join(message.text for message in self.messages if isinstance(message, AssistantMessage))

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tool calls of the turn in order, those that the server answered itself included; see `pending_calls`."""
        return [
            call
            for message in self.messages
            if isinstance(message, ToolCallMessage | ApprovalRequestMessage)
            for call in message.calls
            if _is_call(call)
        ]

    @property
    def pending_calls(self) -> list[ToolCall]:
        """The tool calls that the turn waits for: to be approved, or to be answered by the client; else none."""
        last = self.messages[-1] if self.messages else None
        return last.calls if self.requires_approval and isinstance(last, ApprovalRequestMessage) else []

    @property
    def requires_approval(self) -> bool:
        """Whether the turn waits: for an approval, or for the return of a tool that the client runs."""
        return self.stop_reason.stop_reason == "requires_approval"
