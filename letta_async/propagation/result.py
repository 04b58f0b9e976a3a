"""Result of an edit that was propagated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

import attrs

from letta_async.batch.outcome import Outcome

__all__ = ["Propagation"]

Result = TypeVar("Result")


@attrs.frozen(kw_only=True)
class Propagation(Generic[Result]):
    """Result of an edit that was propagated: iterating it yields the outcomes."""

    result: Result
    """The block or the agent after the edit; in a dry run, as it is."""
    outcomes: tuple[Outcome, ...]
    """Outcomes of the conversations, and of the agents' own prompts, in the order in which they completed."""

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)
