"""What a batch has done so far: who had an outcome, what the journal says, and how far the whole is."""

from __future__ import annotations

import inspect
import time
from collections import deque
from collections.abc import Callable, Sequence, Sized
from typing import Final

import attrs

from letta_async._journal import Journal
from letta_async._seen import Seen
from letta_async._targets import Target, Targets
from letta_async._warnings import warn
from letta_async.errors import APITimeoutError
from letta_async.models.outcome import Outcome, Progress

__all__ = ["Ledger", "out_of_time"]

_RECENT: Final = 100
"""Over how many counts the rate is measured."""


@attrs.define(eq=False, kw_only=True)
class Ledger:
    """The books of a batch; whoever does its work, here or elsewhere, keeps them here."""

    targets: Targets
    journal: Callable[[], Journal] | None
    """Opens the journal."""
    on_progress: Callable[[Progress], object] | None

    _seen: Seen = attrs.field(init=False)
    _open_journal: Journal | None = attrs.field(default=None, init=False)
    _counts: deque[tuple[float, int]] = attrs.field(init=False)
    """When there were how many outcomes, of late."""
    _done: int = attrs.field(default=0, init=False)
    _failed: int = attrs.field(default=0, init=False)
    _skipped: int = attrs.field(default=0, init=False)

    def open(self) -> None:
        """Begin, with what the journal tells of an earlier run.

        Raises:
            InvalidArgumentError: the journal is wrong.

        """
        self._seen = Seen()
        self._counts = deque([(time.monotonic(), 0)], maxlen=_RECENT)
        if self.journal is not None:
            self._open_journal = self.journal()
            for key in self._open_journal.done():
                self._seen.add(key, None)

    def find(self, key: str, target: Target) -> Outcome | None:
        """Give the outcome that a target has already: its twin's, or that it was done by an earlier run."""
        known, outcome = self._seen.find(key)
        if not known:
            return None
        if outcome is None:
            return Outcome(target=target, status="skipped")
        return attrs.evolve(outcome, target=target, repeated=True)

    def enter(self, key: str, outcome: Outcome) -> None:
        """Write down an outcome, before it is handed on."""
        self._seen.add(key, outcome)
        if self._open_journal is not None:
            self._open_journal.add(key, outcome)

    async def count(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes that came at one time, and report each; await the callback if it is a coroutine function."""
        now = time.monotonic()
        began, before = self._counts[0]
        together = self._done + len(outcomes)
        rate = (together - before) / max(now - began, 1e-6)
        self._counts.append((now, together))
        total = len(self.targets) if isinstance(self.targets, Sized) else None
        for outcome in outcomes:
            self._done += 1
            self._failed += outcome.status == "failed"
            self._skipped += outcome.status == "skipped"
            if self.on_progress is not None:
                left = None if total is None else max(0, total - self._done) / rate
                progress = Progress(done=self._done, failed=self._failed, total=total, rate=rate, seconds_left=left)
                reported = self.on_progress(progress)
                if inspect.isawaitable(reported):
                    await reported

    def complete(self) -> None:
        """Note that the targets came to their end; if none failed, the journal's run is complete.

        Warn where the journal left nothing to do, which may not be what was meant.
        """
        if self._open_journal is None or self._failed:
            return
        self._open_journal.complete()
        if 0 < self._done == self._skipped:
            warn(
                f"nothing was checked: the journal {str(self._open_journal.path)!r} says that each target was done"
                f" before (skipped: {self._skipped}), and this journal's run is complete; to recompile again, remove"
                " the file or take another"
            )

    def close(self) -> None:
        """Close the journal, and forget everything."""
        if self._open_journal is not None:
            self._open_journal.close()
        self._seen.close()


def out_of_time(deadline: float | None) -> APITimeoutError:
    """Say that the batch's deadline passed."""
    return APITimeoutError(f"the batch's deadline of {deadline} s passed before this was done")
