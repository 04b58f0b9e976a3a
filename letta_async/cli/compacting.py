"""`compact`: summarize the messages of conversations, after a question."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

import attrs

from letta_async._schema.unset import UNSET
from letta_async.cli.bar import progress_bar
from letta_async.cli.checking import at_once
from letta_async.cli.connection import Connection
from letta_async.cli.exits import Exit
from letta_async.cli.failing import is_hopeless
from letta_async.cli.plan import ask, can_be_asked, conversations
from letta_async.cli.report import Report, Row, say
from letta_async.cli.selection import Selection
from letta_async.cli.stopping import Interrupted, Stop, until_stopped
from letta_async.cli.work import Work
from letta_async.client import AsyncLetta
from letta_async.errors import LettaError

__all__ = ["Compacting"]


@attrs.define(kw_only=True)
class Compacting:
    """One run of the command."""

    selection: Selection
    connection: Connection
    report: Report
    yes: bool
    settings: Mapping[str, Any] | None

    def run(self) -> Exit:
        """Compact what was chosen, and return the exit code."""
        ids: Sequence[str] = ()
        ended: Exit | None = None
        with Work(self.connection) as work:
            try:
                ids = work.run(self.selection.find)
                question = f"Compact {conversations(len(ids))}? A model summarizes them; this cannot be undone."
                if ids and not self.yes and can_be_asked() and not ask(question):
                    say("Nothing was changed.")
                    return Exit.UNFINISHED
                work.run(lambda client, stop: self._compact_each(client, stop, ids))
            except Interrupted as interrupted:
                ended = interrupted.code
                if interrupted.at_once:
                    say("Ended at once: what was in flight may have been compacted or not.")
        not_done = len(ids) - self.report.counts.total()
        self.report.close(not_done=not_done)
        say(f"{self.report.summary(['compacted'])}{f', {not_done} not done' if not_done else ''}.")
        if ended is not None and not_done:
            return ended
        return Exit.UNFINISHED if self.report.counts["failed"] else Exit.DONE

    async def _compact_each(self, client: AsyncLetta, stop: Stop, ids: Sequence[str]) -> None:
        async def compact(conversation_id: str) -> Row:
            return await _row(client, conversation_id, UNSET if self.settings is None else self.settings)

        succeeded = False
        with progress_bar("Compacting", len(ids), hidden=self.report.writes_as_it_goes) as advance:
            async with aclosing(until_stopped(at_once(client, ids, compact), stop)) as rows:
                async for row in rows:
                    if row.error is not None and not succeeded and is_hopeless(row.error):
                        raise row.error
                    succeeded = succeeded or row.error is None
                    self.report.add(row)
                    advance(row.error is not None)


async def _row(client: AsyncLetta, conversation_id: str, settings: Any) -> Row:
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        result = await client.conversations.compact(conversation_id, compaction_settings=settings)
    except LettaError as error:
        return Row(conversation_id=conversation_id, status="failed", error=error, seconds=loop.time() - began)
    return Row(
        conversation_id=conversation_id,
        status="compacted",
        seconds=loop.time() - began,
        words=f"{result.num_messages_before} to {result.num_messages_after} messages: {result.summary}",
        more={
            "num_messages_before": result.num_messages_before,
            "num_messages_after": result.num_messages_after,
            "summary": result.summary,
        },
    )
