"""The adaptive limit, in simulated time: it finds a server's capacity, follows it, and holds nobody up."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable

import pytest

from letta_async._http.limit import AdaptiveLimit, ConfiguredLimit
from tests.simulation import Run, Server, simulate


def constant(seconds: float) -> Callable[[random.Random], float]:
    return lambda _: seconds


def always(workers: int) -> Callable[[float], int]:
    return lambda _: workers


def adaptive(server: Server, until: float, maximum: int = 256) -> tuple[Run, AdaptiveLimit]:
    limit = AdaptiveLimit(maximum)
    return simulate(limit, server, until), limit


@pytest.mark.parametrize(
    ("server", "best", "seconds"),
    [
        (Server(constant(0.15), always(2)), 4, 60),
        (Server(constant(0.1), always(1)), 2, 30),
        (Server(lambda rng: rng.uniform(0.05, 0.15), always(20)), 30, 20),
        (Server(lambda rng: rng.lognormvariate(-3, 0.7), always(10)), 20, 30),
        (Server(constant(0.002), always(4)), 8, 10),
        (Server(constant(0.02), always(10**6)), 256, 10),
        (Server(lambda rng: 5.0 if rng.random() < 0.01 else 0.05, always(64)), 128, 30),
    ],
    ids=["like-0.16.8", "one-worker", "uneven", "skewed", "fast", "boundless", "stragglers"],
)
def test_it_does_nearly_as_well_as_the_best_fixed_number(server: Server, best: int, seconds: float) -> None:
    run, _ = adaptive(server, seconds)
    assert run.done >= 0.85 * simulate(ConfiguredLimit(best), server, seconds).done


@pytest.mark.parametrize(("workers", "most"), [(1, 8), (2, 10), (10, 40), (40, 110)])
def test_it_stops_growing_where_more_in_flight_only_makes_answers_slower(workers: int, most: int) -> None:
    run, limit = adaptive(Server(constant(0.1), always(workers)), 60)
    assert workers <= limit.value <= most
    assert statistics.median(run.in_flight) <= most


def test_it_grows_quickly_while_answers_stay_fast() -> None:
    limit = AdaptiveLimit(256)
    simulate(limit, Server(constant(0.02), always(10**6)), 0.5)
    assert limit.value == 256


def test_it_never_passes_its_maximum() -> None:
    run, limit = adaptive(Server(constant(0.02), always(10**6)), 5, maximum=7)
    assert limit.value == 7
    assert max(run.in_flight) <= 7


def test_it_follows_a_capacity_that_changes() -> None:
    plan = (20, 10, 20, 40, 1, 20)
    limit = AdaptiveLimit(256)
    run = simulate(limit, Server(constant(0.05), lambda now: plan[min(int(now // 10), 5)]), 60)
    for number, workers in enumerate(plan):
        possible = workers / 0.05
        assert run.rate(10 * number + 3, 10 * number + 10) >= 0.9 * possible, number
        late = [n for n, t in zip(run.in_flight, run.times, strict=True) if 10 * number + 6 <= t < 10 * number + 10]
        assert statistics.median(late) <= 3 * workers + 20, number


def test_it_stays_below_a_wall_that_it_hit() -> None:
    run, _ = adaptive(Server(constant(0.05), always(10**6), wall=always(10)), 30)
    assert run.done >= 0.8 * 30 * 10 / 0.05
    assert run.refused <= 0.02 * run.done


def test_it_follows_a_wall_that_moves() -> None:
    plan = (20, 10, 5, 10, 20, 40, 20)
    limit = AdaptiveLimit(256)

    def room(now: float) -> int:
        return plan[min(int(now // 8), 6)]

    run = simulate(limit, Server(constant(0.05), room, wall=room), 56)
    for number, workers in enumerate(plan):
        assert run.rate(8 * number + 3, 8 * number + 8) >= 0.85 * workers / 0.05, number
    assert run.refused <= 0.02 * run.done


def test_one_overload_halves_it_once_however_many_requests_it_hits() -> None:
    limit = AdaptiveLimit(256)
    simulate(limit, Server(constant(0.02), always(10**6)), 1)
    for _ in range(200):
        limit.overloaded(sent=0.9, now=1.1, in_flight=200)
    assert limit.value == 100
    limit.overloaded(sent=1.2, now=1.3, in_flight=60)
    assert limit.value == 30


def test_it_never_falls_below_one() -> None:
    limit = AdaptiveLimit(256)
    for second in range(20):
        limit.overloaded(sent=second + 0.1, now=second + 0.2, in_flight=1)
    assert limit.value == 1


def test_it_does_not_grow_when_the_caller_has_no_more_to_send() -> None:
    limit = AdaptiveLimit(256)
    simulate(limit, Server(constant(0.02), always(10**6)), 30, most=3)
    assert limit.value <= 8


def test_answers_to_different_questions_are_not_compared() -> None:
    limit = AdaptiveLimit(256)
    now = 0.0
    for _ in range(2000):
        for kind, seconds in (("slow", 0.2), ("fast", 0.001)):
            limit.answered(kind, now, now + seconds, limit.value)
        now += 0.01
    assert limit.value == 256


def test_a_server_that_became_slower_for_good_is_not_starved() -> None:
    limit = AdaptiveLimit(256)
    run = simulate(limit, Server(lambda _: 0.01, always(50)), 10)
    assert run.rate(5, 10) > 0.9 * 50 / 0.01
    slower = Server(constant(0.1), always(50))
    later = simulate(limit, slower, 90)
    assert later.rate(60, 90) > 0.9 * 50 / 0.1


@pytest.mark.parametrize(("share", "grows"), [(0.95, True), (0.3, False)])
def test_answers_that_wait_for_a_busy_client_do_not_hold_the_server_back(share: float, grows: bool) -> None:
    now = 0.0
    limit = AdaptiveLimit(256, worked=lambda: share * now)
    for _ in range(3000):
        now += 0.002  # one after the other: by a server with one worker, or by a client without rest
        limit.answered("", now - 0.002 * limit.value, now, limit.value)
    assert (limit.value > 64) is grows


def a_round(limit: AdaptiveLimit, at: float, seconds: float = 0.02, answers: int | None = None) -> int:
    """Record a full round of responses, or a given number, all sent and received at once; return the limit after it."""
    for _ in range(min(max(limit.value, 5), 64) if answers is None else answers):
        limit.answered("", at, at + seconds, limit.value)
    return limit.value


def grown(rounds: int, seconds: float = 0.02) -> AdaptiveLimit:
    """Return a limit after a number of rounds of fast responses, one round per second from time 0."""
    limit = AdaptiveLimit(256)
    for second in range(rounds):
        a_round(limit, second, seconds)
    return limit


def test_a_round_lasts_as_many_answers_as_the_limit_but_at_least_five() -> None:
    limit = AdaptiveLimit(256)
    assert a_round(limit, 0, answers=4) == 2
    assert a_round(limit, 0, answers=1) == 4
    assert a_round(limit, 1, answers=4) == 4
    assert a_round(limit, 1, answers=1) == 8
    assert a_round(limit, 2, answers=7) == 8
    assert a_round(limit, 2, answers=1) == 16


def test_what_is_asked_more_often_now_is_not_compared_with_what_was_asked_before() -> None:
    limit = AdaptiveLimit(256)
    for second in range(10):
        for kind, seconds in (("fast", 0.001), ("fast", 0.001), ("slow", 0.2), ("fast", 0.001), ("fast", 0.001)):
            limit.answered(kind, second, second + seconds, 1)
    for second in range(10, 20):
        for _ in range(limit.value + 5):
            limit.answered("slow", second, second + 0.2, limit.value)
    assert limit.value == 256


def test_growth_is_quick_up_to_a_wall_careful_there_and_goes_on_by_a_few_when_that_is_forgotten() -> None:
    limit = grown(6)
    assert limit.value == 128
    limit.overloaded(sent=7, now=7.1, in_flight=100)
    assert [a_round(limit, 8 + 0.1 * n) for n in range(8)] == [67, 76, 80, 82, 83, 84, 85, 85]
    assert [a_round(limit, 15 + 0.1 * n) for n in range(10)] == [85] * 9 + [86]
    assert a_round(limit, 37) == 86
    assert a_round(limit, 38) == 95


def test_a_wall_that_was_passed_is_none() -> None:
    limit = grown(4)
    limit.overloaded(sent=7, now=7.1, in_flight=8)
    assert [a_round(limit, 8 + 0.1 * n) for n in range(19)] == [
        5,
        6,
        6,
        6,
        6,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        7,
        8,
        11,
        14,
        18,
    ]


def test_answers_that_are_slower_tell_by_how_much_it_went_too_far() -> None:
    limit = grown(5, seconds=1)
    assert limit.value == 64
    assert a_round(limit, 50, seconds=4) == int(64 / (4 / 1.505) + 8)


def test_how_long_ago_that_may_be_goes_by_what_is_asked_now() -> None:
    limit = AdaptiveLimit(256)
    for _ in range(5):
        limit.answered("slow", 0, 1, limit.value)  # at rest: for so slow an answer 100 s would not be long
    for second in range(2, 6):
        a_round(limit, second)
    assert limit.value == 64
    assert a_round(limit, 20, seconds=1) == 16


def test_it_looks_how_fast_a_server_is_at_rest_once_that_was_long_ago() -> None:
    limit = grown(5, seconds=1)
    assert a_round(limit, 102, seconds=4) == 16
    assert a_round(limit, 110, seconds=2) == 64
    assert a_round(limit, 120, seconds=2) == 72


def test_a_fixed_number_is_lowered_to_what_file_descriptors_allow_and_comes_back_when_that_was_long_ago() -> None:
    limit = ConfiguredLimit(10)
    for in_flight, left in ((10, 9), (9, 8), (4, 3), (7, 3), (1, 1), (0, 1)):
        limit.out_of_file_descriptors(100.0, in_flight)
        assert limit.value == left
    limit.answered("recompile", 128.0, 129.9, 1)
    assert limit.value == 1
    limit.answered("recompile", 130.0, 130.0, 1)
    assert limit.value == 10


def test_a_number_that_is_found_is_lowered_by_the_overload_alone() -> None:
    limit = AdaptiveLimit(100)
    before = limit.value
    limit.out_of_file_descriptors(1.0, 2)
    assert limit.value == before
