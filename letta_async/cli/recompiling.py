"""The command `recompile`: plan, question, work, report."""

from __future__ import annotations

import shlex
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import attrs

from letta_async._schema.unset import UNSET
from letta_async.batch.outcome import Outcome
from letta_async.cli.bar import progress_bar
from letta_async.cli.command_runner import CommandRunner
from letta_async.cli.connection import Connection
from letta_async.cli.error_messages import is_hopeless
from letta_async.cli.exits import Exit
from letta_async.cli.plan import Plan, ask_yes_or_no, can_be_asked, conversations_in_words
from letta_async.cli.report import Report, Row, Status, print_diff, say, say_stopping
from letta_async.cli.selection import Selection
from letta_async.cli.staleness_check import check_staleness
from letta_async.cli.stop_signals import Interrupted, Stop
from letta_async.client import AsyncLetta
from letta_async.errors import JournalError
from letta_async.operations.conversations import Recompile

__all__ = ["Recompiling"]


@attrs.define(kw_only=True)
class Recompiling:
    """One run of `recompile`."""

    selection: Selection
    connection: Connection
    report: Report
    dry_run: bool
    only_stale: bool
    diff: bool
    yes: bool
    settings: Mapping[str, Any] | None
    journal: Path | None
    wait_if_busy: float | None = None
    dask: str | None = None
    """Address of the scheduler of the cluster to recompile on."""
    send_secrets: bool = False
    command: Sequence[str]
    """Arguments of the command, to print one that continues after an interruption."""

    def run(self) -> Exit:
        """Recompile the selected conversations, or plan to in a dry run; return the exit code."""
        asking = not (self.yes or self.dry_run) and can_be_asked()
        with CommandRunner(self.connection) as runner:
            try:
                ids = runner.run(self.selection.find)
                plan = self._plan(runner, ids) if asking or self.dry_run or self.diff else None
            except Interrupted as interrupted:
                say("Interrupted; nothing was changed.")
                return interrupted.code
            if self.dry_run and plan is not None:
                return self._report_dry_run(plan)
            if plan is None:
                say(f"{conversations_in_words(len(ids))}{' to check' if self.only_stale else ''}.")
            elif self._shows_plan(plan, asking) and not ask_yes_or_no(plan.question()):
                say("Nothing was changed.")
                return Exit.UNFINISHED
            return self._recompile(runner, ids if plan is None else plan.targets(), plan)

    def _plan(self, runner: CommandRunner, ids: Sequence[str]) -> Plan:
        rows: list[Row] = []
        agent_of = self.selection.agent_of
        costing: Sequence[Status] = ["stale"] if self.only_stale else ["stale", "current"]
        runner.run(
            lambda client, stop: check_staleness(
                client, stop, ids, rows.append, agent_of=agent_of, settings=self.settings, costing=costing
            )
        )
        order = {conversation_id: place for place, conversation_id in enumerate(ids)}
        return Plan(sorted(rows, key=lambda row: order[row.conversation_id]), self.only_stale)

    def _report_dry_run(self, plan: Plan) -> Exit:
        """Report the plan of a dry run; return the exit code."""
        for row in plan.rows:
            self.report.add(row)
        self.report.close(not_done=0)
        for line in plan.lines(named=0):
            say(line)
        say(f"A dry run: nothing was changed. {conversations_in_words(len(plan.targets()))} would be recompiled.")
        if (failure := self.report.failure()) is not None:
            return failure
        return Exit.UNCHECKED if self.report.counts["failed"] else Exit.DONE

    def _shows_plan(self, plan: Plan, asking: bool) -> bool:
        """Show the plan; return whether to ask before it is carried out."""
        if self.diff and self.report.kind == "table":
            for row in plan.rows:
                print_diff(row)
        for line in plan.lines():
            say(line)
        if asking and self.journal is not None and self.journal.exists():
            whose = "an unfinished run in " if self.only_stale else ""
            say(f"What {whose}{str(self.journal)!r} says was done is skipped.")
        return asking and bool(plan.targets())

    def _recompile(self, runner: CommandRunner, targets: Sequence[str], plan: Plan | None) -> Exit:
        began = monotonic()
        diffs: dict[str, str | None] = {}
        if plan is not None:
            diffs = {row.conversation_id: row.diff for row in plan.rows}
            for row in plan.left_out():
                self.report.add(row)
        ended: Exit | None = None
        broken: JournalError | None = None
        rest = self.report.counts.total() + len(targets)
        try:
            runner.run(lambda client, stop: self._run_batch(client, stop, targets, diffs), on_stop=say_stopping)
        except Interrupted as interrupted:
            ended = interrupted.code
            if interrupted.at_once:
                say("Ended at once: what was in flight may have been recompiled or not.")
        except JournalError as error:
            broken = error  # raised after the results are written
        rest -= self.report.counts.total()
        self.report.close(not_done=rest)
        say(f"{self._counts()}, in {monotonic() - began:.1f} s.")
        if broken is not None:
            raise broken
        failure = self.report.failure()
        if ended is not None and rest:
            self._say_how_to_go_on(rest)
            return ended
        if failure is not None:
            return failure if ended is None else ended
        return Exit.UNFINISHED if self.report.counts["failed"] or self.report.counts["busy"] else Exit.DONE

    async def _run_batch(
        self, client: AsyncLetta, stop: Stop, targets: Sequence[str], diffs: Mapping[str, str | None]
    ) -> None:
        """Recompile targets until all are done or a stop is requested; wait for the requests in flight."""
        async with AsyncExitStack() as stack:
            recompile_many: Callable[..., Any] = client.conversations.recompile_many
            if self.dask is not None:
                from letta_async.cli.cluster import on_cluster  # noqa: PLC0415 - only if the extra dask is installed

                recompile_many = await stack.enter_async_context(
                    on_cluster(self.dask, self.connection, client.api_key if self.send_secrets else None)
                )
            outcomes = recompile_many(
                _TargetsUntilStop([self._target(each) for each in targets], stop),
                compaction_settings=UNSET if self.settings is None else self.settings,
                only_stale=self.only_stale,
                journal=self.journal,
                wait_if_busy=self.wait_if_busy,
            )
            with suppress(_StoppedError):
                await self._report(await stack.enter_async_context(aclosing(outcomes)), stop, len(targets), diffs)

    def _target(self, conversation_id: str) -> str | Recompile:
        agent_id = self.selection.agent_of(conversation_id)
        return conversation_id if agent_id is UNSET else Recompile(conversation_id=conversation_id, agent_id=agent_id)

    async def _report(
        self, outcomes: AsyncIterable[Outcome], stop: Stop, count: int, diffs: Mapping[str, str | None]
    ) -> None:
        succeeded = False
        with progress_bar("Recompiling", count, hidden=self.report.writes_as_it_goes) as advance:
            async for outcome in outcomes:
                if outcome.error is not None and not succeeded and is_hopeless(outcome.error):
                    raise outcome.error
                succeeded = succeeded or (outcome.tries > 0 and outcome.ok)
                self.report.add(_make_row(outcome, diffs), stop)
                advance(not outcome.ok)

    def _counts(self) -> str:
        statuses: list[Status] = ["recompiled"]
        if self.only_stale:
            statuses.append("unchanged")
        if self.report.counts["skipped"]:
            statuses.append("skipped")
        if self.report.counts["busy"]:
            statuses.append("busy")
        return self.report.summary(statuses)

    def _say_how_to_go_on(self, rest: int) -> None:
        name, *options = self.command
        if self.journal is None and not self.only_stale:
            options = ["--only-stale", *options]
        given = " (with the same ids on standard input)" if self.selection.from_stdin else ""
        words = shlex.join(["letta-async", name, *options])
        say(f"Interrupted, with {conversations_in_words(rest)} to go. To go on{given}:\n  {words}")


class _StoppedError(Exception):
    """A stop was requested before all targets were taken."""


@attrs.frozen
class _TargetsUntilStop:
    """Iterable of targets that fails once a stop is requested."""

    targets: Sequence[str | Recompile]
    stop: Stop

    async def __aiter__(self) -> AsyncGenerator[str | Recompile, None]:
        for target in self.targets:
            if self.stop.asked.is_set():
                raise _StoppedError  # so that the journal has no closing line
            yield target


def _make_row(outcome: Outcome, diffs: Mapping[str, str | None]) -> Row:
    target = outcome.target
    conversation_id = target.conversation_id if isinstance(target, Recompile) else target
    status = "recompiled" if outcome.status == "compiled" else outcome.status
    diff = diffs.get(conversation_id) if status in ("recompiled", "busy") else None
    return Row(conversation_id=conversation_id, status=status, seconds=outcome.seconds, error=outcome.error, diff=diff)
