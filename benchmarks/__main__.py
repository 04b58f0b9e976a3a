"""Command that runs all benchmarks, prints the results, and writes them to `docs/benchmarks.md`, with plots."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks import (
    arguments,
    capacity,
    counts,
    decoding,
    embedded,
    facade,
    growth,
    hotpath,
    memory,
    plots,
    real_gather,
    real_turns,
    scale,
    settings,
    startup,
    streams,
    telemetry,
    throughput,
    uploads,
)
from benchmarks.machine import machine
from benchmarks.page import PLOTS, replace_sections, write_page
from benchmarks.process import ROOT
from benchmarks.report import Section, render, say
from letta_async import __version__

_DOCUMENT: Final = ROOT / "docs" / "benchmarks.md"
_NO_SERVER: Final = "Not measured in this run: it wants the address of a real server (`make bench REAL_URL=http://…`)."


def _measures(options: argparse.Namespace) -> Mapping[str, Callable[[], Section]]:
    short: bool = options.short
    return {
        "throughput": lambda: throughput.measure(short=short),
        "facade": lambda: facade.measure(short=short),
        "decoding": lambda: decoding.measure(short=short),
        "streams": lambda: streams.measure(short=short),
        "uploads": lambda: uploads.measure(short=short),
        "telemetry": lambda: telemetry.measure(short=short),
        "startup": lambda: startup.measure(short=short),
        "settings": lambda: settings.measure(short=short),
        "arguments": lambda: arguments.measure(short=short),
        "memory": lambda: memory.measure(short=short),
        "growth": lambda: growth.measure(short=short),
        "scale": lambda: scale.measure(short=short),
        "counts": lambda: counts.measure(short=short),
        "hotpath": lambda: hotpath.measure(short=short),
        "embedded": lambda: embedded.measure(short=short),
        "capacity": lambda: asyncio.run(capacity.measure(short=short)),
        "real_gather": lambda: _real(real_gather, "A gather against a real server", options.real, short=short),
        "real_turns": lambda: _real(real_turns, "Turns on a real server", options.real, short=short),
    }


def _real(module: Any, title: str, url: str | None, *, short: bool) -> Section:
    if url is None:
        return Section(title, _NO_SERVER, [], [])
    form: dict[str, Any] = module.SHORT if short else {}
    section: Section = asyncio.run(module.measure(url, **form))
    return section


def _run(measures: Mapping[str, Callable[[], Section]]) -> list[Section]:
    sections: list[Section] = []
    for name, measure in measures.items():
        say(f"--- {name}", error=True)
        began = time.monotonic()
        sections.append(measure())
        say(f"    {time.monotonic() - began:.0f} s", error=True)
        say(render(sections[-1]))
    return sections


def main() -> int:
    """Measure everything; the exit code is 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="quick forms, and nothing is written unless --output is")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these sections only, replaced on the page")
    parser.add_argument(
        "--real",
        metavar="URL",
        default=os.environ.get("LETTA_TEST_BASE_URL"),
        help="a real server (default: LETTA_TEST_BASE_URL)",
    )
    parser.add_argument("--output", type=Path, help="where to write (docs/benchmarks.md)")
    options = parser.parse_args()
    output: Path | None = options.output or (None if options.short else _DOCUMENT)
    if output is not None and find_spec("matplotlib") is None:
        parser.error("the plots need matplotlib: pip install 'letta-async[bench]'")
    measures = _measures(options)
    if unknown := set(options.only or ()) - measures.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(measures)}")
    began = time.monotonic()
    sections = _run({name: measure for name, measure in measures.items() if not options.only or name in options.only})
    if output is not None:
        plots.draw([figure for section in sections for figure in section.figures], output.parent / PLOTS)
        if options.only:
            page = output.read_text(encoding="utf-8") if output.exists() else ""
            page = replace_sections(page, machine(), sections, datetime.now(UTC).date(), __version__)
        else:
            page = write_page(machine(), sections, (time.monotonic() - began) / 60)
        output.write_text(page, encoding="utf-8")
    missed = [
        f"{section.title}: {target.what}" for section in sections for target in section.targets if target.met is False
    ]
    for what in missed:
        say(f"not met: {what}", error=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
