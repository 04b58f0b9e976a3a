"""Calls whose key is refused take another together; each is asked for where it is made."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest

from letta_async import (
    AsyncLetta,
    AuthenticationError,
    Letta,
)
from letta_async.testing import EmbeddedServer

from .source import NEW, OLD, Make, close, get


async def test_many_calls_that_are_refused_ask_once_more_together(server: EmbeddedServer) -> None:
    calls = {OLD: 0, NEW: 0}
    key = OLD

    async def fetch() -> str:
        calls[key] += 1
        return key  # without a turn of the loop, so that none is refused before all have asked

    async with AsyncLetta(base_url=server.base_url, api_key=fetch, concurrency=50) as client:

        async def call() -> object:
            return await client.get("/v1/agents/")

        pending = [asyncio.create_task(call()) for _ in range(1000)]
        await asyncio.sleep(0)
        key = NEW
        assert await asyncio.gather(*pending) == [[]] * 1000
    assert calls == {OLD: 1000, NEW: 1}
    assert len(server.requests) <= 1000  # of which the server remembers as many
    assert client.stats.retries < 200  # most of those that were waiting for a slot never sent the old one


async def test_a_token_that_is_kept_while_it_is_good_is_fetched_once_for_many(make: Make) -> None:
    fetched: list[str] = []
    kept: list[str] = []

    async def fetch() -> str:
        if not kept:
            await asyncio.sleep(0.01)
            fetched.append(NEW)
            kept.append(NEW)
        return kept[0]

    client = make(api_key=fetch)
    assert await asyncio.gather(*(get(client) for _ in range(100))) == [[]] * 100
    assert fetched == [NEW]
    await close(client)


async def test_many_calls_meet_the_failure_of_a_renewal_together(server: EmbeddedServer) -> None:
    calls: list[str] = []

    async def fetch() -> str:
        calls.append("")
        if len(calls) <= 100:
            return OLD  # without a turn of the loop, so that none is refused before all have asked
        await asyncio.sleep(0)
        raise ValueError("no token service")

    async with AsyncLetta(base_url=server.base_url, api_key=fetch) as client:
        results = await asyncio.gather(*(client.get("/v1/agents/") for _ in range(100)), return_exceptions=True)
    assert all(isinstance(result, AuthenticationError) for result in results)
    assert all("given as api_key raised ValueError: no token service]" in str(result) for result in results)
    assert len(set(map(id, results))) == 100
    assert len(calls) == 101


async def test_one_caller_that_gives_up_leaves_the_renewal_to_the_others(server: EmbeddedServer) -> None:
    asked: list[asyncio.Task[Any] | None] = []
    waiting = asyncio.Event()

    async def fetch() -> str:
        asked.append(asyncio.current_task())
        if len(asked) == 3:
            waiting.set()
            await asyncio.Event().wait()
        return OLD if len(asked) < 3 else NEW

    async with AsyncLetta(base_url=server.base_url, api_key=fetch) as client:
        calls = [asyncio.create_task(get(client)) for _ in range(2)]
        await waiting.wait()
        (leader,) = (call for call in calls if call is asked[2])
        (other,) = (call for call in calls if call is not leader)
        leader.cancel()
        assert await other == []
        with pytest.raises(asyncio.CancelledError):
            await leader
    assert asked[3:] == [other]


async def test_each_call_is_asked_for_in_its_own_context(server: EmbeddedServer) -> None:
    tenant: ContextVar[str] = ContextVar("tenant")

    async def fetch() -> str:
        await asyncio.sleep(0)
        return tenant.get()

    async with AsyncLetta(base_url=server.base_url, api_key=fetch) as client:

        async def call(key: str) -> object:
            tenant.set(key)
            try:
                return await client.get("/v1/agents/")
            except AuthenticationError:
                return "refused"

        keys = [NEW, OLD] * 20
        results = await asyncio.gather(*(call(key) for key in keys))
    assert results == [[] if key == NEW else "refused" for key in keys]


def test_the_context_of_a_thread_is_a_callables_too(server: EmbeddedServer) -> None:
    tenant: ContextVar[str] = ContextVar("tenant")
    with Letta(base_url=server.base_url, api_key=tenant.get) as client:
        tenant.set(NEW)
        assert client.get("/v1/agents/") == []
        tenant.set(OLD)
        with pytest.raises(AuthenticationError):
            client.get("/v1/agents/")
