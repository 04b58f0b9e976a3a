"""Benchmark of event streams: the cost of an event, the time to the first one, many streams at once, and the memory.

The events are those of a turn whose tokens are streamed. Bare aiohttp splits what arrives at empty lines and parses
each event with `json.loads`; ours and the official client give out instances of their classes.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks import counts, streaming
from benchmarks.process import Process
from benchmarks.report import Section, Spread, Table, Target, at_least, at_most, command, without_official
from benchmarks.streaming import BARE, OFFICIAL_AIOHTTP, OURS, OURS_SYNC, AsyncRead, Reading
from benchmarks.turns import Meter, Plan, Sample, What, measure_async, settled, turns
from letta_async import AsyncLetta

__all__ = ["bytecodes", "growth", "measure", "measure_costs", "measure_first"]

_EVENTS: Final = 30_000
_PACED_EVENTS: Final = 300
_PER_CHUNK: Final = 64
_PACE: Final = 0.001
_AT_ONCE: Final = 200
_EVENTS_AT_ONCE: Final = 100
_FIRST: Final = 30
"""Streams of a turn, whose median time to the first event counts."""
_LONG: Final = 1_000_000
_LOOK: Final = 10
"""Ratio of a long stream to its beginning, after which it is looked at for the first time."""
_PAGE: Final = 4096 / 2**20
"""Size of a page of memory in MiB."""
_GROWTH: Final = 1.0
"""Maximum growth of the process during a long stream, in MiB."""

_TOKENS: Final = "one event per chunk, as they come"
_BUFFERED: Final = f"{_PER_CHUNK} events per chunk, as they come"
_PACED: Final = "one event per chunk, one per ms"


def measure(*, short: bool = False) -> Section:
    """Measure all forms of a stream in all ways."""
    rounds, events, long = (3, 3000, 200_000) if short else (11, _EVENTS, _LONG)
    meters: dict[str, Meter] = {}
    for form, count, *options in (
        (_TOKENS, events),
        (_BUFFERED, events, "--per-chunk", _PER_CHUNK),
        (_PACED, _PACED_EVENTS, "--pace", _PACE),
    ):
        with Process("stub", "--events", count, *options) as stub:
            meters[form] = measure_costs(stub, count, rounds)
    with Process("stub", "--events", 2) as stub:
        first = measure_first(stub, 4 * rounds)
    with Process("stub", "--events", _EVENTS_AT_ONCE) as stub:
        at_once = asyncio.run(
            measure_async(stub, streaming.async_readings(), Plan(rounds, warm=0.3), tasks=_AT_ONCE),
        )
    with Process("stub", "--events", long) as stub:
        memory = asyncio.run(growth(stub, _resident, long // _LOOK))
    return Section(
        "Event streams",
        f"A turn whose tokens are streamed, events of 358 bytes, {events:,} per stream ({_PACED_EVENTS} where they come"
        f" one per ms); {rounds} rounds, the ways in turn. Bare aiohttp splits at empty lines and parses each event by"
        " `json.loads`; the others give out instances of their classes. As they come means as fast as the client reads,"
        " so that many events are read at once; one per ms is how a model streams: each event wakes the client. The"
        f" time to the first event is that from the call on, over a kept connection, {_FIRST} streams a turn; as this"
        " stub responds at once, it is the clients' own work (a target is with a real server, below). At once"
        f" are {_AT_ONCE} streams of {_EVENTS_AT_ONCE} events on one loop. The memory is that of the process, while it"
        f" reads one stream of {long:,} events, of which it keeps the last 10,000.",
        [*_targets(meters, at_once), _flat(*memory, long)],
        [
            Table(
                "CPU per event",
                ("way", "events", "CPU, µs", "CPU, ratio", "events/s", "stub's CPU"),
                [row for form, meter in meters.items() for row in _rows(form, meter)],
            ),
            Table(
                "Time to the first event",
                ("way", "ms", "ratio"),
                [[name, f"{first.median(name, 'time'):.3f}", _ratio(first, name, "time")] for name in first.samples],
            ),
            Table(
                f"{_AT_ONCE} streams at once",
                ("way", "events/s", "throughput of ours, ratio"),
                [
                    [name, f"{at_once.rate(name) * _EVENTS_AT_ONCE:.0f}", at_once.ratio(name, OURS, "time").show()]
                    for name in at_once.samples
                ],
            ),
        ],
    )


# --- measurements -----------------------------------------------------------------------------------------------------


def measure_costs(stub: Process, events: int, rounds: int) -> Meter:
    """Measure the cost of an event in all ways, sync and async, a stream per turn."""
    meter = Meter(stub)
    with _opened(stub.url) as ways:
        meter.samples = {name: [] for name in ways}
        for read in ways.values():
            read()
        with settled():
            for name in turns(list(ways), rounds):
                with meter.turn(name, events):
                    reading = ways[name]()
                if reading.events != events:
                    raise AssertionError(f"{name} read {reading.events} events of {events}")
    return meter


def measure_first(stub: Process, rounds: int) -> Meter:
    """Measure the time from the call to the first event in all ways."""
    meter = Meter()
    with _opened(stub.url) as ways:
        meter.samples = {name: [] for name in ways}
        for read in ways.values():
            for _ in range(_FIRST):
                read()
        with settled():
            for name in turns(list(ways), rounds):
                readings = [ways[name]() for _ in range(_FIRST)]
                milliseconds = statistics.median(reading.first - reading.began for reading in readings) * 1e3
                meter.samples[name].append(Sample(milliseconds, 0, 0))
    return meter


@contextmanager
def _opened(url: str) -> Generator[Mapping[str, Callable[[], Reading]], None, None]:
    """Open all ways, the async ones on a loop that runs while they read."""
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        ways: dict[str, Callable[[], Reading]] = {}
        for name, way in streaming.async_readings().items():
            ways[name] = stack.enter_context(_on_runner(runner, way(url)))
        for name, sync_way in streaming.sync_readings().items():
            ways[name] = stack.enter_context(sync_way(url))
        yield ways


@contextmanager
def _on_runner(
    runner: asyncio.Runner, way: AbstractAsyncContextManager[AsyncRead]
) -> Generator[Callable[[], Reading], None, None]:
    async def enter() -> AsyncRead:
        return await way.__aenter__()

    async def leave() -> None:
        await way.__aexit__(None, None, None)

    read = runner.run(enter())
    try:
        yield lambda: runner.run(read())
    finally:
        runner.run(leave())


async def bytecodes(stub: Process, name: str, events: int) -> float:
    """Count the bytecodes per event of an async way."""
    async with streaming.async_readings()[name](stub.url) as read:
        return await counts.bytecodes(read, 3) / events


async def growth(stub: Process, look: Callable[[], float], after: int) -> tuple[float, float]:
    """Return what a function measures after so many events of a stream, and how much more it is at the end."""
    before, count = 0.0, 0
    async with AsyncLetta(base_url=stub.url, api_key="key") as client:
        stream = client.agents.messages.stream(streaming.AGENT, input="hello")
        async for _ in stream:
            count += 1
            if count == after:
                gc.collect()
                before = look()
        gc.collect()
        return before, look() - before


def _resident() -> float:
    """Return the resident memory in MiB; 0 if there is no `/proc`."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0.0
    return int(pages) * _PAGE


# --- the report -------------------------------------------------------------------------------------------------------


def _targets(meters: Mapping[str, Meter], at_once: Meter) -> list[Target]:
    targets: list[Target] = []
    for form, meter in meters.items():
        name = f"an event's CPU, {form}"
        targets.append(at_most(f"{name}: to bare aiohttp + json", 1.8, meter.ratio(OURS, BARE, "cpu")))
        if form != _PACED:  # there most of the time is that of waking up: a loop, and for `Letta` a thread besides
            what = f"{name}: to {OFFICIAL_AIOHTTP}"
            targets += [
                at_most(f"{name}: `Letta`, to our async", 1.3, meter.ratio(OURS_SYNC, OURS, "cpu")),
                _beside(at_most, what, 0.35, meter, OURS, OFFICIAL_AIOHTTP, "cpu"),
            ]
    return [
        *targets,
        _beside(
            at_least, f"{_AT_ONCE} streams: events/s, to {OFFICIAL_AIOHTTP}", 3, at_once, OFFICIAL_AIOHTTP, OURS, "time"
        ),
    ]


def _beside(
    verdict: Callable[[str, float, Spread], Target],
    what: str,
    goal: float,
    meter: Meter,
    one: str,
    other: str,
    measured: What,
) -> Target:
    """Create a target about the ratio of two ways, if both were measured."""
    if one not in meter.samples or other not in meter.samples:
        return without_official(what)
    return verdict(what, goal, meter.ratio(one, other, measured))


def _flat(before: float, more: float, events: int) -> Target:
    what = f"memory, from event {events // _LOOK:,} to {events:,} of a stream"
    goal = f"at most {_GROWTH:g} MiB more"
    if not before:
        return Target(what, goal, "there is no /proc", None)
    return Target(what, goal, f"{more:.2f} MiB more, beside {before:.0f}", more <= _GROWTH)


def _rows(form: str, meter: Meter) -> list[list[str]]:
    return [
        [
            name,
            form,
            f"{meter.median(name, 'cpu') * 1e3:.1f}",
            _ratio(meter, name, "cpu"),
            f"{meter.rate(name):.0f}",
            f"{meter.stub_share(name):.0%}",
        ]
        for name in meter.samples
    ]


def _ratio(meter: Meter, name: str, what: What) -> str:
    return "1" if name == BARE else meter.ratio(name, BARE, what).show()


if __name__ == "__main__":
    command(__doc__, measure)
