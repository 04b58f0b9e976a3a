"""Responses whose body nobody reads to its end: what is left behind, and what goes on beside them."""

from __future__ import annotations

import asyncio
import gc
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import pytest

from letta_async import AsyncLetta, Letta
from letta_async.testing import EmbeddedServer
from tests.faults.scripts import answer, says
from tests.faults.server import Server
from tests.test_streaming_responses import BEGUN, BODY, TEXT, client, opened, sync_client

__all__ = ["client", "sync_client"]


@pytest.mark.parametrize("how", ["dropped", "left", "closed", "half"])
async def test_an_unread_response_frees_the_connection_and_the_slot(far: Server, client: AsyncLetta, how: str) -> None:
    far.follow(says(BEGUN))
    if how == "left":
        async with opened(client):
            pass
    else:
        response = await opened(client)
        assert client.stats.in_flight == 1
        if how == "half":
            await anext(response.iter_bytes())
        if how == "closed":
            await response.close()
        del response
        gc.collect()
        await asyncio.sleep(0.01)  # an iteration is closed by the loop
    assert client.stats.in_flight == 0
    assert await asyncio.to_thread(far.all_closed)


def test_the_sync_client_frees_what_is_dropped(far: Server, sync_client: Letta) -> None:
    far.follow(says(BEGUN))
    response = opened(sync_client)
    assert next(response.iter_bytes()) == b"begun"
    del response
    gc.collect()
    assert far.all_closed()
    while sync_client.stats.in_flight:
        pass


def test_threads_read_one_response(far: Server, sync_client: Letta) -> None:
    far.follow(says(answer(200, BODY, TEXT)))
    with opened(sync_client) as response, ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: response.read(), range(32))) == {BODY}
    with ThreadPoolExecutor(8) as threads:
        bodies = threads.map(lambda _: opened(sync_client).text(), range(32))
        assert set(bodies) == {BODY.decode()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_process_leaves_the_response_to_its_parent(far: Server, sync_client: Letta) -> None:
    far.follow(says(BEGUN))
    with opened(sync_client) as response:
        if (child := os.fork()) == 0:  # pragma: no cover - in the child
            response.close()
            os._exit(0 if not response.is_closed else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert next(response.iter_bytes()) == b"begun"


async def test_open_bodies_hold_back_no_other_calls(letta_server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=letta_server.base_url, deadline=20) as client, AsyncExitStack() as opened:
        for _ in range(20):
            await opened.enter_async_context(client.agents.with_streaming_response.list())
        await opened.enter_async_context(client.with_streaming_response.get("/v1/agents/"))
        assert await client.agents.list() == []
        assert client.stats.by_traffic["stream"].in_flight == 21
