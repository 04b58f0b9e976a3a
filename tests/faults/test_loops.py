"""Tests of rows 46 and 59: a client is used in a second event loop, or the caller's own code blocks the loop."""

from __future__ import annotations

import asyncio
import gc
import time
import warnings
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from letta_async import AsyncLetta, ClientClosedError, Letta
from tests.ids import CONVERSATION

from .scripts import ok, says, takes
from .server import PROMPT, Server

Run = Callable[[Any], Any]


# --- row 46: a second loop --------------------------------------------------------------------------------------------


def _in_a_loop(make: Callable[[], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await make()

    return asyncio.run(main())


def test_a_client_left_open_works_in_the_next_loop_with_a_warning(server: Server) -> None:
    client = AsyncLetta(base_url=server.url)
    with pytest.warns(ResourceWarning) as caught:
        for _ in range(2):
            assert _in_a_loop(partial(client.conversations.recompile, CONVERSATION)) == PROMPT
        gc.collect()
    told = [warning for warning in caught if "still open when its event loop closed; use `async with`" in str(warning)]
    assert [warning.filename for warning in told] == [__file__]
    del told
    del caught  # it holds what it warns of
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        _in_a_loop(client.close)
        del client
        gc.collect()


def test_the_warning_may_be_an_error_and_the_client_works_again(server: Server) -> None:
    client = AsyncLetta(base_url=server.url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of the transports, when they are collected
        assert _in_a_loop(partial(client.conversations.recompile, CONVERSATION)) == PROMPT
        warnings.filterwarnings("error", "a client was still open")
        with pytest.raises(ResourceWarning, match="was still open") as caught:
            _in_a_loop(partial(client.conversations.recompile, CONVERSATION))
        del caught

        async def use() -> str:
            async with client:
                return await client.conversations.recompile(CONVERSATION)

        assert asyncio.run(use()) == PROMPT
        gc.collect()


def test_a_client_closed_in_one_loop_stays_closed_in_the_next(server: Server) -> None:
    client = AsyncLetta(base_url=server.url)

    async def use() -> None:
        async with client:
            await client.conversations.recompile(CONVERSATION)

    asyncio.run(use())
    with pytest.raises(ClientClosedError, match="make a new one"):
        asyncio.run(use())


def test_a_client_in_two_running_loops_is_told_what_to_do(server: Server, run: Run) -> None:
    async def main() -> None:
        async with AsyncLetta(base_url=server.url) as client:
            assert await client.conversations.recompile(CONVERSATION) == PROMPT
            with pytest.raises(ClientClosedError, match="in use in another event loop; make one client a loop"):
                await asyncio.to_thread(_in_a_loop, lambda: client.conversations.recompile(CONVERSATION))
            assert await client.conversations.recompile(CONVERSATION) == PROMPT

    run(main())


# --- row 59: the caller's own code blocks the loop --------------------------------------------------------------------


@pytest.mark.parametrize("bound", ["timeout", "deadline"])
def test_a_blocked_loop_is_not_taken_for_a_slow_server(bound: str, server: Server, run: Run) -> None:
    server.follow(takes(0.05))

    async def main() -> None:
        async with AsyncLetta(base_url=server.url, max_retries=0, **{bound: 0.2}) as client:
            calls = [asyncio.ensure_future(client.conversations.recompile(CONVERSATION)) for _ in range(2)]
            await asyncio.sleep(0.02)
            time.sleep(0.5)
            assert await asyncio.gather(*calls) == [PROMPT] * 2

    run(main())


def test_a_large_answer_that_arrived_while_the_loop_was_blocked_is_read(server: Server, run: Run) -> None:
    text = "x" * 2_000_000
    server.follow(says(ok(f'"{text}"'.encode())))

    async def main() -> None:
        async with AsyncLetta(base_url=server.url, max_retries=0, timeout=0.2) as client:
            call = asyncio.ensure_future(client.conversations.recompile(CONVERSATION))
            await asyncio.sleep(0.01)
            time.sleep(0.5)
            assert await call == text

    run(main())


def test_a_blocked_private_loop_is_not_taken_for_a_slow_server(server: Server) -> None:
    server.follow(takes(0.05))
    with Letta(base_url=server.url, max_retries=0, timeout=0.2) as client:
        assert client.conversations.recompile(CONVERSATION) == PROMPT
        client._portal._loop_thread.loop.call_soon_threadsafe(time.sleep, 0.02)
        client._portal._loop_thread.loop.call_soon_threadsafe(
            lambda: asyncio.get_running_loop().call_later(0.01, time.sleep, 0.5)
        )
        assert client.conversations.recompile(CONVERSATION) == PROMPT
