"""Whether a conversation's stored prompt is what a recompile would make of it."""

from __future__ import annotations

import difflib
from typing import ClassVar

import attrs

from letta_async._schema.record import Record

__all__ = ["Staleness"]


def _size(prompt: str) -> str:
    return f"<{len(prompt)} characters>"


@attrs.frozen(kw_only=True)
class Staleness(Record):
    """A conversation's stored system prompt beside the one that a recompile would store now."""

    _derived: ClassVar[tuple[str, ...]] = ("stale",)

    conversation_id: str
    """The conversation that was asked about."""
    stored: str = attrs.field(repr=_size)
    """The prompt that the conversation has."""
    compiled: str = attrs.field(repr=_size)
    """The prompt that a recompile would give it."""
    aligned: str = attrs.field(repr=False)
    """The stored prompt with what differs each time as in the compiled one: volatile lines, and the order of blocks."""

    @property
    def stale(self) -> bool:
        """Whether the two differ, volatile lines and the order of blocks aside."""
        return self.aligned != self.compiled

    @property
    def diff(self) -> str:
        """What would change, these aside, as a unified diff; empty when nothing would."""
        old, new = (prompt.split("\n") for prompt in (self.aligned, self.compiled))
        return "\n".join(difflib.unified_diff(old, new, "stored", "compiled", lineterm=""))
