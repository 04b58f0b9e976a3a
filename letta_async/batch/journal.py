"""Journal file of a batch, one JSON line per outcome, from which a run that was killed can be resumed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from letta_async._schema.json_values import is_object
from letta_async.batch.line_file import LineFile, UnusableFileError, os_error_reason
from letta_async.batch.outcome import Outcome
from letta_async.errors import APIStatusError, ArgumentProblem, InvalidArgumentError, JournalError

__all__ = ["Journal"]

_FORMAT: Final = "letta_async recompile_many 2"
_READABLE: Final = (_FORMAT, "letta_async recompile_many 1")
"""Formats that can be resumed. Format 1 has no `agent_id` and `options` in its header, no target-specific parameters in
its keys, and no closing lines."""
_NAMES: Final = {"settings": "compaction_settings", "options": "extra_query or extra_body", "changes": "changes"}
"""Header fields that hold a digest, with the name of the argument that was digested."""
_BEGINNING: Final = b'{"journal": "letta_async '
"""First bytes of every journal, or of a journal whose header was cut short."""


class Journal:
    """Append-only file of outcomes, without prompts and without secrets. Its methods block.

    A line that a kill cut short is dropped when the file is opened again: its target had no outcome yet. A run
    that finished without a failure leaves a closing line.
    """

    def __init__(self, path: str | os.PathLike[str], batch: Mapping[str, Any]) -> None:
        """Open a journal, and check that it belongs to this batch and can be written.

        Args:
            path: The file; it is created if it does not exist.
            batch: The batch's parameters, as JSON values; a journal belongs to one batch.

        Raises:
            InvalidArgumentError: The file is not a journal, belongs to a batch with other settings, is in use, or
                cannot be locked or written.

        """
        self.path: Final = str(path)
        self._batch = batch
        self._unwritten = b""
        self._failure: JournalError | None = None
        try:
            self._lines = LineFile(path)
            try:
                self._read_header({"journal": _FORMAT, **batch})
                self._lines.check_writable()
            except BaseException:
                self._lines.close()
                raise
        except UnusableFileError as problem:
            raise self._unusable_error(str(problem)) from problem.__cause__
        except OSError as error:
            raise self._unusable_error(f"cannot be written: {os_error_reason(error)}") from error

    def done_keys(self) -> Iterator[str]:
        """Yield the key of each target that the file records as done, not failed.

        With `only_stale`, targets of runs that were completed are ignored: they may have become stale since.

        Raises:
            InvalidArgumentError: A line is not one of a journal, or cannot be read.

        """
        begin = 0
        if self._batch.get("only_stale"):
            begin = max((number for number, entry in self._entries() if "run" in entry), default=0)
        for number, entry in self._entries():
            if number > begin and "run" not in entry and self._is_done(entry):
                yield str(entry.get("key"))

    def _entries(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the number and the parsed entry of each line below the header."""
        try:
            for number, line in enumerate(islice(self._lines, 1, None), start=2):
                yield number, self._parse(line, number)
        except OSError as error:
            raise self._unusable_error(f"cannot be read: {os_error_reason(error)}") from error

    def _is_done(self, entry: Mapping[str, Any]) -> bool:
        status = entry.get("status")
        if status == "compiled" and not self._batch.get("dry_run"):  # a dry run, which keys of format 1 do not record
            return " dry_run=" in str(entry.get("key"))
        return status not in ("failed", "busy")

    def add(self, key: str, outcome: Outcome) -> None:
        """Add an outcome to what the next `flush` writes."""
        self._unwritten += _encode_line(_outcome_entry(key, outcome))

    def flush(self) -> None:
        """Write the outcomes that were added since the last flush.

        Raises:
            JournalError: The write failed, or an earlier one did: nothing can follow half a line.

        """
        if self._failure is None:
            try:
                self._lines.append(self._unwritten)
                self._unwritten = b""
            except OSError as error:
                self._set_failure(error)
        if self._failure is not None:
            raise self._failure

    def mark_complete(self) -> None:
        """Write the closing line of a run in which nothing failed.

        Raises:
            JournalError: The write failed, or an earlier one did.

        """
        self._unwritten += _encode_line({"run": "complete", "at": _current_time()})
        self.flush()

    def close(self) -> None:
        """Write the outcomes that were added since the last flush, and close the file.

        Raises:
            JournalError: The write failed, an earlier one did, or the system reports only now that one did.

        """
        try:
            self.flush()
        finally:
            try:
                self._lines.close()
            except OSError as error:
                self._set_failure(error)
        if self._failure is not None:
            raise self._failure

    def _read_header(self, wanted: dict[str, Any]) -> None:
        """Compare the file's header with the wanted one; write it where the file has none."""
        line = next(iter(self._lines), b"")
        if not line.endswith(b"\n") and line[: len(_BEGINNING)] == _BEGINNING[: len(line)]:  # no header, or half of one
            self._lines.truncate_partial_line()
            self._lines.append(_encode_line(wanted))
            return
        header = self._parse(line, 1)
        if header.get("journal") not in _READABLE:
            raise self._unusable_error("is not a journal of recompile_many")
        now = json.loads(json.dumps(wanted))
        if differing := [name for name in wanted if name != "journal" and header.get(name) != now[name]]:
            names = " and ".join(_NAMES.get(name, name) for name in differing)
            values = "; ".join(
                f"{n} was {_show_field(header, n)}, is {_show_field(now, n)}" for n in differing if n not in _NAMES
            )
            shown = f" ({values})" if values else ""
            raise self._unusable_error(
                f"belongs to a batch that differs in {names}{shown}: to go on with that batch, give it the same {names}"
                f" again; to begin a new one, take another file, or remove this one"
            )
        self._lines.truncate_partial_line()

    def _parse(self, line: bytes, number: int) -> Mapping[str, Any]:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not is_object(entry):
            raise self._unusable_error(f"is not a journal of recompile_many: line {number} is not a JSON object")
        return entry

    def _unusable_error(self, problem: str) -> InvalidArgumentError:
        return InvalidArgumentError([ArgumentProblem("journal", f"{self.path!r} {problem}")])

    def _set_failure(self, error: OSError) -> None:
        self._failure = JournalError(
            f"the journal {self.path!r} could not be written any more: {os_error_reason(error)}. No further target was"
            " taken; outcomes that came since are not in it, and a run that goes on with it does those again"
        )
        self._failure.__cause__ = error


def _outcome_entry(key: str, outcome: Outcome) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "key": key,
        "status": outcome.status,
        "tries": outcome.tries,
        "seconds": round(outcome.seconds, 3),
        "at": _current_time(),
    }
    if outcome.error is not None:
        entry["error"] = type(outcome.error).__name__
        entry["message"] = str(outcome.error)
        if isinstance(outcome.error, APIStatusError):
            entry["status_code"] = outcome.error.status_code
    return entry


def _encode_line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry).encode() + b"\n"


def _current_time() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _show_field(header: Mapping[str, Any], name: str) -> str:
    return repr(header[name]) if name in header else "not noted"
