"""Stop on a signal: the first asks, so that what is in flight ends well; the second cancels it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

from letta_async.batch.concurrent_run import ConcurrentRun
from letta_async.cli.exits import Exit

__all__ = ["Interrupted", "Signalled", "Stop", "raising_signals", "until_stopped"]

T = TypeVar("T")

_EXITS: Final[dict[int, Exit]] = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}
if sys.platform != "win32":  # pragma: no branch
    _EXITS[signal.SIGHUP] = Exit.HUNG_UP


class Interrupted(Exception):
    """A command was ended from outside."""

    def __init__(self, code: Exit, *, at_once: bool) -> None:
        """Store the exit code, and whether what was in flight was ended, too."""
        super().__init__("interrupted")
        self.code = code
        self.at_once = at_once


class Signalled(KeyboardInterrupt):
    """A signal came while no coroutine listened for it."""

    def __init__(self, code: Exit) -> None:
        super().__init__()
        self.code = code


@contextmanager
def raising_signals() -> Generator[None, None, None]:
    """Raise `Signalled` for signals that would end the process without a word; those that are ignored stay ignored."""

    def hear(number: int, _: FrameType | None) -> None:
        if _EXITS[number] is Exit.HUNG_UP:
            signal.signal(number, signal.SIG_IGN)  # a shell and a terminal may both report one hangup
        raise Signalled(_EXITS[number])

    taken: list[int] = []
    try:
        for number in _EXITS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, hear)
                taken.append(number)
    except ValueError:  # pragma: no cover - another thread, where signals do not arrive
        pass
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


class Stop:
    """Whether somebody asked to stop, and by which signal."""

    def __init__(self, on_first: Callable[[], object]) -> None:
        """Store what to call when it is asked for first."""
        self.asked: asyncio.Event = asyncio.Event()
        self.code: Exit = Exit.INTERRUPTED
        self._on_first = on_first

    def ask(self, code: Exit) -> None:
        """Ask to stop, with the exit code that says why; the first one counts."""
        if not self.asked.is_set():
            self.code = code
            self.asked.set()

    @contextmanager
    def listening(self) -> Generator[None, None, None]:
        """Take signals while a coroutine runs; a second one cancels it.

        Where the loop takes none, as on Windows, Ctrl-C is a `KeyboardInterrupt` at once.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine is listening
        taken: dict[int, Any] = {}
        try:
            for number in _EXITS:
                before = signal.getsignal(number)
                if before is not signal.SIG_IGN:  # as nohup asks for
                    loop.add_signal_handler(number, self._hear, number, task)
                    taken[number] = before
        except (NotImplementedError, RuntimeError, ValueError):  # pragma: no cover - Windows, or another thread
            pass
        try:
            yield
        finally:
            for number, before in taken.items():
                loop.remove_signal_handler(number)
                hung_up = self.code is _EXITS[number] is Exit.HUNG_UP
                signal.signal(number, signal.SIG_IGN if hung_up else before)

    def _hear(self, number: int, task: asyncio.Task[object]) -> None:
        if not self.asked.is_set():
            self.ask(_EXITS[number])
            self._on_first()
        elif _EXITS[number] is not Exit.HUNG_UP:  # shell, terminal and service manager may all report one hangup
            task.cancel()


async def until_stopped(items: AsyncGenerator[T, None] | ConcurrentRun[str, T], stop: Stop) -> AsyncGenerator[T, None]:
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


async def _step(items: AsyncIterable[T]) -> list[T]:
    """Return the next item, or none at the end."""
    async for item in items:
        return [item]
    return []
