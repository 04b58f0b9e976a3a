"""SQLite file with a server's rows as JSON, for a server that keeps its data across runs.

The rows in memory are authoritative. Those that a request changed are written in one transaction before its response
is sent, so a killed process leaves every confirmed change, and none in part. The file is in WAL mode, in which a commit
does not wait for the disk: a power failure may lose the last confirmed changes, but does not corrupt the file.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

from cattrs import BaseValidationError
from cattrs.preconf.json import make_converter

from letta_async.testing._rows import Agent, Block, Conversation, Message, Record, Run, StoredRow

__all__ = ["DataFile", "DataFileError"]

_APPLICATION_ID: Final = 0x4C455441
"""SQLite application ID that identifies a file of this server (`LETA`)."""
_FORMAT_VERSION: Final = 3
"""Version of the file's format; increment it with each change of the rows that older files lack."""
_READABLE: Final = frozenset({1, 2, _FORMAT_VERSION})
"""Versions that can be read: in the first, rows lack fields that have defaults; in the first two, there are no rows of
collections."""
_ROW_CLASSES: Final[Mapping[str, type[Record]]] = {
    "agent": Agent,
    "block": Block,
    "conv": Conversation,
    "message": Message,
    "run": Run,
}
"""Class of a row, by the prefix of its ID; others are rows of collections."""
_converter: Final = make_converter()


class DataFileError(Exception):
    """The file cannot be used: another server has it, it is something else, or it cannot be read or written."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(f"{os.fspath(path)}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> Any:
        return type(self), (self.path, self.reason)


class DataFile:
    """An open data file, locked for this server until it is closed; a missing or empty file is initialized.

    Raises:
        DataFileError: The file cannot be used.

    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        try:
            # The thread that opens it may differ from the one that serves; they never use it at the same time.
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                self._open()
            except BaseException:
                self.close()
                raise
        except sqlite3.Error as error:
            raise DataFileError(path, _reason(error)) from error

    def _open(self) -> None:
        database = self._database
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        application, version = (_number(database, f"PRAGMA {name}") for name in ("application_id", "user_version"))
        fresh = not (application or version or _number(database, "SELECT count(*) FROM sqlite_master"))
        if not fresh and application != _APPLICATION_ID:
            raise DataFileError(self._path, "is an SQLite database, but none of the embedded server's")
        if not fresh and version not in _READABLE:
            raise DataFileError(
                self._path,
                f"was written by another version of letta_async: its format is {version}, "
                f"this version's {_FORMAT_VERSION}",
            )
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN IMMEDIATE")  # takes the lock, which stays until the file is closed
        if fresh:
            database.execute("CREATE TABLE rows (id TEXT PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID")
            database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        if version != _FORMAT_VERSION:
            database.execute(f"PRAGMA user_version = {_FORMAT_VERSION}")
        database.execute("COMMIT")

    def load(self) -> list[Record]:
        """Return all rows, in no particular order."""
        try:
            with closing(self._database.execute("SELECT id, row FROM rows")) as found:
                return [_converter.structure(json.loads(row), _row_class(row_id)) for row_id, row in found]
        except sqlite3.Error as error:
            raise DataFileError(self._path, _reason(error)) from error
        except (BaseValidationError, LookupError, TypeError, ValueError) as error:
            raise DataFileError(self._path, f"holds a row that is none of the embedded server's: {error}") from error

    def write(self, changed: Mapping[str, Record | None]) -> None:
        """Write rows by ID, and delete those that are `None`, in one transaction."""
        kept = [(row_id, json.dumps(_converter.unstructure(row))) for row_id, row in changed.items() if row is not None]
        gone = [(row_id,) for row_id, row in changed.items() if row is None]
        database = self._database
        try:
            database.execute("BEGIN")
            database.executemany("REPLACE INTO rows VALUES (?, ?)", kept)
            database.executemany("DELETE FROM rows WHERE id = ?", gone)
            database.execute("COMMIT")
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise DataFileError(self._path, _reason(error)) from error

    def close(self) -> None:
        """Close and unlock the file."""
        self._database.close()


def _row_class(row_id: str) -> type[Record]:
    return _ROW_CLASSES.get(row_id.partition("-")[0], StoredRow)


def _number(database: sqlite3.Connection, query: str) -> int:
    number: int = database.execute(query).fetchone()[0]
    return number


def _reason(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF == sqlite3.SQLITE_BUSY:
        return "is in use by another server"
    if code == sqlite3.SQLITE_NOTADB:
        return "is not a file of the embedded server"
    return f"cannot be used: {error}"
