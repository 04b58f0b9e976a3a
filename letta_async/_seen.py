"""Which targets of a batch had an outcome already, exactly, in little memory: beyond some thousands on disk."""

from __future__ import annotations

import pickle
import sqlite3
import weakref
from collections import OrderedDict

import attrs

from letta_async.models.outcome import Outcome

__all__ = ["Seen"]

_CACHE_KIB = 2048
_RECENT_CHARS = 4 * 1024 * 1024


class Seen:
    """Remember outcomes by key: all of them, but only the latest ones with their prompts.

    A set of a million ids would take a hundred megabytes; SQLite keeps them in a temporary file of its own, which it
    deletes by itself, and in two megabytes of cache.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        # Also when a batch is dropped in the middle, with the loop gone on which it would have ended.
        self._close = weakref.finalize(self, self._database.close)
        for statement in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            f"PRAGMA cache_size = -{_CACHE_KIB}",
            "CREATE TABLE outcome (key TEXT PRIMARY KEY, outcome BLOB) WITHOUT ROWID",
            "BEGIN",
        ):
            self._database.execute(statement)
        self._recent: OrderedDict[str, Outcome] = OrderedDict()
        self._recent_chars = 0

    def add(self, key: str, outcome: Outcome | None) -> None:
        """Remember an outcome; `None` for one that the journal tells of."""
        blob = None
        if outcome is not None:
            blob = pickle.dumps(attrs.evolve(outcome, target="", prompt=None))
            self._keep(key, outcome)
        self._database.execute("INSERT OR REPLACE INTO outcome VALUES (?, ?)", (key, blob))

    def find(self, key: str) -> tuple[bool, Outcome | None]:
        """Say whether a key was seen, and with which outcome."""
        if key in self._recent:
            return True, self._recent[key]
        row = self._database.execute("SELECT outcome FROM outcome WHERE key = ?", (key,)).fetchone()
        if row is None:
            return False, None
        return True, None if row[0] is None else pickle.loads(row[0])  # noqa: S301 - written above, in a file of our own

    def close(self) -> None:
        """Forget everything."""
        self._close()

    def _keep(self, key: str, outcome: Outcome) -> None:
        self._recent[key] = outcome
        self._recent_chars += len(outcome.prompt or "") + len(key)
        while self._recent_chars > _RECENT_CHARS:
            old_key, old = self._recent.popitem(last=False)
            self._recent_chars -= len(old.prompt or "") + len(old_key)
