"""The command `compact`: summarizes the messages of conversations, after a question."""

from __future__ import annotations

import asyncio
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from letta_async._schema.unset import UNSET, Unset
from letta_async.batch.concurrent_run import ConcurrentRun
from letta_async.cli.bar import progress_bar
from letta_async.cli.command_runner import CommandRunner
from letta_async.cli.connection import Connection
from letta_async.cli.error_messages import Unreachable
from letta_async.cli.exits import Exit
from letta_async.cli.plan import ask_yes_or_no, can_be_asked, conversations_in_words
from letta_async.cli.report import Report, Row, say, say_stopping
from letta_async.cli.selection import Selection
from letta_async.cli.stop_signals import Interrupted, Stop
from letta_async.client import AsyncLetta
from letta_async.errors import APIConnectionError, AuthenticationError, LettaError

__all__ = ["Compacting"]

_SUMMARY: Final = 200
"""Maximum length of a summary in a table, in characters."""


@attrs.define(kw_only=True)
class Compacting:
    """One run of `compact`."""

    selection: Selection
    connection: Connection
    report: Report
    yes: bool
    settings: Mapping[str, Any] | None
    command: Sequence[str]
    """Arguments of the command, to print one that continues after an interruption."""

    _begun: dict[str, bool] = attrs.field(factory=dict[str, bool], init=False)
    """Conversations for which a request may have been sent, with whether its result is known."""

    def run(self) -> Exit:
        """Compact the selected conversations; return the exit code."""
        ended: Interrupted | None = None
        gave_up: LettaError | Unreachable | None = None
        with CommandRunner(self.connection) as runner:
            try:
                ids = runner.run(self.selection.find)
            except Interrupted as interrupted:
                say("Interrupted; nothing was changed.")
                return interrupted.code
            question = f"Compact {conversations_in_words(len(ids))}? A model summarizes them; this cannot be undone."
            if ids and not self.yes and can_be_asked() and not ask_yes_or_no(question):
                say("Nothing was changed.")
                return Exit.UNFINISHED
            try:
                runner.run(lambda client, stop: self._compact_each(client, stop, ids), on_stop=say_stopping)
            except Interrupted as interrupted:
                ended = interrupted
            except (LettaError, Unreachable) as error:
                gave_up = error  # raised after the results are written
        return self._report_result(ids, ended, gave_up)

    def _report_result(
        self, ids: Sequence[str], ended: Interrupted | None, gave_up: LettaError | Unreachable | None
    ) -> Exit:
        if gave_up is not None and not self.report.counts:
            raise gave_up
        not_done = len(ids) - self.report.counts.total()
        self.report.close(not_done=not_done)
        say(f"{self.report.summary(['compacted'])}{f', {not_done} not done' if not_done else ''}.")
        if gave_up is not None:
            raise gave_up
        failure = self.report.failure()
        if ended is not None and not_done:
            if unknown := [each for each, known in self._begun.items() if not known]:
                say(f"Ended at once: these may have been compacted or not: {' '.join(unknown)}")
            self._say_how_to_go_on([each for each in ids if each not in self._begun])
        if ended is not None and (not_done or failure is not None):
            return ended.code
        if failure is not None:
            return failure
        return Exit.UNFINISHED if self.report.counts["failed"] else Exit.DONE

    def _say_how_to_go_on(self, ids: Sequence[str]) -> None:
        """Print a command for the conversations without a request; to compact the others again would harm them."""
        name, *options = self.command
        if self.selection.ids:
            options = [each for each in options if each not in {*self.selection.ids, "-"}]
        elif ids:
            missing = conversations_in_words(len(ids))
            say(f"To go on, name the {missing} by ID that have no outcome; the others are done.")
            return
        if ids:
            words = shlex.join(["letta-async", name, *options, *ids])
            say(f"Interrupted, with {conversations_in_words(len(ids))} to go. To go on:\n  {words}")

    async def _compact_each(self, client: AsyncLetta, stop: Stop, ids: Sequence[str]) -> None:
        """Compact conversations until all are done or a stop is requested; wait for the requests in flight.

        Raises:
            APIError: No request could be sent, or none was allowed.

        """
        settings = UNSET if self.settings is None else self.settings
        refused: LettaError | None = None
        succeeded = False

        async def compact(conversation_id: str) -> Row:
            self._begun[conversation_id] = False
            return await _make_row(client, conversation_id, self.selection.agent_of(conversation_id), settings)

        def is_wanted() -> bool:
            return refused is None and not stop.asked.is_set()

        run = ConcurrentRun(targets=ids, process=compact, concurrency=lambda: client.stats.limit, is_wanted=is_wanted)
        with progress_bar("Compacting", len(ids), hidden=self.report.writes_as_it_goes) as advance:
            async with run:
                async for row in run:
                    self._begun[row.conversation_id] = True
                    if row.error is not None and not succeeded and _is_refused(row.error):
                        refused = row.error
                        continue
                    succeeded = succeeded or row.error is None
                    self.report.add(row, stop)
                    advance(row.error is not None)
        if refused is not None:
            raise refused


def _is_refused(error: LettaError) -> bool:
    """Return whether nothing was sent, and every other call would fail as well if none has succeeded yet."""
    return isinstance(error, AuthenticationError) or _is_unsent(error)


def _is_unsent(error: LettaError) -> bool:
    return isinstance(error, APIConnectionError) and error.unprocessed


async def _make_row(client: AsyncLetta, conversation_id: str, agent_id: str | Unset, settings: Any) -> Row:
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        result = await client.conversations.compact(conversation_id, agent_id=agent_id, compaction_settings=settings)
    except LettaError as error:
        unknown = isinstance(error, APIConnectionError) and not _is_unsent(error)
        return Row(
            conversation_id=conversation_id,
            status="failed",
            error=error,
            seconds=loop.time() - began,
            words="it may have been compacted or not" if unknown else None,
        )
    summary = textwrap.shorten(result.summary, _SUMMARY, placeholder=" …")
    return Row(
        conversation_id=conversation_id,
        status="compacted",
        seconds=loop.time() - began,
        words=f"{result.num_messages_before} to {result.num_messages_after} messages: {summary}",
        more={
            "num_messages_before": result.num_messages_before,
            "num_messages_after": result.num_messages_after,
            "summary": result.summary,
        },
    )
