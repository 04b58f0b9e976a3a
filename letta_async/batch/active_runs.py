"""Active runs of a server, listed once for all targets of a batch that ask at the same time."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Final

import attrs

from letta_async._schema.json_values import is_object, show
from letta_async.config import is_seconds
from letta_async.errors import ArgumentProblem
from letta_async.types.run import Run

__all__ = ["ActiveRuns", "Activity", "SlotRelease", "read_activity", "wait_problems"]

SlotRelease = Callable[[], AbstractContextManager[object]]
"""Returns a context manager within which the caller takes none of the slots of its batch."""

_FIRST_DELAY: Final = 0.25
"""Number of seconds between the first two lists for one target."""
_FACTOR: Final = 1.5
"""Factor by which each delay is longer than the one before."""
_LONGEST_DELAY: Final = 5.0
"""Maximum number of seconds between two lists for one target."""
_LOST_AFTER: Final = timedelta(hours=1)
"""Age from which an active run counts as lost: a server that was restarted keeps those of before as active."""
_UNNAMED: Final = "send_conversation_message"
"""Type of a run of a conversation, which its `conversation_id` names unless the response is not streamed."""
_MAYBE_UNENDED: Final = "send_message"
"""Type of a run of an agent's own, which stays active after its end in one case: see `read_activity`."""


@attrs.frozen
class Activity:
    """Conversations and agents that have active runs, by one list of them."""

    names: frozenset[str] = frozenset()
    """IDs of the conversations that have an active run, and of the agents that have one of their own."""
    doubtful: Mapping[str, Sequence[str]] = attrs.field(factory=dict[str, Sequence[str]])
    """IDs of the runs of agents' own that may have ended though they are active, by agent."""


async def read_activity(runs: AsyncIterable[Run], now: datetime) -> Activity:
    """Read a list of active runs, the newest first, as far as they began within the last hour.

    On Letta 0.16.8 the run of a message to `/v1/conversations/…/messages` whose response is not streamed does not name
    its conversation, and stays `created` for ever. For a conversation it has a type of its own, and is left out: it is
    none of the agent's own. With `default` it differs from another run of the agent's own only by its steps.
    """
    names: set[str] = set()
    doubtful: defaultdict[str, list[str]] = defaultdict(list)
    async for run in runs:
        if run.created_at is not None and now - run.created_at > _LOST_AFTER:
            break
        kind = run.metadata.get("run_type") if is_object(run.metadata) else None
        if run.conversation_id:
            names.add(run.conversation_id)
        elif kind == _MAYBE_UNENDED and run.status == "created" and not run.background:
            doubtful[run.agent_id].append(run.id)
        elif kind != _UNNAMED:
            names.add(run.agent_id)
    return Activity(frozenset(names), doubtful)


@attrs.define(eq=False)
class ActiveRuns:
    """Monitor of the conversations, and of the agents in agent-direct mode, that have an active run.

    A question is answered by a list that was begun after it was asked, so that no run is missed that began before;
    questions that are asked while a list is under way share the next one.
    """

    fetch: Callable[[], Awaitable[Activity]]
    """Requests what has active runs."""
    has_ended: Callable[[str], Awaitable[bool]]
    """Returns whether the run of an ID has ended, though it is active."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _next: asyncio.Task[Activity] | None = attrs.field(default=None, init=False)
    """List that has not begun."""
    _current: asyncio.Task[Activity] | None = attrs.field(default=None, init=False)
    """List that began last."""
    _waiting: int = attrs.field(default=0, init=False)
    """Number of questions without an answer."""
    _ended: set[str] = attrs.field(factory=set[str], init=False)
    """IDs of runs that have ended, though they are active."""

    async def becomes_idle(self, name: str, seconds: float, without_slot: SlotRelease = nullcontext) -> bool:
        """Return whether a conversation, or an agent, has no active run, at once or within so many seconds.

        Args:
            name: ID of the conversation or agent.
            seconds: Limit on the wait.
            without_slot: Context of the time between two lists.

        Raises:
            LettaError: The runs could not be listed.

        """
        end = self.clock() + seconds
        delay = _FIRST_DELAY
        while await self._is_busy(name):
            left = end - self.clock()
            if left <= 0:
                return False
            with without_slot():
                await self.sleep(min(delay, left))
            delay = min(delay * _FACTOR, _LONGEST_DELAY)
        return True

    async def _is_busy(self, name: str) -> bool:
        activity = await self._list()
        if name in activity.names:
            return True
        for run_id in activity.doubtful.get(name, ()):
            if run_id not in self._ended:
                if not await self.has_ended(run_id):
                    return True
                self._ended.add(run_id)
        return False

    async def _list(self) -> Activity:
        """Return the list that begins next."""
        if self._next is None:
            self._next = asyncio.create_task(self._fetch_after(self._current))
        self._waiting += 1
        try:
            return await asyncio.shield(self._next)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._cancel()

    def _cancel(self) -> None:
        """Cancel the lists that nobody waits for."""
        for task in (self._next, self._current):
            if task is not None:
                task.cancel()
        self._next = self._current = None

    async def _fetch_after(self, previous: asyncio.Task[Activity] | None) -> Activity:
        if previous is not None:
            await asyncio.wait([previous])
        self._current, self._next = self._next, None
        return await self.fetch()


def wait_problems(wait_if_busy: object) -> Iterable[ArgumentProblem]:
    """Yield the problem of a `wait_if_busy` that is neither `None` nor a number of seconds."""
    is_zero = wait_if_busy == 0 and not isinstance(wait_if_busy, bool)
    if wait_if_busy is not None and not is_zero and not is_seconds(wait_if_busy):
        yield ArgumentProblem("wait_if_busy", f"{show(wait_if_busy)} is neither a number of seconds nor None")
