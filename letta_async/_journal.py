"""A file that says what a batch has done, a JSON line an outcome, so that a run that was killed can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from letta_async._json import is_object
from letta_async.errors import APIStatusError, Fault, InvalidArgumentError
from letta_async.models.outcome import Outcome

try:
    import fcntl
except (
    ImportError
):  # pragma: no cover - Windows has no advisory locks of this kind; there, two runs with one journal are not told apart
    fcntl = None  # type: ignore[assignment]  # a module otherwise

__all__ = ["Journal"]

_FORMAT: Final = "letta_async recompile_many 1"


class Journal:
    """Append outcomes to a file, each flushed before it is handed on; without prompts and without secrets.

    A line that a kill cut short is dropped when the file is opened again: its target had no outcome yet.

    Raises:
        InvalidArgumentError: the file is not a journal, belongs to a batch with other settings, is in use, or cannot be
            written.

    """

    def __init__(self, path: str | os.PathLike[str], batch: Mapping[str, Any]) -> None:
        """Open a journal.

        Args:
            path: The file; it is made when it is not there.
            batch: What the batch does, as JSON values; a journal belongs to one such batch.

        """
        self._path = Path(path)
        try:
            self._file: IO[bytes] = self._path.open("a+b")
        except OSError as error:
            raise self._refuse(f"cannot be written: {error}") from error
        try:
            self._lock()
            self._drop_half_a_line()
            self._read_header({"journal": _FORMAT, **batch})
        except BaseException:
            self._file.close()
            raise

    def done(self) -> Iterator[str]:
        """Give the key of each target that was done, not failed, according to the file."""
        self._file.seek(0)
        self._file.readline()
        for number, line in enumerate(self._file, start=2):
            entry = self._parse(line, number)
            if entry.get("status") != "failed":
                yield str(entry.get("key"))

    def add(self, key: str, outcome: Outcome) -> None:
        """Write down an outcome."""
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
        self._write(entry)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, entry: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()

    def _lock(self) -> None:
        if fcntl is not None:  # pragma: no branch - only Windows has none
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise self._refuse("is in use by another run") from None

    def _drop_half_a_line(self) -> None:
        size = self._file.seek(0, os.SEEK_END)
        start = size
        while start > 0:
            start = max(0, start - 4096)
            self._file.seek(start)
            block = self._file.read(min(4096, size - start))
            if (end := block.rfind(b"\n")) >= 0:
                self._file.truncate(start + end + 1)
                return
        self._file.truncate(0)

    def _read_header(self, wanted: dict[str, Any]) -> None:
        self._file.seek(0)
        line = self._file.readline()
        if not line:
            self._write(wanted)
            return
        header = self._parse(line, 1)
        if header.get("journal") != _FORMAT:
            raise self._refuse("is not a journal of recompile_many")
        wanted = json.loads(json.dumps(wanted))
        if differing := [name for name in wanted if header.get(name) != wanted[name]]:
            raise self._refuse(
                f"belongs to a batch with another {' and '.join(differing)}; take a new file, or the same settings"
            )

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
