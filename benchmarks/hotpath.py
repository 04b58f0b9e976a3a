"""Profile of a call's processor time by library, ours beside bare aiohttp, and by function.

A timer interrupts the process a thousand times a second and books the processor time since the last interruption on the
stack of that moment, which leaves the speed of everything as it is; a profiler that traces each function would not. The
interpreter sees the interruption at its next call, so that a function gets the time of the C code it calls, and now and
then a little of its neighbour's. How often a function is entered is counted by tracing, in a run of its own.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import re
import signal
import time
from collections import defaultdict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Final

import attrs

from benchmarks import calls
from benchmarks.calls import BARE_SETTINGS, OURS_SETTINGS
from benchmarks.process import ROOT, Process
from benchmarks.report import Section, Table, command
from benchmarks.turns import TASKS, work

__all__ = ["measure"]

_INTERVAL: Final = 0.001
_TURN: Final = 1000
"""Calls in a turn; ours and bare alternate, so that both meet the same machine."""
_TRACED: Final = 1000
_PACKAGE: Final = "letta_async"
_INSTALLED: Final = re.compile(r".*/site-packages/([^/.]+)")
_GENERATED: Final = re.compile(r"<(cattrs|attrs) generated (?:\S+ )?(\S+)")
_STANDARD: Final = re.compile(r".*/python3\.\d+/([^/.]+)")
_PARTS: Final = {"asyncio": "asyncio", "selectors": "asyncio", "json": "json"}
_OTHER: Final = "others of the standard library"
_LEAST: Final = 1.0
"""Minimum time of a listed function of another library, itself only, in µs."""


@attrs.define(eq=False)
class Profile:
    """Processor time of the calls of a way, by function."""

    calls: int = 0
    seconds: float = 0.0
    """Total processor time."""
    samples: int = 0
    own: defaultdict[CodeType, float] = attrs.field(factory=lambda: defaultdict(float))
    """Processor time of each function itself."""
    within: defaultdict[CodeType, float] = attrs.field(factory=lambda: defaultdict(float))
    """Processor time of each function, with those that it calls."""
    entered: Mapping[CodeType, float] = attrs.field(factory=dict[CodeType, float])
    """Number of times that each function is entered per call; a coroutine is entered again each time it resumes."""
    _last: float = 0.0
    """Processor time at the last sample."""

    @contextmanager
    def sampling(self, calls: int) -> Generator[None, None, None]:
        """Sample the block, which makes a number of calls; in the main thread only."""
        before = signal.signal(signal.SIGALRM, self._note)
        began = self._last = time.process_time()
        signal.setitimer(signal.ITIMER_REAL, _INTERVAL, _INTERVAL)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        self.seconds += time.process_time() - began
        self.calls += calls

    @property
    def us(self) -> float:
        """Processor time per call, in µs."""
        return self.us_of(self.seconds)

    def us_of(self, seconds: float) -> float:
        """Convert total seconds to µs per call."""
        return seconds / self.calls * 1e6

    def _note(self, _: int, frame: FrameType | None) -> None:
        now = time.process_time()
        since, self._last = now - self._last, now
        if frame is None:
            return
        self.samples += 1
        self.own[frame.f_code] += since
        stack: set[CodeType] = set()
        while frame is not None:
            stack.add(frame.f_code)
            frame = frame.f_back
        for code in stack:
            self.within[code] += since


async def _profiles(url: str, rounds: int) -> dict[str, Profile]:
    ways = calls.async_ways()
    profiles = {name: Profile() for name in (BARE_SETTINGS, OURS_SETTINGS)}
    async with ways[BARE_SETTINGS](url) as bare, ways[OURS_SETTINGS](url) as ours:
        calls_of = {BARE_SETTINGS: bare, OURS_SETTINGS: ours}
        for call in calls_of.values():
            await work(call, 2 * _TURN)
        gc.collect()
        for _ in range(rounds):
            for name, call in calls_of.items():
                with profiles[name].sampling(_TURN):
                    await work(call, _TURN)
        for name, call in calls_of.items():
            tracer = cProfile.Profile()
            tracer.enable()
            try:
                await work(call, _TRACED)
            finally:
                tracer.disable()
            profiles[name].entered = {
                entry.code: entry.callcount / _TRACED for entry in tracer.getstats() if isinstance(entry.code, CodeType)
            }
    return profiles


def measure(*, short: bool = False) -> Section:
    """Profile ours and bare aiohttp in turn."""
    with Process("stub") as stub:
        profiles = asyncio.run(_profiles(stub.url, 4 if short else 60))
    ours, bare = profiles[OURS_SETTINGS], profiles[BARE_SETTINGS]
    return Section(
        "Where a call's time goes",
        f"An async recompile with typed settings, {TASKS} tasks, {ours.calls:,} calls, {ours.samples:,} samples,"
        f" beside bare aiohttp + json with the same body. Ours took {ours.us:.0f} µs of processor time a call, bare"
        f" aiohttp {bare.us:.0f} µs, the kernel's part included. Of ours, every function is listed that each call"
        " enters, with the first line of its description, which says what it is there for; of what it stands on, those"
        " that take longest.",
        [],
        [
            Table("By library, µs of a call", ("library", "ours", "bare", "more"), _by_library(ours, bare)),
            Table(
                "Our functions, µs of a call",
                ("function", "entered", "itself", "with what it calls", "what it is for"),
                [
                    [_name(code), *_figures(ours, code), _purpose(code)]
                    for code in sorted(_listed(ours), key=lambda code: -ours.within[code])
                    if _library(code) == _PACKAGE
                ],
            ),
            Table(
                "What they stand on, µs of a call",
                ("function", "entered", "itself", "with what it calls", "itself, in bare"),
                [
                    [_name(code), *_figures(ours, code), f"{bare.us_of(bare.own[code]):.1f}"]
                    for code in _listed(ours)
                    if _library(code) != _PACKAGE and ours.us_of(ours.own[code]) >= _LEAST
                ],
            ),
        ],
    )


def _by_library(ours: Profile, bare: Profile) -> list[list[str]]:
    sums: dict[str, list[float]] = {}
    for place, profile in enumerate((ours, bare)):
        for code, seconds in profile.own.items():
            sums.setdefault(_library(code), [0.0, 0.0])[place] += profile.us_of(seconds)
    rows = sorted(sums.items(), key=lambda row: row[1][1] - row[1][0])
    return [
        *([name, f"{one:.1f}", f"{other:.1f}", f"{one - other:+.1f}"] for name, (one, other) in rows),
        ["all", f"{ours.us:.1f}", f"{bare.us:.1f}", f"{ours.us - bare.us:+.1f}"],
    ]


def _listed(profile: Profile) -> list[CodeType]:
    """Return the functions that every call enters, those that take longest by themselves first."""
    often = [code for code, times in profile.entered.items() if times >= 0.9]
    return sorted(often, key=lambda code: -profile.own[code])


def _figures(profile: Profile, code: CodeType) -> list[str]:
    return [
        f"{profile.entered[code]:.0f}",
        f"{profile.us_of(profile.own[code]):.1f}",
        f"{profile.us_of(profile.within[code]):.1f}",
    ]


def _library(code: CodeType) -> str:
    """Return the library that a function belongs to."""
    file = code.co_filename
    if file.startswith(str(ROOT / _PACKAGE)):
        return _PACKAGE
    if file.startswith(str(ROOT / "benchmarks")):
        return "the benchmark"
    if found := _GENERATED.match(file):
        return f"{found[1]}, generated"
    if found := _INSTALLED.match(file):
        return found[1]
    found = _STANDARD.match(file)
    return _PARTS.get(found[1], _OTHER) if found else _OTHER


def _name(code: CodeType) -> str:
    """Return the name of a function as in a traceback, for a cell of a table."""
    generated = _GENERATED.match(code.co_filename)
    file = code.co_filename.rpartition("/")[2].removesuffix(".py")
    module = generated[2].rpartition(".")[2].rstrip(">") if generated else file
    return f"`{module}.{code.co_qualname.replace('.<locals>', '')}`"


def _purpose(code: CodeType) -> str:
    """Return the first line of a function's docstring, which the compiler puts first among its constants."""
    text = code.co_consts[0] if code.co_consts else None
    return text.partition("\n")[0].replace("|", "or") if isinstance(text, str) and " " in text else ""


if __name__ == "__main__":
    command(__doc__, measure)
