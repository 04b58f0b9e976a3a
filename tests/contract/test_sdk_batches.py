"""Contract tests of the three documented batch methods, through a proxy that fails one request in five."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from letta_async import AsyncLetta, Letta, RetryPolicy
from tests.contract.conftest import REAL, Make
from tests.contract.flaky import FlakyProxy

COUNT = 40 if REAL else 300
RETRY = RetryPolicy(max_retries=12, initial_delay=0.005, max_delay=0.05)


@pytest.fixture
async def flaky(base_url: str) -> AsyncIterator[FlakyProxy]:
    async with FlakyProxy(base_url, share=0.2) as proxy:
        yield proxy


@pytest.fixture
async def ids(make_agent: Make, make_conversation: Make) -> list[str]:
    agent = await make_agent()
    return [(await make_conversation(agent["id"]))["id"] for _ in range(10)]


async def test_gather(flaky: FlakyProxy, ids: list[str]) -> None:
    async with AsyncLetta(base_url=flaky.base_url, retry=RETRY) as client:
        prompts = await asyncio.gather(*(client.conversations.recompile(ids[n % 10]) for n in range(COUNT)))
        stats = client.stats
    assert len(prompts) == COUNT
    assert all("<memory_metadata>" in prompt for prompt in prompts)
    assert (stats.in_flight, stats.waiting) == (0, 0)
    # A connection that is dropped on reuse costs no retry: the request just goes out again.
    assert 0 < stats.retries <= sum(flaky.faults.values()) - flaky.faults["none"]


async def test_recompile_many(flaky: FlakyProxy, ids: list[str]) -> None:
    async with AsyncLetta(base_url=flaky.base_url, retry=RETRY) as client:
        for _ in range(COUNT // 20):
            outcomes = [outcome async for outcome in client.conversations.recompile_many([*ids, *ids])]
            assert Counter(outcome.target for outcome in outcomes) == Counter([*ids, *ids])
            assert {outcome.status for outcome in outcomes} == {"recompiled"}
            assert all(outcome.prompt and "<memory_metadata>" in outcome.prompt for outcome in outcomes)


async def test_the_facade(flaky: FlakyProxy, ids: list[str]) -> None:
    def work() -> list[str]:
        with Letta(base_url=flaky.base_url, retry=RETRY) as client:
            one_by_one = [client.conversations.recompile(each) for each in ids]
            outcomes = list(client.conversations.recompile_many(ids))
            assert sorted(str(outcome.target) for outcome in outcomes) == sorted(ids)
            assert all(outcome.ok for outcome in outcomes)
            return one_by_one

    prompts = await asyncio.to_thread(work)
    assert all("<memory_metadata>" in prompt for prompt in prompts)
