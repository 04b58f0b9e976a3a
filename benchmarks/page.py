"""Page of the results: written whole, or with the sections replaced that were measured alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

import attrs

from benchmarks.report import Section, Target, render, render_targets

__all__ = ["PLOTS", "replace_sections", "write_page"]

PLOTS: Final = "benchmarks"
"""Folder of the plots, beside the page."""
_HEAD: Final = """# Benchmarks

Written by `make bench`; do not edit. Each section is also a command of its own, such as
`python -m benchmarks.throughput`, with `--short` for a quick form. Ratios between ways that took turns in one run mean
something on any machine; absolute figures do so on this one. A way's name is that of the client; where it does not say
otherwise, it recompiles with the same settings, typed where they can be. Continuous integration holds the package to
what noise cannot turn (`make bench-check`).
"""
_EVERY: Final = "Every target, beside what was measured"
_VERDICTS: Final = {"met": True, "**not met**": False, "not measured": None}


def write_page(machine: Section, sections: Sequence[Section], minutes: float) -> str:
    """Write the page of a run of all sections."""
    targets = [target for section in sections for target in section.targets]
    texts = [render(machine), *(render(section, PLOTS) for section in sections)]
    return _page(targets, f"The run took {minutes:.0f} minutes.", texts)


def replace_sections(page: str, machine: Section, sections: Sequence[Section], day: date, version: str) -> str:
    """Replace sections of a page by those that were measured since, each with the day and the version; new ones last.

    Args:
        page: The page.
        machine: Section about the machine.
        sections: What was measured.
        day: The day on which it was.
        version: Version of the package that was measured.

    """
    note = f"Measured alone on {day}, with letta-async {version}."
    dated = [attrs.evolve(section, method=f"{section.method} {note}") for section in sections]
    texts: Mapping[str, str] = {each.title: render(each, PLOTS) for each in dated}
    kept = {title: text for title, text in _sections(page) if title != _EVERY}
    every = {machine.title: render(machine), **kept, **texts}
    alone = sum("Measured alone on " in text for text in every.values())
    about = f"Most were measured in one run; those of {alone} sections alone and later, as they say."
    return _page([target for text in every.values() for target in _targets(text)], about, list(every.values()))


def _page(targets: Sequence[Target], about: str, texts: Iterable[str]) -> str:
    missed = sum(target.met is False for target in targets)
    summary = f"{len(targets)} targets, {missed} of them not met. {about}"
    every = "\n\n".join([f"## {_EVERY}", summary, render_targets(targets)]) + "\n"
    return "\n".join([_HEAD, every, *texts])


def _sections(page: str) -> Iterable[tuple[str, str]]:
    """Yield the title and the text of each section."""
    for text in re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]:
        yield text.partition("\n")[0].removeprefix("## "), text.rstrip("\n") + "\n"


def _targets(text: str) -> Iterable[Target]:
    """Yield the targets in the text of a section."""
    rows = re.findall(r"^\| (.+?) +\| (.+?) +\| (.+?) +\| (met|\*\*not met\*\*|not measured) +\|$", text, re.MULTILINE)
    for what, goal, measured, verdict in rows:
        yield Target(what, goal, measured, _VERDICTS[verdict])
