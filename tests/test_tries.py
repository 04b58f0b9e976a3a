"""Attempts of one call: their number, their times, their records, and what the limiter learns from them."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import aiohttp
import attrs
import pytest
from aioresponses import CallbackResult

from letta_async import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AsyncLetta,
    Attempt,
    ClientClosedError,
    InternalServerError,
    RateLimitError,
    RetryPolicy,
)
from letta_async._http import limiter
from letta_async._http.limit import ConfiguredLimit
from tests.clock import Loop
from tests.ids import CONVERSATION
from tests.mocked import MockedResponse, aioresponses

BASE = "http://letta.example:1"
PATH = f"/v1/conversations/{CONVERSATION}/recompile"
Answer = tuple[float, CallbackResult | Exception]


def answer(seconds: float = 0, status: int = 200, detail: str = "no", **headers: str) -> Answer:
    """Return the server's response, and the delay before it."""
    payload = "prompt" if status == 200 else {"detail": detail}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return seconds, CallbackResult(status=status, payload=payload, headers=named, response_class=MockedResponse)


@attrs.define
class Server:
    """Server that sends given responses one after the other, and records when the requests arrived."""

    loop: Loop
    answers: list[Answer] = attrs.field(factory=list[Answer])
    came: list[float] = attrs.field(factory=list[float])

    async def receive(self, _: object, **__: object) -> CallbackResult:
        self.came.append(self.loop.time() - 1000)
        seconds, said = self.answers.pop(0)
        await asyncio.sleep(seconds)
        if isinstance(said, BaseException):
            raise said
        return said


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def server(loop: Loop) -> Iterator[Server]:
    server = Server(loop)
    with aioresponses() as wire:
        wire.add(f"{BASE}{PATH}", "POST", callback=server.receive, repeat=True)
        wire.add(f"{BASE}/things", "POST", callback=server.receive, repeat=True)
        yield server


class Longest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return b


Block = Callable[[AsyncLetta], Coroutine[Any, Any, Any]]


def play(server: Server, block: Block, *answers: Answer, **options: Any) -> Any:
    """Run a function with a client of a server with these responses; waits between attempts have their maximum."""
    server.answers[:] = answers

    async def run() -> Any:
        async with AsyncLetta(base_url=BASE, **options) as client:
            client._transport.retries.rng = Longest()
            try:
                return await block(client)
            finally:
                stats = client.stats
                assert (stats.in_flight, stats.waiting) == (0, 0), "a slot was lost"

    return server.loop.run_until_complete(run())


async def recompile(client: AsyncLetta) -> Any:
    return await client.conversations.recompile(CONVERSATION)


def failed(server: Server, *answers: Answer, block: Block = recompile, **options: Any) -> APIError:
    with pytest.raises(APIError) as caught:
        play(server, block, *answers, **options)
    return caught.value


def test_a_call_is_tried_until_there_is_an_answer(server: Server) -> None:
    async def block(client: AsyncLetta) -> Any:
        return await recompile(client), client.stats.retries

    assert play(server, block, answer(status=502), answer(status=502), answer()) == ("prompt", 2)
    assert server.came == [0, 0.5, 1.5]


def test_a_call_that_succeeds_at_once_is_no_retry(server: Server) -> None:
    async def block(client: AsyncLetta) -> Any:
        return await recompile(client), client.stats.retries

    assert play(server, block, answer()) == ("prompt", 0)


def test_the_last_error_is_raised_with_the_history_of_the_call(server: Server) -> None:
    error = failed(server, answer(1, 502), answer(2, 503), answer(3, 500, "the last one"))
    assert isinstance(error, InternalServerError)
    assert error.detail == "the last one"
    assert error.attempts == (
        Attempt("InternalServerError: 502 Bad Gateway: no", pytest.approx(1), 0.5),
        Attempt("InternalServerError: 503 Service Unavailable: no", pytest.approx(2), 1),
        Attempt("InternalServerError: 500 Internal Server Error: the last one", pytest.approx(3), 0),
    )
    assert server.came == pytest.approx([0, 1.5, 4.5])


def test_what_an_attempt_says_is_short(server: Server) -> None:
    error = failed(server, answer(status=400, detail="x" * 10**4))
    (attempt,) = error.attempts
    assert attempt.error.startswith("BadRequestError: 400 Bad Request: xxx")
    assert len(attempt.error) == 200


@pytest.mark.parametrize("max_retries", [0, 1, 4])
def test_so_many_retries_are_made_as_the_policy_says(server: Server, max_retries: int) -> None:
    error = failed(server, *[answer(status=502)] * 9, max_retries=max_retries)
    assert len(error.attempts) == len(server.came) == max_retries + 1


def test_what_will_not_pass_is_not_tried_again_at_the_first_try_nor_later(server: Server) -> None:
    assert len(failed(server, answer(status=404)).attempts) == 1
    assert [a.error[:13] for a in failed(server, answer(status=502), answer(status=404)).attempts] == [
        "InternalServe",
        "NotFoundError",
    ]


def test_a_call_that_is_not_safe_to_repeat_is_tried_again_only_where_nothing_was_done(server: Server) -> None:
    async def post(client: AsyncLetta) -> Any:
        return await client.post("/things", body={})

    assert len(failed(server, answer(status=502), block=post).attempts) == 1
    asked = answer(status=503, Retry_After="1")
    assert len(failed(server, asked, answer(status=502), answer(), block=post).attempts) == 2


def test_what_nobody_foresaw_is_an_error_of_ours_and_final(server: Server) -> None:
    for before in ([], [answer(status=502)]):
        error = failed(server, *before, (0, KeyError("a bug")))
        assert isinstance(error, APIConnectionError)
        assert "KeyError: 'a bug'" in str(error)
        assert isinstance(error.__cause__, KeyError)
        assert len(error.attempts) == len(before) + 1


def test_what_was_cancelled_below_is_no_cancellation_of_the_call(server: Server) -> None:
    error = failed(server, (0, asyncio.CancelledError("the connector closed")))
    assert isinstance(error, APIConnectionError)
    assert "though the call was not" in str(error)


# --- the budget -------------------------------------------------------------------------------------------------------


def test_a_call_that_came_through_gets_back_what_its_retries_cost(server: Server) -> None:
    async def block(client: AsyncLetta) -> list[int]:
        budget = client._transport.retries.budget
        budget.tokens = 100
        await recompile(client)
        left = [budget.tokens]
        await recompile(client)
        left.append(budget.tokens)
        with pytest.raises(APIError):
            await recompile(client)
        return [*left, budget.tokens]

    failing = [answer(status=502), answer(status=503), answer(status=502)]
    answers = [*failing[:2], answer(), answer(), *failing]
    assert play(server, block, *answers) == [100, 101, 101 - 14 - 5]


def test_without_budget_nothing_is_tried_again(server: Server) -> None:
    async def block(client: AsyncLetta) -> Any:
        client._transport.retries.budget.tokens = 20
        return await recompile(client)

    error = failed(server, *[answer(status=502)] * 3, block=block)
    assert [attempt.waited for attempt in error.attempts] == [0.5, 0]


# --- the deadline -----------------------------------------------------------------------------------------------------


def test_the_deadline_ends_a_try(server: Server) -> None:
    error = failed(server, answer(10), deadline=7)
    assert isinstance(error, APITimeoutError)
    assert str(error) == f"POST {PATH}: the deadline of 7 s passed [to {BASE}]"
    assert (error.request_method, error.request_path) == ("POST", PATH)
    assert error.attempts == (Attempt("APITimeoutError: the deadline of 7 s passed", pytest.approx(7)),)
    assert isinstance(error.__cause__, TimeoutError)
    assert server.loop.time() == pytest.approx(1007)


def test_the_deadline_ends_a_later_try_with_what_was_met_before(server: Server) -> None:
    error = failed(server, answer(2, 502), answer(10), deadline=7)
    assert isinstance(error, APITimeoutError)
    assert isinstance(error.__cause__, InternalServerError)
    under_way = Attempt("APITimeoutError: the deadline of 7 s passed", pytest.approx(4.5))
    assert error.attempts == (Attempt("InternalServerError: 502 Bad Gateway: no", pytest.approx(2), 0.5), under_way)
    assert server.loop.time() == pytest.approx(1007)


@pytest.mark.parametrize(("deadline", "tries"), [(2.4, 1), (2.5, 1), (2.6, 2)])
def test_no_wait_begins_that_would_outlast_the_deadline(server: Server, deadline: float, tries: int) -> None:
    error = failed(server, answer(2, 502), answer(0, 502), deadline=deadline)
    assert isinstance(error, InternalServerError)
    assert len(error.attempts) == tries
    assert server.loop.time() < 1000 + deadline


def test_the_deadline_covers_the_wait_for_a_slot(server: Server) -> None:
    async def block(client: AsyncLetta) -> Any:
        first = asyncio.create_task(recompile(client))
        await asyncio.sleep(1)
        with pytest.raises(APITimeoutError, match="deadline of 2 s") as caught:
            await recompile(client.with_options(deadline=2))
        assert caught.value.attempts == ()
        return await first

    assert play(server, block, answer(9), concurrency=1) == "prompt"
    assert server.came == [0]


def test_the_wait_for_a_slot_is_no_part_of_a_try(server: Server) -> None:
    async def block(client: AsyncLetta) -> Any:
        first = asyncio.create_task(recompile(client))
        await asyncio.sleep(1)
        with pytest.raises(APIError) as caught:
            await recompile(client)
        await first
        return [attempt.seconds for attempt in caught.value.attempts]

    assert play(server, block, answer(9), answer(2, 404), concurrency=1, timeout=10) == [pytest.approx(2)]


# --- what the limiter learns ------------------------------------------------------------------------------------------


@attrs.define
class Notes(ConfiguredLimit):
    """Limit that records its calls."""

    value: int = 2
    answers: list[tuple[object, ...]] = attrs.field(factory=list[tuple[object, ...]])
    overloads: list[tuple[float, ...]] = attrs.field(factory=list[tuple[float, ...]])

    def answered(self, kind: object, sent: float, now: float, in_flight: int) -> None:
        self.answers.append((kind, sent - 1000, now - 1000, in_flight))

    def overloaded(self, sent: float, now: float, in_flight: int) -> None:
        self.overloads.append((sent - 1000, now - 1000, in_flight))


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> Notes:
    notes = Notes()
    monkeypatch.setattr(limiter, "AdaptiveLimit", lambda _: notes)
    return notes


def test_the_limiter_learns_of_answers_and_of_overloads(server: Server, notes: Notes) -> None:
    async def block(client: AsyncLetta) -> Any:
        await recompile(client)
        await asyncio.gather(*(client.post("/things", body={}) for _ in range(2)))

    play(server, block, answer(1, 503), answer(2), answer(3), answer(4))
    assert notes.overloads == [pytest.approx((0, 1, 1))]
    from letta_async.operations.conversations import Recompile

    kinds = [kind for kind, *_ in notes.answers]
    assert kinds == [Recompile, "POST", "POST"]
    assert [times for _, *times in notes.answers] == [
        pytest.approx((1.5, 3.5, 1)),
        pytest.approx((3.5, 6.5, 2)),
        pytest.approx((3.5, 7.5, 1)),
    ]


def test_a_failure_that_is_no_overload_tells_the_limiter_nothing(server: Server, notes: Notes) -> None:
    failed(server, answer(1, 404, Retry_After="5"))
    assert (notes.answers, notes.overloads) == ([], [])


@pytest.mark.parametrize(
    ("overload", "second"),
    [
        (answer(status=429, Retry_After="5"), 5),
        (answer(status=503, Retry_After="60"), 60),
        (answer(status=503, Retry_After="61"), 0),  # longer than anybody would wait
        (answer(status=503, Retry_After="0"), 0),
        (answer(status=503), 0),
        (answer(status=404, Retry_After="5"), 0),
        ((0, aiohttp.ServerDisconnectedError()), 0),
    ],
)
def test_all_calls_wait_when_an_overloaded_server_asks_for_it(server: Server, overload: Answer, second: float) -> None:
    async def block(client: AsyncLetta) -> Any:
        with pytest.raises(APIError):
            await recompile(client)
        return await recompile(client)

    play(server, block, overload, answer(), max_retries=0)
    assert server.came == pytest.approx([0, second])


# --- on the way -------------------------------------------------------------------------------------------------------


def test_a_retry_is_logged_before_its_wait(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "letta_async")
    play(server, recompile, answer(status=502), answer(status=429), answer())
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("letta_async", "INFO", f"retrying POST {PATH} in {wait} s, after try {number}: {said}")
        for wait, number, said in [
            ("0.50", 1, "InternalServerError: 502 Bad Gateway: no"),
            ("1.00", 2, "RateLimitError: 429 Too Many Requests: no"),
        ]
    ]


@pytest.mark.parametrize("after", [1, 2.2], ids=["in a try", "in a wait"])
def test_closing_the_client_ends_a_call(server: Server, after: float) -> None:
    async def block(client: AsyncLetta) -> Any:
        call = asyncio.create_task(recompile(client))
        await asyncio.sleep(after)
        await client.close()
        with pytest.raises(ClientClosedError, match="closed while this call was under way") as caught:
            await call
        return caught.value

    error = play(server, block, answer(2, 502), answer(2, 502))
    assert error.__suppress_context__ or error.__context__ is None
    assert server.came == [0]
    assert server.loop.time() == pytest.approx(1000 + after)


def test_a_session_that_its_owner_closed_meanwhile_says_so(server: Server) -> None:
    async def run() -> Any:
        session = aiohttp.ClientSession()
        async with AsyncLetta(base_url=BASE, session=session) as client:
            call = asyncio.create_task(recompile(client))
            await asyncio.sleep(1)
            await session.close()
            with pytest.raises(ClientClosedError, match="closed while this call was under way") as caught:
                await call
        return caught.value

    server.answers[:] = [answer(2, 404)]
    error = server.loop.run_until_complete(run())
    assert error.__suppress_context__


def test_a_connection_that_broke_is_tried_again(server: Server) -> None:
    broken = (1.0, aiohttp.ServerDisconnectedError())
    error = failed(server, broken, broken, answer(status=429), answer())
    assert isinstance(error, RateLimitError)
    assert [attempt.error.partition(":")[0] for attempt in error.attempts] == [
        APIConnectionError.__name__,
        APIConnectionError.__name__,
        RateLimitError.__name__,
    ]


def test_a_policy_is_asked_anew_for_each_wait(server: Server) -> None:
    policy = RetryPolicy(max_retries=4, initial_delay=1, max_delay=3)
    answers = [answer(status=502), answer(status=429, Retry_After="2"), *[answer(status=502)] * 3]
    error = failed(server, *answers, retry=policy)
    assert [attempt.waited for attempt in error.attempts] == pytest.approx([1, 2.25, 3, 3, 0])
