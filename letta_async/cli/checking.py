"""Check which conversations are stale, as many at once as the server can take, with a progress bar."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from letta_async._schema.unset import UNSET, Unset
from letta_async.batch.concurrent_run import ConcurrentRun
from letta_async.cli.bar import progress_bar
from letta_async.cli.failing import is_hopeless
from letta_async.cli.report import Row
from letta_async.cli.stopping import Stop, until_stopped
from letta_async.client import AsyncLetta
from letta_async.errors import LettaError

__all__ = ["check_each"]


async def check_each(
    client: AsyncLetta,
    stop: Stop,
    ids: Sequence[str],
    found: Callable[[Row], object],
    *,
    agent_of: Callable[[str], str | Unset] = lambda _: UNSET,
    settings: Mapping[str, Any] | None = None,
    hide_bar: bool = False,
) -> None:
    """Find out which conversations are stale, until somebody asks to stop.

    Args:
        client: Asks.
        stop: Says whether to stop.
        ids: The conversations.
        found: Takes what was found, a row for each, in whichever order.
        agent_of: Returns the agent that goes with an ID, if any.
        settings: Compaction settings, for the server to check.
        hide_bar: Whether there is to be no bar.

    Raises:
        LettaError: no other would fare better than the first: the server is not there, or refuses the key.

    """

    async def check(conversation_id: str) -> Row:
        return await _row(client, conversation_id, agent_of(conversation_id), settings)

    run = ConcurrentRun(targets=ids, process=check, concurrency=lambda: client.stats.limit)
    succeeded = False
    with progress_bar("Checking", len(ids), hidden=hide_bar) as advance:
        async with aclosing(until_stopped(run, stop)) as rows:
            async for row in rows:
                if row.error is not None and not succeeded and is_hopeless(row.error):
                    raise row.error
                succeeded = succeeded or row.error is None
                found(row)
                advance(row.status == "failed")


async def _row(
    client: AsyncLetta, conversation_id: str, agent_id: str | Unset, settings: Mapping[str, Any] | None
) -> Row:
    loop = asyncio.get_running_loop()
    began = loop.time()
    body = None if settings is None else {"compaction_settings": settings}
    try:
        found = await client.conversations.staleness(conversation_id, agent_id=agent_id, extra_body=body)
    except LettaError as error:
        return Row(conversation_id=conversation_id, status="failed", error=error, seconds=loop.time() - began)
    return Row(
        conversation_id=conversation_id,
        status="stale" if found.stale else "current",
        diff=found.diff if found.stale else None,
        seconds=loop.time() - began,
    )
