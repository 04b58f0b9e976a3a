"""What a batch has done so far: who had an outcome, what the journal says, and how far the whole is."""

from __future__ import annotations

import inspect
import time
from collections import deque
from collections.abc import Callable, Sequence, Sized
from typing import Final

import attrs

from letta_async._utils.caller_warnings import warn
from letta_async.batch.journal import Journal
from letta_async.batch.outcome import Outcome, Progress
from letta_async.batch.seen import FinishedTargets
from letta_async.batch.targets import Target, Targets
from letta_async.batch.writer import JournalWriter
from letta_async.errors import APITimeoutError

__all__ = ["BatchProgress", "deadline_error"]

_RECENT: Final = 100
"""Over how many counts the rate is measured."""


@attrs.define(eq=False, kw_only=True)
class BatchProgress:
    """The books of a batch; whoever does its work, here or elsewhere, keeps them here."""

    targets: Targets
    journal: Callable[[], Journal] | None
    """Opens the journal."""
    on_progress: Callable[[Progress], object] | None

    _seen: FinishedTargets = attrs.field(factory=FinishedTargets, init=False)
    _writer: JournalWriter | None = attrs.field(default=None, init=False)
    _counts: deque[tuple[float, int]] = attrs.field(init=False)
    """When there were how many outcomes, of late."""
    _done: int = attrs.field(default=0, init=False)
    _failed: int = attrs.field(default=0, init=False)
    _skipped: int = attrs.field(default=0, init=False)

    async def open(self) -> None:
        """Begin, with what the journal tells of an earlier run.

        Raises:
            InvalidArgumentError: the journal is wrong.

        """
        self._counts = deque([(time.monotonic(), 0)], maxlen=_RECENT)
        if self.journal is not None:
            self._writer = JournalWriter(self.journal)
            await self._writer.open(lambda key: self._seen.add(key, None))

    @property
    def entered(self) -> int:
        """How many outcomes the journal is to have by now; what `written` takes."""
        return 0 if self._writer is None else self._writer.entered

    @property
    def failure(self) -> BaseException | None:
        """Why the journal cannot be written any more; no further target may be taken, and at the end this is raised."""
        return None if self._writer is None else self._writer.failure

    def find(self, key: str, target: Target) -> Outcome | None:
        """Return the outcome that a target has already: its twin's, or that it was done by an earlier run."""
        outcome = self._seen.find(key)
        return outcome and attrs.evolve(outcome, target=target, repeated=outcome.status != "skipped")

    def enter(self, key: str, outcome: Outcome) -> None:
        """Write down an outcome; it may be handed on once it is `written`."""
        self._seen.add(key, outcome)
        if self._writer is not None:
            self._writer.enter(key, outcome)

    async def written(self, count: int) -> None:
        """Wait until the journal has the first `count` outcomes, or has failed."""
        if self._writer is not None:
            await self._writer.written(count)

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

    async def complete(self) -> None:
        """Note that the targets came to their end; if none failed, the journal's run is complete.

        Warn where the journal left nothing to do, which may not be what was meant.
        """
        if self._writer is None or self._failed:
            return
        await self._writer.complete()
        if 0 < self._done == self._skipped:
            warn(
                f"nothing was checked: the journal {self._writer.path!r} says that each target was done before"
                f" (skipped: {self._skipped}), and this journal's run is complete; to recompile again, remove"
                " the file or take another"
            )

    async def close(self) -> None:
        """Close the journal, which may be its `failure`."""
        if self._writer is not None:
            await self._writer.close()


def deadline_error(deadline: float | None) -> APITimeoutError:
    """Say that the batch's deadline passed."""
    return APITimeoutError(f"the batch's deadline of {deadline} s passed before this was done")
