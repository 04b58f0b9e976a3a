"""Whether a conversation's stored prompt is what a recompile would make of it."""

from __future__ import annotations

import difflib

import attrs

__all__ = ["Staleness"]


def _size(prompt: str) -> str:
    return f"<{len(prompt)}>"


@attrs.frozen(kw_only=True)
class Staleness:
    """A conversation's stored system prompt beside the one that a recompile would store now."""

    conversation_id: str
    """The conversation that was asked about."""
    stored: str = attrs.field(repr=_size)
    """The prompt that the conversation has."""
    compiled: str = attrs.field(repr=_size)
    """The prompt that a recompile would give it."""
    aligned: str = attrs.field(repr=False)
    """The stored prompt with the volatile lines of the compiled one: those that differ each time."""

    @property
    def stale(self) -> bool:
        """Whether the two differ, volatile lines aside."""
        return self.aligned != self.compiled

    @property
    def diff(self) -> str:
        """What would change, volatile lines aside, as a unified diff; empty when nothing would."""
        old, new = (prompt.split("\n") for prompt in (self.aligned, self.compiled))
        return "\n".join(difflib.unified_diff(old, new, "stored", "compiled", lineterm=""))
