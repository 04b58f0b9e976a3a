"""Benchmark of a batch against a server whose capacity halves and doubles: losses, and share of the capacity used.

The server's capacity is exact: a number of workers, each busy with a request for a fixed time. Requests beyond it wait
at the server (slow responses are the only sign), or are refused (with a 503, or a 429 with `Retry-After`).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Final

import attrs

from benchmarks.process import Process
from benchmarks.report import Section, Spread, Table, Target, command, say
from letta_async import AsyncLetta

__all__ = ["measure"]

_CAPACITIES: Final = (20, 10, 5, 10, 20, 40, 20)
_SECONDS: Final = 0.05
_SETTLE: Final = 3.0
"""Time after a change from which on throughput counts, in seconds."""


@attrs.frozen
class Scenario:
    """Behaviour of the server under more load than its capacity."""

    name: str
    arguments: Sequence[object]
    has_goal: bool = True
    """Whether the throughput has a goal; not for a server that asks the client to pause."""


_SCENARIOS: Final = (
    Scenario("queues", ()),
    Scenario("refuses: 503 beyond twice its capacity", ("--room", 1, "--refusal", 503)),
    Scenario("refuses: 503 beyond its capacity", ("--room", 0, "--refusal", 503)),
    Scenario(
        "refuses: 429 beyond its capacity, Retry-After: 1",
        ("--room", 0, "--refusal", 429, "--retry-after", 1),
        has_goal=False,
    ),
)


@attrs.frozen
class Batch:
    """Results of a batch."""

    taken: int
    """Number of targets taken."""
    outcomes: int
    answered: Sequence[float]
    """Times of the successful responses, in seconds from the start."""
    errors: Mapping[str, int]
    refused: int
    retries: int
    limits: Sequence[int]
    """The client's limit at the end of each phase."""

    def shares(self, phase: float) -> list[float]:
        """Return the share of the capacity that was used in each phase, from `_SETTLE` seconds after its beginning."""
        found: list[float] = []
        for number, capacity in enumerate(_CAPACITIES):
            since, until = number * phase + _SETTLE, (number + 1) * phase
            done = sum(since <= at < until for at in self.answered)
            found.append(done / (until - since) / (capacity / _SECONDS))
        return found


async def measure(*, short: bool = False) -> Section:
    """Run each scenario several times, and return the section of the report."""
    phase, repeats = (6.0, 1) if short else (8.0, 2)
    scenarios = _SCENARIOS[:1] if short else _SCENARIOS
    batches: dict[str, list[Batch]] = {scenario.name: [] for scenario in scenarios}
    for _ in range(repeats):
        for scenario in scenarios:
            batch = await _run(scenario, phase)
            batches[scenario.name].append(batch)
            shares = " ".join(f"{share:.2f}" for share in batch.shares(phase))
            say(
                f"{scenario.name}: {shares}; {batch.taken} taken, {len(batch.answered)} right, {batch.refused} refused,"
                f" {batch.retries} retries, limits {batch.limits}, {dict(batch.errors)}",
                error=True,
            )
    return _section(batches, phase)


async def _run(scenario: Scenario, phase: float) -> Batch:
    plan = ",".join(f"{capacity}x{phase}" for capacity in _CAPACITIES)
    arguments = ("--seconds", _SECONDS, "--capacity", plan, *scenario.arguments)
    with Process("stub", *arguments) as stub:
        async with AsyncLetta(base_url=stub.url) as client:
            began = time.monotonic()
            ends = began + phase * len(_CAPACITIES)
            watch = asyncio.create_task(_watch(lambda: client.stats.limit, phase))
            taken, outcomes = 0, 0
            answered: list[float] = []
            errors = Counter[str]()

            def ids() -> Generator[str]:
                nonlocal taken
                while time.monotonic() < ends:
                    taken += 1
                    yield f"conv-{taken:08x}-0000-4000-8000-000000000000"

            async for outcome in client.conversations.recompile_many(ids()):
                outcomes += 1
                if outcome.ok:
                    answered.append(time.monotonic() - began)
                else:
                    errors[type(outcome.error).__name__] += 1
            retries = client.stats.retries
            return Batch(taken, outcomes, answered, errors, stub.report()["refused"], retries, await watch)


async def _watch(limit: Callable[[], int], phase: float) -> list[int]:
    """Record the client's limit at the end of each phase."""
    limits: list[int] = []
    for _ in _CAPACITIES:
        await asyncio.sleep(phase - 0.01)
        limits.append(limit())
    return limits


def _section(batches: Mapping[str, Sequence[Batch]], phase: float) -> Section:
    scenarios = {scenario.name: scenario for scenario in _SCENARIOS}
    targets: list[Target] = []
    rows: list[list[str]] = []
    counts: list[list[str]] = []
    for name, runs in batches.items():
        lost = sum(batch.taken - len(batch.answered) for batch in runs)
        taken = sum(batch.taken for batch in runs)
        shares = [Spread.of(of_phase) for of_phase in zip(*(batch.shares(phase) for batch in runs), strict=True)]
        worst = min(shares, key=lambda share: share.median)
        targets.append(Target(f"{name}: requests lost", "none", f"{lost} of {taken}", not lost))
        if scenarios[name].has_goal:
            targets.append(
                Target(f"{name}: throughput in the worst phase", "at least 0.80", worst.show(), worst.median >= 0.8)
            )
        rows.append([name, *(f"{share.median:.2f}" for share in shares)])
        counts.append(
            [
                name,
                f"{taken}",
                f"{sum(batch.outcomes for batch in runs)}",
                f"{sum(batch.refused for batch in runs)}",
                f"{sum(batch.retries for batch in runs)}",
                " ".join(map(str, runs[-1].limits)),
            ]
        )
    return Section(
        "A server whose capacity changes",
        f"`recompile_many` against a stub whose workers take {_SECONDS * 1000:.0f} ms a request; how many there are"
        f" changes every {phase:.0f} s while the batch runs. Throughput is counted from {_SETTLE:.0f} s after each"
        " change on, as a share of what the workers of that phase can do; medians of"
        f" {len(next(iter(batches.values())))} runs. A request is lost when its outcome, after the default two"
        " retries, is an error, or when there is none. The server that sends `Retry-After` has no goal for its"
        " throughput: in the seconds for which it asks the client sends nothing.",
        targets,
        [
            Table("Share of the possible", ("server", *(f"{capacity} workers" for capacity in _CAPACITIES)), rows),
            Table(
                "All runs together",
                ("server", "targets", "outcomes", "refusals", "retries", "limit at the end of each phase"),
                counts,
            ),
        ],
    )


if __name__ == "__main__":
    command(
        __doc__,
        lambda *, short: asyncio.run(measure(short=short)),
        "a quick form: shorter phases, once, a queue only",
    )
