"""How many recompiles a second one process gets through, and what each costs it, beside bare aiohttp and `json`.

64 tasks against a server that costs next to nothing, so that the client is all that is measured. The ways take turns,
many short runs each, and every run is set against that of bare aiohttp in the same round: what else goes on on the
machine then falls on both. The turns are shorter than the few seconds for which an idle connection is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import aiohttp
import attrs

from benchmarks.process import Process
from benchmarks.report import Section, Spread, Table, Target, render, say
from benchmarks.sockets import RawSockets
from letta_async import AsyncLetta, CompactionSettings, OpenAIModelSettings, OpenAIReasoning

__all__ = ["measure"]

_ID: Final = "conv-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"
_TASKS: Final = 64
_SETTINGS: Final = CompactionSettings(
    mode="sliding_window",
    clip_chars=20_000,
    sliding_window_percentage=0.4,
    model="openai/gpt-4o-mini",
    model_settings=OpenAIModelSettings(temperature=0.5, reasoning=OpenAIReasoning(reasoning_effort="low")),
)
_SETTINGS_DICT: Final[dict[str, Any]] = {
    "mode": "sliding_window",
    "clip_chars": 20_000,
    "sliding_window_percentage": 0.4,
    "model": "openai/gpt-4o-mini",
    "model_settings": {"provider_type": "openai", "temperature": 0.5, "reasoning": {"reasoning_effort": "low"}},
}

_BARE: Final = "bare aiohttp + json, 64 at once"
_BARE_SETTINGS: Final = "bare aiohttp + json, settings as a dict"
_OURS: Final = "letta_async"
_OURS_SETTINGS: Final = "letta_async, typed CompactionSettings"
_OURS_FIXED: Final = "letta_async, concurrency=64"
_SOCKETS: Final = "bare sockets: what the stub can do"
_BASES: Final = {_OURS: _BARE, _OURS_SETTINGS: _BARE_SETTINGS, _OURS_FIXED: _BARE}

Call = Callable[[], Awaitable[object]]


@attrs.frozen
class Sample:
    """One run of one way: for each call, in milliseconds, the time, the client's and the stub's processor time."""

    time: float
    cpu: float
    stub_cpu: float


async def measure(*, short: bool = False, uvloop: bool = False) -> Section:
    """Measure all ways, in turn."""
    rounds, calls = (10, 300) if short else (100, 500)
    samples: dict[str, list[Sample]] = {}
    with Process("stub") as stub:
        async with _ways(stub.url) as ways:
            for name, call in ways.items():
                await _run(stub, call, 2000)  # connections are made, the limiter finds its limit
                samples[name] = []
            for number in range(rounds):
                names = list(ways)
                for name in names[number % len(names) :] + names[: number % len(names)]:
                    samples[name].append(await _run(stub, ways[name], calls))
    return _section(samples, f"{rounds} rounds of {calls} calls", uvloop=uvloop)


@asynccontextmanager
async def _ways(url: str) -> AsyncGenerator[dict[str, Call], None]:
    """Give the ways to do one recompile, each with connections of its own."""
    target = f"{url}/v1/conversations/{_ID}/recompile"
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        ours = await stack.enter_async_context(AsyncLetta(base_url=url, api_key="key"))
        fixed = await stack.enter_async_context(AsyncLetta(base_url=url, api_key="key", concurrency=_TASKS))
        raw = await stack.enter_async_context(RawSockets(target))
        slots = asyncio.Semaphore(_TASKS)
        headers = {"Authorization": "Bearer key"}

        async def bare(body: Mapping[str, object] | None = None) -> object:
            async with slots, session.post(target, json=body, headers=headers) as response:
                return json.loads(await response.read())

        yield {
            _BARE: bare,
            _OURS: lambda: ours.conversations.recompile(_ID),
            _BARE_SETTINGS: lambda: bare({"compaction_settings": _SETTINGS_DICT}),
            _OURS_SETTINGS: lambda: ours.conversations.recompile(_ID, compaction_settings=_SETTINGS),
            _OURS_FIXED: lambda: fixed.conversations.recompile(_ID),
            _SOCKETS: raw.call,
        }


async def _run(stub: Process, call: Call, calls: int) -> Sample:
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            await call()

    stub_cpu, cpu, began = stub.cpu_seconds(), time.process_time(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(_TASKS)))
    ended, cpu, stub_cpu = time.perf_counter(), time.process_time() - cpu, stub.cpu_seconds() - stub_cpu
    return Sample((ended - began) / calls * 1e3, cpu / calls * 1e3, stub_cpu / calls * 1e3)


def _section(samples: Mapping[str, list[Sample]], amount: str, *, uvloop: bool) -> Section:
    throughput = {name: _ratios(samples[base], samples[name], "time") for name, base in _BASES.items()}
    cpu = {name: _ratios(samples[name], samples[base], "cpu") for name, base in _BASES.items()}
    rows: list[list[str]] = []
    for name, runs in samples.items():
        share = sum(run.stub_cpu for run in runs) / sum(run.time for run in runs)
        rows.append(
            [
                name,
                f"{1e3 / statistics.median(run.time for run in runs):.0f}",
                f"{statistics.median(run.cpu for run in runs):.3f}",
                throughput[name].show() if name in _BASES else "",
                cpu[name].show() if name in _BASES else "",
                f"{share:.0%}",
            ]
        )
    return Section(
        f"Throughput{' on uvloop' if uvloop else ''}",
        f"64 tasks, prompts of 4 KiB, a stub server in a process of its own; {amount}, the ways in turn. Ratios are"
        " those within a round, to bare aiohttp with the same body: median (quartiles). Retries, limiter, checks and"
        " logging are as a user gets them by default; bare aiohttp has a semaphore of 64. The last column is the share"
        " of a core that the stub took: far below all of it, and bare sockets get several times as much out of it, so"
        " it is the client that is measured.",
        [
            Target(
                f"throughput, {what}", "at least 0.90 of bare aiohttp", throughput[name].show(), _met(throughput[name])
            )
            for what, name in (("no settings", _OURS), ("typed settings", _OURS_SETTINGS))
        ],
        [
            Table(
                "",
                ("way", "calls/s", "CPU per call, ms", "throughput, ratio", "CPU per call, ratio", "stub's CPU"),
                rows,
            )
        ],
    )


def _met(ratio: Spread) -> bool:
    """Tell whether a ratio of throughputs meets the target."""
    return ratio.median >= 0.9


def _ratios(ones: list[Sample], others: list[Sample], what: str) -> Spread:
    return Spread.of([getattr(a, what) / getattr(b, what) for a, b in zip(ones, others, strict=True)])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a quick form")
    parser.add_argument("--uvloop", action="store_true", help="the client on uvloop, too")
    options = parser.parse_args()
    if not options.uvloop:
        say(render(asyncio.run(measure(short=options.short))))
        return
    import uvloop  # noqa: PLC0415 - only where it is asked for

    say(render(uvloop.run(measure(short=options.short, uvloop=True))))


if __name__ == "__main__":
    main()
