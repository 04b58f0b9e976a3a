"""What a benchmark found, as tables that read well in a terminal and in Markdown alike."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

import attrs

__all__ = ["Section", "Spread", "Table", "Target", "render", "say"]


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
class Section:
    """What one benchmark has to say."""

    title: str
    method: str
    """How it was measured, in a paragraph."""
    targets: Sequence[Target]
    tables: Sequence[Table]

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


def render(section: Section) -> str:
    """Write a section as Markdown, its columns aligned."""
    verdicts = {True: "met", False: "not met", None: "not measured"}
    targets = Table(
        "",
        ("target", "goal", "measured", ""),
        [(target.what, target.goal, target.measured, verdicts[target.met]) for target in section.targets],
    )
    tables = [*([targets] if section.targets else []), *section.tables]
    return "\n\n".join([f"## {section.title}", section.method, *map(_table, tables)]) + "\n"


def say(text: str = "", *, error: bool = False) -> None:
    """Print a line; with `error`, one of progress, apart from the results."""
    stream = sys.stderr if error else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


def _table(table: Table) -> str:
    rows = [list(table.columns), *map(list, table.rows)]
    widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(table.columns))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*([f"{table.caption}:", ""] if table.caption else []), *lines])
