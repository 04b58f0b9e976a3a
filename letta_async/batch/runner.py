"""Runner of a batch: recompiles many targets concurrently and yields one outcome per target."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Final, Literal

import attrs

from letta_async._http.timeouts import TimeoutScheduler, Timer
from letta_async._schema.unset import UNSET
from letta_async.batch.active_runs import SlotRelease
from letta_async.batch.bookkeeping import BatchBookkeeper, deadline_error
from letta_async.batch.concurrent_run import ConcurrentRun
from letta_async.batch.journal import Journal
from letta_async.batch.outcome import Outcome
from letta_async.batch.staleness import Staleness
from letta_async.batch.targets import Target, Targets, make_key_function
from letta_async.errors import Attempt, LettaError
from letta_async.instrumentation import Instrumentation
from letta_async.operations.conversations import Recompile
from letta_async.types.batch import Progress

__all__ = ["Batch", "BecomesIdle", "Call", "Compare"]

Call = Callable[[Target, list[Attempt]], Awaitable[str]]
"""Recompiles one target and returns its prompt; appends the attempts that failed to the list."""
Compare = Callable[[Target, list[Attempt]], Awaitable[Staleness]]
"""Checks whether one target is stale; appends the attempts that failed to the list."""
BecomesIdle = Callable[[Target, SlotRelease], Awaitable[bool]]
"""Returns whether one target has no active run, or waits for its end; the wait takes no slot."""

_REQUESTS_TO_COMPARE: Final = 2
"""Number of requests that check whether a target is stale."""
_MAX_WAITING: Final = 1000
"""Number of targets that may wait for the end of a run before they take the slots of others."""


@attrs.define(eq=False, kw_only=True)
class Batch:
    """Recompilation of many targets: each once, within the deadline, with its outcome in the journal."""

    targets: Targets
    key_of: Callable[[object], str] = attrs.field(
        factory=lambda: make_key_function(Recompile(conversation_id="default"))
    )
    """Returns a target's key; targets with equal keys are the same work."""
    call: Call
    concurrency: Callable[[], int]
    """Returns the number of requests that may be in flight now."""
    dry_run: bool
    deadline: float | None
    """Time limit of the whole batch, in seconds."""
    named_deadline: float | None = None
    """Time limit that errors name, of something of which the batch is a part; `None` for its own."""
    stop_on_error: bool
    on_progress: Callable[[Progress], object] | None
    open_journal: Callable[[], Journal] | None
    """Opens the journal; `None` for a batch without one."""
    instrumentation: Sequence[Instrumentation] = ()
    """Instrumentation that is notified of each outcome."""
    compare: Compare | None = None
    """Checks whether a target is stale; `None` to recompile every target."""
    becomes_idle: BecomesIdle | None = None
    """Waits for the end of a target's active runs; `None` to recompile a target whether it has some or not."""

    bookkeeper: BatchBookkeeper = attrs.field(init=False)
    """Outcomes so far, the journal, and progress reports."""

    _is_stopped: bool = attrs.field(default=False, init=False)
    """Whether no further target is taken."""
    _in_flight: dict[str, asyncio.Future[Outcome]] = attrs.field(factory=dict[str, asyncio.Future[Outcome]], init=False)
    _scheduler: TimeoutScheduler = attrs.field(init=False)
    _ends_at: float | None = attrs.field(default=None, init=False)
    _run: ConcurrentRun[Target, tuple[Outcome, int]] = attrs.field(init=False)
    _waiting: int = attrs.field(default=0, init=False)
    """Number of targets that wait for the end of a run."""

    def __attrs_post_init__(self) -> None:
        self.bookkeeper = BatchBookkeeper(
            targets=self.targets,
            open_journal=self.open_journal,
            on_progress=self.on_progress,
            instrumentation=self.instrumentation,
        )

    async def run(self) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of each target as it completes; closing the generator cancels what is in flight."""
        loop = asyncio.get_running_loop()
        self._ends_at = None if self.deadline is None else loop.time() + self.deadline
        self._scheduler = TimeoutScheduler(loop)
        run = self._run = ConcurrentRun(
            targets=self.targets,
            process=self._process,
            concurrency=lambda: self.concurrency() + min(self._waiting, _MAX_WAITING),
            is_wanted=lambda: not self._is_stopped,
        )
        try:
            await self.bookkeeper.open()
            async with run:
                async for outcome, added in run:
                    await self.bookkeeper.wait_written(added)
                    await self.bookkeeper.report([outcome])
                    if self.bookkeeper.failure is not None or (outcome.status == "failed" and self.stop_on_error):
                        self._is_stopped = True
                    yield outcome
            await self.bookkeeper.mark_complete()
        except Exception:
            await self.bookkeeper.close()
            if self.bookkeeper.failure is None:
                raise
        finally:  # also when a second cancellation arrives while what is in flight ends
            await self.bookkeeper.close()
        if self.bookkeeper.failure is not None:
            raise self.bookkeeper.failure

    async def _process(self, target: Target) -> tuple[Outcome, int]:
        """Return a target's outcome, and the number of outcomes that the journal must have before it is yielded."""
        outcome = await self._find_or_recompile(target)
        return outcome, self.bookkeeper.added

    async def _find_or_recompile(self, target: Target) -> Outcome:
        """Return a target's outcome: that of an equal target, finished or in flight, or that of a call."""
        key = self.key_of(target)
        if (known := self.bookkeeper.find_outcome(key, target)) is not None:
            return known
        if (twin := self._in_flight.get(key)) is not None:
            return attrs.evolve(await asyncio.shield(twin), target=target, repeated=True)
        future = self._in_flight[key] = asyncio.get_running_loop().create_future()
        try:
            outcome = await self._recompile_target(target)
            future.set_result(outcome)
        finally:
            future.cancel()  # has no effect once there is a result
            del self._in_flight[key]
        self.bookkeeper.add(key, outcome)
        return outcome

    async def _recompile_target(self, target: Target) -> Outcome:
        """Recompile a target, if it is stale or every target is wanted; return any error as part of the outcome."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        failed_attempts: list[Attempt] = []
        completed_requests = 0
        error: LettaError | None = None
        if self._ends_at is not None and began >= self._ends_at:
            return Outcome(target=target, status="failed", error=self._deadline_error())
        dry_run = _is_dry_run(target, self.dry_run)
        status: Literal["recompiled", "compiled", "unchanged", "busy"] = "compiled" if dry_run else "recompiled"
        prompt: str | None = None
        diff: str | None = None
        timer = Timer(self._scheduler, None if self._ends_at is None else self._ends_at - began)
        try:
            with timer:
                if self.compare is not None:
                    compared = await self.compare(target, failed_attempts)
                    completed_requests = _REQUESTS_TO_COMPARE
                    diff = compared.diff if compared.stale else None
                    if not compared.stale:
                        status, prompt = "unchanged", compared.stored
                    elif dry_run:
                        prompt = compared.compiled
                if prompt is None and not dry_run and not await self._becomes_idle(target):
                    status = "busy"
                elif prompt is None:
                    prompt = await self.call(target, failed_attempts)
                    completed_requests += 1
        except LettaError as refused:
            error = refused
        except asyncio.CancelledError as cancelled:
            if _current_task().cancelling():
                raise
            error = _unexpected_error(cancelled)  # not this task was cancelled, but something that it awaited
        except Exception as raised:
            error = self._deadline_error() if timer.expired else _unexpected_error(raised)
        return Outcome(
            target=target,
            status=status if error is None else "failed",
            prompt=prompt if error is None else None,
            diff=diff,
            error=error,
            tries=completed_requests + len(failed_attempts),
            seconds=loop.time() - began,
        )

    def _deadline_error(self) -> LettaError:
        """Return the error of a target that was not done in time."""
        return deadline_error(self.named_deadline or self.deadline)

    async def _becomes_idle(self, target: Target) -> bool:
        """Return whether a target may be recompiled: it has no active run, or that does not matter."""
        return self.becomes_idle is None or await self.becomes_idle(target, self._without_slot)

    @contextmanager
    def _without_slot(self) -> Generator[None, None, None]:
        """Release the slot of a target that waits, so that another one is taken."""
        self._waiting += 1
        self._run.recheck_room()
        try:
            yield
        finally:
            self._waiting -= 1


def _current_task() -> asyncio.Task[Outcome]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - each target has a task
    return task


def _unexpected_error(error: BaseException) -> LettaError:
    """Return a `LettaError` for an exception that is not one, to be the error of an outcome."""
    text = "".join(traceback.format_exception_only(error)).strip()  # works even if its `str` fails
    unforeseen = LettaError(f"an unforeseen exception ended this target's call: {text}")
    unforeseen.__cause__ = error
    return unforeseen


def _is_dry_run(target: object, otherwise: bool) -> bool:
    """Return whether a target is a dry run; its own parameter takes precedence."""
    own = target.dry_run if isinstance(target, Recompile) else UNSET
    return otherwise if own is UNSET else bool(own)
