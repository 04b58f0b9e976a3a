"""Benchmark of the memory of a batch, whatever its length, of a waiting task, and of a client with its session.

Every figure is the peak of a process of its own, which does one thing and ends. The peak is that of the process's own
address space (`VmHWM`) where the system tells it; what `getrusage` gives can be that of the parent, before `exec`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from benchmarks import calls
from benchmarks.process import Process, run_child
from benchmarks.report import Section, Spread, Table, Target, render, say
from letta_async import AsyncLetta

__all__ = ["measure", "peak_kib"]

_MIB: Final = 1024.0
_LONG: Final = 1_000_000
_SHORT: Final = 1_000
_WAITING: Final = 10_000
_CLIENTS: Final = 101
_IDLE: Final = 1


@attrs.frozen
class Peak:
    """Peak memory of a process."""

    kib: int
    seconds: float
    done: int


def measure(*, short: bool = False, longest: int = _LONG) -> Section:
    """Measure batches of growing length, and tasks that wait."""
    longest = 20_000 if short else longest
    sizes = [size for size in (_SHORT, 10_000, 100_000) if size < longest] + [longest]
    repeats = 1 if short else 3
    with Process("stub", "--prompt", 4096) as stub:
        batches = {size: [_peak("batch", size, stub.url) for _ in range(_repeats(size, repeats))] for size in sizes}
    with Process("stub", "--prompt", 16) as stub:
        tasks = {
            what: [_peak(what, count, stub.url) for _ in range(repeats)]
            for what, count in (("tasks", _IDLE), ("tasks", _WAITING), ("recompiles", _IDLE), ("recompiles", _WAITING))
            for what in [f"{what} {count}"]
        }
        clients = {
            what: [_peak(what, count, stub.url) for _ in range(repeats)]
            for kind in (_OURS, *(_OFFICIAL if calls.has("letta_client") else ()))
            for count in (_IDLE, _CLIENTS)
            for what in [f"{kind} {count}"]
        }
    return _section(batches, tasks, clients)


_OURS: Final = "letta_async"
_OFFICIAL: Final = (calls.OFFICIAL_AIOHTTP, calls.OFFICIAL_HTTPX)


def _repeats(size: int, most: int) -> int:
    return most if size <= 10_000 else 1


def _peak(what: str, count: int, url: str) -> Peak:
    """Run a measurement in its own process, and return its peak."""
    what = what.removesuffix(f" {count}")
    peak = Peak(**json.loads(run_child("memory", what, count, url)))
    say(f"{count} {what}: {peak.kib / _MIB:.1f} MiB, {peak.seconds:.0f} s", error=True)
    return peak


def _section(
    batches: Mapping[int, list[Peak]], tasks: Mapping[str, list[Peak]], clients: Mapping[str, list[Peak]]
) -> Section:
    kib = {size: statistics.median(peak.kib for peak in peaks) for size, peaks in batches.items()}
    longest = max(kib)
    more = (kib[longest] - kib[_SHORT]) / _MIB
    lost = sum(size - peak.done for size, peaks in batches.items() for peak in peaks)
    bare = _each(tasks, "tasks", _WAITING)
    ours = _each(tasks, "recompiles", _WAITING)
    a_client = {kind: _each(clients, kind, _CLIENTS) for kind in (_OURS, *_OFFICIAL) if f"{kind} {_IDLE}" in clients}
    return Section(
        "Memory",
        "`recompile_many` over a generator of distinct ids, prompts of 4 KiB, and one `gather` of"
        f" {_WAITING:,} `recompile` calls that all wait before the first is answered, beside as many tasks that wait"
        f" for an event; and {_CLIENTS - 1} clients that each made its session and a call. Each row is a process of its"
        " own; peaks of the resident set, medians of the repeats (quartiles) where there are several.",
        [
            Target(
                f"a batch of {longest:,}, beyond one of {_SHORT:,}", "at most 20 MiB", f"{more:.1f} MiB", more <= 20
            ),
            Target("targets without an outcome", "none", str(lost), not lost),
            Target(
                f"a waiting task of {_WAITING:,}, beyond the task's own cost",
                "at most 12 KiB",
                f"{ours - bare:.1f} KiB",
                ours - bare <= 12,
            ),
            *(
                Target(
                    f"a client and its session, to {kind}'s",
                    "at most a third",
                    f"{a_client[_OURS] / a_client[kind]:.2f}",
                    a_client[_OURS] <= a_client[kind] / 3,
                )
                for kind in a_client
                if kind != _OURS
            ),
        ],
        [
            Table(
                "Batches",
                ("targets", "peak, MiB", "beyond 1,000, MiB", "targets/s"),
                [
                    [
                        f"{size:,}",
                        Spread.of([peak.kib / _MIB for peak in peaks]).show(1),
                        f"{(kib[size] - kib[_SHORT]) / _MIB:.1f}",
                        f"{statistics.median(size / peak.seconds for peak in peaks):.0f}",
                    ]
                    for size, peaks in batches.items()
                ],
            ),
            Table(
                f"{_WAITING:,} tasks in a gather",
                ("task", "peak, MiB", "a task, KiB"),
                [
                    ["waits for an event", _mib(tasks, "tasks"), f"{bare:.1f}"],
                    ["`recompile`", _mib(tasks, "recompiles"), f"{ours:.1f}"],
                ],
            ),
            Table(
                "Clients, each with its session",
                ("client", "KiB"),
                [[kind, f"{kib:.1f}"] for kind, kib in a_client.items()],
            ),
        ],
    )


def _each(peaks: Mapping[str, list[Peak]], what: str, count: int) -> float:
    """Return the memory per item, in KiB."""
    many, one = (statistics.median(peak.kib for peak in peaks[f"{what} {number}"]) for number in (count, _IDLE))
    return (many - one) / (count - _IDLE)


def _mib(tasks: Mapping[str, list[Peak]], what: str) -> str:
    return Spread.of([peak.kib / _MIB for peak in tasks[f"{what} {_WAITING}"]]).show(1)


# --- in the process that is measured ----------------------------------------------------------------------------------


async def _batch(count: int, url: str) -> int:
    async with AsyncLetta(base_url=url) as client:
        done = 0
        async for outcome in client.conversations.recompile_many(_ids(count)):
            done += outcome.ok
    return done


async def _tasks(count: int, url: str) -> int:
    event = asyncio.Event()
    async with AsyncLetta(base_url=url) as client:
        await client.conversations.recompile(next(_ids(1)))

        async def wait(_: str) -> bool:
            return await event.wait()

        asyncio.get_running_loop().call_later(0.2, event.set)
        return len(await asyncio.gather(*(wait(i) for i in _ids(count))))


async def _recompiles(count: int, url: str) -> int:
    async with AsyncLetta(base_url=url) as client:
        await client.conversations.recompile(next(_ids(1)))
        return len(await asyncio.gather(*(client.conversations.recompile(i) for i in _ids(count))))


async def _clients(count: int, make: Callable[[], Any]) -> int:
    """Create clients and a call with each, and keep them all until the last one has."""
    clients = [make() for _ in range(count)]
    for client in clients:
        await client.conversations.recompile(next(_ids(1)))
    for client in clients:
        await client.close()
    return len(clients)


def _official(url: str, http_client: Callable[[Any], Any]) -> Any:
    client = calls.official()
    return client.AsyncLetta(base_url=url, api_key="key", http_client=http_client(client))


def _ids(count: int) -> Generator[str]:
    for number in range(count):
        yield f"conv-{uuid.UUID(int=number, version=4)}"


def _child(what: str, count: int, url: str) -> None:
    work: dict[str, Callable[[int, str], Awaitable[int]]] = {
        "batch": _batch,
        "tasks": _tasks,
        "recompiles": _recompiles,
        _OURS: lambda count, url: _clients(count, lambda: AsyncLetta(base_url=url, api_key="key")),
        calls.OFFICIAL_HTTPX: lambda count, url: _clients(count, lambda: _official(url, lambda _: None)),
        calls.OFFICIAL_AIOHTTP: lambda count, url: _clients(
            count, lambda: _official(url, lambda client: client.DefaultAioHttpClient())
        ),
    }

    async def run() -> int:
        return await work[what](count, url)

    began = time.monotonic()
    done = asyncio.run(run())
    say(json.dumps({"kib": peak_kib(), "seconds": time.monotonic() - began, "done": done}))


def peak_kib() -> int:
    """Return the peak of this process's resident set, in KiB."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    """Measure and print; with `--child`, be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a quick form: no more than 20,000 targets")
    parser.add_argument("--targets", type=int, default=_LONG, help="size of the largest batch (1,000,000)")
    parser.add_argument("--child", nargs=3, metavar=("WHAT", "COUNT", "URL"), help=argparse.SUPPRESS)
    options: Any = parser.parse_args()
    if options.child:
        what, count, url = options.child
        _child(what, int(count), url)
    else:
        say(render(measure(short=options.short, longest=options.targets)))


if __name__ == "__main__":
    main()
