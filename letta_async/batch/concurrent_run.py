"""Concurrent run of a coroutine function over targets, a few more at once than there are slots."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import attrs

from letta_async.batch.targets import TargetT, take_targets

__all__ = ["ConcurrentRun"]

T = TypeVar("T")

_TARGETS_AHEAD: Final = 4
"""Number of targets taken beyond the limiter's slots, so that a free slot is used immediately."""
_MAX_READY: Final = 100
"""Number of results that may be waiting to be yielded before no further target is taken."""


@attrs.define(eq=False, kw_only=True)
class ConcurrentRun(Generic[TargetT, T]):
    """Iterator over the results of a concurrent run over targets, each as it completes.

    One task iterates over the targets and starts a task per target, a few more than there are slots. An exception of
    the targets or of `process` is raised at the end, after the results of what was in flight. Leaving the `async with`
    block, or `aclose()`, cancels what is in flight. It is no generator: if a batch that holds one is collected with it
    as garbage, asyncio would close both at once.
    """

    targets: Iterable[TargetT] | AsyncIterable[TargetT]
    process: Callable[[TargetT], Coroutine[Any, Any, T]]
    """Returns the result of one target."""
    concurrency: Callable[[], int]
    """Returns the number of requests that may be in flight now."""
    is_wanted: Callable[[], bool] = lambda: True
    """Returns whether a further target is wanted; if not, no more are taken, but those taken still have a result."""

    _is_stopped: bool = attrs.field(default=False, init=False)
    """Whether no further target is taken."""
    _is_closing: bool = attrs.field(default=False, init=False)
    """Whether the run is being closed, so that results are discarded."""
    _error: BaseException | None = attrs.field(default=None, init=False)
    """The error that ended the run early; raised after the results of all targets that were taken."""
    _taker: asyncio.Task[None] | None = attrs.field(default=None, init=False)
    _tasks: set[asyncio.Task[T]] = attrs.field(factory=set[asyncio.Task[T]], init=False)
    """One task per target that was taken and has no result yet."""
    _ready: deque[T] = attrs.field(factory=deque[T], init=False)
    """Results to yield."""
    _result_event: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    """Set when there may be a result to yield, or no more to come."""
    _room_event: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    """Set when there may be room for a further target."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self._taker is None:
            self._taker = asyncio.create_task(self._take_targets())
            self._taker.add_done_callback(lambda _: self._result_event.set())
        while not self._ready:
            if not self._tasks and self._taker.done():
                raise StopAsyncIteration if self._error is None else self._error
            self._result_event.clear()
            await self._result_event.wait()
        self._room_event.set()
        return self._ready.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
        if isinstance(error, GeneratorExit) and not isinstance(self._error, asyncio.CancelledError | None):
            raise self._error  # closed early: an error that the targets raise at their end still matters

    def recheck_room(self) -> None:
        """Check again whether there is room for a further target; call it after `concurrency` has risen."""
        self._room_event.set()

    async def aclose(self) -> None:
        """Cancel what is in flight, and wait until it has ended."""
        self._is_closing = self._is_stopped = True
        tasks: list[asyncio.Task[Any]] = [*self._tasks, *([] if self._taker is None else [self._taker])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_targets(self) -> None:
        """Start a task for each target; this task alone iterates over them."""
        try:
            await take_targets(self.targets, self._has_room, self._start_task)
        except BaseException as error:
            self._fail(error)
        self._is_stopped = True

    async def _has_room(self) -> bool:
        """Wait until there is room for a further target; return false if none is wanted any more."""
        while self._wants_more_targets() and (
            len(self._tasks) >= self.concurrency() + _TARGETS_AHEAD or len(self._ready) >= _MAX_READY
        ):
            self._room_event.clear()
            await self._room_event.wait()
        return self._wants_more_targets()

    def _wants_more_targets(self) -> bool:
        return not self._is_stopped and self.is_wanted()

    def _start_task(self, target: TargetT) -> None:
        if self._is_closing:
            return
        task = asyncio.create_task(self.process(target))
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)  # not by the task itself, which may have run before it is in the set

    def _on_task_done(self, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self._fail(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            self._fail(error)
        else:
            self._ready.append(task.result())
        self._result_event.set()
        self._room_event.set()

    def _fail(self, error: BaseException) -> None:
        """Stop taking targets, and raise an error at the end, unless it is the cancellation by `aclose` itself."""
        self._is_stopped = True
        if self._error is None and not (self._is_closing and isinstance(error, asyncio.CancelledError)):
            self._error = error
