"""Classes of traffic: what runs a model and what streams has limits of its own, and teaches nothing by its latency."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, get_args

import pytest

from letta_async import APIError, AsyncLetta, RateLimitError, TrafficStats
from letta_async._http.limit import AdaptiveLimit, ConfiguredLimit, Limit, OverloadLimit
from letta_async._http.limiter import Limiter, ServerLimiters
from letta_async._http.throughput_based_limit import ThroughputBasedLimit
from letta_async.operations._operation import Traffic
from tests.clock import Loop
from tests.ids import CONVERSATION
from tests.mocked import aioresponses
from tests.simulation import Server as SimulatedServer
from tests.simulation import simulate
from tests.test_tries import BASE, PATH, Answer, Block, Server, answer, play

COMPACT = PATH.replace("recompile", "compact")
SUMMARY = {"summary": "s", "num_messages_before": 9, "num_messages_after": 2}


@pytest.fixture
def loop() -> Any:
    loop = Loop()
    yield loop
    loop.close()


def run_both(loop: Loop, block: Block, quick: list[Answer], slow: list[Answer], **options: Any) -> tuple[Any, Server]:
    """Run a block against a server that responds to recompiles and compactions in turn; return the server as well."""
    model = Server(loop, slow)
    server = Server(loop)
    with aioresponses() as wire:
        wire.add(f"{BASE}{PATH}", "POST", callback=server.receive, repeat=True)
        wire.add(f"{BASE}{COMPACT}", "POST", callback=model.receive, repeat=True)
        return play(server, block, *quick, **options), model


def summary(seconds: float) -> Answer:
    done, said = answer(seconds)
    said.payload = SUMMARY  # type: ignore[union-attr]  # it is no exception
    return done, said


def recompile(client: AsyncLetta) -> Coroutine[Any, Any, str]:
    return client.conversations.recompile(CONVERSATION)


def test_a_model_call_of_a_minute_holds_back_no_quick_call(loop: Loop) -> None:
    async def block(client: AsyncLetta) -> float:
        slow = asyncio.create_task(client.conversations.compact(CONVERSATION))
        await asyncio.sleep(1)
        began = loop.time()
        for _ in range(4):
            await recompile(client)
        took = loop.time() - began
        assert (client.stats.in_flight, client.stats.waiting, client.stats.limit) == (1, 0, 2)
        assert client.stats.by_traffic == {
            "model": TrafficStats(limit=1, in_flight=1, waiting=0),
            "quick": TrafficStats(limit=1, in_flight=0, waiting=0),
        }
        await slow
        return took

    took, _ = run_both(loop, block, [answer(0.1)] * 4, [summary(58)], concurrency=1)
    assert took == pytest.approx(0.4)


@pytest.mark.parametrize("latencies", [(0.1, 60.0), (60.0, 0.1)])
def test_latency_teaches_a_model_limit_nothing(latencies: tuple[float, float]) -> None:
    limit = OverloadLimit(256)
    now = 0.0
    for n in range(600):
        seconds = latencies[n > 64]
        limit.answered("message", now, now + seconds, limit.value)
        now += 0.01
    assert limit.value == 256


def test_a_model_limit_never_passes_its_maximum_and_does_not_grow_unused() -> None:
    limit = OverloadLimit(20)
    for n in range(100):
        limit.answered("message", n, n + 1, limit.value)
    assert limit.value == 20
    limit = OverloadLimit(256)
    for n in range(500):
        limit.answered("message", n, n + 1, 3)
    assert limit.value == 32


def test_an_overload_halves_a_model_limit_once_for_all_that_were_under_way() -> None:
    limit = OverloadLimit(256)
    for now in (60.0, 60.1, 90.0):
        limit.overloaded(sent=10.0, now=now, in_flight=32)
    assert limit.value == 16
    limit.answered("message", 10.0, 61.0, 16)
    limit.overloaded(sent=91.0, now=92.0, in_flight=16)
    assert limit.value == 8


def test_it_stays_below_a_wall_that_it_hit() -> None:
    limit = OverloadLimit(256)
    server = SimulatedServer(lambda rng: rng.uniform(1, 9), lambda _: 10**6, wall=lambda _: 100)
    run = simulate(limit, server, 600)
    assert run.refused <= 0.02 * run.done
    assert run.rate(100, 600) >= 0.7 * 100 / 5


def test_a_retry_after_pauses_every_class_of_the_server(loop: Loop) -> None:
    async def block(client: AsyncLetta) -> None:
        with pytest.raises(RateLimitError):
            await recompile(client)
        await client.conversations.compact(CONVERSATION)

    _, model = run_both(loop, block, [answer(status=429, Retry_After="30")], [summary(1)], max_retries=0)
    assert model.came == pytest.approx([30])


def test_a_retry_after_for_a_model_call_pauses_quick_ones(loop: Loop) -> None:
    came: list[float] = []

    async def block(client: AsyncLetta) -> None:
        await recompile(client)
        with pytest.raises(RateLimitError):
            await client.conversations.compact(CONVERSATION)
        await recompile(client)
        came.append(loop.time() - 1000)

    run_both(loop, block, [answer()] * 2, [answer(status=429, Retry_After="30")], max_retries=0)
    assert came == pytest.approx([30])


@pytest.mark.parametrize(
    ("said", "left"),
    [((0.0, TimeoutError()), 4), (answer(status=503), 1), (answer(status=504), 1), (answer(status=404), 4)],
    ids=["slow", "503", "504", "404"],
)
def test_a_model_limit_learns_from_overload_and_not_from_a_response_that_takes_long(
    loop: Loop, said: Answer, left: int
) -> None:
    async def block(client: AsyncLetta) -> int:
        with pytest.raises(APIError):
            await client.conversations.compact(CONVERSATION)
        return client.stats.limit

    assert run_both(loop, block, [], [said], max_retries=0)[0] == left


def test_each_class_has_a_limit_of_its_own_kind() -> None:
    limiters = ServerLimiters(256)
    kinds = {traffic: type(limiters.limiter(traffic).limit) for traffic in get_args(Traffic)}
    assert kinds == {"quick": AdaptiveLimit, "model": ThroughputBasedLimit, "stream": OverloadLimit}


# --- throughput of model calls ----------------------------------------------------------------------------------------


def play_shared(limit: Limit, rate: Callable[[int], float], calls: int, seed: int = 1) -> float:
    """Let a server answer calls at a rate that depends on how many are in flight; return the mean rate."""
    rng = random.Random(seed)
    now, sent, in_flight = 0.0, 0, list[float]()
    for _ in range(calls):
        while len(in_flight) < limit.value and sent < calls:
            in_flight.append(now)
            sent += 1
        now += rng.expovariate(rate(len(in_flight)))
        limit.answered("message", in_flight.pop(0), now, len(in_flight) + 1)
    return calls / now


def test_more_calls_at_once_that_bring_no_more_responses_are_taken_back() -> None:
    def saturated(in_flight: int) -> float:
        return 10.0 if in_flight <= 16 else 10.0 * 16 / in_flight

    limits = [ThroughputBasedLimit(256) for _ in range(10)]
    best = sum(play_shared(ConfiguredLimit(8), saturated, 400, seed) for seed in range(10))
    assert sum(play_shared(limit, saturated, 400, seed) for seed, limit in enumerate(limits)) >= 0.9 * best
    assert max(limit.value for limit in limits) <= 32


def test_a_server_that_more_calls_at_once_make_slower_gets_few_from_the_first() -> None:
    def contended(in_flight: int) -> float:
        return 8.0 if in_flight <= 4 else 6.0

    limits = [ThroughputBasedLimit(256) for _ in range(10)]
    best = sum(play_shared(ConfiguredLimit(4), contended, 200, seed) for seed in range(10))
    assert sum(play_shared(limit, contended, 200, seed) for seed, limit in enumerate(limits)) >= 0.9 * best


@pytest.mark.parametrize("seconds", [0.2, 5.0])
def test_more_calls_at_once_that_bring_more_responses_stay(seconds: float) -> None:
    limit = ThroughputBasedLimit(256)
    now = 0.0
    while limit.value < 256 and now < 100 * seconds:
        value = limit.value
        for n in range(value):
            limit.answered("message", now, now + seconds, value - n)
        now += seconds
    assert limit.value == 256


def test_an_overload_halves_it_too_and_it_grows_again() -> None:
    limit = ThroughputBasedLimit(256)
    limit.overloaded(0.0, 1.0, 4)
    assert limit.value == 2
    for n in range(400):
        limit.answered("message", 1.0 + n / 10, 2.0 + n / 10, limit.value)
    assert limit.value > 8


def test_calls_that_take_long_do_not_keep_others_waiting_for_the_first_response(loop: Loop) -> None:
    limiter = Limiter(ThroughputBasedLimit(256))

    async def block() -> list[int]:
        tasks = [asyncio.ensure_future(limiter.acquire()) for _ in range(100) if not limiter.try_acquire()]
        found: list[int] = []
        for _ in range(5):
            found.append(limiter.in_flight)
            await asyncio.sleep(1.01)
        limiter.close("closed")
        await asyncio.gather(*tasks, return_exceptions=True)
        return found

    assert loop.run_until_complete(block()) == [4, 8, 16, 32, 32]


def test_a_response_meanwhile_lets_the_throughput_decide(loop: Loop) -> None:
    limiter = Limiter(ThroughputBasedLimit(256))

    async def block() -> int:
        tasks = [asyncio.ensure_future(limiter.acquire()) for _ in range(100) if not limiter.try_acquire()]
        await asyncio.sleep(0.5)
        limiter.limit.answered("message", 0, loop.time(), 4)
        await asyncio.sleep(3)
        found = limiter.in_flight
        limiter.close("closed")
        await asyncio.gather(*tasks, return_exceptions=True)
        return found

    assert loop.run_until_complete(block()) == 4
