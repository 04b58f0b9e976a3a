"""Benchmark of recompiles per second in one process, and of the cost of each, beside every peer.

64 tasks against a server that costs next to nothing, so that the client is all that is measured: bare aiohttp with the
same body, the same with tenacity, the official client's backends; on asyncio's own loop, and on uvloop.
"""

from __future__ import annotations

import asyncio
from typing import Final

from benchmarks import calls
from benchmarks.process import Process
from benchmarks.report import Figure, Section, Table, Target, at_least, at_most, command, say
from benchmarks.turns import TASKS, Meter, Plan, measure_async

__all__ = ["measure"]

_HEADROOM: Final = 3
"""Minimum ratio of the stub's own rate to that of the fastest client."""


def measure(*, short: bool = False) -> Section:
    """Measure all ways, on each loop."""
    plan = Plan(rounds=6, seconds=0.05, warm=0.4) if short else Plan(rounds=40)
    meters: dict[str, Meter] = {}
    with Process("stub") as stub:
        meters["asyncio"] = asyncio.run(measure_async(stub, calls.async_ways(), plan))
        try:
            import uvloop  # noqa: PLC0415 - it is optional
        except ImportError:
            say("uvloop is not installed, and left out", error=True)
        else:
            meters["uvloop"] = uvloop.run(measure_async(stub, calls.async_ways(), plan))
    return _section(meters, plan)


def _section(meters: dict[str, Meter], plan: Plan) -> Section:
    return Section(
        "Throughput and cost of a call, async",
        f"{TASKS} tasks that recompile with the same settings (but for the ways called otherwise), prompts of 4 KiB, a"
        f" stub server in a process of its own; {plan.show()}, the ways in turn, each after as many calls that are not"
        " measured. Ratios are those within a round, to bare aiohttp with the same body: median (quartiles). Retries,"
        " limiter, checks and logging are as a user gets them by default; bare aiohttp has a semaphore of 64. The stub"
        " is not the bottleneck: the last column is the share of a core that it took, and by what an answer costs it,"
        " it could give several times as many as the fastest client asks for. Bare sockets, which only write and count"
        " bytes, show that these can be had.",
        _targets(meters["asyncio"]),
        [
            Table(
                "",
                ("way", "loop", "calls/s", "CPU per call, ms", "CPU, ratio", "throughput, ratio", "stub's CPU"),
                [row for loop, meter in meters.items() for row in _rows(loop, meter)],
            )
        ],
        [
            Figure(
                "cpu-async",
                "CPU per recompile, async, 64 tasks",
                "CPU per call, ms",
                {loop: _bars(meter) for loop, meter in meters.items()},
            )
        ],
    )


def _targets(meter: Meter) -> list[Target]:
    fastest = max(meter.rate(name) for name in meter.samples if name != calls.SOCKETS)
    can = 1e3 / meter.stub_cpu(calls.OURS_SETTINGS) if meter.stub_cpu(calls.OURS_SETTINGS) else float("nan")
    targets = [
        at_most(
            "CPU per call, typed settings, to bare aiohttp + json",
            1.12,
            meter.ratio(calls.OURS_SETTINGS, calls.BARE_SETTINGS, "cpu"),
        ),
        at_least(
            "throughput, typed settings, to bare aiohttp + json",
            0.95,
            meter.ratio(calls.BARE_SETTINGS, calls.OURS_SETTINGS, "time"),
        ),
        at_least("throughput, no settings", 0.9, meter.ratio(calls.BARE, calls.OURS, "time")),
    ]
    for name, goal in ((calls.OFFICIAL_AIOHTTP, 5), (calls.OFFICIAL_HTTPX, 10)):
        what = f"CPU per call of {name}, to ours"
        if name in meter.samples:
            targets.append(at_least(what, goal, meter.ratio(name, calls.OURS_SETTINGS, "cpu")))
        else:
            targets.append(Target(what, f"at least {goal}", "it is not installed", None))
    targets.append(
        Target(
            "answers the stub can give, to those the fastest client asks for",
            f"at least {_HEADROOM}",
            f"{can / fastest:.1f} ({can:.0f}/s to {fastest:.0f}/s)",
            None if can != can else can >= _HEADROOM * fastest,  # noqa: PLR0124 - not a number: no /proc here
        )
    )
    return targets


def _rows(loop: str, meter: Meter) -> list[list[str]]:
    rows: list[list[str]] = []
    for name in meter.samples:
        base = calls.BARE if name in {calls.BARE, calls.OURS} else calls.BARE_SETTINGS
        rows.append(
            [
                name,
                loop,
                f"{meter.rate(name):.0f}",
                f"{meter.median(name, 'cpu'):.3f}",
                "1" if name == base else meter.ratio(name, base, "cpu").show(),
                "1" if name == base else meter.ratio(base, name, "time").show(),
                f"{meter.stub_share(name):.0%}",
            ]
        )
    return rows


def _bars(meter: Meter) -> dict[str, float]:
    return {name: meter.median(name, "cpu") for name in meter.samples if name != calls.SOCKETS}


if __name__ == "__main__":
    command(__doc__, measure)
