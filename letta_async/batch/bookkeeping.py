"""Bookkeeping of a batch: outcomes of finished targets, the journal, and progress reports."""

from __future__ import annotations

import inspect
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence, Sized
from typing import Final

import attrs

from letta_async._http.observation import notify
from letta_async._schema.json_values import show
from letta_async._utils.caller_warnings import warn
from letta_async.batch.finished_targets import FinishedTargets
from letta_async.batch.journal import Journal
from letta_async.batch.journal_writer import JournalWriter
from letta_async.batch.outcome import Outcome
from letta_async.batch.targets import Target
from letta_async.errors import APITimeoutError, ArgumentProblem
from letta_async.instrumentation import Instrumentation
from letta_async.types.batch import Progress, UploadOutcome

__all__ = ["BatchBookkeeper", "deadline_error", "progress_problems"]

_RECENT: Final = 100
"""Number of reports over which the rate is measured."""


@attrs.define(eq=False, kw_only=True)
class BatchBookkeeper:
    """Keeper of the outcomes, the journal and the progress of a batch, in this process or on a Dask cluster."""

    targets: object
    """The targets, whose number is known if they are `Sized`."""
    open_journal: Callable[[], Journal] | None
    """Opens the journal; `None` for a batch without one."""
    on_progress: Callable[[Progress], object] | None
    instrumentation: Sequence[Instrumentation] = ()
    """Instrumentation that is notified of each outcome."""

    _finished: FinishedTargets = attrs.field(factory=FinishedTargets, init=False)
    _writer: JournalWriter | None = attrs.field(default=None, init=False)
    _counts: deque[tuple[float, int]] = attrs.field(init=False)
    """Times of the latest reports, with the number of outcomes by then."""
    _done: int = attrs.field(default=0, init=False)
    _failed: int = attrs.field(default=0, init=False)
    _busy: int = attrs.field(default=0, init=False)
    _skipped: int = attrs.field(default=0, init=False)

    async def open(self) -> None:
        """Open the journal, and read which targets an earlier run finished.

        Raises:
            InvalidArgumentError: The journal cannot be used.

        """
        self._counts = deque([(time.monotonic(), 0)], maxlen=_RECENT)
        if self.open_journal is not None:
            self._writer = JournalWriter(self.open_journal)
            await self._writer.open(lambda key: self._finished.add(key, None))

    @property
    def added(self) -> int:
        """Number of outcomes added so far, as `wait_written` takes it; 0 without a journal."""
        return 0 if self._writer is None else self._writer.added

    @property
    def failure(self) -> BaseException | None:
        """The error after which the journal cannot be written; the batch stops, and raises it at its end."""
        return None if self._writer is None else self._writer.failure

    def find_outcome(self, key: str, target: Target) -> Outcome | None:
        """Return a target's outcome if the same work was done before, in this run or, by the journal, in another."""
        outcome = self._finished.find(key)
        return outcome and attrs.evolve(outcome, target=target, repeated=outcome.status != "skipped")

    def add(self, key: str, outcome: Outcome) -> None:
        """Record an outcome, and queue it for the journal; it may be yielded once `wait_written` has returned."""
        self._finished.add(key, outcome)
        if self._writer is not None:
            self._writer.add(key, outcome)

    async def wait_written(self, count: int) -> None:
        """Wait until the journal has the first `count` outcomes, or cannot be written."""
        if self._writer is not None:
            await self._writer.wait_written(count)

    async def report(self, outcomes: Sequence[Outcome | UploadOutcome]) -> None:
        """Count outcomes that arrived together, and report progress for each; await the callback if it is awaitable."""
        now = time.monotonic()
        began, before = self._counts[0]
        together = self._done + len(outcomes)
        rate = (together - before) / max(now - began, 1e-6)
        self._counts.append((now, together))
        total = len(self.targets) if isinstance(self.targets, Sized) else None
        for outcome in outcomes:
            self._done += 1
            self._failed += outcome.status == "failed"
            self._busy += outcome.status == "busy"
            self._skipped += outcome.status == "skipped"
            for instrumentation in self.instrumentation:
                notify(instrumentation, Instrumentation.on_target_finished, outcome)
            if self.on_progress is not None:
                left = None if total is None else max(0, total - self._done) / rate
                progress = Progress(done=self._done, failed=self._failed, total=total, rate=rate, seconds_left=left)
                reported = self.on_progress(progress)
                if inspect.isawaitable(reported):
                    await reported

    async def mark_complete(self) -> None:
        """Write the journal's closing line if no target failed or was busy; call it after the last target.

        Warn if the journal had every target as done, which may be unintended.
        """
        if self._writer is None or self._failed or self._busy:
            return
        await self._writer.mark_complete()
        if 0 < self._done == self._skipped:
            warn(
                f"nothing was checked: the journal {self._writer.path!r} says that each target was done before"
                f" (skipped: {self._skipped}), and this journal's run is complete; to recompile again, remove"
                " the file or take another"
            )

    async def close(self) -> None:
        """Close the journal; if that fails, the error becomes `failure`."""
        if self._writer is not None:
            await self._writer.close()


def progress_problems(on_progress: object) -> Iterable[ArgumentProblem]:
    """Yield the problem of a callback for the progress that cannot be called."""
    if on_progress is not None and not callable(on_progress):
        yield ArgumentProblem("on_progress", f"{show(on_progress)} cannot be called with a Progress")


def deadline_error(deadline: float | None) -> APITimeoutError:
    """Return the error of a target that was not done within the batch's deadline, in seconds."""
    return APITimeoutError(f"the batch's deadline of {deadline} s passed before this was done")
