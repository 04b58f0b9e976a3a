"""Limit on the number of recompiles within a minute."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from letta_async import Scan
from letta_async.testing import EmbeddedServer
from letta_async.watching.clock import Clock
from letta_async.watching.rate import RecompileRate
from tests.watching.simulated import Requests, Time, watching_client


@given(
    limit=st.integers(min_value=1, max_value=5),
    targets=st.lists(st.tuples(st.floats(min_value=0, max_value=40), st.booleans()), max_size=30),
)
async def test_no_minute_has_more(limit: int, targets: list[tuple[float, bool]]) -> None:
    time = Time()
    rate = RecompileRate(limit, time.clock())
    moments = list[float]()
    for seconds, recompiled in targets:
        assert await rate.acquire(float("inf"))
        time.now += seconds
        if recompiled:
            moments.append(time.now)
        rate.release(recompiled=recompiled)
    for earlier, later in zip(moments, moments[limit:], strict=False):
        assert later - earlier >= 60


async def test_a_place_that_was_not_used_is_free_at_once() -> None:
    time = Time()
    rate = RecompileRate(1, time.clock())
    assert await rate.acquire(float("inf"))
    waiting = asyncio.create_task(rate.acquire(float("inf")))
    await asyncio.sleep(0)
    assert not waiting.done()
    rate.release(recompiled=False)
    assert await waiting
    rate.release(recompiled=True)
    assert not await rate.acquire(time.now + 59)
    assert await rate.acquire(time.now + 1)


async def test_a_long_round_does_not_hide_edits(server: EmbeddedServer) -> None:
    time, requests, scans = Time(), Requests(), list[Scan]()
    async with watching_client(server.base_url, time, requests) as client:
        agent = await client.agents.create(model="letta/letta-free", memory_blocks=[{"label": "human", "value": "Ada"}])
        assert agent.blocks is not None
        for _ in range(7):
            await client.conversations.create(agent_id=agent.id)
        await client.blocks.update(agent.blocks[0].id, value="Bob")
        moments, began = list[float](), time.now
        requests.reset()
        async for outcome in client.watch(all=True, max_rate=2, on_scan=scans.append):
            assert outcome.status == "recompiled"
            moments.append(time.now - began)
            if len(moments) == 7:
                break
        assert moments[-1] - moments[0] >= 180
        assert all(later - earlier >= 60 for earlier, later in zip(moments, moments[2:], strict=False))
        starts = [scan.at.timestamp() for scan in scans]
        assert len(starts) >= 5
        assert all(later - earlier <= 61 for earlier, later in pairwise(starts))
        assert [scan.changed for scan in scans] == [1] + [0] * (len(scans) - 1)
        assert set(requests.recompiled.values()) == {1}
        assert requests.kinds["dry run"] <= len(scans) + 1


async def test_a_closed_rate_has_no_further_places_for_those_that_wait_either() -> None:
    time = Time()
    rate = RecompileRate(1, Clock(lambda: time.now, lambda: time.now, asyncio.sleep))
    assert await rate.acquire(time.now + 3600)
    waiting = asyncio.create_task(rate.acquire(time.now + 3600))
    await asyncio.sleep(0)
    rate.close()
    assert not await waiting
    rate.release(recompiled=True)
    assert not await rate.acquire(time.now + 3600)
