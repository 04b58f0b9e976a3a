"""Handling of signals: the first requests a stop, which lets what is in flight end; the second cancels it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

from letta_async.batch.concurrent_run import ConcurrentRun
from letta_async.cli.exits import Exit

__all__ = ["Interrupted", "Signalled", "Stop", "raising_signals", "unless_stopped", "until_stopped"]

T = TypeVar("T")

_EXITS: Final[dict[int, Exit]] = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}
if sys.platform != "win32":  # pragma: no branch - Windows has no SIGHUP
    _EXITS[signal.SIGHUP] = Exit.HUNG_UP


class Interrupted(Exception):
    """A signal, or a reader that left, ended a command."""

    def __init__(self, code: Exit, *, at_once: bool) -> None:
        """Create the exception.

        Args:
            code: Exit code of the command.
            at_once: Whether what was in flight was cancelled.

        """
        super().__init__("interrupted")
        self.code = code
        self.at_once = at_once


class Signalled(KeyboardInterrupt):
    """A signal arrived while no coroutine listened for it."""

    def __init__(self, code: Exit) -> None:
        super().__init__()
        self.code = code


@contextmanager
def raising_signals() -> Generator[None, None, None]:
    """Raise `Signalled` for signals that would end the process silently; ignored ones stay ignored."""

    def on_signal(number: int, _: FrameType | None) -> None:
        if _EXITS[number] is Exit.HUNG_UP:
            signal.signal(number, signal.SIG_IGN)  # a shell and a terminal may both report one hangup
        raise Signalled(_EXITS[number])

    taken: list[int] = []
    try:
        for number in _EXITS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, on_signal)
                taken.append(number)
    except ValueError:  # pragma: no cover - another thread, where signals do not arrive
        pass
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


class Stop:
    """Request to stop, with the exit code that it stands for."""

    def __init__(self, on_first: Callable[[], object]) -> None:
        """Create a request that has not been made yet.

        Args:
            on_first: Called at the first signal.

        """
        self.asked: asyncio.Event = asyncio.Event()
        self.code: Exit = Exit.INTERRUPTED
        self._on_first = on_first

    def ask(self, code: Exit) -> None:
        """Request a stop, with the exit code for it; only the first request counts."""
        if not self.asked.is_set():
            self.code = code
            self.asked.set()

    @contextmanager
    def listening(self) -> Generator[None, None, None]:
        """Handle signals while the current task runs: the first requests a stop, a second one cancels the task.

        If the loop has no signal handlers, as on Windows, Ctrl-C raises `KeyboardInterrupt` immediately.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine is listening
        taken: dict[int, Any] = {}
        try:
            for number in _EXITS:
                before = signal.getsignal(number)
                if before is not signal.SIG_IGN:  # as nohup asks for
                    loop.add_signal_handler(number, self._on_signal, number, task)
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

    def _on_signal(self, number: int, task: asyncio.Task[object]) -> None:
        if not self.asked.is_set():
            self.ask(_EXITS[number])
            self._on_first()
        elif _EXITS[number] is not Exit.HUNG_UP:  # shell, terminal and service manager may all report one hangup
            task.cancel()
        elif self.code is Exit.UNCHECKED:  # output to the closed terminal failed before its signal arrived
            self.code = Exit.HUNG_UP


async def unless_stopped(work: Coroutine[Any, Any, T], stop: Stop) -> T:
    """Return the result of work, which a request to stop cancels.

    Raises:
        CancelledError: A stop was requested.

    """
    task = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.asked.wait())
    try:
        await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
    return task.result()


async def until_stopped(items: AsyncGenerator[T, None] | ConcurrentRun[str, T], stop: Stop) -> AsyncGenerator[T, None]:
    """Yield items until they end or a stop is requested, which cancels the wait for the next one."""
    stopped = asyncio.create_task(stop.asked.wait())
    try:
        while not stopped.done():
            step = asyncio.create_task(_next_item(items))
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


async def _next_item(items: AsyncIterable[T]) -> list[T]:
    """Return a list of the next item, or an empty one at the end."""
    async for item in items:
        return [item]
    return []
