"""State of a watch in an SQLite file: fingerprints of agents, pending conversations, and the lock with its lease."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs

from letta_async.errors import ArgumentProblem, InvalidArgumentError, WatchLockedError, WatchStateError

__all__ = ["Pending", "StateFile"]

_APPLICATION: Final = 0x4C77_6174
"""Number in the header of the file by which it is recognized: "Lwat"."""
_VERSION: Final = 1
"""Version of the tables."""
_TABLES: Final = """
create table header (name text primary key, value text not null) without rowid;
create table lock (
    number integer primary key check (number = 1),
    owner text not null check (typeof(owner) = 'text'),
    until real not null check (typeof(until) = 'real')
);
create table agents (agent_id text primary key, fingerprint text not null) without rowid;
create table pending (
    target text primary key check (typeof(target) = 'text'),
    agent_id text not null check (typeof(agent_id) = 'text'),
    isolated integer not null,
    attempts integer not null default 0 check (typeof(attempts) = 'integer'),
    due real not null default 0 check (typeof(due) = 'real')
) without rowid;
create index pending_of_agent on pending (agent_id, target);
"""
_BUSY_SECONDS: Final = 10.0
"""Time to wait for another connection to the file, in seconds."""


@attrs.frozen
class Pending:
    """A conversation that is to be compared, or an agent's own prompt."""

    target: str
    """ID of the conversation, or of the agent for its own prompt."""
    agent_id: str
    attempts: int = 0
    """Number of attempts that were made since the agent changed."""


@attrs.define(eq=False)
class StateFile:
    """State of a watch. All methods block, and are called on one thread.

    Each write is a transaction that first checks that this watcher still has the lock, and renews its lease.
    """

    path: str | None
    """The file; `None` for a state in memory."""
    owner: str
    """Name of the watcher."""
    lease: float
    """Seconds after which another watcher may take over the lock if it was not renewed."""

    _database: sqlite3.Connection = attrs.field(init=False)
    _inode: tuple[int, int] | None = attrs.field(default=None, init=False)

    # --- opening ------------------------------------------------------------------------------------------------------

    def open(self, header: Mapping[str, str]) -> None:
        """Open the file, create it if it does not exist, and compare its header.

        Args:
            header: Values that the state belongs to, such as the server, by name.

        Raises:
            InvalidArgumentError: The file cannot be used, is not a state, or belongs to other values.

        """
        try:
            if self.path is not None:
                _check_kind(self.path)
                # SQLite creates the files beside it with the same permissions.
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
                self._inode = _inode_of(self.path)
            name = ":memory:" if self.path is None else str(Path(self.path).absolute())
            self._database = sqlite3.connect(name, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                self._prepare(header)
            except BaseException:
                self._database.close()
                raise
        except (OSError, ValueError) as error:  # a ValueError for a null byte in the path
            if isinstance(error, InvalidArgumentError):
                raise
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            raise self._unusable(f"cannot be opened: {reason}") from error
        except sqlite3.Error as error:
            if type(error) is sqlite3.DatabaseError:
                raise self._unusable(f"is not a state of watch, or is damaged: {error}") from error
            raise self._unusable(f"cannot be used: {error}") from error

    def _prepare(self, header: Mapping[str, str]) -> None:
        execute = self._database.execute
        (application,) = execute("pragma application_id").fetchone()
        (tables,) = execute("select count(*) from sqlite_master").fetchone()
        if tables and application != _APPLICATION:
            raise self._unusable("is not a state of watch, but another SQLite database")
        if execute("pragma quick_check(1)").fetchone() != ("ok",):
            raise self._unusable("is damaged; remove it to check every conversation again")
        if self.path is not None and execute("pragma journal_mode").fetchone() != ("wal",):
            execute("pragma journal_mode = wal")
        execute("pragma synchronous = normal")  # what is lost with the power is compared again
        execute("begin immediate")
        with self._transaction():
            (version,) = execute("pragma user_version").fetchone()
            if version == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    execute(statement)
                execute(f"pragma application_id = {_APPLICATION}")
                execute(f"pragma user_version = {_VERSION}")
                self._database.executemany("insert into header values (?, ?)", list(header.items()))
            elif version != _VERSION:
                raise self._unusable(f"was written by another version of letta_async (format {version})")
            known = dict(execute("select name, value from header").fetchall())
        if differing := [name for name in header if known.get(name) != header[name]]:
            words = "; ".join(
                "extra_query or extra_body" if name == "options" else f"{name}: {known.get(name)}, not {header[name]}"
                for name in differing
            )
            raise self._unusable(f"belongs to another watch ({words}); take another file for this one")

    def _unusable(self, problem: str) -> InvalidArgumentError:
        return InvalidArgumentError([ArgumentProblem("state", f"{self.path!r} {problem}")])

    # --- the lock -----------------------------------------------------------------------------------------------------

    def acquire(self, now: float) -> None:
        """Acquire the lock.

        Raises:
            WatchLockedError: Another watcher has it.
            WatchStateError: The state cannot be written.

        """
        with self._changes():
            holder, until = self._read_lock()
            if holder not in (None, self.owner) and until > now:
                raise self._locked(holder, until)
            self._write_lock(now)

    def renew(self, now: float) -> None:
        """Renew the lease.

        Raises:
            WatchLockedError: Another watcher has the lock.
            WatchStateError: The state cannot be written, or its file was removed.

        """
        with self._owned(now):
            pass

    def close(self) -> None:
        """Release the lock if this watcher has it, and close the file."""
        try:
            with self._changes():
                self._database.execute("delete from lock where owner = ?", (self.owner,))
        except WatchStateError:
            pass  # the lease expires
        finally:
            self._database.close()

    def _read_lock(self) -> tuple[str | None, float]:
        return self._database.execute("select owner, until from lock").fetchone() or (None, 0.0)

    def _write_lock(self, now: float) -> None:
        self._database.execute("insert or replace into lock values (1, ?, ?)", (self.owner, now + self.lease))

    def _locked(self, holder: str | None, until: float) -> WatchLockedError:
        moment = _moment(until)
        words = (
            "was used by another watcher, which has ended since"
            if holder is None
            else f"is in use by another watcher, {holder}, whose lease expires at"
            f" {moment.isoformat(timespec='seconds')} unless it is renewed"
        )
        return WatchLockedError(f"the state {self.path!r} {words}", owner=holder or "", until=moment)

    # --- agents and pending conversations -----------------------------------------------------------------------------

    def changed_agents(self, fingerprints: Mapping[str, str]) -> list[str]:
        """Return the IDs of the agents whose fingerprint is not the one that is known."""
        with self._reading():
            known = dict(self._database.execute("select agent_id, fingerprint from agents").fetchall())
        return [agent_id for agent_id, value in fingerprints.items() if known.get(agent_id) != value]

    def has_agents(self) -> bool:
        """Return whether an agent is known."""
        with self._reading():
            return self._database.execute("select 1 from agents limit 1").fetchone() is not None

    def keep_agents(self, agent_ids: Iterable[str], now: float) -> None:
        """Remove the agents that are not among these, and what is pending of them."""
        with self._reading():
            known = {agent_id for (agent_id,) in self._database.execute("select agent_id from agents")}
        if gone := [(agent_id,) for agent_id in known.difference(agent_ids)]:
            with self._owned(now):
                self._database.executemany("delete from agents where agent_id = ?", gone)
                self._database.executemany("delete from pending where agent_id = ?", gone)

    def add_change(self, agent_id: str, fingerprint: str, targets: Sequence[tuple[str, bool]], now: float) -> None:
        """Store an agent's new fingerprint, and its conversations as pending, without earlier attempts.

        Args:
            agent_id: ID of the agent.
            fingerprint: The new fingerprint.
            targets: Targets as in `Pending`, each with whether the conversation has isolated blocks.
            now: The time.

        """
        with self._owned(now):
            self._database.execute("insert or replace into agents values (?, ?)", (agent_id, fingerprint))
            self._database.executemany(
                "insert or replace into pending (target, agent_id, isolated) values (?, ?, ?)",
                [(target, agent_id, isolated) for target, isolated in targets],
            )

    def read_pending(self, after: tuple[str, str], due: float, limit: int, *, isolated: bool) -> list[Pending]:
        """Return pending targets, agent by agent.

        Args:
            after: Agent and target after which to begin; empty for the first.
            due: Time by which their delay has passed.
            limit: Maximum number of targets.
            isolated: Whether to return conversations with isolated blocks, or the others.

        """
        with self._reading():
            rows = self._database.execute(
                "select target, agent_id, attempts from pending"
                " where (agent_id, target) > (?, ?) and due <= ? and isolated = ? order by agent_id, target limit ?",
                (*after, due, isolated, limit),
            ).fetchall()
        return [Pending(*row) for row in rows]

    def count_pending(self) -> int:
        """Return the number of pending targets, whether their delay has passed or not."""
        with self._reading():
            count: int = self._database.execute("select count(*) from pending").fetchone()[0]
        return count

    def remove_pending(self, target: str, now: float) -> None:
        """Remove a target that is done."""
        with self._owned(now):
            self._database.execute("delete from pending where target = ?", (target,))

    def delay_pending(self, target: str, due: float, now: float) -> None:
        """Count an attempt at a target, and store when the next one is to be made."""
        with self._owned(now):
            self._database.execute(
                "update pending set attempts = attempts + 1, due = ? where target = ?", (due, target)
            )

    # --- transactions -------------------------------------------------------------------------------------------------

    @contextmanager
    def _owned(self, now: float) -> Generator[None]:
        """Write in one transaction, if this watcher still has the lock; the lease is renewed with it."""
        if self.path is not None and _inode_of(self.path) != self._inode:
            raise WatchStateError(f"the state {self.path!r} was removed or replaced while it was in use")
        with self._changes():
            holder, until = self._read_lock()
            if holder != self.owner:
                raise self._locked(holder, until)
            self._write_lock(now)
            yield

    @contextmanager
    def _changes(self) -> Generator[None]:
        with self._errors("written"):
            self._database.execute("begin immediate")
            with self._transaction():
                yield

    @contextmanager
    def _transaction(self) -> Generator[None]:
        """Commit what was begun, or roll it back."""
        try:
            yield
            self._database.execute("commit")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("rollback")
            raise

    @contextmanager
    def _reading(self) -> Generator[None]:
        with self._errors("read"):
            yield

    @contextmanager
    def _errors(self, done: str) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise WatchStateError(f"the state {self.path!r} cannot be {done} any more: {error}") from error


def _moment(seconds: float) -> datetime:
    """Return a time that is given in seconds since the epoch, or the last one there is."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def _inode_of(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_kind(path: str) -> None:
    """Refuse what is not a regular file, before it is opened, which a device may take for a command."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise InvalidArgumentError([ArgumentProblem("state", f"{path!r} is not a regular file")])
