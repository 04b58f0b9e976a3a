"""Many conversations at once: as many as the server takes, an outcome for each, nothing lost and nothing twice."""

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
from letta_async.batch.targets import Target, Targets, feed, keys_of
from letta_async.errors import Attempt, LettaError
from letta_async.operations.conversations import Recompile

__all__ = ["Batch", "Call", "Compare"]

Call = Callable[[Target, list[Attempt]], Awaitable[str]]
"""Recompiles one target; notes the tries that failed in the list."""
Compare = Callable[[Target, list[Attempt]], Awaitable[Staleness]]
"""Finds out whether one target is stale; notes the tries that failed in the list."""

_AHEAD: Final = 4
"""How many targets are taken beyond what the server takes at once, so that a free slot always finds one."""
_READY: Final = 100
"""How many outcomes may wait for whoever takes them before no further target is taken."""
_TO_COMPARE: Final = 2
"""How many requests it takes to find out whether a target is stale."""


@attrs.define(eq=False, kw_only=True)
class Batch:
    """A run over targets: one task takes them, as many at once as the limiter lets through and a few more."""

    targets: Targets
    key: Callable[[object], str] = attrs.field(factory=lambda: keys_of(Recompile(conversation_id="default")))
    """Returns what makes two targets the same work."""
    call: Call
    concurrency: Callable[[], int]
    """How many requests the server takes just now."""
    dry_run: bool
    deadline: float | None
    """Bound on the whole batch, in seconds."""
    stop_on_error: bool
    on_progress: Callable[[Progress], object] | None
    journal: Callable[[], Journal] | None
    """Opens the journal."""
    compare: Compare | None = None
    """Finds out whether a target is stale, where only those are to be recompiled."""

    ledger: BatchProgress = attrs.field(init=False)
    """What has been done so far."""

    _ended: bool = attrs.field(default=False, init=False)
    """Whether no further target is taken."""
    _leaving: bool = attrs.field(default=False, init=False)
    """Whether nobody waits for outcomes any more."""
    _error: BaseException | None = attrs.field(default=None, init=False)
    """What ended the batch before its time; raised once what was taken has its outcome."""
    _tasks: set[asyncio.Task[Outcome]] = attrs.field(factory=set[asyncio.Task[Outcome]], init=False)
    """A task for each target that was taken and has no outcome yet."""
    _under_way: dict[str, asyncio.Future[Outcome]] = attrs.field(factory=dict[str, asyncio.Future[Outcome]], init=False)
    _ready: deque[tuple[Outcome, int]] = attrs.field(factory=deque[tuple[Outcome, int]], init=False)
    """What there is to hand on, with how many outcomes the journal must have before."""
    _news: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    """Set where there may be something for whoever takes the outcomes."""
    _room: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    """Set where there may be room for a further target."""
    _watch: TimeoutScheduler = attrs.field(init=False)
    _ends_at: float | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.ledger = BatchProgress(targets=self.targets, journal=self.journal, on_progress=self.on_progress)

    async def run(self) -> AsyncGenerator[Outcome, None]:
        """Give an outcome for each target, as each completes; leaving ends what is in flight."""
        loop = asyncio.get_running_loop()
        self._ends_at = None if self.deadline is None else loop.time() + self.deadline
        self._watch = TimeoutScheduler(loop)
        feeder: asyncio.Task[None] | None = None
        try:
            await self.ledger.open()
            feeder = asyncio.create_task(self._feed())
            feeder.add_done_callback(lambda _: self._news.set())
            while self._ready or self._tasks or not feeder.done():
                if not self._ready:
                    self._news.clear()
                    await self._news.wait()
                    continue
                outcome, entered = self._ready.popleft()
                await self.ledger.written(entered)
                await self.ledger.count([outcome])
                if self.ledger.failure is not None or (outcome.status == "failed" and self.stop_on_error):
                    self._ended = True
                self._room.set()
                yield outcome
            if self._error is None:
                await self.ledger.complete()
            await self.ledger.close()
            self._error = self.ledger.failure or self._error
        except GeneratorExit:  # it was left: only what the end of its targets raises is still to be said
            if isinstance(self._error, asyncio.CancelledError):
                self._error = None
        finally:
            self._leaving = self._ended = True
            tasks: list[asyncio.Task[Any]] = [*self._tasks, *([] if feeder is None else [feeder])]
            try:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:  # also when a second cancellation comes meanwhile
                await self.ledger.close()
        if self._error is not None:
            raise self._error

    async def _feed(self) -> None:
        """Take targets as long as there are any, and start a task for each; this one alone advances their source."""
        try:
            await feed(self.targets, self._has_room, self._start)
        except BaseException as error:
            self._fail(error)
        self._ended = True

    async def _has_room(self) -> bool:
        """Wait until a further target can be taken; return whether one is to be taken at all."""
        while not self._ended and (len(self._tasks) >= self.concurrency() + _AHEAD or len(self._ready) >= _READY):
            self._room.clear()
            await self._room.wait()
        return not self._ended

    def _start(self, target: Target) -> None:
        if self._leaving:
            return
        task = asyncio.create_task(self._outcome(target))
        self._tasks.add(task)
        task.add_done_callback(self._land)  # not by the task itself, which may have run before it is in the set

    def _land(self, task: asyncio.Task[Outcome]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self._fail(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            self._fail(error)  # a fault of this package: the batch cannot go on
        else:
            self._ready.append((task.result(), self.ledger.entered))
        self._news.set()
        self._room.set()

    def _fail(self, error: BaseException) -> None:
        """Take no further target, and raise an error at the end, unless it is only that everything was cancelled."""
        self._ended = True
        if self._error is None and not (self._leaving and isinstance(error, asyncio.CancelledError)):
            self._error = error

    async def _outcome(self, target: Target) -> Outcome:
        """Find a target's outcome: that of its twin, if there was one, else by a call."""
        key = self.key(target)
        if (known := self.ledger.find(key, target)) is not None:
            return known
        if (twin := self._under_way.get(key)) is not None:
            return attrs.evolve(await asyncio.shield(twin), target=target, repeated=True)
        mine = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            outcome = await self._recompile(target)
            mine.set_result(outcome)
        finally:
            mine.cancel()  # without effect once there is a result
            del self._under_way[key]
        self.ledger.enter(key, outcome)
        return outcome

    async def _recompile(self, target: Target) -> Outcome:
        loop = asyncio.get_running_loop()
        began = loop.time()
        failed_tries: list[Attempt] = []
        answered = 0
        error: LettaError | None = None
        if self._ends_at is not None and began >= self._ends_at:
            return Outcome(target=target, status="failed", error=deadline_error(self.deadline))
        dry_run = _is_dry(target, self.dry_run)
        status: Literal["recompiled", "compiled", "unchanged", "failed"] = "compiled" if dry_run else "recompiled"
        prompt: str | None = None
        timer = Timer(self._watch, None if self._ends_at is None else self._ends_at - began)
        try:
            with timer:
                if self.compare is not None:
                    compared = await self.compare(target, failed_tries)
                    answered = _TO_COMPARE
                    if not compared.stale:
                        status, prompt = "unchanged", compared.stored
                    elif dry_run:
                        prompt = compared.compiled
                if prompt is None:
                    prompt = await self.call(target, failed_tries)
                    answered += 1
        except LettaError as refused:
            error = refused
        except asyncio.CancelledError as cancelled:
            if _this_task().cancelling():
                raise
            error = _unforeseen(cancelled)  # nobody has cancelled this task: something that it waited for was
        except Exception as raised:
            error = deadline_error(self.deadline) if timer.expired else _unforeseen(raised)
        return Outcome(
            target=target,
            status=status if error is None else "failed",
            prompt=prompt if error is None else None,
            error=error,
            tries=answered + len(failed_tries),
            seconds=loop.time() - began,
        )


def _this_task() -> asyncio.Task[Outcome]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a target has a task
    return task


def _unforeseen(error: BaseException) -> LettaError:
    """Return the error of an outcome for an exception that no call is meant to end with."""
    text = "".join(traceback.format_exception_only(error)).strip()  # also where its `str` fails
    unforeseen = LettaError(f"an unforeseen exception ended this target's call: {text}")
    unforeseen.__cause__ = error
    return unforeseen


def _is_dry(target: object, otherwise: bool) -> bool:
    """Tell whether a target is only tried: it may say so itself."""
    own = target.dry_run if isinstance(target, Recompile) else UNSET
    return otherwise if own is UNSET else bool(own)
