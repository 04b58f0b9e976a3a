"""Tests of the monitor of active runs: each question has a fresh answer, and many questions share one."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async import AsyncLetta, InvalidArgumentError, NotFoundError
from letta_async.batch.active_runs import ActiveRuns
from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations
from tests.ids import CONVERSATION


class Server:
    """Server whose lists each take two milliseconds."""

    def __init__(self, *busy: str) -> None:
        self.busy = set(busy)
        self.began: list[float] = []
        self.cancelled = 0

    async def fetch(self) -> Collection[str]:
        self.began.append(asyncio.get_running_loop().time())
        found = frozenset(self.busy)
        try:
            await asyncio.sleep(0.002)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return found


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_questions_at_the_same_time_share_a_list() -> None:
    server = Server("a")
    runs = ActiveRuns(server.fetch)
    answers = await asyncio.gather(*(runs.becomes_idle(name, 0) for name in "abab"))
    assert answers == [False, True, False, True]
    assert len(server.began) == 1


async def test_a_question_is_not_answered_by_a_list_that_began_before_it() -> None:
    server = Server()
    runs = ActiveRuns(server.fetch)
    first = asyncio.create_task(runs.becomes_idle("a", 0))
    await turns()
    server.busy.add("a")
    later = await asyncio.gather(*(runs.becomes_idle("a", 0) for _ in range(3)))
    assert await first
    assert later == [False] * 3
    assert len(server.began) == 2


@given(st.lists(st.floats(0, 0.005), min_size=1, max_size=20))
def test_each_answer_is_of_a_list_that_began_after_the_question(delays: list[float]) -> None:
    async def run() -> None:
        server = Server()
        runs = ActiveRuns(server.fetch)
        loop = asyncio.get_running_loop()

        async def ask(delay: float) -> None:
            await asyncio.sleep(delay)
            asked, lists = loop.time(), len(server.began)
            await runs.becomes_idle("a", 0)
            assert any(began >= asked for began in server.began[lists:])

        await asyncio.gather(*map(ask, delays))
        assert len(server.began) <= len(delays)

    asyncio.run(run())


async def test_it_waits_for_the_end_with_growing_delays() -> None:
    server, now, slept = Server("a"), 0.0, list[float]()

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        slept.append(seconds)
        if now > 60:
            server.busy.clear()

    runs = ActiveRuns(server.fetch, clock=lambda: now, sleep=sleep)
    assert not await runs.becomes_idle("a", 10)
    assert sum(slept) == pytest.approx(10)
    assert slept[:3] == pytest.approx([0.25, 0.375, 0.5625])
    slept.clear()
    assert await runs.becomes_idle("a", 600)
    assert max(slept) == 5
    assert 60 < now < 66


async def test_a_cancelled_question_leaves_no_list_behind() -> None:
    server = Server("a")
    runs = ActiveRuns(server.fetch)
    asking = [asyncio.create_task(runs.becomes_idle("a", 0)) for _ in range(3)]
    await turns()
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await turns()
    assert server.cancelled == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not await runs.becomes_idle("a", 0)


async def test_an_error_reaches_each_that_asked() -> None:
    async def fail() -> Collection[str]:
        raise NotFoundError("no runs", status_code=404)

    runs = ActiveRuns(fail)
    errors = await asyncio.gather(*(runs.becomes_idle("a", 5) for _ in range(2)), return_exceptions=True)
    assert [type(error) for error in errors] == [NotFoundError, NotFoundError]


@pytest.mark.parametrize("wait", [-1, True, "5", float("nan"), float("inf")], ids=repr)
async def test_a_wait_that_is_none_is_refused(wait: object) -> None:
    async with AsyncLetta(base_url="http://127.0.0.1:1") as client:
        with pytest.raises(InvalidArgumentError, match="wait_if_busy"):
            client.conversations.recompile_many([CONVERSATION], wait_if_busy=wait)  # type: ignore[arg-type]  # the point


async def test_a_batch_asks_only_for_what_it_would_recompile_and_shares_lists(letta_server: EmbeddedServer) -> None:
    ids = await asyncio.to_thread(make_conversations, letta_server.base_url, 30)
    letta_server.requests.clear()
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        options = {"only_stale": True, "wait_if_busy": 0}
        assert {o.status async for o in client.conversations.recompile_many(ids, **options)} == {"unchanged"}
        assert not [request for request in letta_server.requests if request.path == "/v1/runs/"]
        outcomes = [outcome async for outcome in client.conversations.recompile_many(ids, wait_if_busy=0)]
    assert {outcome.status for outcome in outcomes} == {"recompiled"}
    assert 1 <= len([request for request in letta_server.requests if request.path == "/v1/runs/"]) <= 15
