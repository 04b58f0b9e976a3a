"""Tests of row 61: data received on an idle connection is never taken for the response to the next request."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from letta_async import AsyncLetta
from letta_async._http.connection_reuse import PARSED_IN_PYTHON
from tests.ids import CONVERSATION
from tests.waiting import PATIENCE

from .driver import Driver
from .scripts import answer, ok
from .server import PROMPT, RIGHT, Peer, Script, Server, good
from .tls import client_context

Drive = Callable[..., Driver]

_FOREIGN = ok(b'"The prompt of somebody else."')
_UNASKED = {
    "whole answer": _FOREIGN,
    "two answers": _FOREIGN * 2,
    "goodbye": answer(408, b'{"detail": "You were idle."}', "Connection: close"),
    "interim": b"HTTP/1.1 102 Processing\r\n\r\n",
    "head": _FOREIGN[:-30],
    "half a head": _FOREIGN[:20],
    "one byte": b"H",
    "no HTTP": b"Are you still there?\r\n",
    "empty line": b"\r\n",
}


class SpeaksUp:
    """Script that responds correctly, and sends more on the first connection once its first response was read."""

    def __init__(self, *unasked: bytes) -> None:
        self.said = threading.Event()
        self._unasked = unasked

    async def script(self, peer: Peer) -> None:
        if peer.server.connections == 1:
            await peer.request()
            await peer.send(RIGHT)
            await asyncio.sleep(0.05)
            await peer.send(*self._unasked, every=0.01)
            self.said.set()
        await good(peer)


def goes_on(*pieces: bytes) -> Script:
    """Respond to the first request with these bytes, each in its own segment, and correctly to all others."""

    async def script(peer: Peer) -> None:
        if peer.server.connections == 1:
            await peer.request()
            await peer.send(*pieces, every=0.02)
        await good(peer)

    return script


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str | None:
    return "good" if request.param == "https" else None


@pytest.mark.parametrize("unasked", _UNASKED.values(), ids=_UNASKED)
def test_what_comes_on_an_idle_connection_is_no_answer(
    unasked: bytes, scheme: str | None, serve: Callable[..., Server], drive: Drive
) -> None:
    server = serve(scheme)
    driver = drive(server.url, max_retries=0, ssl_context=client_context() if scheme else None)
    speaker = SpeaksUp(unasked)
    server.follow(speaker.script)
    assert driver.recompile() == PROMPT
    assert speaker.said.wait(PATIENCE)
    assert driver.create() == PROMPT
    assert driver.recompile() == PROMPT
    assert server.connections == 2
    assert len(server.requests) == 3


@pytest.mark.parametrize("head", [0, 1, len(RIGHT) - 14, len(RIGHT) - 5])
@pytest.mark.parametrize("more", [_FOREIGN, _FOREIGN * 2, _FOREIGN[:20], b"H"], ids=["whole", "two", "part", "byte"])
def test_a_connection_that_said_more_than_its_answer_is_not_used_again(
    head: int, more: bytes, server: Server, drive: Drive
) -> None:
    driver = drive(server.url, max_retries=0)
    server.follow(goes_on(RIGHT[:head], RIGHT[head:] + more) if head else goes_on(RIGHT + more))
    assert driver.recompile() == PROMPT
    assert driver.create() == PROMPT
    assert server.connections == 2


def test_a_connection_that_said_what_is_no_http_after_its_answer_is_not_used_again_either(
    server: Server, drive: Drive
) -> None:
    driver = drive(server.url, max_retries=0)
    server.follow(goes_on(RIGHT[:-5], RIGHT[-5:] + b'"'))
    try:
        assert driver.recompile() == PROMPT
    finally:
        assert driver.create() == PROMPT
        assert server.connections == 2


def test_chunks_with_more_behind_them(server: Server, drive: Drive) -> None:
    driver = drive(server.url, max_retries=0)
    head = ok(b"", "Transfer-Encoding: chunked", length=None)
    server.follow(goes_on(head, b'e\r\n"You are Sam."\r\n', b"0\r\n\r\n" + _FOREIGN))
    assert driver.recompile() == PROMPT
    assert driver.create() == PROMPT
    assert server.connections == 2


@pytest.mark.parametrize("kind", [name for name in _UNASKED if name != "empty line"])  # of which nothing can be made
def test_it_is_so_in_a_session_that_was_handed_in(kind: str, server: Server, run: Callable[[Any], Any]) -> None:
    speaker = SpeaksUp(_UNASKED[kind])
    server.follow(speaker.script)

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            client = AsyncLetta(base_url=server.url, session=session, max_retries=0)
            assert await client.conversations.recompile(CONVERSATION) == PROMPT
            assert await asyncio.to_thread(speaker.said.wait, PATIENCE)
            assert await client.conversations.recompile(CONVERSATION) == PROMPT
            assert await client.conversations.recompile(CONVERSATION) == PROMPT

    run(main())
    assert server.connections == 2


def test_which_parser_is_at_work_is_known() -> None:
    assert bool(os.environ.get("AIOHTTP_NO_EXTENSIONS")) == PARSED_IN_PYTHON
