"""Result of one target of a batch."""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async._schema.record import Record
from letta_async.errors import LettaError
from letta_async.operations.conversations import Recompile

__all__ = ["Outcome"]


@attrs.frozen(kw_only=True)
class Outcome(Record):
    """Result of one target of a batch."""

    target: str | Recompile
    """The target, as it was passed."""
    status: Literal["recompiled", "compiled", "unchanged", "skipped", "busy", "failed"]
    """`recompiled`; `compiled`, in a dry run; `unchanged`, with `only_stale`, because it was not stale; `skipped`,
    because the journal records it as done by an earlier run: it was not checked; `busy`, with `wait_if_busy`, because
    it had an active run: it was not recompiled; `failed`."""
    prompt: str | None = attrs.field(
        default=None, repr=lambda prompt: "None" if prompt is None else f"<{len(prompt)} characters>"
    )
    """The compiled prompt; with status `unchanged`, the stored one. `None` when there is none, and for a repetition of
    a target that came thousands of targets before."""
    diff: str | None = attrs.field(
        default=None, repr=lambda diff: "None" if diff is None else f"<{len(diff)} characters>"
    )
    """Unified diff of what the recompile changed or, if there was none, would change, ignoring volatile lines and block
    order; `None` unless the target was compared, as with `only_stale`, and is stale."""
    error: LettaError | None = None
    """The error with which the target failed; `None` if it did not fail."""
    tries: int = 0
    """Number of requests sent for the target, including those that check whether it is stale, but not the lists of
    active runs, which targets share."""
    seconds: float = 0.0
    """Duration in seconds, including the wait for a slot of the limiter."""
    repeated: bool = False
    """Whether the same work (conversation, agent, dry run, settings) came before in this batch, so that this is the
    outcome of the first one; if that came thousands of targets before, only its status."""

    @property
    def ok(self) -> bool:
        """Whether the target neither failed nor was busy."""
        return self.status not in ("failed", "busy")
