"""Performance checks for continuous integration: ratios and counts that a busy machine does not distort.

Counts are the same on every machine, so their bounds are close to the values. Ratios of processor time, which the
processor's caches and clock sway, have bounds that leave room; the goals themselves are `benchmarks`' own. Nothing here
depends on how long anything took. Without the official client, what is set against it is left out; without valgrind,
instructions are not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Final

from benchmarks import arguments, calls, counts, decoding, settings, startup, streaming, streams
from benchmarks.process import Process
from benchmarks.report import Target, render_targets, say
from benchmarks.turns import Meter, Plan, measure_async, measure_sync

__all__ = ["CHECKS", "run"]

_PLAN: Final = Plan(rounds=15, seconds=0.04, warm=0.5)
_EVENTS: Final = 3000
_KEPT: Final = 10_000
"""Number of events that a stream keeps."""


def _most(what: str, most: float, measured: float, unit: str = "") -> Target:
    return Target(what, f"at most {most:g}{unit}", f"{measured:.2f}{unit}", measured <= most)


def check_counts() -> list[Target]:
    """Check the bytecodes of a call, and the memory that it holds and leaves."""
    with Process("stub") as stub:
        bare, ours, anew = (
            asyncio.run(counts.count(name, stub.url))
            for name in (calls.BARE_SETTINGS, calls.OURS_SETTINGS, calls.OURS_ANEW)
        )
    return [
        _most("bytecodes of a call, typed settings, to bare", 1.35, ours.bytecodes / bare.bytecodes),
        _most("bytecodes of a call, settings made for each, to bare", 2.0, anew.bytecodes / bare.bytecodes),
        _most("memory of a waiting call, beyond bare", 4, (ours.held.bytes - bare.held.bytes) / 1024, " KiB"),
        _most("blocks of a waiting call, beyond bare", 20, ours.held.blocks - bare.held.blocks),
        _most("blocks that a call leaves behind", 1, ours.left),
    ]


def check_cost() -> list[Target]:
    """Compare the processor time of an async call with bare aiohttp's, and the official client's with ours."""
    ways = calls.async_ways()
    wanted = (calls.BARE_SETTINGS, calls.OURS_SETTINGS, calls.OFFICIAL_AIOHTTP)
    with Process("stub") as stub:
        chosen = {name: ways[name] for name in wanted if name in ways}
        meter = asyncio.run(measure_async(stub, chosen, _PLAN))
    ratio = meter.ratio(calls.OURS_SETTINGS, calls.BARE_SETTINGS, "cpu").median
    return [
        _most("CPU of an async call, typed settings, to bare aiohttp + json", 1.5, ratio),
        *_beside(meter, calls.OURS_SETTINGS, calls.OFFICIAL_AIOHTTP, 0.3),
    ]


def check_facade() -> list[Target]:
    """Compare bytecodes and processor time of a sync call with the bare hop's, and ours with the official client's.

    The cost of a hop between threads depends more on the scheduler than on us, hence the margin in the bound.
    """
    ways = calls.sync_ways()
    wanted = (calls.HOP, calls.OURS_SYNC, calls.OFFICIAL_SYNC)
    with Process("stub") as stub:
        meter = measure_sync(stub, {name: ways[name] for name in wanted if name in ways}, _PLAN)
        hop, ours = (counts.sync_bytecodes(name, stub.url) for name in (calls.HOP, calls.OURS_SYNC))
    return [
        _most("bytecodes of a sync call, to the bare hop", 1.4, ours / hop),
        _most("CPU of a sync call, to the bare hop", 2, meter.ratio(calls.OURS_SYNC, calls.HOP, "cpu").median),
        *_beside(meter, calls.OURS_SYNC, calls.OFFICIAL_SYNC, 0.5),
    ]


def check_startup() -> list[Target]:
    """Set the cost of imports against that of importing the dependencies, and see what else is imported."""
    imports = startup.import_costs(4)
    needless = startup.needless_modules()
    return [
        _most(f"CPU of `import {startup.PACKAGE}`, to its four dependencies'", 1.25, _import(imports, startup.PACKAGE)),
        _most(f"CPU of importing {startup.USED}, to the same", 1.5, _import(imports, startup.USED)),
        startup.check_instructions(),
        Target("modules that the root imports without need", "none", ", ".join(needless) or "none", not needless),
    ]


def _import(imports: Meter, name: str) -> float:
    return imports.ratio(name, startup.DEPENDENCIES, "cpu").median


def check_settings() -> list[Target]:
    """Compare the conversion of settings, and the validation of arguments, with pydantic's."""
    meter = settings.meter(15, 200)
    return [
        *_beside(meter, settings.WRITE, settings.DUMP, 1.3),
        *_beside(meter, settings.READ, settings.VALIDATE, 1),
        *_beside(arguments.meter(9, 50), arguments.OURS, arguments.PYDANTIC, 1.2, " of validating arguments: that"),
    ]


def check_streams() -> list[Target]:
    """Compare the cost of an event with bare aiohttp's and the official client's, and see what events leave behind."""
    with Process("stub", "--events", _EVENTS, "--per-chunk", 64) as stub:
        meter = streams.measure_costs(stub, _EVENTS, 15)
        bare, ours = (asyncio.run(streams.bytecodes(stub, name, _EVENTS)) for name in (streaming.BARE, streaming.OURS))
    with Process("stub", "--events", 3 * _KEPT) as stub:
        _, left = asyncio.run(streams.growth(stub, sys.getallocatedblocks, 2 * _KEPT))
    return [
        _most("bytecodes of an event, to bare aiohttp + json", 2.6, ours / bare),
        _most(
            "CPU of an event, to bare aiohttp + json", 2.2, meter.ratio(streaming.OURS, streaming.BARE, "cpu").median
        ),
        *_beside(meter, streaming.OURS, streaming.OFFICIAL_AIOHTTP, 0.4),
        _most(
            "CPU of an event, `Letta`, to our async",
            1.6,
            meter.ratio(streaming.OURS_SYNC, streaming.OURS, "cpu").median,
        ),
        _most("blocks that an event leaves behind", 0.1, left / _KEPT),
    ]


def check_decoding() -> list[Target]:
    """Compare the decoding of lists with `json.loads` on the same bytes, and with the official client."""
    targets: list[Target] = []
    for kind, rows in ((decoding.AGENTS, 50), (decoding.MESSAGES, 300)):
        meter = decoding.meter(kind, rows, 5)
        ratio = meter.ratio(decoding.OURS, decoding.JSON, "cpu").median
        targets += [
            _most(f"CPU of decoding {kind.name}, to {decoding.JSON}", kind.most, ratio),
            *_beside(meter, decoding.OURS, decoding.OFFICIAL, 0.3, f" of decoding {kind.name}: that"),
        ]
    return targets


def _beside(meter: Meter, ours: str, theirs: str, most: float, what: str = "") -> list[Target]:
    """Create the target that ours takes at most a multiple of theirs, if theirs was measured."""
    if theirs not in meter.samples:
        return []
    return [_most(f"CPU{what} of {ours}, to {theirs}", most, meter.ratio(ours, theirs, "cpu").median)]


CHECKS: Final[Mapping[str, Callable[[], list[Target]]]] = {
    "counts": check_counts,
    "cost": check_cost,
    "facade": check_facade,
    "startup": check_startup,
    "settings": check_settings,
    "streams": check_streams,
    "decoding": check_decoding,
}


def run(name: str) -> list[Target]:
    """Run a check, and run it again if a busy moment may have distorted it."""
    targets = CHECKS[name]()
    return targets if all(target.met is not False for target in targets) else CHECKS[name]()


def main() -> int:
    """Run the checks named, or all; the exit code is 1 if a bound was passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"{', '.join(CHECKS)} (all)")
    chosen: list[str] = parser.parse_args().checks or list(CHECKS)
    if unknown := set(chosen) - CHECKS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    targets = [target for name in chosen for target in run(name)]
    say(render_targets(targets))
    return 0 if all(target.met is not False for target in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
