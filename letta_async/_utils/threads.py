"""Run on a thread of its own what an event loop must not wait for itself: functions, or an iterator's items."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from itertools import islice
from queue import SimpleQueue
from typing import TypeVar

__all__ = ["WorkerThread", "iterate_in_thread"]

T = TypeVar("T")

_Jobs = SimpleQueue[Callable[[], None] | None]


class WorkerThread:
    """Run functions one after the other on a thread, which ends when this object is dropped.

    The thread is a daemon: exit does not wait for it. No executor would do, since those take no more work once exit has
    begun, and a batch that exit ends still has a journal to close.
    """

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self._jobs: _Jobs = SimpleQueue()
        threading.Thread(target=_serve, args=(self._jobs,), name=name, daemon=True).start()
        self._end = weakref.finalize(self, self._jobs.put, None)
        self._end.atexit = False

    def close(self) -> None:
        """End the thread once it has run what is queued."""
        self._end()

    def run(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Queue a function; return a future of its result. Cancelling the future drops what has not begun."""
        return asyncio.wrap_future(self.submit(function))

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Queue a function as `run` does, where no event loop waits for its result."""
        result: Future[T] = Future()

        def job() -> None:
            if result.set_running_or_notify_cancel():
                try:
                    result.set_result(function())
                except BaseException as error:  # raised where the result is waited for
                    result.set_exception(error)

        self._jobs.put(job)
        return result


def _serve(jobs: _Jobs) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # or the thread would keep alive, until the next one comes, what ends it


async def iterate_in_thread(items: Iterator[T]) -> AsyncGenerator[T, None]:
    """Yield the items of an iterator, each taken only when it is wanted, and never on the loop's thread.

    One thread advances the iterator from first to last, in one context. So it may block, may wait for this very loop,
    and may hold what belongs to a thread, such as a database cursor. A generator that is left early is closed there.
    """
    thread = WorkerThread("letta-async-iterator")
    context = copy_context()
    try:
        while taken := await thread.run(lambda: context.run(list, islice(items, 1))):
            yield taken[0]
    finally:
        if isinstance(items, Generator):
            thread.submit(lambda: context.run(items.close))
        thread.close()  # dropped it is not before a traceback is that leads here
