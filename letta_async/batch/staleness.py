"""Comparison of a conversation's stored prompt with the one that a recompile would store, and the cost of that."""

from __future__ import annotations

import difflib
from typing import ClassVar

import attrs

from letta_async._schema.record import Record
from letta_async.batch.token_estimate import tokens_of

__all__ = ["RecompileCost", "Staleness"]


def _size_text(prompt: str) -> str:
    return f"<{len(prompt)} characters>"


def _common_length(one: str, other: str) -> int:
    """Return the number of characters that two texts have in common at the beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


@attrs.frozen(kw_only=True)
class Staleness(Record):
    """Comparison of a conversation's stored system prompt with the one that a recompile would store now."""

    _derived: ClassVar[tuple[str, ...]] = ("stale",)

    conversation_id: str
    """ID of the conversation."""
    stored: str = attrs.field(repr=_size_text)
    """The prompt that the server has stored for the conversation."""
    compiled: str = attrs.field(repr=_size_text)
    """The prompt that a recompile would store."""
    aligned: str = attrs.field(repr=False)
    """The stored prompt with the volatile lines and the block order of the compiled one."""

    @property
    def stale(self) -> bool:
        """Whether the two prompts differ, ignoring volatile lines and the order of blocks."""
        return self.aligned != self.compiled

    @property
    def diff(self) -> str:
        """Unified diff of what a recompile would change, ignoring volatile lines and block order; empty if nothing."""
        old, new = (prompt.split("\n") for prompt in (self.aligned, self.compiled))
        return "\n".join(difflib.unified_diff(old, new, "stored", "compiled", lineterm=""))

    @property
    def uncached_tokens(self) -> int:
        """Estimated number of tokens of the compiled prompt that a provider's prompt cache cannot hold.

        These are its characters after those that it has in common with the stored one, volatile lines and block order
        included, divided by 4 and rounded up. Every message in context is read again as well; see `recompile_cost` of
        `client.conversations`.
        """
        return tokens_of(len(self.compiled) - _common_length(self.stored, self.compiled))


@attrs.frozen(kw_only=True)
class RecompileCost(Record):
    """Estimate of the tokens that the model reads again after a recompile, in its next turn.

    A provider's prompt cache holds a conversation up to the first character that changed. What follows has to be read
    again: the rest of the compiled prompt and every message in context. Four characters count as one token, the rule
    of thumb for English.
    """

    _derived: ClassVar[tuple[str, ...]] = ("total_tokens",)

    conversation_id: str
    """ID of the conversation."""
    prompt_tokens: int
    """Number of tokens of the prompt: characters of the compiled prompt after those that it has in common with the
    stored one, divided by 4."""
    message_tokens: int
    """Number of tokens of the messages in context, without the system prompt: their characters, divided by 4."""

    @property
    def total_tokens(self) -> int:
        """Number of tokens of both."""
        return self.prompt_tokens + self.message_tokens
