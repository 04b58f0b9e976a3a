"""Tests of the monitor of active runs: each question has a fresh answer, and many questions share one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letta_async import AsyncLetta, InvalidArgumentError, NotFoundError
from letta_async.batch.active_runs import ActiveRuns, Activity, read_activity
from letta_async.testing import EmbeddedServer
from letta_async.types.run import Run
from tests.conversations import make_conversations
from tests.ids import CONVERSATION


class Server:
    """Server whose lists each take two milliseconds, or as long as it is told."""

    def __init__(self, *busy: str, seconds: float = 0.002) -> None:
        self.seconds = seconds
        self.busy = set(busy)
        self.began: list[float] = []
        self.ended = 0
        self.cancelled = 0

    async def fetch(self) -> Activity:
        assert len(self.began) == self.ended, "lists overlap"
        self.began.append(asyncio.get_running_loop().time())
        found = Activity(frozenset(self.busy))
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.ended += 1
        return found


async def has_ended(run_id: str) -> bool:
    return run_id.startswith("ended")


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_questions_at_the_same_time_share_a_list() -> None:
    server = Server("a")
    runs = ActiveRuns(server.fetch, has_ended)
    answers = await asyncio.gather(*(runs.becomes_idle(name, 0) for name in "abab"))
    assert answers == [False, True, False, True]
    assert len(server.began) == 1


async def test_a_question_is_not_answered_by_a_list_that_began_before_it() -> None:
    server = Server()
    runs = ActiveRuns(server.fetch, has_ended)
    first = asyncio.create_task(runs.becomes_idle("a", 0))
    await turns()
    server.busy.add("a")
    later = await asyncio.gather(*(runs.becomes_idle("a", 0) for _ in range(3)))
    assert await first
    assert later == [False] * 3
    assert len(server.began) == 2


@given(st.lists(st.tuples(st.floats(0, 0.005), st.none() | st.floats(0, 0.005)), min_size=1, max_size=20))
def test_each_answer_is_of_a_list_that_began_after_the_question(asked: list[tuple[float, float | None]]) -> None:
    """Questions at any time, some given up after a while: lists are fresh, one at a time, no more than questions."""

    async def run() -> None:
        server = Server()
        runs = ActiveRuns(server.fetch, has_ended)
        loop = asyncio.get_running_loop()

        async def ask(delay: float, given_up: float | None) -> None:
            await asyncio.sleep(delay)
            begin, lists = loop.time(), len(server.began)
            with suppress(TimeoutError):
                await asyncio.wait_for(runs.becomes_idle("a", 0), given_up)
                assert any(began >= begin for began in server.began[lists:])

        await asyncio.gather(*(ask(*question) for question in asked))
        assert len(server.began) <= len(asked)
        await turns()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


async def test_it_waits_for_the_end_with_growing_delays() -> None:
    server, now, slept = Server("a"), 0.0, list[float]()

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        slept.append(seconds)
        if now > 60:
            server.busy.clear()

    runs = ActiveRuns(server.fetch, has_ended, clock=lambda: now, sleep=sleep)
    assert not await runs.becomes_idle("a", 10)
    assert sum(slept) == pytest.approx(10)
    assert slept[:3] == pytest.approx([0.25, 0.375, 0.5625])
    slept.clear()
    assert await runs.becomes_idle("a", 600)
    assert max(slept) == 5
    assert 60 < now < 66


async def test_a_cancelled_question_leaves_no_list_behind() -> None:
    server = Server("a", seconds=60)
    runs = ActiveRuns(server.fetch, has_ended)
    asking = [asyncio.create_task(runs.becomes_idle("a", 0)) for _ in range(3)]
    await turns()
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await turns()
    assert server.cancelled == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}
    server.seconds = 0
    assert not await runs.becomes_idle("a", 0)


async def test_an_error_reaches_each_that_asked() -> None:
    async def fail() -> Activity:
        raise NotFoundError("no runs", status_code=404)

    runs = ActiveRuns(fail, has_ended)
    errors = await asyncio.gather(*(runs.becomes_idle("a", 5) for _ in range(2)), return_exceptions=True)
    assert [type(error) for error in errors] == [NotFoundError, NotFoundError]


async def test_a_run_in_doubt_is_asked_about_until_it_has_ended() -> None:
    asked: list[str] = []
    ended = {"r1"}

    async def fetch() -> Activity:
        return Activity(frozenset({"b"}), {"a": ["r1", "r2"], "c": ["r3"]})

    async def has_ended(run_id: str) -> bool:
        asked.append(run_id)
        return run_id in ended

    runs = ActiveRuns(fetch, has_ended)
    assert [await runs.becomes_idle(name, 0) for name in "abad"] == [False, False, False, True]
    ended.add("r2")
    assert [await runs.becomes_idle(name, 0) for name in "aa"] == [True, True]
    assert asked == ["r1", "r2", "r2", "r2"]


NOW = datetime(2026, 1, 1, tzinfo=UTC)


def run_of(agent_id: str, conversation_id: str | None, kind: str | None, **fields: object) -> Run:
    metadata = None if kind is None else {"run_type": kind}
    known = {"id": f"run-{agent_id}", "status": "running", "created_at": NOW, "background": False, **fields}
    return Run(agent_id=agent_id, conversation_id=conversation_id, metadata=metadata, **known)  # type: ignore[arg-type]  # of any fields


async def test_what_runs_say_is_active() -> None:
    runs = [
        run_of("a1", "c1", "send_conversation_message"),
        run_of("a2", None, "send_message"),
        run_of("a3", None, "send_message", status="created"),
        run_of("a4", None, "send_message_async", status="created", background=True),
        run_of("a5", None, "send_conversation_message", status="created"),
        run_of("a6", None, None, created_at=None),
        run_of("a7", None, None, created_at=NOW - timedelta(minutes=59)),
        run_of("a8", None, None, created_at=NOW - timedelta(minutes=61)),
        run_of("a9", None, None),
    ]

    async def listed() -> AsyncIterator[Run]:
        for run in runs:
            yield run

    activity = await read_activity(listed(), NOW)
    assert activity.names == {"c1", "a2", "a4", "a6", "a7"}
    assert activity.doubtful == {"a3": ["run-a3"]}


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
