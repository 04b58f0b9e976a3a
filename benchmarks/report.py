"""What a benchmark found, as tables that read well in a terminal and in Markdown alike."""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs

__all__ = [
    "Figure",
    "Section",
    "Spread",
    "Table",
    "Target",
    "at_least",
    "at_most",
    "command",
    "render",
    "render_targets",
    "say",
]


@attrs.frozen
class Table:
    """A table: a caption, the names of the columns, the rows; the first column is text, the others are numbers."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@attrs.frozen
class Target:
    """What ought to be, and what was measured; `met` is `None` where it could not be measured."""

    what: str
    goal: str
    measured: str
    met: bool | None


@attrs.frozen
class Figure:
    """A plot: bars, one for each category and series; or lines over numbers, both axes logarithmic."""

    name: str
    """Of its file, without the suffix."""
    title: str
    axis: str
    """What the values are."""
    series: Mapping[str, Mapping[Any, float]]
    """The values of each series, by category or by number."""
    over: str = ""
    """What the lines go over; empty for bars."""


@attrs.frozen
class Section:
    """What one benchmark has to say."""

    title: str
    method: str
    """How it was measured, in a paragraph."""
    targets: Sequence[Target]
    tables: Sequence[Table]
    figures: Sequence[Figure] = ()

    @property
    def met(self) -> bool:
        """Whether no target was missed."""
        return all(target.met is not False for target in self.targets)


@attrs.frozen
class Spread:
    """Repeated measurements: their median, and the quartiles, between which half of them lie."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarize measurements."""
        if len(values) < 2:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)

    def show(self, digits: int = 2) -> str:
        """Write `median (low to high)`."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def render(section: Section, figures: str = "") -> str:
    """Write a section as Markdown, its columns aligned, with its figures where there is a folder of them."""
    targets = [render_targets(section.targets)] if section.targets else []
    images = [f"![{figure.title}]({figures}/{figure.name}.svg)" for figure in section.figures if figures]
    return "\n\n".join([f"## {section.title}", section.method, *targets, *images, *map(_table, section.tables)]) + "\n"


def render_targets(targets: Sequence[Target]) -> str:
    """Write targets beside what was measured."""
    verdicts = {True: "met", False: "**not met**", None: "not measured"}
    rows = [(target.what, target.goal, target.measured, verdicts[target.met]) for target in targets]
    return _table(Table("", ("target", "goal", "measured", ""), rows))


def at_most(what: str, most: float, measured: Spread, unit: str = "", digits: int = 2) -> Target:
    """Create the target that something is at most so much."""
    return Target(what, f"at most {most:g}{unit}", f"{measured.show(digits)}{unit}", measured.median <= most)


def at_least(what: str, least: float, measured: Spread, unit: str = "", digits: int = 2) -> Target:
    """Create the target that something is at least so much."""
    return Target(what, f"at least {least:g}{unit}", f"{measured.show(digits)}{unit}", measured.median >= least)


def say(text: str = "", *, error: bool = False) -> None:
    """Print a line; with `error`, one of progress, apart from the results."""
    stream = sys.stderr if error else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


class _Measure(Protocol):
    def __call__(self, *, short: bool) -> Section: ...


def command(about: str | None, measure: _Measure, short: str = "a quick form") -> None:
    """Be a benchmark's command: measure, in the quick form if asked to, and print.

    Args:
        about: What `--help` says.
        measure: Does so, `short` or not.
        short: What the quick form is.

    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--short", action="store_true", help=short)
    say(render(measure(short=parser.parse_args().short)))


def _table(table: Table) -> str:
    rows = [list(table.columns), *map(list, table.rows)]
    widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(table.columns))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*([f"{table.caption}:", ""] if table.caption else []), *lines])
