"""Report results per conversation: as a table, as one JSON document, or as JSON lines."""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, get_args

import attrs

from letta_async.cli.exits import Exit
from letta_async.cli.failing import harmless, one_line
from letta_async.cli.stopping import Stop
from letta_async.errors import APIStatusError, LettaError

__all__ = ["FORMATS", "Format", "Report", "Row", "Status", "print_diff", "say", "say_stopping"]

Format = Literal["table", "json", "jsonl"]
FORMATS: Final[tuple[Format, ...]] = ("table", "json", "jsonl")

Status = Literal["stale", "current", "recompiled", "unchanged", "skipped", "compacted", "failed"]

_STYLES: Final = {"stale": "yellow", "recompiled": "green", "compacted": "green", "failed": "bold red"}
_QUIET: Final = ("current", "unchanged", "skipped")
"""What a table leaves to the counts."""
_LISTED: Final = 100
"""How many recompiled conversations a table names; more are counted. Failed and stale ones are always named."""
_MARKS: Final = {"+": "green", "-": "red", "@": "cyan"}


@attrs.frozen(kw_only=True)
class Row:
    """What came of one conversation."""

    conversation_id: str
    status: Status
    seconds: float = 0.0
    error: LettaError | None = None
    diff: str | None = None
    words: str | None = None
    """What a table says beside the status, or the error; default: the diff's lines, or the time."""
    more: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """Further fields in JSON."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values, the same fields each time."""
        error = self.error
        return {
            "conversation_id": self.conversation_id,
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "diff": self.diff,
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
        """Return what a table says of it beside its status."""
        if self.error is not None:
            return one_line(self.error) + (f" ({self.words})" if self.words else "")
        if self.words is not None:
            return " ".join(harmless(self.words).split())
        if self.diff:
            lines = Counter(line[:1] for line in self.diff.split("\n")[2:])
            return f"+{lines['+']} -{lines['-']} lines"
        return f"{self.seconds:.2f} s"


class Report:
    """Gather rows and write them to standard output in one of the formats."""

    def __init__(self, kind: Format, *, diffs: bool = False) -> None:
        """Store the format, and whether the rows' diffs are part of it."""
        self.kind: Final = kind
        self.counts: Counter[str] = Counter()
        self.broken: OSError | None = None
        """Why standard output took no more; rows are counted all the same."""
        self._diffs = diffs
        self._rows: list[Row] = []

    def add(self, row: Row, stop: Stop | None = None) -> None:
        """Take a row; as JSON lines it is written at once, and a reader that left is a wish to stop."""
        self.counts[row.status] += 1
        if self.kind == "jsonl":
            self._write(lambda: sys.stdout.write(json.dumps(self._json(row)) + "\n"))
            if self.broken is not None and stop is not None:
                stop.ask(Exit.UNCHECKED)
        elif self.kind == "json" or row.status not in _QUIET:
            self._rows.append(row)

    @property
    def writes_as_it_goes(self) -> bool:
        """Whether rows go to the terminal that a progress bar would be on."""
        return self.kind == "jsonl" and sys.stdout.isatty()

    def close(self, *, not_done: int) -> None:
        """Write what was not written yet, and how many conversations have no row, because somebody asked to stop."""
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
                "not_done": not_done,
            }
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
        elif self.kind == "table":
            if self._diffs:
                for row in self._rows:
                    if row.status == "stale":  # those of what was recompiled were shown before it was
                        print_diff(row)
            _print_table(self._rows)

    def failure(self) -> Exit | None:
        """Return the exit code of an output that could not be written, and say so, unless it is a reader that left."""
        if self.broken is None:
            return None
        if not isinstance(self.broken, BrokenPipeError):
            say(f"error: the output cannot be written: {self.broken.strerror or self.broken}")
        return Exit.UNCHECKED

    def summary(self, statuses: Iterable[Status]) -> str:
        """Count what came of them, in words; a failure is mentioned where there is one."""
        named = [*statuses, *(["failed"] if self.counts["failed"] else [])]
        return ", ".join(f"{self.counts[status]} {status}" for status in named)

    def _json(self, row: Row) -> dict[str, Any]:
        return attrs.evolve(row, diff=row.diff if self._diffs else None).as_json()


def say(words: str, *, end: str = "\n") -> None:
    """Tell whoever looks on, beside the machine's output."""
    with contextlib.suppress(OSError):  # a terminal that was closed must not end what goes on without it
        sys.stderr.write(f"{words}{end}")
        sys.stderr.flush()


def say_stopping() -> None:
    """Tell what a first signal does, and a second."""
    say("Stopping: what is in flight is waited for. Once more ends it at once.")


def print_diff(row: Row) -> None:
    """Print a row's diff, in colour where there is a terminal."""
    if not row.diff:
        return
    from rich.text import Text  # noqa: PLC0415 - only where it is printed

    console = _console()
    _, _, *lines = row.diff.split("\n")
    with console.capture() as captured:  # rich itself would end the process when nobody reads any more
        console.print(Text(f"--- {row.conversation_id} stored\n+++ {row.conversation_id} recompiled", style="bold"))
        for line in lines:
            console.print(Text(harmless(line), style=_MARKS.get(line[:1], "")), soft_wrap=True)
    sys.stdout.write(captured.get())


def _print_table(rows: Iterable[Row]) -> None:
    """Print rows, failed ones last."""
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
        table.add_row(harmless(row.conversation_id), status, Text(row.detail()))
    console = _console()
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _console() -> Any:
    """Return a console for standard output: as wide as the terminal, or as wide as it takes."""
    from rich.console import Console  # noqa: PLC0415 - only where something is printed

    wide = None if sys.stdout.isatty() else 100_000
    return Console(file=sys.stdout, width=wide, highlight=False, markup=False, emoji=False)
