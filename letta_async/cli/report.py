"""Report of results per conversation: as a table, one JSON document, or JSON lines."""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, get_args

import attrs

from letta_async.batch.staleness import RecompileCost
from letta_async.cli.error_messages import one_line, without_control_characters
from letta_async.cli.exits import Exit
from letta_async.cli.stop_signals import Stop
from letta_async.errors import APIStatusError, LettaError

__all__ = ["FORMATS", "Format", "Report", "Row", "Status", "print_diff", "say", "say_stopping"]

Format = Literal["table", "json", "jsonl"]
FORMATS: Final[tuple[Format, ...]] = ("table", "json", "jsonl")

Status = Literal["stale", "current", "recompiled", "unchanged", "skipped", "busy", "compacted", "failed"]

_STYLES: Final = {
    "stale": "yellow",
    "busy": "yellow",
    "recompiled": "green",
    "compacted": "green",
    "failed": "bold red",
}
_QUIET: Final = ("current", "unchanged", "skipped")
"""Statuses whose conversations a table does not list; they are only counted."""
_LISTED: Final = 100
"""Maximum number of recompiled conversations in a table; more are only counted. No other status is limited."""
_MARKS: Final = {"+": "green", "-": "red", "@": "cyan"}


@attrs.frozen(kw_only=True)
class Row:
    """Result of one conversation."""

    conversation_id: str
    status: Status
    seconds: float = 0.0
    error: LettaError | None = None
    diff: str | None = None
    cost: RecompileCost | None = None
    """Estimate of what a recompile costs. Default: `None`, unknown."""
    words: str | None = None
    """Detail in a table, beside the status or the error. Default: the number of lines in the diff, and the
    cost; or the time."""
    more: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """Further fields of the JSON object."""

    def as_json(self) -> dict[str, Any]:
        """Return the row as a JSON object, always with the same fields."""
        error = self.error
        return {
            "conversation_id": self.conversation_id,
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "diff": self.diff,
            "reread_tokens": None
            if self.cost is None
            else {
                "prompt": self.cost.prompt_tokens,
                "messages": self.cost.message_tokens,
                "total": self.cost.total_tokens,
            },
            "error": None
            if error is None
            else {
                "type": type(error).__name__,
                "message": one_line(error),
                "status_code": error.status_code if isinstance(error, APIStatusError) else None,
            },
            **self.more,
        }

    def detail(self) -> str:
        """Return the row's detail in a table: the error, the words, the size of the diff with the cost, or the time."""
        if self.error is not None:
            return one_line(self.error) + (f" ({self.words})" if self.words else "")
        if self.words is not None:
            return " ".join(without_control_characters(self.words).split())
        if self.diff:
            lines = Counter(line[:1] for line in self.diff.split("\n")[2:])
            tokens = "" if self.cost is None else f", about {self.cost.total_tokens:,} tokens"
            return f"+{lines['+']} -{lines['-']} lines{tokens}"
        return f"{self.seconds:.2f} s"


class Report:
    """Writer of rows to standard output in one of the formats."""

    def __init__(self, kind: Format, *, diffs: bool = False) -> None:
        """Create a report.

        Args:
            kind: The format.
            diffs: Whether it includes the rows' diffs. Default: `False`.

        """
        self.kind: Final = kind
        self.counts: Counter[str] = Counter()
        self.costs: list[RecompileCost | None] = []
        """Cost of each stale conversation; `None` if it is unknown."""
        self.broken: OSError | None = None
        """Error after which nothing is written to standard output; rows are still counted."""
        self._diffs = diffs
        self._rows: list[Row] = []

    def add(self, row: Row, stop: Stop | None = None) -> None:
        """Add a row; JSON lines are written immediately, and if that fails, a stop is requested."""
        self.counts[row.status] += 1
        if row.status == "stale":
            self.costs.append(row.cost)
        if self.kind == "jsonl":
            self._write(lambda: sys.stdout.write(json.dumps(self._json(row)) + "\n"))
            if self.broken is not None and stop is not None:
                stop.ask(Exit.UNCHECKED)
        elif self.kind == "json" or row.status not in _QUIET:
            self._rows.append(row)

    @property
    def writes_as_it_goes(self) -> bool:
        """Whether rows are written immediately to a terminal, where a progress bar would be in the way."""
        return self.kind == "jsonl" and sys.stdout.isatty()

    def close(self, *, not_done: int) -> None:
        """Write the rows that are not written yet.

        Args:
            not_done: Number of conversations without a row, because a stop was requested.

        """
        self._write(lambda: self._write_rest(not_done))

    def _write(self, write: Callable[[], object]) -> None:
        if self.broken is not None:
            return
        try:
            write()
            sys.stdout.flush()
        except OSError as error:
            self.broken = error

    def _write_rest(self, not_done: int) -> None:
        if self.kind == "json":
            document = {
                "conversations": list(map(self._json, self._rows)),
                "counts": {status: self.counts[status] for status in get_args(Status)},
                "reread_tokens": sum(each.total_tokens for each in self.costs if each is not None),
                "not_done": not_done,
            }
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
        elif self.kind == "table":
            if self._diffs:
                for row in self._rows:
                    if row.status == "stale":  # diffs of recompiled conversations were shown with the plan
                        print_diff(row)
            _print_table(self._rows)

    def failure(self) -> Exit | None:
        """Return the exit code if the output could not be written, else `None`.

        The error is printed, unless it is that the reader has left.
        """
        if self.broken is None:
            return None
        if not isinstance(self.broken, BrokenPipeError):
            say(f"error: the output cannot be written: {self.broken.strerror or self.broken}")
        return Exit.UNCHECKED

    def summary(self, statuses: Iterable[Status]) -> str:
        """Return the number of rows per status in words; failures are included if there are any."""
        named = [*statuses, *(["failed"] if self.counts["failed"] else [])]
        return ", ".join(f"{self.counts[status]} {status}" for status in named)

    def _json(self, row: Row) -> dict[str, Any]:
        return attrs.evolve(row, diff=row.diff if self._diffs else None).as_json()


def say(words: str, *, end: str = "\n") -> None:
    """Write text to standard error; ignore the error if the terminal is closed."""
    with contextlib.suppress(OSError):  # the work goes on without the terminal
        sys.stderr.write(f"{words}{end}")
        sys.stderr.flush()


def say_stopping() -> None:
    """Write to standard error what the first signal does, and what a second one would do."""
    say("Stopping: what is in flight is waited for. Once more ends it at once.")


def print_diff(row: Row) -> None:
    """Print a row's diff to standard output, in colour on a terminal."""
    if not row.diff:
        return
    from rich.text import Text  # noqa: PLC0415 - only where it is printed

    console = _console()
    _, _, *lines = row.diff.split("\n")
    with console.capture() as captured:  # rich itself would end the process when nobody reads any more
        console.print(Text(f"--- {row.conversation_id} stored\n+++ {row.conversation_id} recompiled", style="bold"))
        for line in lines:
            console.print(Text(without_control_characters(line), style=_MARKS.get(line[:1], "")), soft_wrap=True)
    sys.stdout.write(captured.get())


def _print_table(rows: Iterable[Row]) -> None:
    """Print rows as a table to standard output, failed ones last."""
    ordered = sorted(rows, key=lambda row: row.status == "failed")
    done = [row for row in ordered if row.status == "recompiled"]
    shown = [row for row in ordered if row.status != "recompiled" or len(done) <= _LISTED]
    if not ordered:
        return
    from rich.table import Table  # noqa: PLC0415 - only where it is printed
    from rich.text import Text  # noqa: PLC0415 - only where it is shown

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("conversation", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("detail", overflow="fold")
    if len(shown) < len(ordered):
        table.add_row(f"{len(done)} conversations", Text("recompiled", style=_STYLES["recompiled"]), "")
    for row in shown:
        status = Text(row.status, style=_STYLES.get(row.status, ""))
        table.add_row(without_control_characters(row.conversation_id), status, Text(row.detail()))
    console = _console()
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _console() -> Any:
    """Return a console for standard output: as wide as the terminal, or wide enough for any line."""
    from rich.console import Console  # noqa: PLC0415 - only where something is printed

    wide = None if sys.stdout.isatty() else 100_000
    return Console(file=sys.stdout, width=wide, highlight=False, markup=False, emoji=False)
