"""One private event loop on a thread of its own, and a door into it from every other thread."""

from __future__ import annotations

import asyncio
import atexit
import math
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from typing import Any, Final, Generic, Self, TypeVar

from letta_async._facade.greenlets import refuse_unfit_patches
from letta_async._utils.frames import drop_frames
from letta_async.errors import APIConnectionError, ClientClosedError

__all__ = ["Portal"]

T = TypeVar("T")

_JOIN: Final = 5.0
"""How long ending waits for the thread, in seconds."""
_TICK: Final = 0.1 if sys.platform == "win32" else -1
"""How often a wait looks up, in seconds, if at all: on Windows, Ctrl-C comes through only then."""


class _LoopThread:
    """A running loop, and what is needed to end it. It knows nothing of the portal, which can so be collected."""

    def __init__(self, at_end: Callable[[], Awaitable[None]]) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.SelectorEventLoop()  # not the policy's, which may be at home in the main thread only
        self.loop.slow_callback_duration = math.inf  # in debug mode; who waits here is nobody's event loop
        self.thread = threading.Thread(target=self._serve, name="letta-async", daemon=True)
        self.tasks: set[asyncio.Task[Any]] = set()
        """What is under way, also where nobody waits for it any more: a loop alone does not hold its tasks."""
        self._at_end = at_end
        self._due: deque[Callable[[], None]] = deque()
        self._woken = False
        self._lock = threading.RLock()  # a signal handler that closes the client may interrupt its holder
        self.ended = False
        self._finished = False
        self._exiting = False
        _loops.add(self)
        try:
            self.thread.start()
        except RuntimeError:
            _loops.discard(self)
            self.loop.close()
            raise

    def schedule(self, callback: Callable[[], None]) -> bool:
        """Have the loop call something, unless it was ended."""
        with self._lock:
            if self.ended:
                return False
            self._due.append(callback)
            if self._woken:
                return True  # to wake a loop is dear: what many threads bring meanwhile goes along
            self._woken = True
            try:
                self.loop.call_soon_threadsafe(self._call_due)
            except RuntimeError:
                return False  # such a signal handler came just now
            return True

    def _call_due(self) -> None:
        self._woken = False
        while self._due:
            self._due.popleft()()

    def freezes(self, thread: threading.Thread) -> bool:
        """Tell whether a thread is to wait in vain: a daemon at exit, which stops in the middle of whatever it does."""
        return self._exiting and thread.daemon

    def end(self, *, wait: bool = True, exiting: bool = False) -> None:
        """Let what is under way end, close what is open, stop the loop. Nothing is sent."""
        if self.pid != os.getpid():
            return  # the loop and its thread are the parent process's
        with self._lock:
            self._exiting = self._exiting or exiting
            if not self.ended:
                self.loop.call_soon_threadsafe(lambda: self.tasks.add(self.loop.create_task(self._finish())))
            self.ended = True
        if wait and threading.get_ident() != self.thread.ident:
            self.thread.join(_JOIN)

    def _serve(self) -> None:
        try:
            while not self._finished:
                try:
                    self.loop.run_forever()
                except (SystemExit, KeyboardInterrupt):
                    pass  # stops a loop in passing; it goes to the caller whose call raised it
        finally:
            self.loop.close()
            _loops.discard(self)

    async def _finish(self) -> None:
        try:
            await self._at_end()
        finally:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self.loop.shutdown_asyncgens()
            await asyncio.sleep(0)  # a turn for the callbacks of what has just ended: somebody waits for them
            self._finished = True
            self.loop.stop()


_loops: Final[set[_LoopThread]] = set()
"""Loops to end at exit. After a fork also the parent process's: to collect them would disturb the parent's sockets."""

_guard: Final = threading.RLock()
"""Held while a loop is started, and so never by a thread that a forked child does not have."""

if sys.platform != "win32":  # pragma: no branch - tested where there is fork
    os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_guard.release)


@atexit.register
def _end_all() -> None:
    loops = list(_loops)
    for running in loops:
        running.end(wait=False, exiting=True)
    for running in loops:
        running.end()


class _Outcome(Generic[T]):
    """What a call comes to, and the place to wait for it: a lock is all it takes, where a future takes several."""

    def __init__(self) -> None:
        self.known = False
        self._open = threading.Lock()
        self._open.acquire()
        self._value: T
        self._error: BaseException | None = None

    def set(self, value: T) -> None:
        """Give the value."""
        self._value = value
        self._make_known()

    def fail(self, error: BaseException) -> None:
        """Give the error instead."""
        self._error = error
        self._make_known()

    def _make_known(self) -> None:
        self.known = True
        self._open.release()

    def wait(self) -> None:
        """Wait until it is known."""
        while not self.known:
            if self._open.acquire(timeout=_TICK):
                self._open.release()

    def get(self) -> T:
        """Give the value, or raise the error."""
        try:
            if self._error is not None:
                raise self._error
            return self._value
        finally:
            del self  # the error has this frame in its traceback


class _Call(Generic[T]):
    """One coroutine on its way through the door."""

    def __init__(self, running: _LoopThread, make: Callable[[], Awaitable[T]], context: Context) -> None:
        self.outcome: _Outcome[T] = _Outcome()
        self._running = running
        self._make = make
        self._context = context
        self._caller = threading.current_thread()
        self._task: asyncio.Task[T] | None = None

    def start(self) -> None:
        """Begin; on the loop."""
        try:
            self._task = self._running.loop.create_task(_await(self._make), context=self._context)
        except (SystemExit, KeyboardInterrupt) as error:  # from a task that begins at once, where tasks are eager
            self.outcome.fail(error)
            return
        self._task.add_done_callback(self._pass_on)
        self._running.tasks.add(self._task)

    def abort(self) -> None:
        """End early, or never begin; on the loop."""
        if self._task is None:
            self.outcome.fail(asyncio.CancelledError())
        else:
            self._task.cancel()

    def _pass_on(self, task: asyncio.Task[T]) -> None:
        self._running.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if self._running.freezes(self._caller):
            return
        if task.cancelled():
            closed = ClientClosedError("the client was closed while this call was under way")
            self.outcome.fail(closed if self._running.ended else asyncio.CancelledError())
        elif error is not None:
            self.outcome.fail(error)
        else:
            self.outcome.set(task.result())


async def _await(make: Callable[[], Awaitable[T]]) -> T:
    return await make()


class Portal:
    """Run coroutines on a private loop and wait for them.

    Safe from any number of threads, also from one that runs an event loop. After a fork, the child makes a loop of its
    own. Left open, it ends with the interpreter, or when it is collected.
    """

    def __init__(self, at_end: Callable[[], Awaitable[None]]) -> None:
        """Take what to await on the loop before it stops."""
        self._at_end = at_end
        self._running: _LoopThread | None = None
        self._closed = False

    def __deepcopy__(self, memo: object) -> Self:
        return self  # there is one loop, whoever holds it

    def run(self, make: Callable[[], Awaitable[T]], context: Context | None = None) -> T:
        """Run a coroutine on the loop and wait for what comes of it.

        An interrupt such as Ctrl-C cancels the coroutine, waits until it has ended, and goes on its way.

        Args:
            make: Makes the coroutine; called on the loop.
            context: Context variables for the coroutine. Default: a copy of the caller's.

        Raises:
            ClientClosedError: the portal is closed, or the call comes from its own loop and would wait for itself.
            LettaError: no loop can run, because of what gevent has patched.

        """
        running = self._running_here()
        if threading.get_ident() == running.thread.ident:
            raise ClientClosedError(
                "a call on Letta from its own event loop would wait for itself; use AsyncLetta in coroutines"
            )
        call = _Call(running, make, copy_context() if context is None else context)
        try:
            scheduled = running.schedule(call.start)
            if not scheduled and not running.freezes(threading.current_thread()):
                call.outcome.fail(_closed())
            call.outcome.wait()
            return call.outcome.get()
        except BaseException as error:
            if not call.outcome.known and running.schedule(call.abort):
                call.outcome.wait()
            drop_frames(error)
            raise
        finally:
            del call  # it holds an error that has this frame in its traceback

    def close(self) -> None:
        """End the loop and its thread."""
        with _guard:
            self._closed = True
            running = self._running
        if running is not None:
            running.end()

    def _running_here(self) -> _LoopThread:
        """Find this process's loop, or start it."""
        running = self._running
        if running is not None and running.pid == os.getpid():
            return running
        with _guard:
            if self._closed:
                raise _closed()
            running = self._running
            if running is None or running.pid != os.getpid():
                refuse_unfit_patches()
                try:
                    running = _LoopThread(self._at_end)
                except (OSError, RuntimeError) as error:
                    raise APIConnectionError(f"no event loop could be started: {error}") from error
                weakref.finalize(self, running.end, wait=False).atexit = False
                self._running = running
            return running


def _closed() -> ClientClosedError:
    return ClientClosedError("the client is closed; make a new one")
