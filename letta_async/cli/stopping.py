"""Stop on a signal: the first asks, so that what is in flight ends well; the second cancels it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from typing import Final, TypeVar

from letta_async.cli.exits import Exit

__all__ = ["Interrupted", "Stop", "until_stopped"]

T = TypeVar("T")

_EXITS: Final = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}
if hasattr(signal, "SIGHUP"):  # pragma: no branch - not on Windows
    _EXITS[signal.SIGHUP] = Exit.HUNG_UP


class Interrupted(Exception):
    """A command was ended from outside."""

    def __init__(self, code: Exit, *, at_once: bool) -> None:
        """Store the exit code, and whether what was in flight was ended, too."""
        super().__init__("interrupted")
        self.code = code
        self.at_once = at_once


class Stop:
    """Whether somebody asked to stop, and by which signal."""

    def __init__(self, on_first: Callable[[], object]) -> None:
        """Store what to call when it is asked for first."""
        self.asked: asyncio.Event = asyncio.Event()
        self.code: Exit = Exit.INTERRUPTED
        self._on_first = on_first

    @contextmanager
    def listening(self) -> Generator[None, None, None]:
        """Take signals while a coroutine runs; a second one cancels it.

        Where the loop takes none, as on Windows, Ctrl-C is a `KeyboardInterrupt` at once.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine is listening
        taken: list[signal.Signals] = []
        try:
            for number in _EXITS:
                if signal.getsignal(number) is signal.SIG_IGN:
                    continue  # as nohup asks for
                loop.add_signal_handler(number, self._hear, number, task)
                taken.append(number)
        except (NotImplementedError, RuntimeError, ValueError):  # pragma: no cover - Windows, or another thread
            pass
        try:
            yield
        finally:
            for number in taken:
                loop.remove_signal_handler(number)

    def _hear(self, number: signal.Signals, task: asyncio.Task[object]) -> None:
        if self.asked.is_set():
            if _EXITS[number] is not Exit.HUNG_UP:  # which both the shell and the kernel may send, for one terminal
                task.cancel()
            return
        self.code = _EXITS[number]
        self.asked.set()
        self._on_first()


async def until_stopped(items: AsyncGenerator[T, None], stop: Stop) -> AsyncGenerator[T, None]:
    """Hand on what comes, until it ends or somebody asks to stop; then what was to come next is ended."""
    stopped = asyncio.create_task(stop.asked.wait())
    try:
        while not stopped.done():
            step = asyncio.create_task(_step(items))
            try:
                await asyncio.wait([step, stopped], return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not step.done():
                    step.cancel()
                    await asyncio.wait([step])
            if step.cancelled() or not step.result():
                return
            for item in step.result():
                yield item
    finally:
        stopped.cancel()
        await items.aclose()


async def _step(items: AsyncGenerator[T, None]) -> list[T]:
    """Return the next item, or none at the end."""
    async for item in items:
        return [item]
    return []
