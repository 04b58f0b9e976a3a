"""Run all benchmarks in turn, print what they found, and write it to `docs/benchmarks.md`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks import capacity, embedded, memory, real_gather, throughput
from benchmarks.machine import machine
from benchmarks.process import ROOT
from benchmarks.report import Section, render, say

_DOCUMENT: Final = ROOT / "docs" / "benchmarks.md"
_HEAD: Final = """# Benchmarks

Written by `python -m benchmarks`; do not edit. Each section is also a command of its own, with `--short` for a quick
form. Ratios between ways that took turns in one run mean something on any machine; absolute figures do so on this one.
"""
_NO_SERVER: Final = Section(
    "A gather against a real server",
    "Not measured in this run: it wants the address of a real server (`python -m benchmarks --real URL`).",
    [],
    [],
)


def _run(options: argparse.Namespace) -> list[Section]:
    short: bool = options.short
    wanted: list[tuple[str, Callable[[], Section]]] = [
        ("throughput", lambda: asyncio.run(throughput.measure(short=short))),
        ("throughput on uvloop", lambda: _on_uvloop(short=short)),
        ("memory", lambda: memory.measure(short=short)),
        ("the embedded server", lambda: embedded.measure(short=short)),
        ("a changing capacity", lambda: asyncio.run(capacity.measure(short=short))),
        ("a real server", lambda: _real(options.real, short=short)),
    ]
    sections = [machine()]
    for name, measure in wanted:
        say(f"--- {name}", error=True)
        sections.append(measure())
        say(render(sections[-1]))
    return sections


def _on_uvloop(*, short: bool) -> Section:
    try:
        import uvloop  # noqa: PLC0415 - it is optional
    except ImportError:
        return Section("Throughput on uvloop", "Not measured in this run: uvloop is not installed.", [], [])
    return uvloop.run(throughput.measure(short=short, uvloop=True))


def _real(url: str | None, *, short: bool) -> Section:
    if url is None:
        return _NO_SERVER
    form: dict[str, Any] = real_gather.SHORT if short else {}
    return asyncio.run(real_gather.measure(url, **form))


def main() -> int:
    """Measure everything; the exit code is 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="quick forms, and nothing is written")
    parser.add_argument(
        "--real",
        metavar="URL",
        default=os.environ.get("LETTA_TEST_BASE_URL"),
        help="a real server (default: LETTA_TEST_BASE_URL)",
    )
    parser.add_argument("--output", type=Path, default=_DOCUMENT, help="where to write (docs/benchmarks.md)")
    options = parser.parse_args()
    sections = _run(options)
    if not options.short:
        options.output.write_text("\n".join([_HEAD, *map(render, sections)]), encoding="utf-8")
    missed = [
        f"{section.title}: {target.what}" for section in sections for target in section.targets if target.met is False
    ]
    for what in missed:
        say(f"not met: {what}", error=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
