"""The thread for what a loop must not wait for itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from letta_async._aside import Aside


async def test_functions_run_one_after_the_other_on_one_thread() -> None:
    aside = Aside("name")
    names = [await aside.run(lambda: threading.current_thread().name) for _ in range(3)]
    assert names == ["name"] * 3
    with pytest.raises(ZeroDivisionError):
        await aside.run(lambda: 1 / 0)


async def test_what_was_cancelled_before_it_began_is_not_done() -> None:
    aside, hold, done = Aside("name"), threading.Event(), list[str]()

    def note(what: str) -> Callable[[], None]:
        return lambda: done.append(what)

    first = aside.run(hold.wait)
    aside.run(note("cancelled")).cancel()
    await asyncio.sleep(0)  # cancelled over there, too
    last = aside.run(note("last"))
    hold.set()
    await first
    await last
    assert done == ["last"]


async def test_the_thread_ends_when_it_is_dropped() -> None:
    aside = Aside("name")
    thread = await aside.run(threading.current_thread)
    del aside
    thread.join(10)
    assert not thread.is_alive()
