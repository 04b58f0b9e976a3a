"""Comparison of a conversation's stored prompt with the one that a recompile would store."""

from __future__ import annotations

import difflib
from typing import ClassVar

import attrs

from letta_async._schema.record import Record

__all__ = ["Staleness"]


def _size_text(prompt: str) -> str:
    return f"<{len(prompt)} characters>"


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
