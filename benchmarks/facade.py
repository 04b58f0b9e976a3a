"""Benchmark of the sync client, beside a bare hop to a loop's thread and other sync clients.

One thread recompiles, call after call, or several share a client. The minimum of a sync client over a loop is the hop:
submit a coroutine to the loop's thread and wait for it. urllib3 shows what a client without a loop can do.
"""

from __future__ import annotations

from typing import Final

from benchmarks import calls
from benchmarks.process import Process
from benchmarks.report import Figure, Section, Table, Target, at_least, at_most, command
from benchmarks.turns import Meter, Plan, measure_sync, threaded

__all__ = ["measure"]

_THREADS: Final = 8


def measure(*, short: bool = False) -> Section:
    """Measure all ways, in one thread and in several."""
    plan = Plan(rounds=6, seconds=0.05, warm=0.4) if short else Plan(rounds=40)
    ways = calls.sync_ways()
    with Process("stub") as stub:
        meter = measure_sync(stub, ways, plan, threads=(1, _THREADS))
    return _section(meter, plan)


def _section(meter: Meter, plan: Plan) -> Section:
    several = threaded(calls.OURS_SYNC, _THREADS)
    what = "sync: throughput, to the official sync client's"
    return Section(
        "Throughput and cost of a call, sync",
        f"One thread, and {_THREADS} threads on one client, that recompile with the same settings; else as above:"
        f" {plan.show()}. Ratios are to the bare hop: `asyncio.run_coroutine_threadsafe` to a loop's thread, with bare"
        " aiohttp + json there. The processor time is that of the whole process, both threads of the hop included.",
        [
            at_most("sync: CPU per call, to the bare hop", 1.05, meter.ratio(calls.OURS_SYNC, calls.HOP, "cpu")),
            at_most("sync: time per call, to the bare hop", 1.05, meter.ratio(calls.OURS_SYNC, calls.HOP, "time")),
            at_least(what, 2.5, meter.ratio(calls.OFFICIAL_SYNC, calls.OURS_SYNC, "time"))
            if calls.OFFICIAL_SYNC in meter.samples
            else Target(what, "at least 2.5", "it is not installed", None),
            at_least(
                f"sync: throughput of {_THREADS} threads on one `Letta`, to one thread's",
                1.6,
                meter.ratio(calls.OURS_SYNC, several, "time"),
            ),
        ],
        [
            Table(
                "",
                ("way", "calls/s", "CPU per call, ms", "CPU, ratio", "throughput, ratio", "stub's CPU"),
                [
                    [
                        name,
                        f"{meter.rate(name):.0f}",
                        f"{meter.median(name, 'cpu'):.3f}",
                        "1" if name == calls.HOP else meter.ratio(name, calls.HOP, "cpu").show(),
                        "1" if name == calls.HOP else meter.ratio(calls.HOP, name, "time").show(),
                        f"{meter.stub_share(name):.0%}",
                    ]
                    for name in meter.samples
                ],
            )
        ],
        [
            Figure(
                "cpu-sync",
                "CPU per recompile, sync",
                "CPU per call, ms",
                {
                    what: {name: meter.median(threaded(name, number), "cpu") for name in calls.sync_ways()}
                    for what, number in (("1 thread", 1), (f"{_THREADS} threads", _THREADS))
                },
            )
        ],
    )


if __name__ == "__main__":
    command(__doc__, measure)
