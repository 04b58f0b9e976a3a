"""Many conversations at once: as many as the server takes, an outcome for each, nothing lost and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, Literal

import attrs

from letta_async._journal import Journal
from letta_async._ledger import Ledger, out_of_time
from letta_async._targets import Target, Targets, each, key_of
from letta_async._timer import Timer, Watch
from letta_async._unset import UNSET
from letta_async.errors import Attempt, LettaError
from letta_async.models.outcome import Outcome, Progress
from letta_async.models.staleness import Staleness
from letta_async.operations.conversations import Recompile

__all__ = ["Batch", "Call", "Compare"]

Call = Callable[[Target, list[Attempt]], Awaitable[str]]
"""Recompiles one target; notes the tries that failed in the list."""
Compare = Callable[[Target, list[Attempt]], Awaitable[Staleness]]
"""Finds out whether one target is stale; notes the tries that failed in the list."""

_AHEAD: Final = 4
"""How many targets are taken beyond what the server takes at once, so that a free slot always finds one."""
_READY: Final = 100
"""How many outcomes may wait for whoever takes them before the workers wait, too."""
_TO_COMPARE: Final = 2
"""How many requests it takes to find out whether a target is stale."""


@attrs.define(eq=False, kw_only=True)
class Batch:
    """A run over targets: workers take them one by one, as many workers as the limiter lets through and a few more."""

    targets: Targets
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

    ledger: Ledger = attrs.field(init=False)
    """What has been done so far."""

    _source: AsyncGenerator[Target, None] = attrs.field(init=False)
    _source_lock: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)
    _source_error: Exception | None = attrs.field(default=None, init=False)
    _ended: bool = attrs.field(default=False, init=False)
    """Whether no further target is taken."""
    _workers: set[asyncio.Task[None]] = attrs.field(factory=set[asyncio.Task[None]], init=False)
    _under_way: dict[str, asyncio.Future[Outcome]] = attrs.field(factory=dict[str, asyncio.Future[Outcome]], init=False)
    _ready: asyncio.Queue[tuple[Outcome | BaseException | None, int]] = attrs.field(init=False)
    """What the workers hand over, with how many outcomes the journal must have before it may be handed on."""
    _watch: Watch = attrs.field(init=False)
    _ends_at: float | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.ledger = Ledger(targets=self.targets, journal=self.journal, on_progress=self.on_progress)

    async def run(self) -> AsyncGenerator[Outcome, None]:
        """Give an outcome for each target, as each completes; leaving ends what is in flight."""
        loop = asyncio.get_running_loop()
        self._ends_at = None if self.deadline is None else loop.time() + self.deadline
        self._ready = asyncio.Queue(maxsize=_READY)
        self._source = each(self.targets)
        self._watch = Watch(loop)
        try:
            await self.ledger.open()
            self._man()
            while self._workers or not self._ready.empty():
                outcome, entered = await self._ready.get()
                if outcome is None:
                    continue  # a worker went home
                if isinstance(outcome, BaseException):
                    raise outcome
                await self.ledger.written(entered)
                self.ledger.count([outcome])
                if self.ledger.failure is not None or (outcome.status == "failed" and self.stop_on_error):
                    self._ended = True
                self._man()
                yield outcome
            await self.ledger.close()
            if (error := self.ledger.failure or self._source_error) is not None:
                raise error
        finally:
            try:
                for worker in self._workers:
                    worker.cancel()
                await asyncio.gather(*self._workers, return_exceptions=True)
                await self._source.aclose()
            finally:  # also when a second cancellation comes meanwhile
                await self.ledger.close()

    def _man(self) -> None:
        """See to it that there are enough workers."""
        while not self._ended and len(self._workers) < self.concurrency() + _AHEAD:
            self._workers.add(asyncio.create_task(self._work()))

    async def _work(self) -> None:
        """Take targets until there is none left, or more workers than work."""
        report: BaseException | None = None
        try:
            while not self._ended and len(self._workers) <= self.concurrency() + _AHEAD:
                async with self._source_lock:
                    targets = [] if self._ended else await self._next_target()
                for target in targets:
                    outcome = await self._outcome(target)
                    await self._ready.put((outcome, self.ledger.entered))
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            report = error  # a fault of this package or of the journal's disk: the batch cannot go on
        finally:
            self._workers.discard(_this_task())
        await self._ready.put((report, 0))

    async def _next_target(self) -> list[Target]:
        """Give the next target, or none."""
        try:
            return [await anext(self._source)]
        except StopAsyncIteration:
            self._ended = True
        except Exception as error:
            self._ended, self._source_error = True, error  # raised once what is in flight has its outcome
        return []

    async def _outcome(self, target: Target) -> Outcome:
        """Find a target's outcome: that of its twin, if there was one, else by a call."""
        key = key_of(target)
        if (known := self.ledger.find(key, target)) is not None:
            return known
        if (twin := self._under_way.get(key)) is not None:
            return attrs.evolve(await asyncio.shield(twin), target=target, repeated=True)
        mine = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            outcome = await self._recompile(target)
            self.ledger.enter(key, outcome)
            mine.set_result(outcome)
        finally:
            mine.cancel()  # without effect once there is a result
            del self._under_way[key]
        return outcome

    async def _recompile(self, target: Target) -> Outcome:
        loop = asyncio.get_running_loop()
        began = loop.time()
        failed_tries: list[Attempt] = []
        answered = 0
        error: LettaError = out_of_time(self.deadline)
        if self._ends_at is not None and began >= self._ends_at:
            return Outcome(target=target, status="failed", error=error)
        dry_run = _is_dry(target, self.dry_run)
        status: Literal["recompiled", "compiled", "unchanged", "failed"] = "compiled" if dry_run else "recompiled"
        prompt: str | None = None
        try:
            with Timer(self._watch, None if self._ends_at is None else self._ends_at - began):
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
        except TimeoutError:
            status = "failed"
        except LettaError as refused:
            status, error = "failed", refused
        return Outcome(
            target=target,
            status=status,
            prompt=prompt if status != "failed" else None,
            error=error if status == "failed" else None,
            tries=answered + len(failed_tries),
            seconds=loop.time() - began,
        )


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a worker is a task
    return task


def _is_dry(target: object, otherwise: bool) -> bool:
    """Tell whether a target is only tried: it may say so itself."""
    own = target.dry_run if isinstance(target, Recompile) else UNSET
    return otherwise if own is UNSET else bool(own)
