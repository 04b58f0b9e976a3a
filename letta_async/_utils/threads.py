"""Worker thread for blocking functions and blocking iterators, which an event loop must not run itself."""

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
    """Thread that runs functions one after the other; it ends when this object is garbage-collected.

    The thread is a daemon: interpreter exit does not wait for it. An executor is not used because it accepts no work
    once exit has begun, and a batch that is ended by exit still has to close its journal.
    """

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self._jobs: _Jobs = SimpleQueue()
        threading.Thread(target=_run_jobs, args=(self._jobs,), name=name, daemon=True).start()
        self._stop = weakref.finalize(self, self._jobs.put, None)
        self._stop.atexit = False

    def close(self) -> None:
        """End the thread after it has run the queued functions."""
        self._stop()

    def run(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Queue a function and return a future of its result; cancel the future to skip a function not yet started."""
        return asyncio.wrap_future(self.submit(function))

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Queue a function and return a future of its result that needs no event loop."""
        result: Future[T] = Future()

        def job() -> None:
            if result.set_running_or_notify_cancel():
                try:
                    result.set_result(function())
                except BaseException as error:  # raised where the result is awaited
                    result.set_exception(error)

        self._jobs.put(job)
        return result


def _run_jobs(jobs: _Jobs) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # otherwise the thread would keep alive, until the next job, the object whose end stops it


async def iterate_in_thread(items: Iterator[T]) -> AsyncGenerator[T, None]:
    """Yield the items of an iterator, advancing it on another thread and only when an item is requested.

    One thread advances the iterator throughout, in one context. The iterator may therefore block, even on this event
    loop, and may use objects that belong to a thread, such as a database cursor. A generator is closed on that thread,
    even if it is not exhausted.
    """
    thread = WorkerThread("letta-async-iterator")
    context = copy_context()
    try:
        while taken := await thread.run(lambda: context.run(list, islice(items, 1))):
            yield taken[0]
    finally:
        if isinstance(items, Generator):
            thread.submit(lambda: context.run(items.close))
        thread.close()  # a traceback that refers to this frame would delay its garbage collection
