"""Measurement of several ways in alternating turns, so that other load on the machine affects all of them alike.

They take turns, many short ones, in an order that is drawn anew each round, and each turn is set against the others of
its own round: the figures to trust are medians of the ratios within a round, and of those the ratios of processor time.
What one way leaves behind in caches and on cores is met by as many calls before each turn, which are not measured.
"""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, contextmanager
from itertools import islice
from typing import Final, Literal

import attrs

from benchmarks.calls import AsyncCall, AsyncWays, SyncCall, SyncWays
from benchmarks.process import Process
from benchmarks.report import Spread

__all__ = [
    "TASKS",
    "Meter",
    "Plan",
    "Sample",
    "What",
    "measure_async",
    "measure_sync",
    "settled",
    "threaded",
    "turns",
    "work",
]

What = Literal["time", "cpu"]

TASKS: Final = 64
"""Number of concurrent tasks, unless it is what is measured."""
_WARM_CALLS: Final = 2000
_WARM_SECONDS: Final = 1.0
"""Time of warming up in seconds, in which connections are opened and the limiter finds its limit."""


@attrs.frozen
class Plan:
    """Extent of a measurement."""

    rounds: int
    seconds: float = 0.1
    """Approximate duration of a turn; shorter than the few seconds for which an idle connection is kept."""
    warm: float = _WARM_SECONDS
    """Maximum time for which each way is warmed up, in seconds."""

    def show(self) -> str:
        """Return a description of the plan."""
        return f"{self.rounds} rounds of {self.seconds:g} s a turn"


@attrs.frozen
class Sample:
    """Measurement of a turn of a way: time, processor time of the client and of the stub, in ms per call."""

    time: float
    cpu: float
    stub_cpu: float


@attrs.define
class Meter:
    """Measured turns, by way."""

    stub: Process | None = None
    """The server, if it runs in its own process."""
    samples: dict[str, list[Sample]] = attrs.field(factory=dict[str, list[Sample]])

    @contextmanager
    def turn(self, name: str, calls: int) -> Generator[None, None, None]:
        """Measure the block, which makes a number of calls."""
        gc.collect()
        stub, cpu, began = self._stub_seconds(), time.process_time(), time.perf_counter()
        yield
        ended, cpu, stub = time.perf_counter(), time.process_time() - cpu, self._stub_seconds() - stub
        sample = Sample((ended - began) / calls * 1e3, cpu / calls * 1e3, stub / calls * 1e3)
        self.samples.setdefault(name, []).append(sample)

    def ratio(self, one: str, other: str, what: What) -> Spread:
        """Return the median ratio of `one` to `other`, each within a round."""
        pairs = zip(self.samples[one], self.samples[other], strict=True)
        return Spread.of([getattr(a, what) / getattr(b, what) for a, b in pairs])

    def median(self, name: str, what: What) -> float:
        """Return the median of a way, in milliseconds per call."""
        values: list[float] = [getattr(sample, what) for sample in self.samples[name]]
        return statistics.median(values)

    def rate(self, name: str) -> float:
        """Return the median rate of a way, in calls per second."""
        return 1e3 / self.median(name, "time")

    def stub_cpu(self, name: str) -> float:
        """Return the stub's processor time per call, in milliseconds, over all turns: its clock is coarse."""
        return statistics.fmean(sample.stub_cpu for sample in self.samples[name])

    def stub_share(self, name: str) -> float:
        """Return the share of a core that the stub used."""
        samples = self.samples[name]
        return sum(sample.stub_cpu for sample in samples) / sum(sample.time for sample in samples)

    def _stub_seconds(self) -> float:
        return 0.0 if self.stub is None else self.stub.cpu_seconds()


def turns(names: Sequence[str], rounds: int) -> Iterator[str]:
    """Yield the way of each turn, for a number of rounds, in a random but reproducible order."""
    draw = random.Random(0)  # noqa: S311 - no secret
    for _ in range(rounds):
        yield from draw.sample(names, len(names))


@contextmanager
def settled() -> Generator[None, None, None]:
    """Exclude existing objects from garbage collection, so that all ways have the same conditions."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def measure_async(stub: Process, ways: AsyncWays, plan: Plan, *, tasks: int = TASKS) -> Meter:
    """Measure ways for asyncio, each with so many tasks that call one after the other."""
    meter = Meter(stub)
    async with AsyncExitStack() as stack:
        calls = {name: await stack.enter_async_context(way(stub.url)) for name, way in ways.items()}
        meter.samples = {name: [] for name in calls}
        counts = {name: await _warm_async(call, plan, tasks) for name, call in calls.items()}
        with settled():
            for name in turns(list(calls), plan.rounds):
                await work(calls[name], counts[name], tasks)
                with meter.turn(name, counts[name]):
                    await work(calls[name], counts[name], tasks)
    return meter


async def _warm_async(call: AsyncCall, plan: Plan, tasks: int) -> int:
    """Warm a way up; return the number of calls in a turn."""
    began, done = time.perf_counter(), 0
    while done < _WARM_CALLS and time.perf_counter() - began < plan.warm:
        again, count = time.perf_counter(), 2 * tasks
        await work(call, count, tasks)
        done += count
        last = (time.perf_counter() - again) / count
    return _calls_per_turn(plan, last, tasks)


async def work(call: AsyncCall, calls: int, tasks: int = TASKS) -> None:
    """Make a number of calls, in a number of tasks."""
    left = iter(range(calls))

    async def one_task() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(one_task() for _ in range(tasks)))


def measure_sync(stub: Process, ways: SyncWays, plan: Plan, *, threads: Sequence[int] = (1,)) -> Meter:
    """Measure ways without asyncio, in each number of threads; see `threaded`.

    A round goes through all ways in one number of threads, then in the next: threads stay for a while on the cores to
    which several of them were spread, where a hop costs more.
    """
    meter = Meter(stub)
    with ExitStack() as stack:
        calls = {name: stack.enter_context(way(stub.url)) for name, way in ways.items()}
        runs: dict[tuple[str, int], Callable[[int], None]] = {}
        for number in threads:
            pool = stack.enter_context(ThreadPoolExecutor(number)) if number > 1 else None
            runs |= {(name, number): _runner(call, pool, number) for name, call in calls.items()}
        meter.samples = {threaded(*job): [] for job in runs}
        counts = {job: _warm_sync(run, plan, job[1]) for job, run in runs.items()}
        with settled():
            order = turns(list(ways), plan.rounds * len(threads))
            for _ in range(plan.rounds):
                for number in threads:
                    for name in islice(order, len(ways)):
                        run, count = runs[name, number], counts[name, number]
                        run(count)
                        with meter.turn(threaded(name, number), count):
                            run(count)
    return meter


def threaded(name: str, threads: int) -> str:
    """Return the name of a way in a number of threads."""
    return name if threads == 1 else f"{name}, {threads} threads"


def _runner(call: SyncCall, pool: ThreadPoolExecutor | None, threads: int) -> Callable[[int], None]:
    def work(left: Iterator[int]) -> None:
        for _ in left:
            call()

    def run(calls: int) -> None:
        if pool is None:
            work(iter(range(calls)))
            return
        left = iter(range(calls))  # shared: a thread that is faster does more
        for done in [pool.submit(work, left) for _ in range(threads)]:
            done.result()

    return run


def _warm_sync(run: Callable[[int], None], plan: Plan, threads: int) -> int:
    began, done, last = time.perf_counter(), 0, 0.0
    while done < _WARM_CALLS and time.perf_counter() - began < plan.warm:
        again, count = time.perf_counter(), 10 * threads
        run(count)
        done += count
        last = (time.perf_counter() - again) / count
    return _calls_per_turn(plan, last, threads)


def _calls_per_turn(plan: Plan, seconds: float, workers: int) -> int:
    """Return the number of calls in a turn, a multiple of the workers, given the seconds per call."""
    return max(1, round(plan.seconds / seconds / workers)) * workers
