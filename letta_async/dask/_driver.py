"""Driver of a batch on a cluster: splits targets into partitions, submits them, and records their outcomes."""

from __future__ import annotations

import asyncio
import math
import pickle
import uuid
from collections.abc import AsyncGenerator, Iterator, Sized
from typing import Any, Final

import attrs

from letta_async.batch.bookkeeping import BatchBookkeeper, deadline_error
from letta_async.batch.outcome import Outcome
from letta_async.batch.runner import Batch
from letta_async.batch.targets import Target, take_targets
from letta_async.dask._cluster import GRACE_PERIOD, Cluster, PartitionKilled, SubmittedPartition
from letta_async.dask._payload import Payload, pickle_problems
from letta_async.dask._worker import Results
from letta_async.errors import ClusterError, InvalidArgumentError, LettaError

__all__ = ["MAX_PARTITION_SIZE", "ClusterBatch", "new_run_name"]

MAX_PARTITION_SIZE: Final = 200
"""Maximum number of targets in a partition, unless `partition_size` is given."""
_MIN_PARTITIONS_PER_THREAD: Final = 4
"""Minimum number of partitions per thread, if the targets can be counted: all threads then end at a similar time."""
_MAX_TARGETS_PER_CUT: Final = 1000
"""Maximum number of targets taken for one partition when most of them need no work."""
_THREADS_MAX_AGE: Final = 1.0
"""Time after which the cluster's number of threads is read again, in seconds."""

Partition = dict[str, Target]
"""Targets that are sent to a worker together, by their keys, so that no two are the same work."""
CutPartition = tuple[list[Outcome], Partition]
"""Outcomes of targets that need no work, and a partition of those that do."""


@attrs.define(eq=False, kw_only=True)
class ClusterBatch:
    """Run over targets on a cluster: workers recompile; journal and progress are kept here, as for one process."""

    batch: Batch
    """Targets, settings and bookkeeping of the batch; its own `run` is not used."""
    cluster: Cluster
    payload: Payload
    """Options and parameters for the workers."""
    partition_size: int | None
    """Number of targets per partition; `None` to choose it by the number of targets and threads."""

    _taker: asyncio.Task[None] | None = attrs.field(default=None, init=False)
    _error: BaseException | None = attrs.field(default=None, init=False)
    """The error that ended the batch early; raised after the outcomes of all targets that were taken."""
    _is_stopped: bool = attrs.field(default=False, init=False)
    """Whether no further target is taken."""
    _is_closing: bool = attrs.field(default=False, init=False)
    """Whether the generator is being closed, so that outcomes are discarded."""
    _requested: asyncio.Future[CutPartition] | None = attrs.field(default=None, init=False)
    """Future of the next partition, while it is being cut."""
    _cut: CutPartition = attrs.field(factory=lambda: ([], {}), init=False)
    """Content of the next partition so far."""
    _taken: int = attrs.field(default=0, init=False)
    """Number of targets taken for the next partition."""
    _cut_size: int = attrs.field(default=0, init=False)
    """Number of targets that the next partition needs."""
    _request_event: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    """Set when a partition was requested, or none will be any more."""
    _pending: dict[asyncio.Task[Results], tuple[SubmittedPartition, Partition]] = attrs.field(
        factory=dict["asyncio.Task[Results]", tuple[SubmittedPartition, Partition]], init=False
    )
    _submitted: int = attrs.field(default=0, init=False)
    _in_flight: dict[str, list[Target]] = attrs.field(factory=dict[str, list[Target]], init=False)
    """Targets that wait for the outcome of a submitted partition, by their keys."""
    _threads: int = attrs.field(default=0, init=False)
    _window: int = attrs.field(default=0, init=False)
    """Maximum number of partitions on the cluster: one per thread, and a few that wait."""
    _threads_read_at: float = attrs.field(default=-math.inf, init=False)
    _ends_at: float = attrs.field(default=math.inf, init=False)
    _expired: bool = attrs.field(default=False, init=False)
    """Whether the deadline has passed."""

    @property
    def _bookkeeper(self) -> BatchBookkeeper:
        return self.batch.bookkeeper

    async def run(self) -> AsyncGenerator[list[Outcome], None]:
        """Yield lists of outcomes that arrived together; closing the generator ends the requests in flight."""
        if self.batch.deadline is not None:
            self._ends_at = _loop_time() + self.batch.deadline
        try:
            await self._bookkeeper.open()
            self._taker = asyncio.create_task(self._take_targets())
            while await self._request_partition():
                outcomes = await self._wait_for_outcomes()
                if not outcomes:
                    continue
                await self._bookkeeper.wait_written(self._bookkeeper.added)
                await self._bookkeeper.report(outcomes)
                failed = self.batch.stop_on_error and any(outcome.status == "failed" for outcome in outcomes)
                if failed or self._bookkeeper.failure is not None:
                    self._stop_taking()
                yield outcomes
            if self._error is None:
                await self._bookkeeper.mark_complete()
            await self._bookkeeper.close()
            self._error = self._bookkeeper.failure or self._error
        except GeneratorExit:  # closed early: only an error that the targets raise at their end still matters
            if isinstance(self._error, asyncio.CancelledError):
                self._error = None
        finally:
            try:
                await self._shut_down()
            finally:  # also when a second cancellation arrives during the wait
                await self._bookkeeper.close()
        if self._error is not None:
            raise self._error

    async def _request_partition(self) -> bool:
        """Request a partition if the cluster has room for one; return whether the run continues."""
        if not self._is_stopped and self._requested is None:
            await self._read_threads()
            if len(self._pending) < self._window:
                self._requested, self._cut_size = asyncio.get_running_loop().create_future(), self._next_size()
                self._request_event.set()
        return self._requested is not None or bool(self._pending)

    async def _read_threads(self) -> None:
        """Read the cluster's number of threads, which may change at any time."""
        if _loop_time() < self._threads_read_at + _THREADS_MAX_AGE:
            return
        threads = await self.cluster.threads()
        self._threads_read_at = _loop_time()
        self._threads = sum(threads)
        self._window = self._threads + max(1, len(threads))

    async def _take_targets(self) -> None:
        """Cut partitions until the targets are exhausted; this task alone iterates over them."""
        try:
            await take_targets(self.batch.targets, self._wait_for_request, self._add_target)
        except BaseException as error:
            if not (self._is_closing and isinstance(error, asyncio.CancelledError)):
                self._error = error
        self._is_stopped = True
        self._finish_cut()

    async def _wait_for_request(self) -> bool:
        """Wait until a partition is requested; return false if none will be any more."""
        while self._requested is None or self._requested.done():
            if self._is_stopped:
                return False
            self._request_event.clear()
            await self._request_event.wait()
        return True

    def _add_target(self, target: Target) -> None:
        """Add a target to the next partition, or its outcome if the same work was done before."""
        if self._is_stopped:
            return
        known, partition = self._cut
        key = self.batch.key_of(target)
        self._taken += 1
        if (outcome := self._bookkeeper.find_outcome(key, target)) is not None:
            known.append(outcome)
        elif key in self._in_flight:
            self._in_flight[key].append(target)
        else:
            self._in_flight[key] = [target]
            partition[key] = target
        if len(partition) == self._cut_size or self._taken >= max(self._cut_size, _MAX_TARGETS_PER_CUT):
            self._finish_cut()

    def _finish_cut(self) -> None:
        """Complete the requested partition with the targets that it has."""
        if self._requested is not None and not self._requested.done():
            self._requested.set_result(self._cut)
        self._cut, self._taken = ([], {}), 0

    def _next_size(self) -> int:
        if self.partition_size is not None:
            return self.partition_size
        if not isinstance(self.batch.targets, Sized):
            return MAX_PARTITION_SIZE
        return max(
            1,
            min(
                MAX_PARTITION_SIZE,
                math.ceil(len(self.batch.targets) / (_MIN_PARTITIONS_PER_THREAD * max(1, self._threads))),
            ),
        )

    async def _wait_for_outcomes(self) -> list[Outcome]:
        """Wait for a cut or finished partition; return the outcomes, none if it was cut or the wait ended first."""
        under_way: set[asyncio.Future[Any]] = {*self._pending, *([] if self._requested is None else [self._requested])}
        until = math.inf if self._expired and not self._pending else self._ends_at
        wait = max(0, until - _loop_time())
        if not self._is_stopped and self._requested is None:
            wait = min(wait, _THREADS_MAX_AGE)  # the cluster may have grown
        timeout = None if wait == math.inf else wait
        done, _ = await asyncio.wait(under_way, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done and _loop_time() < until:
            return []
        if not done:
            return await (self._fail_pending() if self._expired else self._end_after_deadline())
        outcomes: list[Outcome] = []
        if self._requested is not None and self._requested in done:
            known, partition = self._requested.result()
            self._requested = None
            outcomes += [*known, *self._submit(partition)]
        for task in [task for task in self._pending if task in done]:
            outcomes += self._on_done(task)
        return outcomes

    async def _end_after_deadline(self) -> list[Outcome]:
        """Tell the workers to end the run, because the deadline has passed."""
        self._expired, self._ends_at = True, _loop_time() + GRACE_PERIOD
        if self._submitted:
            await self.cluster.end_run(self.payload.run)
        return []

    async def _fail_pending(self) -> list[Outcome]:
        """Return failed outcomes for partitions that have not come back within the grace period after the deadline."""
        partitions = [partition for _, partition in self._pending.values()]
        await self._cancel_pending()
        error = deadline_error(self.batch.deadline)
        return [outcome for partition in partitions for outcome in self._record_outcomes(partition, [], error)]

    async def _cancel_pending(self) -> None:
        """Cancel all partitions on the cluster."""
        pending, self._pending = self._pending, {}
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await self.cluster.cancel(sent for sent, _ in pending.values())

    def _submit(self, partition: Partition) -> list[Outcome]:
        """Submit a partition; return the failed outcomes of targets that cannot be sent."""
        if self._expired or not partition:
            return list(self._record_outcomes(partition, [], deadline_error(self.batch.deadline)))
        refused = list(self._remove_unsendable(partition))
        if not partition:
            return refused
        self._submitted += 1
        key = f"{self.payload.run}-{self._submitted}"
        targets = pickle.dumps(list(partition.values()))
        sent = self.cluster.submit(key, self.payload, targets)
        self._pending[asyncio.create_task(self.cluster.result(sent))] = sent, partition
        return refused

    def _remove_unsendable(self, partition: Partition) -> Iterator[Outcome]:
        """Remove the targets that cannot be pickled from a partition, and yield their failed outcomes."""
        try:
            pickle.dumps(partition)
        except Exception:  # a user's `__reduce__` may raise anything
            for key, target in list(partition.items()):
                if problems := list(pickle_problems("", {"target": target})):
                    del partition[key]
                    yield from self._record_outcomes({key: target}, [], InvalidArgumentError(problems))

    def _on_done(self, task: asyncio.Task[Results]) -> list[Outcome]:
        """Return the outcomes of a partition that has come back."""
        _, partition = self._pending.pop(task)
        missing: LettaError | None = None
        results: Results = []
        try:
            results = task.result()
        except PartitionKilled as killed:
            missing = ClusterError(f"worker after worker died with the partition that this target is in: {killed}")
        if self._expired:
            missing = deadline_error(self.batch.deadline)
        elif not self.batch.stop_on_error and len(results) < len(partition):
            missing = missing or ClusterError("the worker gave no outcome for this target")
        return list(self._record_outcomes(partition, results, missing))

    def _record_outcomes(self, partition: Partition, results: Results, missing: LettaError | None) -> Iterator[Outcome]:
        """Record and yield the outcomes of a partition's targets, and of targets that repeat them.

        Args:
            partition: The partition.
            results: Outcomes that the worker returned.
            missing: Error of the targets without a result; `None` if they are to have no outcome.

        """
        keys = list(partition)
        by_key = {keys[index]: outcome for index, outcome in results}
        for key in keys:
            first, *repeats = self._in_flight.pop(key)
            if key in by_key:
                outcome = attrs.evolve(by_key[key], target=first)
            elif missing is not None:
                outcome = Outcome(target=first, status="failed", error=missing)
            else:
                continue  # the worker stopped at an error, as it was asked to
            self._bookkeeper.add(key, outcome)
            yield outcome
            for repeat in repeats:
                yield attrs.evolve(outcome, target=repeat, repeated=True)

    def _stop_taking(self) -> None:
        """Stop taking targets."""
        self._is_stopped, self._requested = True, None
        self._request_event.set()

    async def _shut_down(self) -> None:
        """Cancel what is in progress, here and on the workers."""
        self._is_closing = True
        self._stop_taking()
        if self._taker is not None:
            self._taker.cancel()
            await asyncio.gather(self._taker, return_exceptions=True)
        await self._cancel_pending()
        if self._submitted:
            await self.cluster.end_run(self.payload.run)


def new_run_name() -> str:
    """Return a new unique name for a run."""
    return f"letta-async-{uuid.uuid4().hex[:12]}"


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
