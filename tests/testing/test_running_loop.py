"""Tests of the server's `with` block while an event loop is running, as in a notebook or an asynchronous test."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import suppress

import pytest

from letta_async import APIConnectionError, AsyncLetta, Letta
from letta_async.testing import EmbeddedServer

MODEL = "letta/letta-free"


@pytest.fixture(autouse=True)
def others() -> None:
    """Record the threads that exist before the test, such as those of session-scoped servers."""
    _others.update(threading.enumerate())


_others: set[threading.Thread] = set()


def threads() -> set[str]:
    return {each.name for each in {*threading.enumerate()} - _others if each.name.startswith("embedded")}


async def test_a_plain_with_serves_both_clients_of_a_running_loop() -> None:
    with EmbeddedServer() as server:
        async with AsyncLetta(base_url=server.base_url) as client:
            agent = await client.agents.create(name="sam", model=MODEL)
            with Letta(base_url=server.base_url) as waiting:
                assert waiting.agents.retrieve(agent.id).name == "sam"
        url = server.base_url
    assert threads() == set()
    async with AsyncLetta(base_url=url, max_retries=0) as client:
        with pytest.raises(APIConnectionError):
            await client.agents.retrieve(agent.id)


async def test_a_body_that_raises_or_is_cancelled_ends_the_server() -> None:
    with pytest.raises(ZeroDivisionError), EmbeddedServer():
        1 / 0  # noqa: B018 - it raises

    async def hang() -> None:
        with EmbeddedServer():
            entered.set()
            await asyncio.Event().wait()

    entered = asyncio.Event()
    task = asyncio.create_task(hang())
    await entered.wait()
    assert threads() == {"embedded-letta"}
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    gc.collect()  # a loop that was left open warns, and a warning is an error
    assert threads() == set()


async def test_both_forms_work_one_within_the_other_and_one_after_the_other() -> None:
    server = EmbeddedServer()
    async with server, AsyncLetta(base_url=server.base_url) as client:
        with EmbeddedServer() as other, Letta(base_url=other.base_url) as waiting:
            await client.agents.create(name="here", model=MODEL)
            waiting.agents.create(name="there", model=MODEL)
    with server, Letta(base_url=server.base_url) as waiting:
        assert [agent.name for agent in waiting.agents.list()] == ["here"]


async def test_a_second_with_is_refused_and_leaves_the_first_running() -> None:
    with EmbeddedServer() as server:
        with pytest.raises(RuntimeError, match="started already"), server:
            pass
        async with AsyncLetta(base_url=server.base_url) as client:
            await client.agents.create(name="sam", model=MODEL)
    assert threads() == set()
