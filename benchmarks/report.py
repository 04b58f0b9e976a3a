"""Results of benchmarks as tables and figures, rendered in Markdown that is readable in a terminal."""

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
    """A goal with the measured value; `met` is `None` if it could not be measured."""

    what: str
    goal: str
    measured: str
    met: bool | None


@attrs.frozen
class Figure:
    """A plot: bars, one for each category and series; or lines over numbers, both axes logarithmic."""

    name: str
    """Name of the file, without the suffix."""
    title: str
    axis: str
    """Label of the values' axis."""
    series: Mapping[str, Mapping[Any, float]]
    """The values of each series, by category or by number."""
    over: str = ""
    """Label of the axis that lines go over; empty for bars."""


@attrs.frozen
class Section:
    """Results of a benchmark."""

    title: str
    method: str
    """Description of the measurement, one paragraph."""
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
        """Return the text `median (low to high)`."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def render(section: Section, figures: str = "") -> str:
    """Render a section as Markdown with aligned columns, and with its figures if a folder is given."""
    targets = [render_targets(section.targets)] if section.targets else []
    images = [f"![{figure.title}]({figures}/{figure.name}.svg)" for figure in section.figures if figures]
    return "\n\n".join([f"## {section.title}", section.method, *targets, *images, *map(_table, section.tables)]) + "\n"


def render_targets(targets: Sequence[Target]) -> str:
    """Render targets with the measured values as Markdown."""
    verdicts = {True: "met", False: "**not met**", None: "not measured"}
    rows = [(target.what, target.goal, target.measured, verdicts[target.met]) for target in targets]
    return _table(Table("", ("target", "goal", "measured", ""), rows))


def at_most(what: str, most: float, measured: Spread, unit: str = "", digits: int = 2) -> Target:
    """Create the target that something is at most so much."""
    return Target(what, f"at most {most:g}{unit}", f"{measured.show(digits)}{unit}", measured.median <= most)


def at_least(what: str, least: float, measured: Spread, unit: str = "", digits: int = 2) -> Target:
    """Create the target that something is at least so much."""
    return Target(what, f"at least {least:g}{unit}", f"{measured.show(digits)}{unit}", measured.median >= least)


def without_official(what: str, goal: str = "") -> Target:
    """Create a target that could not be measured, since it is beside the official client."""
    return Target(what, goal, "letta-client is not installed", None)


def say(text: str = "", *, error: bool = False) -> None:
    """Print a line; with `error` to standard error, for progress."""
    stream = sys.stderr if error else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


class _Measure(Protocol):
    def __call__(self, *, short: bool) -> Section: ...


def command(about: str | None, measure: _Measure, short: str = "a quick form") -> None:
    """Run a benchmark as a command: parse `--short`, measure, and print.

    Args:
        about: Text of `--help`.
        measure: Function that measures, given whether the form is short.
        short: Description of the short form.

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
