"""One private event loop on a thread of its own, and a door into it from every other thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, Final, TypeVar

from letta_async.errors import ClientClosedError

__all__ = ["Portal"]

T = TypeVar("T")

_JOIN: Final = 5.0
"""How long ending waits for the thread, in seconds."""


class _LoopThread:
    """A running loop, and what is needed to end it. It knows nothing of the portal, which can so be collected."""

    def __init__(self, at_end: Callable[[], Awaitable[None]]) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.lock = threading.Lock()
        self.ended = False
        self._at_end = at_end
        self.thread = threading.Thread(target=self.loop.run_forever, name="letta-async", daemon=True)
        self.thread.start()

    def schedule(self, callback: Callable[[], None], context: Context) -> None:
        """Have the loop call something; after the end, refuse."""
        with self.lock:
            if self.ended:
                raise ClientClosedError("the client is closed; make a new one")
            self.loop.call_soon_threadsafe(callback, context=context)

    def end(self) -> None:
        """Let what is under way end, close what is open, stop the loop. Nothing is sent."""
        if self.pid != os.getpid():
            return  # the loop and its thread are the parent process's
        with self.lock:
            if self.ended:
                return
            self.ended = True
            self.loop.call_soon_threadsafe(lambda: self.loop.create_task(self._finish()))
        if threading.current_thread() is not self.thread:  # the collector may run anywhere, also there
            self.thread.join(_JOIN)
            if not self.thread.is_alive():
                self.loop.close()

    async def _finish(self) -> None:
        try:
            await self._at_end()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        finally:
            self.loop.stop()


_inherited: Final[list[_LoopThread]] = []
"""Loops of the parent process, kept from the garbage collector, which would disturb the parent's selectors."""


class Portal:
    """Run coroutines on a private loop and wait for them.

    Safe from any number of threads, also from one that runs an event loop. After a fork, the child makes a loop of its
    own. Left open, it ends with the interpreter, or when it is collected.
    """

    def __init__(self, at_end: Callable[[], Awaitable[None]]) -> None:
        """Take what to await on the loop before it stops."""
        self._at_end = at_end
        self._guard = threading.Lock()
        self._running: _LoopThread | None = None
        self._finalizer: weakref.finalize[Any, Any] | None = None
        self._closed = False

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], context: Context | None = None) -> T:
        """Run a coroutine on the loop and wait for what comes of it.

        An interrupt such as Ctrl-C cancels the coroutine, waits until it has ended, and goes on its way.

        Args:
            make: Makes the coroutine; called on the loop.
            context: Context variables for the coroutine. Default: a copy of the caller's.

        Raises:
            ClientClosedError: the portal is closed, or the call comes from its own loop and would wait for itself.

        """
        running = self._running_here()
        if threading.current_thread() is running.thread:
            raise ClientClosedError(
                "a call on Letta from its own event loop would wait for itself; use AsyncLetta in coroutines"
            )
        outcome: concurrent.futures.Future[T] = concurrent.futures.Future()
        tasks: list[asyncio.Task[T]] = []

        def start() -> None:
            task = running.loop.create_task(make())
            tasks.append(task)
            task.add_done_callback(finish)

        def finish(task: asyncio.Task[T]) -> None:
            if task.cancelled():
                outcome.set_exception(ClientClosedError("the client was closed while this call was under way"))
            elif (error := task.exception()) is not None:
                outcome.set_exception(error)
            else:
                outcome.set_result(task.result())

        running.schedule(start, copy_context() if context is None else context)
        try:
            return outcome.result()
        except BaseException:
            if not outcome.done():
                running.loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
                concurrent.futures.wait([outcome])
            raise
        finally:
            del outcome  # an exception in it has this frame in its traceback: a cycle

    def close(self) -> None:
        """End the loop and its thread."""
        self._closed = True
        if self._finalizer is not None:
            self._finalizer()

    def _running_here(self) -> _LoopThread:
        running = self._running
        if running is not None and running.pid == os.getpid():
            return running
        if running is not None:
            _inherited.append(running)
            self._guard = threading.Lock()  # another thread of the parent may have held it at the fork
            self._running = None
        with self._guard:
            if self._closed:
                raise ClientClosedError("the client is closed; make a new one")
            if self._running is None:
                self._running = _LoopThread(self._at_end)
                self._finalizer = weakref.finalize(self, self._running.end)
            return self._running
