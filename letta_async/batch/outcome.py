"""What comes of a batch: an outcome a target, and how far the whole is."""

from __future__ import annotations

from typing import Literal

import attrs

from letta_async._schema.record import Record
from letta_async.errors import LettaError
from letta_async.operations.conversations import Recompile

__all__ = ["Outcome", "Progress"]


@attrs.frozen(kw_only=True)
class Outcome(Record):
    """What came of one target of a batch."""

    target: str | Recompile
    """The target, as it was given."""
    status: Literal["recompiled", "compiled", "unchanged", "skipped", "failed"]
    """`recompiled`; `compiled`, in a dry run; `unchanged`, because it was not stale and only stale ones were asked for;
    `skipped`, because the journal says that it was done before: it was not looked at; `failed`."""
    prompt: str | None = attrs.field(
        default=None, repr=lambda prompt: "None" if prompt is None else f"<{len(prompt)} characters>"
    )
    """The compiled prompt; of what is `unchanged`, the stored one. `None` when there is none, and for a repeated target
    that came thousands of targets before."""
    error: LettaError | None = None
    """Why it failed."""
    tries: int = 0
    """How many requests it took, those that found out whether it was stale included."""
    seconds: float = 0.0
    """How long it took, the wait for a slot included."""
    repeated: bool = False
    """Whether the same work (conversation, agent, dry run, settings) came before in this batch, so that this is the
    outcome it had then; of one that came thousands of targets before, only the status."""

    @property
    def ok(self) -> bool:
        """Whether it did not fail."""
        return self.status != "failed"


@attrs.frozen(kw_only=True)
class Progress(Record):
    """How far a batch is."""

    done: int
    """How many targets have an outcome."""
    failed: int
    """How many of these failed."""
    total: int | None
    """How many targets there are; `None` when that is not known beforehand."""
    rate: float
    """Outcomes a second, of late."""
    seconds_left: float | None
    """How long the rest will take at that rate; `None` when `total` is not known."""
