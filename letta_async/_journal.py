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

_FORMAT: Final = "letta_async recompile_many 2"
_READABLE: Final = (_FORMAT, "letta_async recompile_many 1")
"""The earlier format has no `agent_id` and `options` in its header, no own parameters in its keys, no closing lines."""
_NAMES: Final = {"settings": "compaction_settings", "options": "extra_query or extra_body"}
"""What a field of the header stands for, where that is a digest."""


class Journal:
    """Append outcomes to a file, each flushed before it is handed on; without prompts and without secrets.

    A line that a kill cut short is dropped when the file is opened again: its target had no outcome yet. A run
    that came to its end without a failure leaves a closing line.

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
        self.path: Final = Path(path)
        self._batch = batch
        try:
            self._file: IO[bytes] = self.path.open("a+b")
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
        """Yield the key of each target that was done, not failed, according to the file.

        With `only_stale`, what a complete run did counts no more: it may have become stale since.
        """
        begin = 0
        if self._batch.get("only_stale"):
            begin = max((number for number, entry in self._entries() if "run" in entry), default=0)
        for number, entry in self._entries():
            if number > begin and "run" not in entry and self._is_done(entry):
                yield str(entry.get("key"))

    def _entries(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        self._file.seek(0)
        self._file.readline()
        for number, line in enumerate(self._file, start=2):
            yield number, self._parse(line, number)

    def _is_done(self, entry: Mapping[str, Any]) -> bool:
        status = entry.get("status")
        if status == "compiled" and not self._batch.get("dry_run"):
            return " dry_run=" in str(
                entry.get("key")
            )  # the earlier format's keys do not say that a target was only tried
        return status != "failed"

    def add(self, key: str, outcome: Outcome) -> None:
        """Write down an outcome."""
        entry: dict[str, Any] = {
            "key": key,
            "status": outcome.status,
            "tries": outcome.tries,
            "seconds": round(outcome.seconds, 3),
            "at": _now(),
        }
        if outcome.error is not None:
            entry["error"] = type(outcome.error).__name__
            entry["message"] = str(outcome.error)
            if isinstance(outcome.error, APIStatusError):
                entry["status_code"] = outcome.error.status_code
        self._write(entry)

    def complete(self) -> None:
        """Write the closing line of a run in which nothing failed."""
        self._write({"run": "complete", "at": _now()})

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
        if header.get("journal") not in _READABLE:
            raise self._refuse("is not a journal of recompile_many")
        now = json.loads(json.dumps(wanted))
        if differing := [name for name in wanted if name != "journal" and header.get(name) != now[name]]:
            names = " and ".join(_NAMES.get(name, name) for name in differing)
            values = "; ".join(
                f"{n} was {_shown(header, n)}, is {_shown(now, n)}" for n in differing if n not in _NAMES
            )
            raise self._refuse(
                f"belongs to a batch with another {names}{f' ({values})' if values else ''}: to go on with that batch,"
                f" give it the same {names} again; to begin a new one, take another file, or remove this one"
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
        return InvalidArgumentError([Fault("journal", f"{str(self.path)!r} {problem}")])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _shown(header: Mapping[str, Any], name: str) -> str:
    return repr(header[name]) if name in header else "not noted"
