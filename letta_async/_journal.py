"""A file that says what a batch has done, a JSON line an outcome, so that a run that was killed can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from letta_async._json import is_object
from letta_async._lines import LineFile, Unusable, reason
from letta_async.errors import APIStatusError, Fault, InvalidArgumentError, JournalError
from letta_async.models.outcome import Outcome

__all__ = ["Journal"]

_FORMAT: Final = "letta_async recompile_many 1"
_BEGINNING: Final = b'{"journal": "letta_async '
"""How every journal begins, also one whose header was cut short."""


class Journal:
    """Append outcomes to a file, without prompts and without secrets; `_lines` is how they get there. Methods block.

    A line that a kill cut short is dropped when the file is opened again: its target had no outcome yet.
    """

    def __init__(self, path: str | os.PathLike[str], batch: Mapping[str, Any]) -> None:
        """Open a journal, and find out whether it can be written.

        Args:
            path: The file; it is created if it does not exist.
            batch: What the batch does, as JSON values; a journal belongs to one such batch.

        Raises:
            InvalidArgumentError: the file is not a journal, belongs to a batch with other settings, is in use, or
                cannot be locked or written.

        """
        self._path = path
        self._unwritten = b""
        self._failure: JournalError | None = None
        try:
            self._lines = LineFile(path)
            try:
                self._read_header({"journal": _FORMAT, **batch})
                self._lines.probe()
            except BaseException:
                self._lines.close()
                raise
        except Unusable as problem:
            raise self._refuse(str(problem)) from problem.__cause__
        except OSError as error:
            raise self._refuse(f"cannot be written: {reason(error)}") from error

    def done(self) -> Iterator[str]:
        """Return the key of each target that was done, not failed, according to the file.

        Raises:
            InvalidArgumentError: a line is not one of a journal, or cannot be read.

        """
        try:
            for number, line in enumerate(islice(self._lines, 1, None), start=2):
                entry = self._parse(line, number)
                if entry.get("status") != "failed":
                    yield str(entry.get("key"))
        except OSError as error:
            raise self._refuse(f"cannot be read: {reason(error)}") from error

    def add(self, key: str, outcome: Outcome) -> None:
        """Add an outcome, for the next `flush`."""
        self._unwritten += _line(_entry(key, outcome))

    def flush(self) -> None:
        """Write what was added.

        Raises:
            JournalError: the system refuses it, or refused it before: after half a line there can be no other.

        """
        if self._failure is None:
            try:
                self._lines.append(self._unwritten)
                self._unwritten = b""
            except OSError as error:
                self._fail(error)
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Write what was added, and close the file.

        Raises:
            JournalError: the system refuses it, or says only now what it refused before.

        """
        try:
            self.flush()
        finally:
            try:
                self._lines.close()
            except OSError as error:
                self._fail(error)
        if self._failure is not None:
            raise self._failure

    def _read_header(self, wanted: dict[str, Any]) -> None:
        line = next(iter(self._lines), b"")
        if not line.endswith(b"\n") and line[: len(_BEGINNING)] == _BEGINNING[: len(line)]:  # none, or half a header
            self._lines.drop_half_a_line()
            self._lines.append(_line(wanted))
            return
        header = self._parse(line, 1)
        if header.get("journal") != _FORMAT:
            raise self._refuse("is not a journal of recompile_many")
        wanted = json.loads(json.dumps(wanted))
        if differing := [name for name in wanted if header.get(name) != wanted[name]]:
            raise self._refuse(
                f"belongs to a batch with another {' and '.join(differing)}; take a new file, or the same settings"
            )
        self._lines.drop_half_a_line()

    def _parse(self, line: bytes, number: int) -> Mapping[str, Any]:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not is_object(entry):
            raise self._refuse(f"is not a journal of recompile_many: line {number} is not a JSON object")
        return entry

    def _refuse(self, problem: str) -> InvalidArgumentError:
        return InvalidArgumentError([Fault("journal", f"{str(self._path)!r} {problem}")])

    def _fail(self, error: OSError) -> None:
        self._failure = JournalError(
            f"the journal {str(self._path)!r} could not be written any more: {reason(error)}. No further target was"
            " taken; outcomes that came since are not in it, and a run that goes on with it does those again"
        )
        self._failure.__cause__ = error


def _entry(key: str, outcome: Outcome) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "key": key,
        "status": outcome.status,
        "tries": outcome.tries,
        "seconds": round(outcome.seconds, 3),
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    if outcome.error is not None:
        entry["error"] = type(outcome.error).__name__
        entry["message"] = str(outcome.error)
        if isinstance(outcome.error, APIStatusError):
            entry["status_code"] = outcome.error.status_code
    return entry


def _line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry).encode() + b"\n"
