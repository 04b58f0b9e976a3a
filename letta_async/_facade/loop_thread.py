"""Event loop on a thread of its own, which ends with the interpreter and does not disturb forks."""

from __future__ import annotations

import asyncio
import atexit
import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

__all__ = ["LoopThread", "start_lock"]

_JOIN_TIMEOUT: Final = 5.0
"""Maximum time that `stop` waits for the thread to end, in seconds."""
_PAUSE_TIMEOUT: Final = 1.0
"""Maximum time that a fork waits for a loop whose thread is busy, or is blocked by what the fork itself holds."""


class LoopThread:
    """Event loop that runs on its own thread. It has no reference to the portal, which can so be garbage-collected."""

    def __init__(self, on_close: Callable[[], Awaitable[None]]) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.SelectorEventLoop()  # not the policy's, which may only work in the main thread
        self.loop.slow_callback_duration = math.inf  # for debug mode: no other task waits for this loop
        self.thread = threading.Thread(target=self._run_loop, name="letta-async", daemon=True)
        self.tasks: set[asyncio.Task[Any]] = set()
        """Tasks in progress, including those whose caller stopped waiting: a loop holds its tasks only weakly."""
        self._on_close = on_close
        self._callbacks: deque[Callable[[], None]] = deque()
        self._is_waking = False
        self._lock = threading.RLock()  # a signal handler that closes the client may interrupt its holder
        self.is_stopped = False
        self._finished = False
        self._exiting = False
        _loop_threads.add(self)
        try:
            self.thread.start()
        except RuntimeError:
            _loop_threads.discard(self)
            self.loop.close()
            raise

    def schedule(self, callback: Callable[[], None]) -> bool:
        """Schedule a callback on the loop; return false if the loop was stopped."""
        with self._lock:
            if self.is_stopped:
                return False
            self._callbacks.append(callback)
            if self._is_waking:
                return True  # waking a loop is expensive: one wakeup runs the callbacks of many threads
            self._is_waking = True
            try:
                self.loop.call_soon_threadsafe(self._run_callbacks)
            except RuntimeError:
                return False  # a signal handler closed the client in between
            return True

    def _run_callbacks(self) -> None:
        self._is_waking = False
        while self._callbacks:
            self._callbacks.popleft()()

    def has_frozen(self, thread: threading.Thread) -> bool:
        """Return whether a thread will not continue: interpreter exit freezes daemon threads where they are."""
        return self._exiting and thread.daemon

    def pause(self, resumed: threading.Event) -> threading.Event:
        """Pause the loop after the callback in progress, until an event is set; return one that is set once it pauses.

        It is set already if there is nothing to wait for: the loop is another process's, or stopped, or this thread's.
        """
        paused = threading.Event()

        def pause() -> None:
            paused.set()
            resumed.wait()

        is_own = self.pid == os.getpid() and threading.get_ident() != self.thread.ident
        if not (is_own and self.schedule(pause)):
            paused.set()
        return paused

    def stop(self, *, wait: bool = True, exiting: bool = False) -> None:
        """Cancel the tasks, close the connections and stop the loop. Nothing is sent.

        Args:
            wait: Wait until the thread has ended. Default: `True`.
            exiting: The interpreter is exiting. Default: `False`.

        """
        if self.pid != os.getpid():
            return  # the loop and its thread are the parent process's
        with self._lock:
            self._exiting = self._exiting or exiting
            if not self.is_stopped:
                self.loop.call_soon_threadsafe(lambda: self.tasks.add(self.loop.create_task(self._shut_down())))
            self.is_stopped = True
        if wait and threading.get_ident() != self.thread.ident:
            self.thread.join(_JOIN_TIMEOUT)

    def _run_loop(self) -> None:
        try:
            while not self._finished:
                try:
                    self.loop.run_forever()
                except (SystemExit, KeyboardInterrupt):
                    pass  # it also interrupts the loop; the caller whose coroutine raised it gets it
        finally:
            self.loop.close()
            _loop_threads.discard(self)

    async def _shut_down(self) -> None:
        self.is_stopped = True  # the thread that called `stop` may not have come to it yet
        try:
            await self._on_close()
        finally:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self.loop.shutdown_asyncgens()
            await asyncio.sleep(0)  # let the callbacks of the tasks run, which wake waiting callers
            self._finished = True
            self.loop.stop()


_loop_threads: Final[set[LoopThread]] = set()
"""Loops to stop at exit. After a fork, it keeps the parent's loops alive: collecting them would break its sockets."""

start_lock: Final = threading.RLock()
"""Lock held while a loop is started and during a fork, so that a child never inherits it from a missing thread."""


class _ForkHandler:
    """Pause of all loops while a thread forks, each between two callbacks.

    A callback in progress may be importing a module: the child would have half of it, locked by a thread that it does
    not have.
    """

    def __init__(self) -> None:
        self._resumed = threading.Event()

    def pause(self) -> None:
        """Pause the loops; wait until they are paused."""
        start_lock.acquire()
        self._resumed = threading.Event()
        until = time.monotonic() + _PAUSE_TIMEOUT
        for paused in [loop_thread.pause(self._resumed) for loop_thread in list(_loop_threads)]:
            paused.wait(max(0.0, until - time.monotonic()))

    def resume(self) -> None:
        """Resume the loops; in a child there are none."""
        self._resumed.set()
        start_lock.release()


if sys.platform != "win32":  # pragma: no branch - tested where there is fork
    _fork_handler: Final = _ForkHandler()
    os.register_at_fork(
        before=_fork_handler.pause, after_in_parent=_fork_handler.resume, after_in_child=_fork_handler.resume
    )


@atexit.register
def _stop_all() -> None:
    loops = list(_loop_threads)
    for loop_thread in loops:
        loop_thread.stop(wait=False, exiting=True)
    for loop_thread in loops:
        loop_thread.stop()
