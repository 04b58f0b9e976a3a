"""Tests of rows 16 and 25 to 27: a server cannot fill the client's memory, nor keep it reading."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from letta_async import APITimeoutError, AsyncLetta, LettaError
from tests.ids import CONVERSATION

from .scripts import answer, bomb, endless, ok, says
from .server import Script, Server

_MIB = 2**20

FLOODS: dict[str, Script] = {
    "102s": endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100, every=0.002),
    "bomb": says(ok(bomb(256 * _MIB), "Content-Encoding: gzip")),
    "bomb in a refusal": says(answer(500, bomb(256 * _MIB), "Content-Encoding: gzip")),
    "honest length": endless(ok(b"", length=10**12), bytes(40_000)),
    "no length": endless(ok(b"", "Connection: close", length=None), bytes(40_000)),
    "chunks": endless(ok(b"", "Transfer-Encoding: chunked", length=None), b"2000\r\n%s\r\n" % bytes(0x2000)),
    "refusal": endless(answer(500, b"", length=10**12), bytes(40_000)),
    "headers": endless(b"HTTP/1.1 200 OK\r\n", b"X-Filler: x\r\n" * 1_000),
    "one header": endless(b"HTTP/1.1 200 OK\r\nX-Filler: ", b"x" * 40_000),
    "status line": endless(b"HTTP/1.1 200 ", b"x" * 40_000),
}
BOMBS = [script for name, script in FLOODS.items() if name.startswith("bomb")]


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_a_flood_is_not_kept_nor_read_to_its_end(flood: Script, server: Server, run: Callable[[Any], Any]) -> None:
    server.follow(flood)

    async def main() -> int:
        async with AsyncLetta(base_url=server.url, max_retries=0, timeout=0.2, max_response_bytes=_MIB) as client:
            tracemalloc.start()
            try:
                with pytest.raises(LettaError):
                    await client.conversations.recompile(CONVERSATION)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            await asyncio.sleep(0.02)
            # A bomb is small on the wire: its connection was read to the end, and may be kept.
            assert flood in BOMBS or await asyncio.to_thread(server.all_closed)
            return peak

    assert run(main()) < 8 * _MIB


def test_a_flood_does_not_outlast_its_timeout_by_much(server: Server, run: Callable[[Any], Any]) -> None:
    server.follow(endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 1_000, every=0.001))  # faster than it is read

    async def main() -> float:
        asyncio.get_running_loop().set_debug(False)
        async with AsyncLetta(base_url=server.url, max_retries=0, timeout=0.1) as client:
            started = time.monotonic()
            with pytest.raises(APITimeoutError):
                await client.conversations.recompile(CONVERSATION)
            return time.monotonic() - started

    assert run(main()) < 5
