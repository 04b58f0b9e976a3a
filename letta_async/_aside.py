"""A thread of its own for what an event loop must not wait for itself."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

__all__ = ["Aside"]

T = TypeVar("T")

_Jobs = SimpleQueue[Callable[[], None] | None]


class Aside:
    """Run functions one after the other on a thread, which ends when this is dropped.

    The thread is a daemon: exit does not wait for it. No executor would do, since those take no more work once exit has
    begun, and a batch that exit ends still has a journal to close.
    """

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self._jobs: _Jobs = SimpleQueue()
        threading.Thread(target=_serve, args=(self._jobs,), name=name, daemon=True).start()
        weakref.finalize(self, self._jobs.put, None).atexit = False

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Queue a function; return a future of its result. Cancelling the future drops what has not begun."""
        answer: Future[T] = Future()

        def job() -> None:
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(work())
                except BaseException as error:  # raised where the result is waited for
                    answer.set_exception(error)

        self._jobs.put(job)
        return asyncio.wrap_future(answer)


def _serve(jobs: _Jobs) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # or the thread would keep alive, until the next one comes, what ends it
