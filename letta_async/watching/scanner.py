"""Scan of a watch: finds agents that changed, and brings what is pending up to date."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

import attrs

from letta_async._http.observation import notify
from letta_async._utils.logging_setup import log
from letta_async.batch.concurrent_run import ConcurrentRun
from letta_async.batch.outcome import Outcome
from letta_async.batch.runner import Batch
from letta_async.batch.shared_comparison import Comparison, isolated_blocks_error
from letta_async.batch.staleness import Staleness
from letta_async.batch.targets import Target
from letta_async.errors import (
    APIConnectionError,
    APIKeyError,
    APIStatusError,
    APITimeoutError,
    Attempt,
    AuthenticationError,
    LettaError,
    NotFoundError,
    WatchStateError,
)
from letta_async.instrumentation import Instrumentation
from letta_async.operations.conversations import Recompile
from letta_async.types.agent import AgentState
from letta_async.types.conversation import Conversation
from letta_async.types.watch import Scan
from letta_async.watching.clock import Clock
from letta_async.watching.fingerprint import fingerprint
from letta_async.watching.rate import RecompileRate
from letta_async.watching.state import WatchState
from letta_async.watching.state_file import Pending, StateFile

__all__ = ["Report", "RequestCounter", "Scanner", "WatchedServer"]

T = TypeVar("T")

_PAGE: Final = 500
"""Number of pending targets that are read at once."""
_LONGEST_DELAYS: Final = {"failed": 3600.0, "busy": 300.0}
"""Maximum delay before a target is tried again, in seconds, by the status of its outcome."""
_MAX_DOUBLINGS: Final = 30
_OUTAGE_STATUSES: Final = frozenset({429, 502, 503, 504})
"""Statuses of an overloaded server, or of a proxy whose server is down."""
_SHORTEST_ROUND: Final = 1.0
"""Minimum time that a scan takes for pending targets before the agents are listed again, in seconds."""
_REQUESTS_TO_COMPARE: Final = 2


@attrs.define(eq=False)
class RequestCounter:
    """Counter of the requests of a watch."""

    requests: int = 0
    """Number of requests that were sent, repetitions included."""

    async def counted(self, send: Callable[[list[Attempt]], Awaitable[T]], attempts: list[Attempt]) -> T:
        """Send a request, and count its attempts; those that failed are appended to the list."""
        before = len(attempts)
        try:
            result = await send(attempts)
            self.requests += 1
        finally:
            self.requests += len(attempts) - before
        return result


@attrs.define(eq=False, kw_only=True)
class WatchedServer:
    """Requests of a watch."""

    list_agents: Callable[[], AsyncIterator[AgentState]]
    """Iterates over the agents in scope."""
    list_conversations: Callable[[str], Awaitable[Sequence[Conversation]]]
    """Returns the conversations of an agent."""
    compile: Callable[[Target, list[Attempt]], Awaitable[str]]
    """Returns the prompt that a recompile of a target would store."""
    compare: Callable[[Target, str, list[Attempt]], Awaitable[Staleness]]
    """Compares the stored prompt of a target with a compiled one."""
    batch: Callable[[AsyncIterator[Target]], Batch]
    """Creates a batch that recompiles the targets that are stale."""
    concurrency: Callable[[], int]
    """Returns the number of requests that may be in flight now."""
    instrumentation: Sequence[Instrumentation] = ()
    counter: RequestCounter = attrs.field(factory=RequestCounter)


@attrs.define(kw_only=True)
class Report:
    """Counts of a scan in progress; the fields are those of `Scan`."""

    at: float
    agents: int = 0
    changed: int = 0
    checked: int = 0
    recompiled: int = 0
    failed: int = 0
    busy: int = 0
    pending: int = 0
    requests: int = 0
    error: LettaError | None = None

    def finished(self, seconds: float) -> Scan:
        """Return the report of a scan that took so long."""
        counts: dict[str, Any] = attrs.asdict(self, recurse=False)
        del counts["at"]
        return Scan(at=datetime.fromtimestamp(self.at, UTC), seconds=seconds, **counts)


@attrs.define(eq=False, kw_only=True)
class Scanner:
    """Scans of a watch."""

    server: WatchedServer
    state: WatchState
    clock: Clock
    rate: RecompileRate
    every: float
    """Interval between the beginnings of two scans, in seconds."""
    once: bool
    """Whether everything pending is tried in one scan."""

    async def run(self, report: Report) -> AsyncGenerator[Outcome, None]:
        """List agents, store what changed, and yield the outcomes of pending targets.

        A scan ends when nothing pending is left whose delay has passed, or after the interval: the agents are then
        listed again, so that a long round of recompiles does not hide edits.

        Raises:
            LettaError: The scan failed.

        """
        requests = self.server.counter.requests
        try:
            await self._find_changes(report)
            for method in (self._refuse_isolated, self._bring_up_to_date):
                async with aclosing(method(report)) as outcomes:
                    async for outcome in outcomes:
                        yield outcome
        finally:
            report.requests += self.server.counter.requests - requests

    # --- changes ------------------------------------------------------------------------------------------------------

    async def _find_changes(self, report: Report) -> None:
        """Compare the agents' fingerprints with the known ones, and store new ones with the targets of the agents.

        A conversation that begins later needs no check. The server first stores a conversation and then compiles its
        prompt from the memory of that moment: one that is not in the list of conversations, which is requested after
        the fingerprint was taken, has a prompt that is no older than the fingerprint. If the memory is edited in
        between, the next fingerprint differs.
        """
        found = {agent.id: fingerprint(agent) async for agent in self.server.list_agents()}
        report.agents = len(found)
        changed = await self.state.read(lambda file: file.changed_agents(found))
        report.changed = len(changed)
        listing: ConcurrentRun[str, tuple[str, list[tuple[str, bool]] | LettaError]] = ConcurrentRun(
            targets=changed, process=self._list_targets, concurrency=self.server.concurrency
        )
        async with listing:
            async for agent_id, targets in listing:
                if isinstance(targets, LettaError):
                    report.error = report.error or targets
                else:
                    await self.state.write(_adding(agent_id, found[agent_id], targets))
        await self.state.write(lambda file, now: file.keep_agents(found, now))

    async def _list_targets(self, agent_id: str) -> tuple[str, list[tuple[str, bool]] | LettaError]:
        """Return the targets of an agent, each with whether it has isolated blocks; or the error if one agent fails."""
        try:
            conversations = await self.server.list_conversations(agent_id)
        except LettaError as error:
            if _is_outage(error) or isinstance(error, AuthenticationError):
                raise
            return agent_id, error
        rows = [(each.id, bool(each.isolated_block_ids)) for each in conversations if not each.archived]
        return agent_id, [(agent_id, False), *rows]

    # --- pending targets ----------------------------------------------------------------------------------------------

    async def _refuse_isolated(self, report: Report) -> AsyncGenerator[Outcome, None]:
        """Yield the outcomes of conversations with isolated blocks, which are not recompiled."""
        read = partial(StateFile.read_pending, after=("", ""), due=float("inf"), limit=_PAGE, isolated=True)
        while rows := await self.state.read(read):
            for row in rows:
                outcome = Outcome(target=row.target, status="failed", error=isolated_blocks_error(row.target))
                await self.state.write(_removing(row.target))
                report.failed += 1
                for instrumentation in self.server.instrumentation:
                    notify(instrumentation, Instrumentation.on_target_finished, outcome)
                yield outcome

    async def _bring_up_to_date(self, report: Report) -> AsyncGenerator[Outcome, None]:
        """Recompile pending targets that are stale; yield the outcomes of those that were not up to date."""
        taken: dict[str, Pending] = {}
        counted = self.server.counter.counted
        comparison = Comparison(
            agent_of=lambda target: taken[_row_of(target)].agent_id,
            compile=lambda target, attempts: counted(partial(self.server.compile, target), attempts),
            compare=lambda target, prompt, attempts: counted(partial(self.server.compare, target, prompt), attempts),
        )
        batch = self.server.batch(self._take_targets(report, taken))
        recompile = batch.call

        async def recompile_if_locked(target: Target, attempts: list[Attempt]) -> str:
            await self.state.ensure_locked()
            return await counted(partial(recompile, target), attempts)

        batch.compare, batch.call = comparison.run, recompile_if_locked
        async with aclosing(batch.run()) as outcomes:
            async for outcome in outcomes:
                row = taken.pop(_row_of(outcome.target))
                was_sent = outcome.status == "failed" and outcome.tries > _REQUESTS_TO_COMPARE
                self.rate.release(recompiled=outcome.status == "recompiled" or was_sent)
                if await self._settle(outcome, row, report):
                    yield attrs.evolve(outcome, tries=outcome.tries - (outcome.target in comparison.saved))

    async def _take_targets(self, report: Report, taken: dict[str, Pending]) -> AsyncGenerator[Target, None]:
        """Yield the pending targets whose delay has passed, while there is time in this scan."""
        end = float("inf") if self.once else self.clock.monotonic() + max(self.every, _SHORTEST_ROUND)
        due = float("inf") if self.once else self.clock.wall()
        read = partial(StateFile.read_pending, due=due, limit=_PAGE, isolated=False)
        rows = await self.state.read(partial(read, after=("", "")))
        while rows:
            for row in rows:
                if report.error is not None and _is_outage(report.error):
                    return
                if self.clock.monotonic() >= end or not await self.rate.acquire(end):
                    return
                taken[row.target] = row
                own = row.target == row.agent_id
                yield Recompile(conversation_id="default", agent_id=row.agent_id) if own else row.target
            rows = await self.state.read(partial(read, after=(rows[-1].agent_id, rows[-1].target)))

    async def _settle(self, outcome: Outcome, row: Pending, report: Report) -> bool:
        """Store what became of a target; return whether its outcome is yielded.

        Raises:
            AuthenticationError: The API key is wrong.
            WatchStateError: The state cannot be written, or its lock was lost.

        """
        error = outcome.error
        if isinstance(error, AuthenticationError | WatchStateError):
            raise error
        if error is not None and _is_outage(error):
            report.error = error  # it stays as it is, to be tried when the server is there again
            return False
        report.checked += 1
        if isinstance(error, NotFoundError) and "/conversations/" in str(error.request_path):
            log.debug("%s is not there any more: %s", row.target, error)
            await self.state.write(_removing(row.target))
            return False
        if outcome.ok:
            await self.state.write(_removing(row.target))
            report.recompiled += outcome.status == "recompiled"
            return outcome.status == "recompiled"
        longest = max(_LONGEST_DELAYS[outcome.status], self.every)
        delay = min(self.every * 2 ** min(row.attempts, _MAX_DOUBLINGS), longest)
        await self.state.write(_delaying(row.target, report.at + delay))
        report.failed += outcome.status == "failed"
        report.busy += outcome.status == "busy"
        return True


def _row_of(target: Target) -> str:
    """Return the target as the state names it."""
    return target if isinstance(target, str) else str(target.agent_id)


def _is_outage(error: LettaError) -> bool:
    """Return whether the server, or the key for it, cannot be reached: no other request would fare better."""
    if isinstance(error, APITimeoutError):  # one conversation may be too large
        return False
    if isinstance(error, APIStatusError):
        return error.status_code in _OUTAGE_STATUSES
    return isinstance(error, APIConnectionError | APIKeyError)


# --- writes -----------------------------------------------------------------------------------------------------------

Write = Callable[[StateFile, float], None]


def _adding(agent_id: str, value: str, targets: Sequence[tuple[str, bool]]) -> Write:
    return lambda file, now: file.add_change(agent_id, value, targets, now)


def _removing(target: str) -> Write:
    return lambda file, now: file.remove_pending(target, now)


def _delaying(target: str, due: float) -> Write:
    return lambda file, now: file.delay_pending(target, due, now)
