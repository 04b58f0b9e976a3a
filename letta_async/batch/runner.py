"""Runner of a batch: recompiles many targets concurrently and yields one outcome per target."""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, Literal

import attrs

from letta_async._http.timeouts import TimeoutScheduler, Timer
from letta_async._schema.unset import UNSET
from letta_async.batch.journal import Journal
from letta_async.batch.outcome import Outcome, Progress
from letta_async.batch.progress import BatchProgress, deadline_error
from letta_async.batch.staleness import Staleness
from letta_async.batch.targets import Target, Targets, make_key_function, take_targets
from letta_async.errors import Attempt, LettaError
from letta_async.operations.conversations import Recompile

__all__ = ["Batch", "Call", "Compare"]

Call = Callable[[Target, list[Attempt]], Awaitable[str]]
"""Recompiles one target and returns its prompt; appends the attempts that failed to the list."""
Compare = Callable[[Target, list[Attempt]], Awaitable[Staleness]]
"""Checks whether one target is stale; appends the attempts that failed to the list."""

_TARGETS_AHEAD: Final = 4
"""Number of targets taken beyond the limiter's slots, so that a free slot is used immediately."""
_MAX_READY: Final = 100
"""Number of outcomes that may be waiting to be yielded before no further target is taken."""
_REQUESTS_TO_COMPARE: Final = 2
"""Number of requests that check whether a target is stale."""


@attrs.define(eq=False, kw_only=True)
class Batch:
    """Concurrent run over targets: one task iterates over them and starts a task per target, a few more than slots."""

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
    stop_on_error: bool
    on_progress: Callable[[Progress], object] | None
    open_journal: Callable[[], Journal] | None
    """Opens the journal; `None` for a batch without one."""
    compare: Compare | None = None
    """Checks whether a target is stale; `None` to recompile every target."""

    progress: BatchProgress = attrs.field(init=False)
    """Outcomes so far, the journal, and progress reports."""

    _is_stopped: bool = attrs.field(default=False, init=False)
    """Whether no further target is taken."""
    _is_closing: bool = attrs.field(default=False, init=False)
    """Whether the generator is being closed, so that outcomes are discarded."""
    _error: BaseException | None = attrs.field(default=None, init=False)
    """The error that ended the batch early; raised after the outcomes of all targets that were taken."""
    _tasks: set[asyncio.Task[Outcome]] = attrs.field(factory=set[asyncio.Task[Outcome]], init=False)
    """One task per target that was taken and has no outcome yet."""
    _in_flight: dict[str, asyncio.Future[Outcome]] = attrs.field(factory=dict[str, asyncio.Future[Outcome]], init=False)
    _ready: deque[tuple[Outcome, int]] = attrs.field(factory=deque[tuple[Outcome, int]], init=False)
    """Outcomes to yield, each with the number of outcomes that the journal must have before."""
    _outcome_event: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    """Set when there may be an outcome to yield, or no more to come."""
    _room_event: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    """Set when there may be room for a further target."""
    _scheduler: TimeoutScheduler = attrs.field(init=False)
    _ends_at: float | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.progress = BatchProgress(
            targets=self.targets, open_journal=self.open_journal, on_progress=self.on_progress
        )

    async def run(self) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of each target as it completes; closing the generator cancels what is in flight."""
        loop = asyncio.get_running_loop()
        self._ends_at = None if self.deadline is None else loop.time() + self.deadline
        self._scheduler = TimeoutScheduler(loop)
        taker: asyncio.Task[None] | None = None
        try:
            await self.progress.open()
            taker = asyncio.create_task(self._take_targets())
            taker.add_done_callback(lambda _: self._outcome_event.set())
            while self._ready or self._tasks or not taker.done():
                if not self._ready:
                    self._outcome_event.clear()
                    await self._outcome_event.wait()
                    continue
                outcome, added = self._ready.popleft()
                await self.progress.wait_written(added)
                await self.progress.report([outcome])
                if self.progress.failure is not None or (outcome.status == "failed" and self.stop_on_error):
                    self._is_stopped = True
                self._room_event.set()
                yield outcome
            if self._error is None:
                await self.progress.mark_complete()
            await self.progress.close()
            self._error = self.progress.failure or self._error
        except GeneratorExit:  # closed early: only an error that the targets raise at their end still matters
            if isinstance(self._error, asyncio.CancelledError):
                self._error = None
        finally:
            self._is_closing = self._is_stopped = True
            tasks: list[asyncio.Task[Any]] = [*self._tasks, *([] if taker is None else [taker])]
            try:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:  # also when a second cancellation arrives during the wait
                await self.progress.close()
        if self._error is not None:
            raise self._error

    async def _take_targets(self) -> None:
        """Start a task for each target; this task alone iterates over them."""
        try:
            await take_targets(self.targets, self._has_room, self._start_task)
        except BaseException as error:
            self._fail(error)
        self._is_stopped = True

    async def _has_room(self) -> bool:
        """Wait until there is room for a further target; return false if the batch is stopped."""
        while not self._is_stopped and (
            len(self._tasks) >= self.concurrency() + _TARGETS_AHEAD or len(self._ready) >= _MAX_READY
        ):
            self._room_event.clear()
            await self._room_event.wait()
        return not self._is_stopped

    def _start_task(self, target: Target) -> None:
        if self._is_closing:
            return
        task = asyncio.create_task(self._find_or_recompile(target))
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)  # not by the task itself, which may have run before it is in the set

    def _on_task_done(self, task: asyncio.Task[Outcome]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self._fail(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            self._fail(error)  # a bug of this package: the batch cannot continue
        else:
            self._ready.append((task.result(), self.progress.added))
        self._outcome_event.set()
        self._room_event.set()

    def _fail(self, error: BaseException) -> None:
        """Stop taking targets, and raise an error at the end, unless it is the cancellation by `run` itself."""
        self._is_stopped = True
        if self._error is None and not (self._is_closing and isinstance(error, asyncio.CancelledError)):
            self._error = error

    async def _find_or_recompile(self, target: Target) -> Outcome:
        """Return a target's outcome: that of an equal target, finished or in flight, or that of a call."""
        key = self.key_of(target)
        if (known := self.progress.find_outcome(key, target)) is not None:
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
        self.progress.add(key, outcome)
        return outcome

    async def _recompile_target(self, target: Target) -> Outcome:
        """Recompile a target, if it is stale or every target is wanted; return any error as part of the outcome."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        failed_attempts: list[Attempt] = []
        completed_requests = 0
        error: LettaError | None = None
        if self._ends_at is not None and began >= self._ends_at:
            return Outcome(target=target, status="failed", error=deadline_error(self.deadline))
        dry_run = _is_dry_run(target, self.dry_run)
        status: Literal["recompiled", "compiled", "unchanged", "failed"] = "compiled" if dry_run else "recompiled"
        prompt: str | None = None
        timer = Timer(self._scheduler, None if self._ends_at is None else self._ends_at - began)
        try:
            with timer:
                if self.compare is not None:
                    compared = await self.compare(target, failed_attempts)
                    completed_requests = _REQUESTS_TO_COMPARE
                    if not compared.stale:
                        status, prompt = "unchanged", compared.stored
                    elif dry_run:
                        prompt = compared.compiled
                if prompt is None:
                    prompt = await self.call(target, failed_attempts)
                    completed_requests += 1
        except LettaError as refused:
            error = refused
        except asyncio.CancelledError as cancelled:
            if _current_task().cancelling():
                raise
            error = _unexpected_error(cancelled)  # not this task was cancelled, but something that it awaited
        except Exception as raised:
            error = deadline_error(self.deadline) if timer.expired else _unexpected_error(raised)
        return Outcome(
            target=target,
            status=status if error is None else "failed",
            prompt=prompt if error is None else None,
            error=error,
            tries=completed_requests + len(failed_attempts),
            seconds=loop.time() - began,
        )


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
