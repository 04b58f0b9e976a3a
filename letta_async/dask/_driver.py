"""The driver's side of a batch on a cluster: cut targets into partitions, send these, and keep the books."""

from __future__ import annotations

import asyncio
import math
import pickle
import uuid
from collections.abc import AsyncGenerator, Iterator, Sized
from typing import Any, Final

import attrs

from letta_async.batch.outcome import Outcome
from letta_async.batch.progress import BatchProgress, deadline_error
from letta_async.batch.runner import Batch
from letta_async.batch.targets import Target, take_targets
from letta_async.dask._cluster import GRACE, Cluster, Killed, Sent
from letta_async.dask._payload import Payload, pickle_faults
from letta_async.dask._worker import Results
from letta_async.errors import ClusterError, InvalidArgumentError, LettaError

__all__ = ["LARGEST", "ClusterBatch", "new_run"]

LARGEST: Final = 200
"""Most targets in a partition, unless another size is asked for."""
_SHARES: Final = 4
"""Into how many partitions a thread's share is cut at least, so that all threads end at about the same time."""
_KNOWN: Final = 1000
"""How many targets are taken at once where most of them need no work."""
_GLANCE: Final = 1.0
"""For how long it holds how large the cluster is, in seconds."""

Partition = dict[str, Target]
"""Targets that a worker does together, by what makes them the same; so no two of them are."""
Cut = tuple[list[Outcome], Partition]
"""Outcomes of targets that need no work, and those that do."""


@attrs.define(eq=False, kw_only=True)
class ClusterBatch:
    """A run over targets on a cluster: the workers recompile, the books are kept here, as in one process."""

    batch: Batch
    """What is to be done; it is not run itself."""
    cluster: Cluster
    baggage: Payload
    """How it is to be done, for the workers."""
    size: int | None
    """How many targets make a partition; `None`: as many as are sensible."""

    _taker: asyncio.Task[None] | None = attrs.field(default=None, init=False)
    _error: BaseException | None = attrs.field(default=None, init=False)
    """What ended the targets before their time; raised once what was taken has its outcome."""
    _ended: bool = attrs.field(default=False, init=False)
    """Whether no further target is taken."""
    _leaving: bool = attrs.field(default=False, init=False)
    """Whether nobody waits for outcomes any more."""
    _cutting: asyncio.Future[Cut] | None = attrs.field(default=None, init=False)
    """The partition that is being cut."""
    _cut: Cut = attrs.field(factory=lambda: ([], {}), init=False)
    """What there is of it."""
    _taken: int = attrs.field(default=0, init=False)
    """How many targets were taken for it."""
    _cut_size: int = attrs.field(default=0, init=False)
    """How many targets it is to have."""
    _asked: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    """Set where a partition may be wanted, or no more of them."""
    _pending: dict[asyncio.Task[Results], tuple[Sent, Partition]] = attrs.field(
        factory=dict["asyncio.Task[Results]", tuple[Sent, Partition]], init=False
    )
    _submitted: int = attrs.field(default=0, init=False)
    _in_flight: dict[str, list[Target]] = attrs.field(factory=dict[str, list[Target]], init=False)
    """The targets that a partition will answer, by what makes them the same."""
    _threads: int = attrs.field(default=0, init=False)
    _window: int = attrs.field(default=0, init=False)
    """How many partitions the cluster works on, and a few more."""
    _looked_at: float = attrs.field(default=-math.inf, init=False)
    _ends_at: float = attrs.field(default=math.inf, init=False)
    _expired: bool = attrs.field(default=False, init=False)
    """Whether the deadline has passed."""

    @property
    def _progress(self) -> BatchProgress:
        return self.batch.progress

    async def run(self) -> AsyncGenerator[list[Outcome], None]:
        """Give outcomes, in lists of those that came together; leaving ends what is in flight on the workers."""
        if self.batch.deadline is not None:
            self._ends_at = _now() + self.batch.deadline
        try:
            await self._progress.open()
            self._taker = asyncio.create_task(self._take_targets())
            while await self._goes_on():
                outcomes = await self._next()
                if not outcomes:
                    continue
                await self._progress.wait_written(self._progress.added)
                await self._progress.report(outcomes)
                failed = self.batch.stop_on_error and any(outcome.status == "failed" for outcome in outcomes)
                if failed or self._progress.failure is not None:
                    self._stop_cutting()
                yield outcomes
            if self._error is None:
                await self._progress.mark_complete()
            await self._progress.close()
            self._error = self._progress.failure or self._error
        except GeneratorExit:  # it was left: only what the end of its targets raises is still to be said
            if isinstance(self._error, asyncio.CancelledError):
                self._error = None
        finally:
            try:
                await self._leave()
            finally:  # also when a second cancellation comes meanwhile
                await self._progress.close()
        if self._error is not None:
            raise self._error

    async def _goes_on(self) -> bool:
        """Cut a partition if the cluster can take one; tell whether anything is under way."""
        if not self._ended and self._cutting is None:
            await self._look()
            if len(self._pending) < self._window:
                self._cutting, self._cut_size = asyncio.get_running_loop().create_future(), self._next_size()
                self._asked.set()
        return self._cutting is not None or bool(self._pending)

    async def _look(self) -> None:
        """See how large the cluster is just now."""
        if _now() < self._looked_at + _GLANCE:
            return
        threads = await self.cluster.threads()
        self._looked_at = _now()
        self._threads = sum(threads)
        self._window = self._threads + max(1, len(threads))

    async def _take_targets(self) -> None:
        """Take targets as long as there are any, and cut partitions of them; this one alone advances their source."""
        try:
            await take_targets(self.batch.targets, self._is_cutting, self._take)
        except BaseException as error:
            if not (self._leaving and isinstance(error, asyncio.CancelledError)):
                self._error = error
        self._ended = True
        self._hand_over()

    async def _is_cutting(self) -> bool:
        """Wait until a partition is wanted; return whether there will be one."""
        while self._cutting is None or self._cutting.done():
            if self._ended:
                return False
            self._asked.clear()
            await self._asked.wait()
        return True

    def _take(self, target: Target) -> None:
        """Put a target into the partition, or what is known of it beside."""
        if self._ended:
            return
        known, partition = self._cut
        key = self.batch.key_of(target)
        self._taken += 1
        if (outcome := self._progress.find_outcome(key, target)) is not None:
            known.append(outcome)
        elif key in self._in_flight:
            self._in_flight[key].append(target)
        else:
            self._in_flight[key] = [target]
            partition[key] = target
        if len(partition) == self._cut_size or self._taken >= max(self._cut_size, _KNOWN):
            self._hand_over()

    def _hand_over(self) -> None:
        """Have the partition taken as it is."""
        if self._cutting is not None and not self._cutting.done():
            self._cutting.set_result(self._cut)
        self._cut, self._taken = ([], {}), 0

    def _next_size(self) -> int:
        if self.size is not None:
            return self.size
        if not isinstance(self.batch.targets, Sized):
            return LARGEST
        return max(1, min(LARGEST, math.ceil(len(self.batch.targets) / (_SHARES * max(1, self._threads)))))

    async def _next(self) -> list[Outcome]:
        """Wait until something comes, and give the outcomes in it."""
        under_way: set[asyncio.Future[Any]] = {*self._pending, *([] if self._cutting is None else [self._cutting])}
        until = math.inf if self._expired and not self._pending else self._ends_at
        patience = max(0, until - _now())
        if not self._ended and self._cutting is None:
            patience = min(patience, _GLANCE)  # the cluster may have grown
        timeout = None if patience == math.inf else patience
        done, _ = await asyncio.wait(under_way, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done and _now() < until:
            return []
        if not done:
            return await (self._give_up() if self._expired else self._expire())
        outcomes: list[Outcome] = []
        if self._cutting is not None and self._cutting in done:
            known, partition = self._cutting.result()
            self._cutting = None
            outcomes += [*known, *self._send(partition)]
        for task in [task for task in self._pending if task in done]:
            outcomes += self._on_done(task)
        return outcomes

    async def _expire(self) -> list[Outcome]:
        """Have the workers come to their end, because the deadline passed."""
        self._expired, self._ends_at = True, _now() + GRACE
        if self._submitted:
            await self.cluster.end_run(self.baggage.run)
        return []

    async def _give_up(self) -> list[Outcome]:
        """Wait no longer for what should have come back at the deadline."""
        partitions = [partition for _, partition in self._pending.values()]
        await self._drop()
        error = deadline_error(self.batch.deadline)
        return [outcome for partition in partitions for outcome in self._answer(partition, [], error)]

    async def _drop(self) -> None:
        """Drop what is on the cluster."""
        pending, self._pending = self._pending, {}
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await self.cluster.drop(sent for sent, _ in pending.values())

    def _send(self, partition: Partition) -> list[Outcome]:
        """Have the cluster work on a partition; give the outcomes that are clear without."""
        if self._expired or not partition:
            return list(self._answer(partition, [], deadline_error(self.batch.deadline)))
        refused = list(self._refuse(partition))
        if not partition:
            return refused
        self._submitted += 1
        key = f"{self.baggage.run}-{self._submitted}"
        targets = pickle.dumps(list(partition.values()))
        sent = self.cluster.submit(key, self.baggage, targets)
        self._pending[asyncio.create_task(self.cluster.result(sent))] = sent, partition
        return refused

    def _refuse(self, partition: Partition) -> Iterator[Outcome]:
        """Take out what cannot travel."""
        try:
            pickle.dumps(partition)
        except Exception:  # whatever a stranger's `__reduce__` raises
            for key, target in list(partition.items()):
                if faults := list(pickle_faults("", {"target": target})):
                    del partition[key]
                    yield from self._answer({key: target}, [], InvalidArgumentError(faults))

    def _on_done(self, task: asyncio.Task[Results]) -> list[Outcome]:
        """Give the outcomes of a partition that has come back."""
        _, partition = self._pending.pop(task)
        missing: LettaError | None = None
        results: Results = []
        try:
            results = task.result()
        except Killed as killed:
            missing = ClusterError(f"worker after worker died with the partition that this target is in: {killed}")
        if self._expired:
            missing = deadline_error(self.batch.deadline)
        elif not self.batch.stop_on_error and len(results) < len(partition):
            missing = missing or ClusterError("the worker gave no outcome for this target")
        return list(self._answer(partition, results, missing))

    def _answer(self, partition: Partition, results: Results, missing: LettaError | None) -> Iterator[Outcome]:
        """Enter what came of a partition; `missing` is why the rest failed, `None` if it shall have no outcome."""
        keys = list(partition)
        found = {keys[place]: outcome for place, outcome in results}
        for key in keys:
            first, *twins = self._in_flight.pop(key)
            if key in found:
                outcome = attrs.evolve(found[key], target=first)
            elif missing is not None:
                outcome = Outcome(target=first, status="failed", error=missing)
            else:
                continue  # the worker stopped at an error, as it was asked to
            self._progress.add(key, outcome)
            yield outcome
            for twin in twins:
                yield attrs.evolve(outcome, target=twin, repeated=True)

    def _stop_cutting(self) -> None:
        """Take no further target."""
        self._ended, self._cutting = True, None
        self._asked.set()

    async def _leave(self) -> None:
        """End what is under way, here and on the workers."""
        self._leaving = True
        self._stop_cutting()
        if self._taker is not None:
            self._taker.cancel()
            await asyncio.gather(self._taker, return_exceptions=True)
        await self._drop()
        if self._submitted:
            await self.cluster.end_run(self.baggage.run)


def new_run() -> str:
    """Name a run."""
    return f"letta-async-{uuid.uuid4().hex[:12]}"


def _now() -> float:
    return asyncio.get_running_loop().time()
