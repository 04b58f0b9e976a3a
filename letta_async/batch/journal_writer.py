"""Writer that appends outcomes to a journal on a thread, so that the event loop never waits for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import attrs

from letta_async._utils.threads import WorkerThread
from letta_async.batch.journal import Journal
from letta_async.batch.outcome import Outcome

__all__ = ["JournalWriter"]


@attrs.define(eq=False)
class JournalWriter:
    """Writer of a journal on its own thread; each write holds all outcomes that were added during the last one."""

    open_journal: Callable[[], Journal]
    """Opens the journal; called on the thread."""

    added: int = attrs.field(default=0, init=False)
    """Number of outcomes added."""
    failure: BaseException | None = attrs.field(default=None, init=False)
    """The error after which the journal cannot be written; normally a `JournalError`."""

    _thread: WorkerThread = attrs.field(factory=lambda: WorkerThread("letta-async-journal"), init=False)
    _journal: Journal | None = attrs.field(default=None, init=False)
    _pending: list[tuple[str, Outcome]] = attrs.field(factory=list[tuple[str, Outcome]], init=False)
    _written: int = attrs.field(default=0, init=False)
    _writing: asyncio.Future[None] | None = attrs.field(default=None, init=False)
    _closing: asyncio.Future[None] | None = attrs.field(default=None, init=False)

    async def open(self, done: Callable[[str], None]) -> None:
        """Open the journal, and call `done`, on the thread, with the key of each target that it records as done.

        Raises:
            InvalidArgumentError: The journal cannot be used.

        """

        def read() -> None:
            self._journal = self.open_journal()
            for key in self._journal.done_keys():
                done(key)

        await self._thread.run(read)

    def add(self, key: str, outcome: Outcome) -> None:
        """Queue an outcome to be written; `wait_written` waits for it."""
        self.added += 1
        if self.failure is None:
            self._pending.append((key, outcome))
            if self._writing is None:
                self._start_writing()

    async def wait_written(self, count: int) -> None:
        """Wait until the first `count` outcomes are in the file, or the file cannot be written."""
        while self._written < count and self._writing is not None:
            await asyncio.wait([self._writing])

    @property
    def path(self) -> str:
        """Path of the journal; empty until it is open."""
        return "" if self._journal is None else self._journal.path

    async def mark_complete(self) -> None:
        """Write the closing line, after all outcomes."""
        completing = self._thread.run(self._mark_complete)
        completing.add_done_callback(self._record_failure)
        await asyncio.wait([completing])

    async def close(self) -> None:
        """Write the queued outcomes and close the journal; the thread does both even if the wait is cancelled."""
        if self._closing is None:
            entries, self._pending = self._pending, []
            self._closing = self._thread.run(lambda: self._add_and_close(entries))
            self._closing.add_done_callback(self._record_failure)
        await asyncio.wait([self._closing])

    def _start_writing(self) -> None:
        entries, self._pending = self._pending, []
        self._writing = self._thread.run(lambda: self._add(entries))
        self._writing.add_done_callback(lambda done: self._on_written(done, len(entries)))

    def _on_written(self, done: asyncio.Future[None], count: int) -> None:
        self._writing = None
        self._written += count
        self._record_failure(done)
        if self._pending and self.failure is None:
            self._start_writing()

    def _record_failure(self, done: asyncio.Future[None]) -> None:
        error = done.exception()
        self.failure = self.failure or error

    # --- on the thread ---

    def _add(self, entries: list[tuple[str, Outcome]]) -> None:
        assert self._journal is not None  # noqa: S101 - opened before anything is added
        for key, outcome in entries:
            self._journal.add(key, outcome)
        self._journal.flush()

    def _mark_complete(self) -> None:
        if self._journal is not None:
            self._journal.mark_complete()

    def _add_and_close(self, entries: list[tuple[str, Outcome]]) -> None:
        if self._journal is not None:
            try:
                self._add(entries)
            finally:
                self._journal.close()
