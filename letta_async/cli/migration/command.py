"""The command `migrate`: migrates the programs in files and folders, or the one on standard input."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Final, Literal

import attrs

from letta_async.cli.error_messages import without_control_characters
from letta_async.cli.exits import Exit
from letta_async.cli.migration.files import find_files, has_namesake, replace_file
from letta_async.cli.migration.mentions import find_mentions, is_mentioning
from letta_async.cli.migration.renames import OLD
from letta_async.cli.migration.source import Note, Source, UndecodableError
from letta_async.cli.migration.source_migration import Migrated, UnparsableError, find_uploads, is_concerned, migrate
from letta_async.cli.report import say

__all__ = ["Migration", "migrate_stdin"]

_SUFFIXES: Final = (".py", ".pyi", ".pyw")
_COLOURS: Final = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}

Count = Literal["changed", "noted", "unread", "failed"]


@attrs.define
class Migration:
    """Migration of files: first all are read and migrated in memory, then the diff is shown and they are written."""

    write: bool
    """Whether files are changed."""
    counts: Counter[Count] = attrs.field(factory=Counter[Count])
    _uploads: set[str] = attrs.field(factory=set[str])

    def run(self, paths: Sequence[Path], *, check: bool) -> Exit:
        """Migrate files; return the exit code.

        Args:
            paths: Files and folders.
            check: Whether the exit code says that something would be changed.

        """
        programs = list[tuple[Path, bytes, Source]]()
        for path in find_files(paths):
            if path.suffix in _SUFFIXES or (path in paths and not is_mentioning(path)):
                self._read(path, programs)
            elif is_mentioning(path):
                self._report_mentions(path)
        for _, _, source in programs:
            try:
                self._uploads |= find_uploads(source)
            except UnparsableError:
                continue  # it is reported below
        for path, data, source in programs:
            self._migrate(path, data, source)
        self._summarize()
        return self._code(check=check)

    def _read(self, path: Path, programs: list[tuple[Path, bytes, Source]]) -> None:
        try:
            data = path.read_bytes()
            source = Source.decode(data)
        except (OSError, UndecodableError) as error:
            self._leave(path, error)
            return
        if not is_concerned(source.text):
            return
        if has_namesake(path):
            self._note(path, Note(1, f"a module {OLD} is beside it, which an import may mean: left as it is"))
            return
        programs.append((path, data, source))

    def _report_mentions(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            self._leave(path, error)
            return
        for note in find_mentions(path, text):
            self._note(path, note)

    def _migrate(self, path: Path, data: bytes, source: Source) -> None:
        try:
            migrated = migrate(source, self._uploads)
        except UnparsableError as error:
            self._leave(path, error)
            return
        for note in migrated.notes:
            self._note(path, note)
        if (new := migrated.source.encode()) == data:
            return
        if self.write:
            try:
                replace_file(path, data, new)
            except OSError as error:
                self.counts["failed"] += 1
                say(f"error: {_shown(path)}: cannot be written: {error.strerror or error}")
                return
        self.counts["changed"] += 1
        _print_diff(_relative(path), source, migrated)

    def _note(self, path: Path, note: Note) -> None:
        self.counts["noted"] += 1
        say(f"{_shown(path)}:{note.line}: {without_control_characters(note.words)}")

    def _leave(self, path: Path, error: Exception) -> None:
        self.counts["unread"] += 1
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        say(f"error: {_shown(path)}: left as it is: {' '.join(without_control_characters(words).split())}")

    def _summarize(self) -> None:
        done = "changed" if self.write else "to change"
        parts = [f"{self.counts['changed']} {done}", f"{self.counts['noted']} to look at"]
        parts += [f"{self.counts[name]} {words}" for name, words in _FAILURES.items() if self.counts[name]]
        say(f"{', '.join(parts)}.")
        if self.counts["changed"] and not self.write:
            say("Nothing was written: --write does it.")

    def _code(self, *, check: bool) -> Exit:
        if self.counts["failed"] or (check and self.counts["changed"]):
            return Exit.UNFINISHED
        return Exit.UNCHECKED if self.counts["unread"] else Exit.DONE


_FAILURES: Final[dict[Count, str]] = {"unread": "that cannot be read", "failed": "that cannot be written"}


def migrate_stdin(*, write: bool, check: bool) -> Exit:
    """Migrate the program on standard input; write the diff, or with `write` the program, to standard output."""
    binary = getattr(sys.stdin, "buffer", None)
    data = sys.stdin.read().encode() if binary is None else binary.read()
    try:
        source = Source.decode(data)
        migrated = migrate(source) if is_concerned(source.text) else Migrated(source, ())
    except (UndecodableError, UnparsableError) as error:
        say(f"error: <stdin>: {error}")
        return Exit.UNCHECKED
    for note in migrated.notes:
        say(f"<stdin>:{note.line}: {without_control_characters(note.words)}")
    if write:
        _write_bytes(migrated.source.encode())
    else:
        _print_diff("<stdin>", source, migrated)
    return Exit.UNFINISHED if check and migrated.source != source else Exit.DONE


def _relative(path: Path) -> str:
    """Return a path as a patch names it: from the current folder on, if it is within."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix().lstrip("/")


def _shown(path: Path) -> str:
    return without_control_characters(path.as_posix())


def _print_diff(name: str, old: Source, new: Migrated) -> None:
    """Print a diff to standard output, such as `patch` takes it; in colour on a terminal."""
    diff = unified_diff(_lines(old.text), _lines(new.source.text), f"a/{name}", f"b/{name}")
    if sys.stdout.isatty():
        sys.stdout.writelines(_coloured(diff))
    else:
        ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff)
        _write_bytes("".join(ended).encode(old.encoding, "backslashreplace"))
    sys.stdout.flush()


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])


def _coloured(diff: Iterable[str]) -> Iterable[str]:
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    for line in diff:
        text = without_control_characters(line.rstrip("\r\n"))
        colour = "" if plain else _COLOURS.get(line[:1], "")
        yield f"{colour}{text}\x1b[0m\n" if colour else f"{text}\n"


def _write_bytes(data: bytes) -> None:
    """Write bytes to standard output as they are, newlines included, where it is a file."""
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(data.decode(errors="replace"))
    else:
        sys.stdout.flush()
        binary.write(data)
        binary.flush()
