"""Tests of many concurrent calls and overloaded servers: rows 40, 48 and 55 to 57, and long runs."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from letta_async import APIConnectionError, AsyncLetta, InternalServerError, LettaError, RetryPolicy
from tests.ids import CONVERSATION

from .driver import Driver
from .scripts import answer, closes, gzipped, ok, resets, says, takes
from .server import PROMPT, RIGHT, Arrived, Peer, Script, Server, good

Drive = Callable[..., Driver]
Run = Callable[[Any], Any]


def _recompile(client: Any) -> Any:
    return client.conversations.recompile(CONVERSATION)


# --- row 40: an outage ------------------------------------------------------------------------------------------------


def test_an_outage_of_thousands_of_calls_is_not_multiplied(server: Server, drive: Drive) -> None:
    driver = drive(server.url, concurrency=50)
    driver.calm()
    server.follow(says(answer(500, b"{}")))
    ends = driver.together(*[_recompile] * driver.many)
    assert {type(end) for end in ends} == {InternalServerError}
    budget = 500 // 14  # tokens, tokens a retry
    assert driver.many <= len(server.requests) <= driver.many + budget


@pytest.mark.parametrize("outage", [says(answer(503)), closes("after the request"), resets("after the request")])
def test_in_a_total_outage_a_thousand_calls_at_once_send_little_more(
    outage: Script, server: Server, drive: Drive
) -> None:
    driver = drive(server.url, concurrency=100)
    driver.calm()
    server.follow(outage)
    ends = driver.together(*[_recompile] * 1000)
    assert all(isinstance(end, InternalServerError | APIConnectionError) for end in ends)
    assert 1000 <= len(server.requests) <= 1200


def test_after_an_outage_the_budget_fills_again(server: Server, drive: Drive) -> None:
    driver = drive(server.url)
    retries = driver.client._transport.retries
    retries.budget.tokens = 0
    server.follow(says(answer(503)))
    with pytest.raises(InternalServerError):
        driver.recompile()
    assert len(server.requests) == 1
    server.follow(good)
    for _ in range(28):
        driver.recompile()
    server.follow(says(answer(500)))
    with pytest.raises(InternalServerError):
        driver.recompile()
    assert len(server.requests) == 3  # 28 tokens pay for two retries at 14


# --- row 48: queueing -------------------------------------------------------------------------------------------------


def test_two_thousand_gathered_calls_do_not_time_out_in_the_queue(server: Server, run: Run) -> None:
    server.follow(takes(0.02))

    async def main() -> list[Any]:
        asyncio.get_running_loop().set_debug(False)
        async with AsyncLetta(base_url=server.url, concurrency=20, timeout=1, max_retries=0) as client:
            return await asyncio.gather(*(_recompile(client) for _ in range(2000)), return_exceptions=True)

    started = time.monotonic()
    assert run(main()) == [PROMPT] * 2000
    assert time.monotonic() - started > 2  # twice as long as a try may take
    assert server.most_at_once == 20


# --- rows 55 and 56: a server with little room ------------------------------------------------------------------------


class _Room:
    """Server that processes a number of requests concurrently, and refuses the others."""

    def __init__(self, places: int, *, seconds: float = 0.002) -> None:
        self.places = places
        self.seconds = seconds
        self.present = 0
        self.answered = 0
        self.turned_away = 0

    async def script(self, peer: Peer) -> None:
        while True:
            await peer.request()
            if self.present >= self.places:
                self.turned_away += 1
                await peer.send(answer(503, b'{"detail": "too busy"}'))
                continue
            self.present += 1
            await asyncio.sleep(self.seconds)
            self.present -= 1
            self.answered += 1
            await peer.send(RIGHT)


async def _ten_connections(peer: Peer) -> None:
    """Accept ten connections, and close the others."""
    if peer.server.open_connections > 10:
        peer.reset()
        return
    while True:
        await peer.request()
        await asyncio.sleep(0.002)
        await peer.send(RIGHT)


@pytest.mark.parametrize("kind", ["connections", "requests"])
def test_a_server_that_takes_ten_at_once_answers_all(kind: str, server: Server, run: Run) -> None:
    server.follow(_ten_connections if kind == "connections" else _Room(10).script)

    async def main() -> list[Any]:
        policy = RetryPolicy(max_retries=5, initial_delay=0.02)
        async with AsyncLetta(base_url=server.url, retry=policy) as client:
            return await asyncio.gather(*(_recompile(client) for _ in range(300)), return_exceptions=True)

    assert Counter(map(str, run(main()))) == {PROMPT: 300}


def test_a_capacity_that_collapses_is_followed(server: Server, run: Run) -> None:
    room = _Room(40)
    server.follow(room.script)

    async def main() -> list[Any]:
        policy = RetryPolicy(max_retries=5, initial_delay=0.02)
        calls: list[asyncio.Future[str]] = []

        async def call_until(condition: Callable[[int], bool]) -> None:
            while not condition(client.stats.limit):
                calls.extend(asyncio.ensure_future(_recompile(client)) for _ in range(100 - client.stats.waiting))
                await asyncio.sleep(0.001)

        async with AsyncLetta(base_url=server.url, retry=policy) as client, asyncio.timeout(30):
            await call_until(lambda limit: limit >= 4)
            room.places = 1
            await call_until(lambda limit: limit <= 2)
            return await asyncio.gather(*calls, return_exceptions=True)

    assert set(map(str, run(main()))) == {PROMPT}
    assert room.turned_away > 0


# --- row 57: a few slow answers ---------------------------------------------------------------------------------------


def test_one_answer_in_a_hundred_that_is_slow_holds_up_no_other(server: Server, run: Run) -> None:
    finished: list[int] = []
    numbers = range(1, 401)
    slow = {number for number in numbers if number % 100 == 0}

    async def now_and_then_slow(peer: Peer) -> None:
        while True:
            seen = await peer.request()
            if int(seen.target.rpartition("/")[2]) in slow:
                while len(finished) < len(numbers) - len(slow):
                    await asyncio.sleep(0.001)
            await peer.send(RIGHT)

    server.follow(now_and_then_slow)

    async def main() -> None:
        async with AsyncLetta(base_url=server.url, concurrency=20, timeout=30) as client:

            async def call(number: int) -> None:
                await client.get(f"/v1/{number}")
                finished.append(number)

            await asyncio.gather(*map(call, numbers))

    run(main())
    assert set(finished[-len(slow) :]) == slow


# --- a server that fails at random ------------------------------------------------------------------------------------


class _Moody:
    """Server that responds with the conversation's ID, and fails a fifth of the requests in various ways."""

    def __init__(self) -> None:
        self._random = random.Random(20)
        self.failures = 0

    async def script(self, peer: Peer) -> None:
        while True:
            seen = await peer.request()
            if self._random.random() < 0.2:
                self.failures += 1
                await self._random.choice(self._FAILURES)(self, peer, seen)
                if peer.writer.is_closing():
                    return
            else:
                await peer.send(self._right(seen))

    def _right(self, seen: Arrived) -> bytes:
        return ok(json.dumps(f"prompt of {seen.target.split('/')[3]}").encode())

    async def _closes(self, peer: Peer, _: Arrived) -> None:
        await peer.close()

    async def _resets(self, peer: Peer, _: Arrived) -> None:
        peer.reset()

    async def _is_silent(self, peer: Peer, _: Arrived) -> None:
        await peer.stall()
        await peer.close()

    async def _is_cut_short(self, peer: Peer, seen: Arrived) -> None:
        await peer.send(self._right(seen)[:-5])
        await peer.close()

    async def _answers_and_resets(self, peer: Peer, seen: Arrived) -> None:
        await peer.send(self._right(seen))
        peer.reset()

    async def _is_slow(self, peer: Peer, seen: Arrived) -> None:
        await asyncio.sleep(0.05)
        await peer.send(self._right(seen))

    async def _babbles(self, peer: Peer, _: Arrived) -> None:
        await peer.send(b"Hello?\r\n\r\n")
        await peer.close()

    async def _refuses(self, peer: Peer, _: Arrived) -> None:
        status = self._random.choice([400, 409, 429, 500, 502, 503])
        await peer.send(answer(status, b"<html>no</html>", "Content-Type: text/html"))

    async def _asks_to_wait(self, peer: Peer, _: Arrived) -> None:
        await peer.send(answer(429, b"{}", "Retry-After: 1"))

    async def _answers_wrongly(self, peer: Peer, _: Arrived) -> None:
        await peer.send(ok(self._random.choice([b"", b"{", b"null", b"[1]", b"\xff\xfe"])))

    async def _packs_wrongly(self, peer: Peer, _: Arrived) -> None:
        await peer.send(ok(gzipped(b'"x"')[:-4], "Content-Encoding: gzip"))

    async def _says_two_things(self, peer: Peer, seen: Arrived) -> None:
        await peer.send(self._right(seen) + answer(200, b'"the answer of somebody else"'))

    _FAILURES = (
        _closes,
        _resets,
        _is_silent,
        _is_cut_short,
        _answers_and_resets,
        _is_slow,
        _babbles,
        _refuses,
        _asks_to_wait,
        _answers_wrongly,
        _packs_wrongly,
        _says_two_things,
    )


def test_two_thousand_calls_of_a_server_that_fails_at_random(server: Server, drive: Drive) -> None:
    moody = _Moody()
    driver = drive(server.url, concurrency=64, timeout=1, deadline=30)
    driver.calm()
    server.follow(moody.script)
    took: list[float] = []

    def call(conversation: str) -> Callable[[Any], Any]:
        def timed(client: Any) -> Any:
            started = time.monotonic()
            result = client.conversations.recompile(conversation)
            if not isinstance(result, str):
                return _timed(result, started, took)
            took.append(time.monotonic() - started)
            return result

        return timed

    conversations = [f"conv-{uuid.UUID(int=number, version=4)}" for number in range(2000)]
    ends = driver.together(*map(call, conversations))
    assert len(ends) == 2000
    wrong = [end for conversation, end in zip(conversations, ends, strict=True) if end != f"prompt of {conversation}"]
    assert all(isinstance(end, LettaError) for end in wrong), wrong
    assert moody.failures > 300
    assert len(wrong) < moody.failures
    assert max(took) < 30.5


async def _timed(awaitable: Any, started: float, took: list[float]) -> Any:
    try:
        return await awaitable
    finally:
        took.append(time.monotonic() - started)
