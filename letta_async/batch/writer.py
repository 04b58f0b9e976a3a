"""How outcomes come to be in a journal without an event loop that waits for the disk."""

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
    """Write a journal on a thread of its own, each time all outcomes that have come meanwhile."""

    opener: Callable[[], Journal]

    entered: int = attrs.field(default=0, init=False)
    """How many outcomes were handed in."""
    failure: BaseException | None = attrs.field(default=None, init=False)
    """Why the journal cannot be written any more; a `JournalError`, as far as can be foreseen."""

    _thread: WorkerThread = attrs.field(factory=lambda: WorkerThread("letta-async-journal"), init=False)
    _journal: Journal | None = attrs.field(default=None, init=False)
    _waiting: list[tuple[str, Outcome]] = attrs.field(factory=list[tuple[str, Outcome]], init=False)
    _written: int = attrs.field(default=0, init=False)
    _writing: asyncio.Future[None] | None = attrs.field(default=None, init=False)
    _closing: asyncio.Future[None] | None = attrs.field(default=None, init=False)

    async def open(self, done: Callable[[str], None]) -> None:
        """Open the journal, and call `done`, on the thread, with the key of each target that it says is done.

        Raises:
            InvalidArgumentError: the journal is wrong.

        """

        def read() -> None:
            self._journal = self.opener()
            for key in self._journal.done():
                done(key)

        await self._thread.run(read)

    def enter(self, key: str, outcome: Outcome) -> None:
        """Have an outcome written; `written` waits for it."""
        self.entered += 1
        if self.failure is None:
            self._waiting.append((key, outcome))
            if self._writing is None:
                self._write()

    async def written(self, count: int) -> None:
        """Wait until the first `count` outcomes are in the file, or it cannot be written any more."""
        while self._written < count and self._writing is not None:
            await asyncio.wait([self._writing])

    @property
    def path(self) -> str:
        """Where the journal is, once it is open."""
        return "" if self._journal is None else self._journal.path

    async def complete(self) -> None:
        """Write, after all outcomes, that the run is complete."""
        completing = self._thread.run(self._complete)
        completing.add_done_callback(self._note)
        await asyncio.wait([completing])

    async def close(self) -> None:
        """Write what is left and close the journal; its thread does so also when the wait is cancelled."""
        if self._closing is None:
            entries, self._waiting = self._waiting, []
            self._closing = self._thread.run(lambda: self._end(entries))
            self._closing.add_done_callback(self._note)
        await asyncio.wait([self._closing])

    def _write(self) -> None:
        entries, self._waiting = self._waiting, []
        self._writing = self._thread.run(lambda: self._add(entries))
        self._writing.add_done_callback(lambda done: self._wrote(done, len(entries)))

    def _wrote(self, done: asyncio.Future[None], count: int) -> None:
        self._writing = None
        self._written += count
        self._note(done)
        if self._waiting and self.failure is None:
            self._write()

    def _note(self, done: asyncio.Future[None]) -> None:
        error = done.exception()
        self.failure = self.failure or error

    # --- on the thread ---

    def _add(self, entries: list[tuple[str, Outcome]]) -> None:
        assert self._journal is not None  # noqa: S101 - opened before anything is entered
        for key, outcome in entries:
            self._journal.add(key, outcome)
        self._journal.flush()

    def _complete(self) -> None:
        if self._journal is not None:
            self._journal.complete()

    def _end(self, entries: list[tuple[str, Outcome]]) -> None:
        if self._journal is not None:
            try:
                self._add(entries)
            finally:
                self._journal.close()
