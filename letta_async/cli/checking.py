"""Check which conversations are stale, as many at once as the server can take, with a progress bar."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import aclosing
from itertools import islice
from typing import Any, Final

from letta_async._schema.unset import UNSET, Unset
from letta_async.cli.bar import progress_bar
from letta_async.cli.failing import is_hopeless
from letta_async.cli.report import Row
from letta_async.cli.stopping import Stop, until_stopped
from letta_async.client import AsyncLetta
from letta_async.errors import LettaError

__all__ = ["at_once", "check_each"]

_AHEAD: Final = 4
"""How many are under way beyond what the server takes at once, so that a free slot always finds one."""


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

    succeeded = False
    with progress_bar("Checking", len(ids), hidden=hide_bar) as advance:
        async with aclosing(until_stopped(at_once(client, ids, check), stop)) as rows:
            async for row in rows:
                if row.error is not None and not succeeded and is_hopeless(row.error):
                    raise row.error
                succeeded = succeeded or row.error is None
                found(row)
                advance(row.status == "failed")


async def at_once(
    client: AsyncLetta,
    ids: Iterable[str],
    make: Callable[[str], Coroutine[Any, Any, Row]],
    *,
    is_wanted: Callable[[], bool] = lambda: True,
) -> AsyncGenerator[Row, None]:
    """Yield a row per conversation as each completes, making as many at once as the server can take.

    Args:
        client: Makes them.
        ids: The conversations.
        make: Makes the row of one.
        is_wanted: Returns whether a further one is to be begun; those that were begun still have their row.

    """
    left = iter(ids)
    under_way: set[asyncio.Task[Row]] = set()
    try:
        while True:
            room = client.stats.limit + _AHEAD - len(under_way)
            for conversation_id in islice(left, max(room, 0) if is_wanted() else 0):
                under_way.add(asyncio.create_task(make(conversation_id)))
            if not under_way:
                return
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


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
