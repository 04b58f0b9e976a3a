"""Streams of runs that need no resumption: how they end, time out, and are collected."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from letta_async import (
    APIError,
    APITimeoutError,
    AssistantMessage,
    AsyncLetta,
    ClientClosedError,
    Letta,
    LettaPing,
    LettaStopReason,
    LettaUsageStatistics,
    Timeout,
)
from tests.faults.scripts import answer
from tests.faults.server import Peer, Server
from tests.run_server import AGENT, END, NUMBERED, TYPE, RunServer, event, piece


async def test_a_cancelled_stream_ends_without_its_last_event(far: Server) -> None:
    cancelled = event(message_type="stop_reason", stop_reason="cancelled")
    far.follow(RunServer(events=[NUMBERED[0], cancelled]))
    async with AsyncLetta(base_url=far.url) as client:
        events = [event async for event in client.agents.messages.stream(AGENT, input="x")]
        assert client.stats.in_flight == 0
    assert list(map(type, events)) == [LettaPing, LettaStopReason]


async def test_pings_alone_can_be_a_timeout(far: Server) -> None:
    async def pinging(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(200, piece(1, "a"), TYPE, length=10**6))
        await peer.send(*[NUMBERED[0]] * 1000, every=0.02)

    far.follow(pinging)
    events: list[Any] = []
    async with AsyncLetta(base_url=far.url) as client:
        with pytest.raises(APITimeoutError, match=r"nothing but pings arrived on the stream for 0\.2 s"):
            async for event in client.agents.messages.stream(AGENT, input="x", timeout=Timeout(0.2, pings=False)):
                events.append(event)
    assert type(events[0]) is AssistantMessage
    assert {type(event) for event in events[1:]} == {LettaPing}


async def test_collect_joins_what_was_iterated_over_and_what_was_not(far: Server) -> None:
    far.follow(RunServer())
    async with AsyncLetta(base_url=far.url) as client:
        async with client.agents.messages.stream(AGENT, input="x") as stream:
            await anext(stream)
            await anext(stream)
            response = await stream.collect()
        assert (response.text, len(response.messages)) == ("2 3 4 5 6 ", 1)
        assert (response.stop_reason, response.usage) == (
            LettaStopReason(stop_reason="end_turn"),
            LettaUsageStatistics(total_tokens=7),
        )
        texts = [text async for text in client.agents.messages.stream(AGENT, input="x").text_stream]
        assert texts == ["2 ", "3 ", "4 ", "5 ", "6 "]


def test_the_sync_client_collects_and_gives_the_text(far: Server) -> None:
    far.follow(RunServer())
    with Letta(base_url=far.url) as client:
        stream = client.agents.messages.stream(AGENT, input="x")
        next(stream)
        next(stream)
        assert stream.collect().text == "2 3 4 5 6 "
        assert "".join(client.agents.messages.stream(AGENT, input="x").text_stream) == "2 3 4 5 6 "


async def test_collect_of_a_stream_that_was_left_says_so(far: Server) -> None:
    far.follow(RunServer())
    async with AsyncLetta(base_url=far.url) as client:
        stream = client.agents.messages.stream(AGENT, input="x")
        await anext(stream)
        assert repr(stream).endswith("/stream: iterate it>")
        await stream.close()
        with pytest.raises(APIError, match="closed before its end"):
            await stream.collect()
        whole = await client.agents.messages.stream(AGENT, input="x")
        first = await whole.collect()
        assert (await whole.collect(), repr(whole)[-8:]) == (first, "(ended)>")


async def test_what_arrived_while_the_loop_was_blocked_is_no_timeout(far: Server) -> None:
    async def prompt(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer(200, piece(1, "a"), TYPE, length=None))
        blocked.wait()
        await peer.send(piece(2, "b"), *END)
        arrived.set()
        await peer.close()

    blocked, arrived = threading.Event(), threading.Event()
    far.follow(prompt)
    async with AsyncLetta(base_url=far.url) as client:
        stream = client.agents.messages.stream(AGENT, input="x", timeout=Timeout(0.2, pings=False))
        await anext(stream)
        blocked.set()
        arrived.wait()
        time.sleep(0.25)  # longer than the timeout
        assert len([event async for event in stream]) == 3


async def test_a_stream_of_another_loop_is_the_callers_mistake(far: Server) -> None:
    far.follow(RunServer())
    async with AsyncLetta(base_url=far.url) as client:
        stream = await client.agents.messages.stream(AGENT, input="x", background=True)

        async def read() -> None:
            await anext(stream)

        with pytest.raises(ClientClosedError, match="in the event loop"):
            await asyncio.to_thread(asyncio.run, read())
        await stream.close()
