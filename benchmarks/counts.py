"""Benchmark of a call in figures without noise: instructions, bytecodes, and the memory that it holds.

Instructions are counted by valgrind's callgrind, where it is installed: those of a process that makes so many calls
more than another, hence without start and imports; the kernel's are not among them. Bytecodes are those that the
interpreter runs, counted by a trace function; C code has none. Memory is what a call holds while it waits for a slot,
by `tracemalloc`, and what is left of it in the end.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import socket
import statistics
import sys
import threading
import tracemalloc
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, Final

import attrs

from benchmarks import calls
from benchmarks.callgrind import count_instructions
from benchmarks.calls import BARE_SETTINGS, OURS_SETTINGS, AsyncCall
from benchmarks.process import Process
from benchmarks.report import Section, Table, Target, render, say
from benchmarks.turns import TASKS, work

__all__ = [
    "CallMemory",
    "Counts",
    "bytecodes",
    "count",
    "held",
    "instructions",
    "left_behind",
    "measure",
    "sync_bytecodes",
]

_WARM: Final = 128
_COUNTED: Final = 256
_WAITING: Final = (100, 300)
"""Number of calls that wait, large enough to separate the cost of a call from that of a client."""
_INSTRUCTED: Final = (200, 600)
"""Number of calls under callgrind, large enough to separate the cost of a call from that of start and imports."""
_LEFT_AFTER: Final = 192
_LOOKS: Final = 5
_SETTLED: Final = 2000
"""Calls after which connections are made and the limiter has found its limit."""
_TURNS: Final = 5
"""Iterations of the loop after which all tasks are waiting for a slot or a response."""
_BASES: Final = {
    BARE_SETTINGS: BARE_SETTINGS,
    OURS_SETTINGS: BARE_SETTINGS,
    calls.BARE: calls.BARE,
    calls.OURS: calls.BARE,
}
_NAMES: Final = tuple(_BASES)


@attrs.frozen
class CallMemory:
    """Memory that a call holds while it waits for a slot."""

    bytes: float
    blocks: float


async def bytecodes(call: AsyncCall, calls: int = _COUNTED) -> float:
    """Count the bytecodes that an async call runs, over a number of calls."""
    await work(call, min(calls, _WARM))
    with _counting() as counts:
        await work(call, calls)
    return sum(counts.values()) / calls


def sync_bytecodes(name: str, url: str) -> float:
    """Count the bytecodes that a sync call of a way runs, in all of its threads."""
    with _counting() as counts, calls.sync_ways()[name](url) as call:
        for _ in range(_WARM):
            call()
        counts.clear()
        for _ in range(_COUNTED):
            call()
        return sum(counts.values()) / _COUNTED


@contextmanager
def _counting() -> Generator[Counter[CodeType], None, None]:
    """Count the bytecodes that the block runs, in this thread and in threads that it starts."""
    counts: Counter[CodeType] = Counter()

    def local(frame: FrameType, event: str, _: Any) -> Any:
        if event == "opcode":
            counts[frame.f_code] += 1
        return local

    def trace(frame: FrameType, _event: str, _: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return local

    sys._getframe().f_trace_opcodes = True  # or 3.12 sees none: it looks for such a frame as it begins to trace
    before = sys.gettrace()
    sys.settrace(trace)
    threading.settrace(trace)
    try:
        yield counts
    finally:
        sys.settrace(before)
        threading.settrace(before)


async def held(name: str) -> CallMemory:
    """Measure the memory that a waiting call of a way holds, as the difference between few and many calls."""
    (few, few_blocks), (many, many_blocks) = [await _held(name, number) for number in _WAITING]
    more = _WAITING[1] - _WAITING[0]
    return CallMemory((many - few) / more, (many_blocks - few_blocks) / more)


async def _held(name: str, count: int) -> tuple[int, int]:
    """Start calls to a server that never responds; return the increase of memory, in bytes and in blocks."""
    with socket.create_server(("127.0.0.1", 0), backlog=max(_WAITING)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        async with calls.async_ways()[name](url) as call:
            gc.collect()
            tracemalloc.start()
            try:
                before, blocks = tracemalloc.get_traced_memory()[0], sys.getallocatedblocks()
                tasks = [asyncio.ensure_future(call()) for _ in range(count)]
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                gc.collect()
                found = tracemalloc.get_traced_memory()[0] - before, sys.getallocatedblocks() - blocks
            finally:
                tracemalloc.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def left_behind(call: AsyncCall) -> float:
    """Return the number of memory blocks that a call leaves behind; a client that keeps data of each call would grow.

    It is the median of several measurements: pools and samples grow and shrink by chance, a leak grows each time.
    """
    left: list[float] = []
    await work(call, _SETTLED)
    for _ in range(_LOOKS):
        gc.collect()
        before = sys.getallocatedblocks()
        await work(call, _LEFT_AFTER)
        gc.collect()
        left.append((sys.getallocatedblocks() - before) / _LEFT_AFTER)
    return statistics.median(left)


# --- instructions -----------------------------------------------------------------------------------------------------


def instructions(names: Sequence[str], url: str) -> dict[str, float] | None:
    """Count the instructions of a call of each way, in thousands; return `None` without valgrind."""
    few, many = _INSTRUCTED
    wanted = [(name, number) for name in names for number in _INSTRUCTED]
    counted = count_instructions([("-m", "benchmarks.counts", "--child", name, str(n), url) for name, n in wanted])
    if counted is None:
        return None
    counts = dict(zip(wanted, counted, strict=True))
    return {name: (counts[name, many] - counts[name, few]) / (many - few) / 1e3 for name in names}


async def _child(name: str, count: int, url: str) -> None:
    async with calls.async_ways()[name](url) as call:
        await work(call, _WARM)
        await work(call, count)


# --- the report -------------------------------------------------------------------------------------------------------


@attrs.frozen
class Counts:
    """Counts of a way, per call."""

    bytecodes: float
    held: CallMemory
    left: float


async def count(name: str, url: str) -> Counts:
    """Count all but instructions."""
    async with calls.async_ways()[name](url) as call:
        left = await left_behind(call)
        return Counts(await bytecodes(call), await held(name), left)


def measure(*, short: bool = False) -> Section:
    """Count for ours and for bare aiohttp, with the same settings and with none."""
    with Process("stub") as stub:
        counts = {name: asyncio.run(count(name, stub.url)) for name in _NAMES}
        counted = None if short else instructions((BARE_SETTINGS, OURS_SETTINGS), stub.url)
    beyond = (counts[OURS_SETTINGS].held.bytes - counts[BARE_SETTINGS].held.bytes) / 1024
    what, goal = "instructions of a call, typed settings, to bare aiohttp + json", "at most 1.25"
    ratio = None if counted is None else counted[OURS_SETTINGS] / counted[BARE_SETTINGS]
    return Section(
        "What a call takes, counted",
        f"{TASKS} tasks, prompts of 4 KiB. Instructions are those of the process outside the kernel, by callgrind;"
        " bytecodes are those that the interpreter runs, C code having none; a waiting call is one of several hundred"
        " to a server that does not answer. None of these depends on what else the machine does, so that a change of"
        " one in a hundred is a change of the code.",
        [
            Target(what, goal, "not counted: valgrind is missing, or a short form", None)
            if ratio is None
            else Target(what, goal, f"{ratio:.2f}", ratio <= 1.25),
            Target("a waiting call, beyond one of bare aiohttp", "at most 12 KiB", f"{beyond:.1f} KiB", beyond <= 12),
        ],
        [
            Table(
                "",
                ("way", "instructions, thousands", "bytecodes", "ratio", "waiting, KiB", "and blocks", "left, blocks"),
                [_row(name, counts, counted) for name in _NAMES],
            )
        ],
    )


def _row(name: str, counts: Mapping[str, Counts], counted: Mapping[str, float] | None) -> list[str]:
    base, of = _BASES[name], counts[name]
    return [
        name,
        "" if counted is None or name not in counted else f"{counted[name]:.0f}",
        f"{of.bytecodes:.0f}",
        f"{of.bytecodes / counts[base].bytecodes:.2f}",
        f"{of.held.bytes / 1024:.1f}",
        f"{of.held.blocks:.0f}",
        f"{max(0.0, of.left):.1f}",
    ]


def main() -> None:
    """Count and print; with `--child`, be counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a quick form: no instructions")
    parser.add_argument("--child", nargs=3, metavar=("WAY", "CALLS", "URL"), help=argparse.SUPPRESS)
    options: Any = parser.parse_args()
    if options.child:
        name, number, url = options.child
        asyncio.run(_child(name, int(number), url))
    else:
        say(render(measure(short=options.short)))


if __name__ == "__main__":
    main()
