"""Concurrent check of which conversations are stale, with a progress bar."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any

from letta_async._schema.unset import UNSET, Unset
from letta_async.batch.concurrent_run import ConcurrentRun
from letta_async.batch.staleness import RecompileCost
from letta_async.cli.bar import progress_bar
from letta_async.cli.error_messages import is_hopeless
from letta_async.cli.report import Row, Status
from letta_async.cli.stop_signals import Stop, until_stopped
from letta_async.client import AsyncLetta
from letta_async.errors import LettaError

__all__ = ["check_staleness"]


async def check_staleness(
    client: AsyncLetta,
    stop: Stop,
    ids: Sequence[str],
    on_row: Callable[[Row], object],
    *,
    agent_of: Callable[[str], str | Unset] = lambda _: UNSET,
    settings: Mapping[str, Any] | None = None,
    costing: Container[Status] = ("stale",),
    hide_bar: bool = False,
) -> None:
    """Check which conversations are stale, until all are checked or a stop is requested.

    Args:
        client: Client that sends the requests.
        stop: Request to stop.
        ids: IDs of the conversations.
        on_row: Called with one row per conversation, as each completes.
        agent_of: Returns the agent to send with an ID, if any. Default: none.
        settings: Compaction settings, which the server checks. Default: none.
        costing: Statuses whose conversations' costs are estimated. Default: `stale`.
        hide_bar: Whether to show no progress bar. Default: `False`.

    Raises:
        LettaError: The server cannot be reached or refuses the API key, so that each check would fail.

    """

    async def check(conversation_id: str) -> Row:
        return await _make_row(client, conversation_id, agent_of(conversation_id), settings, costing)

    run = ConcurrentRun(targets=ids, process=check, concurrency=lambda: client.stats.limit)
    succeeded = False
    with progress_bar("Checking", len(ids), hidden=hide_bar) as advance:
        async with aclosing(until_stopped(run, stop)) as rows:
            async for row in rows:
                if row.error is not None and not succeeded and is_hopeless(row.error):
                    raise row.error
                succeeded = succeeded or row.error is None
                on_row(row)
                advance(row.status == "failed")


async def _make_row(
    client: AsyncLetta,
    conversation_id: str,
    agent_id: str | Unset,
    settings: Mapping[str, Any] | None,
    costing: Container[Status],
) -> Row:
    loop = asyncio.get_running_loop()
    began = loop.time()
    body = None if settings is None else {"compaction_settings": settings}
    try:
        found = await client.conversations.staleness(conversation_id, agent_id=agent_id, extra_body=body)
    except LettaError as error:
        return Row(conversation_id=conversation_id, status="failed", error=error, seconds=loop.time() - began)
    status: Status = "stale" if found.stale else "current"
    cost: RecompileCost | None = None
    if status in costing:
        with suppress(LettaError):  # whether it is stale is known, and that counts
            cost = await client.conversations.recompile_cost(conversation_id, agent_id=agent_id, staleness=found)
    return Row(
        conversation_id=conversation_id,
        status=status,
        diff=found.diff if found.stale else None,
        cost=cost,
        seconds=loop.time() - began,
    )
