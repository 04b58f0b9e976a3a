"""The command `status`: reports which conversations are stale."""

from __future__ import annotations

from letta_async.cli.command_runner import CommandRunner
from letta_async.cli.connection import Connection
from letta_async.cli.exits import Exit
from letta_async.cli.plan import conversations_in_words, cost_in_words
from letta_async.cli.report import Report, say
from letta_async.cli.selection import Selection
from letta_async.cli.staleness_check import check_staleness
from letta_async.cli.stop_signals import Interrupted

__all__ = ["report_staleness"]


def report_staleness(selection: Selection, connection: Connection, report: Report) -> Exit:
    """Report which conversations are stale; return the exit code, which is 0 if none is."""
    ids: list[str] = []
    ended: Exit | None = None
    with CommandRunner(connection) as runner:
        try:
            ids = runner.run(selection.find)
            runner.run(
                lambda client, stop: check_staleness(
                    client,
                    stop,
                    ids,
                    lambda row: report.add(row, stop),
                    agent_of=selection.agent_of,
                    hide_bar=report.writes_as_it_goes,
                )
            )
        except Interrupted as interrupted:
            ended = interrupted.code
    checked = report.counts.total()
    report.close(not_done=len(ids) - checked)
    failure = report.failure()
    if failure is not None and ended in (None, failure):
        return failure
    if ended is not None:
        say(f"Interrupted: {checked} of {len(ids)} conversations were checked, {report.summary(['stale'])}.")
        return ended
    counts = f"{conversations_in_words(len(ids))}: {report.summary(['stale', 'current'])}."
    say(f"{counts}{cost_in_words(report.costs, 'stale ')}")
    if report.counts["failed"]:
        return Exit.UNCHECKED
    return Exit.UNFINISHED if report.counts["stale"] else Exit.DONE
