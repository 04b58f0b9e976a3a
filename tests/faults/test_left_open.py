"""Tests of rows 47, 58 and 60: clients that are not closed, clocks that jump, and interpreters with all warnings."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from letta_async import APITimeoutError, AsyncLetta
from tests.ids import CONVERSATION

from .driver import Driver
from .scripts import answer, answers_in_turn, stalls
from .server import PROMPT, RIGHT, Server

Drive = Callable[..., Driver]
Run = Callable[[Any], Any]

_ROOT = Path(__file__).parents[2]


def python(code: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a new interpreter."""
    return subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)],
        cwd=_ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


# --- row 47: never closed ---------------------------------------------------------------------------------------------


def test_a_client_that_is_dropped_warns_and_leaves_nothing(server: Server, run: Run) -> None:
    async def main() -> None:
        client = AsyncLetta(base_url=server.url)
        await client.conversations.recompile(CONVERSATION)
        with pytest.warns(ResourceWarning, match="was never closed"):
            del client
            gc.collect()
        await asyncio.sleep(0.01)

    run(main())
    assert server.all_closed()


@pytest.mark.parametrize("client", ["AsyncLetta", "Letta"])
def test_a_program_that_forgets_to_close_ends_cleanly(client: str, server: Server) -> None:
    call = f"client.conversations.recompile('{CONVERSATION}')"
    use = f"print({call})" if client == "Letta" else f"print(asyncio.run(use()))\nasync def use(): return await {call}"
    lines = [f"import asyncio, letta_async\nclient = letta_async.{client}(base_url='{server.url}')"]
    lines += reversed(use.split("\n"))
    ended = python("\n".join(lines), "-X", "dev", "-W", "default")
    assert (ended.returncode, ended.stdout.strip()) == (0, PROMPT)
    assert "Traceback" not in ended.stderr
    if client == "AsyncLetta":
        assert "ResourceWarning" in ended.stderr
        assert "was never closed" in ended.stderr


# --- row 58: the clock on the wall ------------------------------------------------------------------------------------


def test_a_clock_that_steps_back_changes_no_wait(server: Server, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    server.follow(stalls)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 3600 * (time.monotonic() > steps_back))

    async def main() -> float:
        async with AsyncLetta(base_url=server.url, deadline=0.2, timeout=5) as client:
            started = time.monotonic()
            with pytest.raises(APITimeoutError, match=r"the deadline of 0.2 s passed"):
                await client.conversations.recompile(CONVERSATION)
            return time.monotonic() - started

    steps_back = time.monotonic() + 0.1
    assert 0.15 < run(main()) < 4


def test_a_clock_that_steps_back_during_a_retry_after_changes_nothing(
    server: Server, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.follow(answers_in_turn(answer(503, b"{}", "Retry-After-Ms: 100"), RIGHT))
    now = time.time

    async def main() -> float:
        async with AsyncLetta(base_url=server.url) as client:
            started = time.monotonic()
            asyncio.get_running_loop().call_later(0.05, monkeypatch.setattr, time, "time", lambda: now() - 3600)
            assert await client.conversations.recompile(CONVERSATION) == PROMPT
            return time.monotonic() - started

    assert 0.1 <= run(main()) < 60


# --- row 60: every warning an error -----------------------------------------------------------------------------------

_TOUR = """
    import asyncio, sys
    import letta_async.resources.conversations  # on a busy machine long enough for asyncio to call it a slow callback
    from letta_async import AsyncLetta, Letta, LettaError

    URL, CONVERSATION = {url!r}, {conversation!r}

    async def use():
        async with AsyncLetta(base_url=URL) as client:
            await asyncio.gather(*(client.conversations.recompile(CONVERSATION) for _ in range(20)))
            await client.post("/v1/large", body={{"text": "x" * 3_000_000}})
            try:
                await client.with_options(timeout=0.000001, max_retries=0).get("/v1/late")
            except LettaError:
                pass
            call = asyncio.ensure_future(client.get("/v1/cancelled"))
            await asyncio.sleep(0)
            call.cancel()

    asyncio.run(use())
    asyncio.run(use())
    with Letta(base_url=URL) as client:
        client.conversations.recompile(CONVERSATION)
    left_open = Letta(base_url=URL)
    left_open.conversations.recompile(CONVERSATION)
"""


@pytest.mark.parametrize("parser", ["compiled", "python"])
def test_not_one_warning_with_every_check_switched_on(parser: str, server: Server) -> None:
    ended = python(
        _TOUR.format(url=server.url, conversation=CONVERSATION),
        *("-X", "dev", "-W", "error"),
        AIOHTTP_NO_EXTENSIONS="1" if parser == "python" else "",
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_importing_switches_nothing_on() -> None:
    code = """
        import logging, threading, sys, warnings
        import letta_async
        print(threading.active_count(), logging.getLogger().handlers, logging.getLogger("letta_async").handlers)
    """
    ended = python(code, "-X", "dev", "-W", "error", LETTA_LOG="")
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "1 [] []", "")
