"""Private event loop on its own thread, on which any other thread can run coroutines."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import weakref
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from typing import Final, Generic, Self, TypeVar

from letta_async._facade.gevent_check import refuse_unfit_patches
from letta_async._facade.loop_thread import LoopThread, start_lock
from letta_async._utils.tracebacks import drop_frames
from letta_async.errors import APIConnectionError, ClientClosedError

__all__ = ["Portal"]

T = TypeVar("T")

_POLL_INTERVAL: Final = 0.1 if sys.platform == "win32" else -1
"""Interval at which a waiting thread wakes, in seconds; -1 for never. On Windows, Ctrl-C takes effect only then."""


class _Result(Generic[T]):
    """Result of a call that another thread waits for; it needs a single lock, where a future needs several."""

    def __init__(self) -> None:
        self.is_set = False
        self._set_lock = threading.Lock()
        self._set_lock.acquire()
        self._value: T
        self._error: BaseException | None = None

    def set_value(self, value: T) -> None:
        """Set the value, and wake the waiting thread."""
        self._value = value
        self._mark_set()

    def set_error(self, error: BaseException) -> None:
        """Set an error instead of a value, and wake the waiting thread."""
        self._error = error
        self._mark_set()

    def _mark_set(self) -> None:
        self.is_set = True
        self._set_lock.release()

    def wait(self) -> None:
        """Wait until the value or the error is set."""
        while not self.is_set:
            if self._set_lock.acquire(timeout=_POLL_INTERVAL):
                self._set_lock.release()

    def get(self) -> T:
        """Return the value, or raise the error."""
        try:
            if self._error is not None:
                raise self._error
            return self._value
        finally:
            del self  # the error's traceback refers to this frame


class _Call(Generic[T]):
    """Coroutine that a thread runs on the loop, with its result."""

    def __init__(self, loop_thread: LoopThread, make_coroutine: Callable[[], Awaitable[T]], context: Context) -> None:
        self.result: _Result[T] = _Result()
        self._loop_thread = loop_thread
        self._make_coroutine = make_coroutine
        self._context = context
        self._caller = threading.current_thread()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task; called on the loop."""
        try:
            self._task = self._loop_thread.loop.create_task(self._run(), context=self._context)
        except (SystemExit, KeyboardInterrupt) as error:  # from a task that starts immediately, with eager tasks
            self.result.set_error(error)
            return
        self._task.add_done_callback(self._on_task_done)
        self._loop_thread.tasks.add(self._task)

    def cancel(self) -> None:
        """Cancel the task, even before it has started; called on the loop."""
        if self._task is None:
            self.result.set_error(asyncio.CancelledError())
        else:
            self._task.cancel()

    async def _run(self) -> None:
        """Run the coroutine; set its value at once, which the task's callback would do a turn of the loop later."""
        try:
            value = await self._make_coroutine()
            if not self._loop_thread.has_frozen(self._caller):
                self.result.set_value(value)
        finally:
            del self  # an error's traceback refers to this frame

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        """Set the error of the task as the call's result, if it has no value."""
        self._loop_thread.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if self.result.is_set or self._loop_thread.has_frozen(self._caller):
            return
        if task.cancelled():
            closed = ClientClosedError("the client was closed while this call was under way")
            self.result.set_error(closed if self._loop_thread.is_stopped else asyncio.CancelledError())
        elif error is not None:
            self.result.set_error(error)


class Portal:
    """Runs coroutines on a private event loop and waits for their results.

    It is safe to use from any number of threads, including one that runs an event loop. After a fork, the child starts
    a loop of its own. If it is not closed, it ends with the interpreter, or when it is garbage-collected.
    """

    def __init__(self, on_close: Callable[[], Awaitable[None]]) -> None:
        """Create a portal; its loop starts with the first call.

        Args:
            on_close: Called and awaited on the loop before it stops.

        """
        self._on_close = on_close
        self._loop_thread: LoopThread | None = None
        self._closed = False

    def __deepcopy__(self, memo: object) -> Self:
        return self  # copies share one loop

    def run(self, make_coroutine: Callable[[], Awaitable[T]], context: Context | None = None) -> T:
        """Run a coroutine on the loop, and return or raise its result.

        An interrupt such as Ctrl-C cancels the coroutine, and is raised after the coroutine has ended.

        Args:
            make_coroutine: Creates the coroutine; called on the loop.
            context: Context variables of the coroutine. Default: a copy of the caller's.

        Raises:
            ClientClosedError: The portal is closed, or the call comes from its own loop and would wait for itself.
            APIConnectionError: The loop could not be started.
            LettaError: No loop can run, because of what gevent has patched.

        """
        loop_thread = self._get_loop_thread()
        if threading.get_ident() == loop_thread.thread.ident:
            raise ClientClosedError(
                "a call on Letta from its own event loop would wait for itself; use AsyncLetta in coroutines"
            )
        call = _Call(loop_thread, make_coroutine, copy_context() if context is None else context)
        try:
            scheduled = loop_thread.schedule(call.start)
            if not (scheduled or call.result.is_set or loop_thread.has_frozen(threading.current_thread())):
                call.result.set_error(_closed_error())
            call.result.wait()
            return call.result.get()
        except BaseException as error:
            if not call.result.is_set and loop_thread.schedule(call.cancel):
                call.result.wait()
            drop_frames(error)
            raise
        finally:
            del call  # its error's traceback refers to this frame

    def close(self) -> None:
        """End the loop and its thread."""
        with start_lock:
            self._closed = True
            loop_thread = self._loop_thread
        if loop_thread is not None:
            loop_thread.stop()

    def _get_loop_thread(self) -> LoopThread:
        """Return the loop of this process; start it for the first call."""
        loop_thread = self._loop_thread
        if loop_thread is not None and loop_thread.pid == os.getpid():
            return loop_thread
        with start_lock:
            if self._closed:
                raise _closed_error()
            loop_thread = self._loop_thread
            if loop_thread is None or loop_thread.pid != os.getpid():
                refuse_unfit_patches()
                try:
                    loop_thread = LoopThread(self._on_close)
                except (OSError, RuntimeError) as error:
                    raise APIConnectionError(f"no event loop could be started: {error}") from error
                weakref.finalize(self, loop_thread.stop, wait=False).atexit = False
                self._loop_thread = loop_thread
            return loop_thread


def _closed_error() -> ClientClosedError:
    return ClientClosedError("the client is closed; make a new one")
