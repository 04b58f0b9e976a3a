"""Estimated numbers of tokens, by numbers of characters."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from letta_async.types.content import text_of
from letta_async.types.message import (
    ApprovalRequestMessage,
    ApprovalResponseMessage,
    AssistantMessage,
    Message,
    ReasoningMessage,
    SummaryMessage,
    SystemMessage,
    ToolCallMessage,
    ToolReturn,
    ToolReturnMessage,
    UserMessage,
)

__all__ = ["estimate_message_tokens", "tokens_of"]

_CHARACTERS_PER_TOKEN: Final = 4
"""Number of characters of a token in English text, by rule of thumb."""


def tokens_of(characters: int) -> int:
    """Return the estimated number of tokens of a text with a number of characters, rounded up."""
    return -(-characters // _CHARACTERS_PER_TOKEN)


def estimate_message_tokens(messages: Iterable[Message], in_context: Container[str], count: int) -> int:
    """Return the estimated number of tokens of the messages in context.

    Args:
        messages: Messages of the conversation.
        in_context: IDs of those to count.
        count: Number of the messages in context. Those that are not among `messages` are taken to be as long as the
            others on average.

    """
    found: set[str] = set()
    characters = 0
    for message in messages:
        if message.id is not None and message.id in in_context:
            found.add(message.id)
            characters += _length(message)
    return tokens_of(-(-characters * count // len(found)) if found else 0)


def _length(message: Message) -> int:
    """Return the number of characters of a message that the model reads."""
    match message:
        case UserMessage() | AssistantMessage():
            return len(message.text)
        case SystemMessage():
            return len(message.content)
        case SummaryMessage():
            return len(message.summary)
        case ReasoningMessage():
            return len(message.reasoning)
        case ToolCallMessage() | ApprovalRequestMessage():
            return sum(len(call.name or "") + len(call.arguments or "") for call in message.calls)
        case ToolReturnMessage():
            if message.tool_returns:
                return sum(len(text_of(each.tool_return)) for each in message.tool_returns)
            return len(message.tool_return or "")
        case ApprovalResponseMessage():
            returns = [each for each in message.approvals or [] if isinstance(each, ToolReturn)]
            return sum(len(text_of(each.tool_return)) for each in returns) + len(message.reason or "")
        case _:  # an event, hidden reasoning, or of an unknown type
            return 0
