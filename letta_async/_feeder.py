"""An ordinary iterator for the use of a loop, advanced on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from itertools import islice
from queue import SimpleQueue
from typing import TypeVar

__all__ = ["advance"]

T = TypeVar("T")


async def advance(items: Iterator[T]) -> AsyncGenerator[T, None]:
    """Give what an iterator gives, asking it for an item only when one is wanted, and never on the loop's thread.

    One thread advances it from first to last. So it may block, may wait for this very loop, and may hold what belongs
    to a thread, such as a database cursor. It closes a generator that is left. It is a daemon: exit does not wait for
    it.
    """
    wanted: SimpleQueue[Future[list[T]] | None] = SimpleQueue()
    serve = copy_context().run
    threading.Thread(target=serve, args=(_serve, items, wanted), name="letta-async-feeder", daemon=True).start()
    try:
        while True:
            answer: Future[list[T]] = Future()
            wanted.put(answer)
            if not (taken := await asyncio.wrap_future(answer)):
                return
            yield taken[0]
    finally:
        wanted.put(None)


def _serve(items: Iterator[T], wanted: SimpleQueue[Future[list[T]] | None]) -> None:
    while (answer := wanted.get()) is not None:
        if not answer.set_running_or_notify_cancel():
            continue
        try:
            answer.set_result(list(islice(items, 1)))
        except BaseException as error:  # raised where the item is waited for
            answer.set_exception(error)
    if isinstance(items, Generator):
        items.close()
