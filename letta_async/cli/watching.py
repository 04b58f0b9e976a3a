"""The command `watch`: lines for outcomes, health file, metrics, and a clean end."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack, aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import attrs

from letta_async._schema.unset import UNSET
from letta_async._utils.logging_setup import log
from letta_async.batch.outcome import Outcome
from letta_async.cli.command_runner import CommandRunner
from letta_async.cli.connection import Connection
from letta_async.cli.error_messages import one_line, without_control_characters
from letta_async.cli.exits import Exit
from letta_async.cli.health_file import HealthFile, format_time
from letta_async.cli.quantities import Listen, duration_in_words
from letta_async.cli.report import Row, say, say_stopping
from letta_async.cli.stop_signals import Interrupted, Stop
from letta_async.cli.verbosity import show_warnings
from letta_async.cli.watch_counts import WatchCounts
from letta_async.cli.watch_state import state_file
from letta_async.client import AsyncLetta
from letta_async.errors import WatchLockedError
from letta_async.operations.conversations import Recompile
from letta_async.resources._resource import options_of
from letta_async.resources._watched_server import WatchParameters, make_watcher
from letta_async.types.watch import Scan
from letta_async.watching.clock import Clock
from letta_async.watching.watcher import Watcher, interval_after

__all__ = ["Watching"]

_LEASE: Final = 60.0


@attrs.define(kw_only=True)
class Watching:
    """One run of `watch`."""

    agent: str | None
    block: str | None
    everything: bool
    every: float
    once: bool
    max_rate: int | None
    state: Path | None
    standby: bool
    wait_if_busy: float | None
    as_json: bool
    diff: bool
    health_file: Path | None
    metrics: Listen | None
    connection: Connection

    _counts: WatchCounts = attrs.field(factory=WatchCounts, init=False)
    _health: HealthFile | None = attrs.field(default=None, init=False)
    _last: Scan | None = attrs.field(default=None, init=False)
    _unfinished: bool = attrs.field(default=False, init=False)
    """Whether an outcome was not that of a recompile."""
    _broken: OSError | None = attrs.field(default=None, init=False)
    """Error after which nothing is written to standard output."""

    def run(self) -> Exit:
        """Watch until a signal, an error, or with `once` the end of a scan; return the exit code."""
        show_warnings()
        ended: Exit | None = None
        with CommandRunner(self.connection) as runner, ExitStack() as stack:
            clock = runner.client._watch_clock or Clock()  # pyright: ignore[reportPrivateUsage] - not for users
            if self.health_file is not None:
                self._health = HealthFile(self.health_file)
                self._health.check()
            watcher = self._make_watcher(runner.client, clock)
            if self.metrics is not None:
                self._serve_metrics(stack, self.metrics, clock)
            try:
                runner.run(lambda _, stop: self._watch(watcher, stop), on_stop=lambda: self._begin_to_stop(watcher))
            except Interrupted as interrupted:
                ended = interrupted.code
                if interrupted.at_once:
                    say("Ended at once: what was in flight may have been recompiled or not; the next watch finds out.")
            finally:
                self._write_health(None)
        say(self._summary())
        if self._broken is not None and not isinstance(self._broken, BrokenPipeError):
            say(f"error: the output cannot be written: {self._broken.strerror or self._broken}")
        if ended is not None:
            return ended
        return Exit.UNFINISHED if self._unfinished or self._counts.pending else Exit.DONE

    def _make_watcher(self, client: AsyncLetta, clock: Clock) -> Watcher:
        ways = {"agent_id": self.agent, "block_id": self.block, "all": self.everything or None}
        scope = {name: value for name, value in ways.items() if value is not None}
        parameters = WatchParameters(
            agent_id=self.agent,
            block_id=self.block,
            all=self.everything,
            every=self.every,
            once=self.once,
            state=None,
            max_rate=self.max_rate,
            wait_if_busy=self.wait_if_busy,
            lease=_LEASE,
            standby=self.standby,
            on_scan=self._on_scan,
        )
        options = options_of(None, None, None, UNSET)
        parameters.check()  # before a folder is created
        state = state_file(self.state, {"server": client.base_url, **scope})
        watcher = make_watcher(client, attrs.evolve(parameters, state=state), options, clock)
        what = " ".join(name if value is True else f"{name} {value}" for name, value in _in_words(scope).items())
        kept = "state in memory" if state is None else f"state in {without_control_characters(os.fspath(state))}"
        often = "once" if self.once else f"every {duration_in_words(self.every)}"
        say(f"Watching {what} of {client.base_url}, {often}; {kept}.")
        return watcher

    def _serve_metrics(self, stack: ExitStack, listen: Listen, clock: Clock) -> None:
        from letta_async.cli.watch_metrics import serving_metrics  # noqa: PLC0415 - only if the extra is installed

        url = stack.enter_context(serving_metrics(listen, self._counts, clock.wall))
        if not listen.is_loopback:
            say(f"warning: {listen.host} is more than this machine: whoever reaches it can read the metrics.")
        say(f"Metrics on {url}.")

    async def _watch(self, watcher: Watcher, stop: Stop) -> None:
        async with aclosing(watcher.run()) as outcomes:
            async for outcome in outcomes:
                self._unfinished = self._unfinished or not outcome.ok
                self._write_line(outcome, watcher.clock, stop)
                if self._broken is not None:
                    watcher.stop()

    def _begin_to_stop(self, watcher: Watcher) -> None:
        watcher.stop()
        say_stopping()

    # --- after a scan -------------------------------------------------------------------------------------------------

    def _on_scan(self, scan: Scan) -> None:
        before = self._counts.failures
        self._counts.add(scan)
        self._last = scan
        interval = interval_after(self._counts.failures, self.every)
        self._write_health(None if self.once else scan.at + timedelta(seconds=interval))
        if isinstance(scan.error, WatchLockedError):
            log.info("in standby: %s", one_line(scan.error))
        elif before and not self._counts.failures:
            say(f"A scan succeeded, after {before} that failed.")
        if log.isEnabledFor(logging.INFO):
            log.info(
                "scan: %d agents, %d changed, %d checked, %d recompiled, %d failed, %d busy, %d pending; %d requests in"
                " %.1f s%s",
                scan.agents,
                scan.changed,
                scan.checked,
                scan.recompiled,
                scan.failed,
                scan.busy,
                scan.pending,
                scan.requests,
                scan.seconds,
                "" if scan.error is None else f"; {one_line(scan.error)}",
            )

    def _write_health(self, next_scan: datetime | None) -> None:
        if self._health is not None and self._last is not None:
            self._health.write(self._last, self._last.at + timedelta(seconds=self._last.seconds), next_scan)

    def _summary(self) -> str:
        counts = self._counts
        busy = f", {counts.busy} busy" if counts.busy else ""
        return (
            f"{counts.scans} scan{'' if counts.scans == 1 else 's'}: {counts.recompiled} recompiled, {counts.failed}"
            f" failed{busy}, {counts.pending} pending."
        )

    # --- lines --------------------------------------------------------------------------------------------------------

    def _write_line(self, outcome: Outcome, clock: Clock, stop: Stop) -> None:
        if self._broken is not None:
            return
        row = _make_row(outcome, format_time(datetime.fromtimestamp(clock.wall(), UTC)))
        shown = row if self.diff else attrs.evolve(row, diff=None)
        line = json.dumps(shown.as_json()) if self.as_json else _as_text(row)
        try:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        except OSError as error:
            self._broken = error
            stop.ask(Exit.UNCHECKED)


def _in_words(scope: Mapping[str, object]) -> Mapping[str, object]:
    names = {"agent_id": "agent", "block_id": "the agents with block", "all": "all agents"}
    return {names[name]: value for name, value in scope.items()}


def _make_row(outcome: Outcome, at: str) -> Row:
    target = outcome.target
    return Row(
        conversation_id=target.conversation_id if isinstance(target, Recompile) else target,
        status="recompiled" if outcome.status == "compiled" else outcome.status,
        seconds=outcome.seconds,
        error=outcome.error,
        diff=outcome.diff,
        more={"agent_id": target.agent_id if isinstance(target, Recompile) else None, "time": at},
    )


def _as_text(row: Row) -> str:
    name = row.conversation_id if row.more["agent_id"] is None else f"{row.more['agent_id']} (its own prompt)"
    return without_control_characters(f"{row.more['time']}  {name}  {row.status}  {row.detail()}")
