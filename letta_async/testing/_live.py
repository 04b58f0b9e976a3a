"""What is under way in a server: the model, the turns that run, the events of background runs, locks.

None of it outlives the server, and no file has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import attrs

from letta_async.testing._model import Model

__all__ = ["Channel", "Live"]

_PING_INTERVAL: Final = 20.0


@attrs.define(eq=False)
class Channel:
    """The events of a run as they were written, for any number of readers, from any event on."""

    events: list[bytes] = attrs.field(factory=list[bytes])
    closed: bool = False
    stopped: bool = False
    """Whether its server has stopped."""
    _changed: asyncio.Event = attrs.field(factory=asyncio.Event)

    def put(self, event: bytes) -> None:
        """Add an event, unless the channel is closed."""
        if not self.closed:
            self.events.append(event)
            self._wake()

    def close(self) -> None:
        """End the stream of every reader after the last event."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def read(self, start: int = 0, *, silence: float | None = None) -> AsyncIterator[bytes | None]:
        """Yield the events after the first `start` of them, and `None` after each `silence` seconds without one.

        A reader that starts beyond the last event of a closed channel waits forever, as with the real server.
        """
        place = start
        while True:
            changed = self._changed
            while place < len(self.events):
                yield self.events[place]
                place += 1
            if self.stopped or (self.closed and place == len(self.events) and place > start):
                return
            try:
                async with asyncio.timeout(silence):
                    await changed.wait()
            except TimeoutError:
                yield None


@attrs.define(eq=False)
class Live:
    """What is under way."""

    model: Model = attrs.field(factory=Model)
    models: frozenset[str] | None = None
    """Handles of the models that answer; `None`: all."""
    save: Callable[[], None] = lambda: None
    """Write what has changed, outside of a request."""
    ping_interval: float = _PING_INTERVAL
    file_polls: int = 0
    """Number of times that a file is shown as being processed before it is processed."""
    channels: dict[str, Channel] = attrs.field(factory=dict[str, Channel])
    """Channel of each background run."""
    locks: dict[str, str] = attrs.field(factory=dict[str, str])
    """Run that a conversation, or an agent without one, is busy with."""
    latest: dict[str, str] = attrs.field(factory=dict[str, str])
    """Latest run of each agent, of those that can be cancelled without their ID."""
    otids: dict[str, str] = attrs.field(factory=dict[str, str])
    """Run that a message with an offline threading ID began."""
    requests: dict[tuple[str, ...], str] = attrs.field(factory=dict[tuple[str, ...], str])
    """Run that messages with these offline threading IDs began, all of them."""
    cancelled: dict[str, Callable[[], None]] = attrs.field(factory=dict[str, Callable[[], None]])
    """What stops the stream of a run when it is cancelled."""
    _tasks: set[asyncio.Task[Any]] = attrs.field(factory=set[asyncio.Task[Any]])

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a turn, whether its client stays or not."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        """Cancel all turns."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for channel in self.channels.values():
            channel.stopped = True
            channel.close()
        self.locks.clear()
