"""Batches: an outcome for each target, their progress, and the ways in which a batch ends."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from letta_async import (
    APIConnectionError,
    APITimeoutError,
    AsyncLetta,
    CompactionSettings,
    InvalidArgumentError,
    InvalidRequestError,
    Letta,
    LettaError,
    NotFoundError,
    Progress,
    Recompile,
)
from letta_async.errors import Attempt
from letta_async.testing import EmbeddedServer
from tests.batches import batch, fine, gathered, ids, server
from tests.ids import AGENT, CONVERSATION

__all__ = ["ids", "server"]


async def test_each_target_has_one_outcome_with_its_prompt(server: EmbeddedServer, ids: list[str]) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        outcomes = [outcome async for outcome in client.conversations.recompile_many(ids)]
        again = await client.conversations.recompile(ids[0], dry_run=True)
    assert Counter(outcome.target for outcome in outcomes) == Counter(ids)
    assert {outcome.status for outcome in outcomes} == {"recompiled"}
    assert all(outcome.ok and outcome.tries == 1 and outcome.seconds > 0 and outcome.prompt for outcome in outcomes)
    first = next(outcome for outcome in outcomes if outcome.target == ids[0])
    assert (first.prompt or "").split("- System")[0] == again.split("- System")[0]


async def test_a_failure_is_an_outcome_and_leaves_the_others_alone(server: EmbeddedServer, ids: list[str]) -> None:
    targets: list[Any] = [
        ids[0],
        CONVERSATION,
        "nope",
        5,
        None,
        Recompile(conversation_id="default", agent_id=AGENT),
        ids[1],
    ]
    async with AsyncLetta(base_url=server.base_url) as client:
        outcomes = {o.target: o async for o in client.conversations.recompile_many(targets)}
    assert {type(outcomes[target].error) for target in ("nope", 5, None)} == {InvalidRequestError}
    assert type(outcomes[CONVERSATION].error) is type(outcomes[targets[5]].error) is NotFoundError
    assert outcomes[ids[0]].ok
    assert outcomes[ids[1]].ok
    assert (outcomes[CONVERSATION].tries, outcomes["nope"].tries) == (1, 0)


async def test_a_target_may_have_parameters_of_its_own(server: EmbeddedServer, ids: list[str]) -> None:
    own = Recompile(conversation_id=ids[0], dry_run=True, compaction_settings=CompactionSettings(mode="all"))
    async with AsyncLetta(base_url=server.base_url) as client:
        outcomes = [
            o async for o in client.conversations.recompile_many([own, ids[1]], compaction_settings={"clip_chars": 5})
        ]
    assert all(outcome.ok for outcome in outcomes)
    sent = {request.path.split("/")[3]: request for request in server.requests if request.path.endswith("/recompile")}
    assert sent[ids[0]].query == {"dry_run": "true"}
    assert sent[ids[0]].json() == {"compaction_settings": {"mode": "all"}}
    assert sent[ids[1]].json() == {"compaction_settings": {"clip_chars": 5}}


async def test_a_dry_run_says_so(server: EmbeddedServer, ids: list[str]) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        outcomes = [o async for o in client.conversations.recompile_many(ids[:2], dry_run=True)]
    assert {outcome.status for outcome in outcomes} == {"compiled"}


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"targets": CONVERSATION}, "targets"),
        ({"targets": 5}, "targets"),
        ({"deadline": 0}, "deadline"),
        ({"on_progress": 5}, "on_progress"),
        ({"agent_id": "x"}, "agent_id"),
        ({"compaction_settings": {"mode": "x"}}, "compaction_settings.mode"),
    ],
)
@pytest.mark.parametrize("cls", [AsyncLetta, Letta])
def test_what_is_wrong_for_all_targets_is_refused_at_once(cls: Any, options: Any, path: str) -> None:
    client = cls(base_url="http://127.0.0.1:1")
    with pytest.raises(InvalidArgumentError) as caught:
        client.conversations.recompile_many(**{"targets": [CONVERSATION], **options})
    assert [fault.path for fault in caught.value.faults] == [path]


def test_the_facade_gives_an_ordinary_iterator(server: EmbeddedServer, ids: list[str]) -> None:
    with Letta(base_url=server.base_url) as client:
        outcomes = list(client.conversations.recompile_many(iter(ids)))
        assert Counter(outcome.target for outcome in outcomes) == Counter(ids)
        for outcome in client.conversations.recompile_many(ids):
            assert outcome.ok
            break
        iteration = client.conversations.recompile_many([])
        assert list(iteration) == []
        assert next(iteration, None) is None


async def test_stop_on_error_takes_no_further_target_and_loses_none_that_was_taken() -> None:
    taken: list[str] = []

    def source() -> Iterator[str]:
        for number in range(10_000):
            taken.append(f"{number}")
            yield f"{number}"

    async def fails_at_50(target: Any, _: list[Attempt]) -> str:
        await asyncio.sleep(0)
        if target == "50":
            raise APIConnectionError("no")
        return "prompt"

    outcomes = await gathered(batch(source(), fails_at_50, stop_on_error=True))
    assert sorted(taken) == sorted(str(outcome.target) for outcome in outcomes)
    assert 50 < len(taken) < 400


async def test_a_deadline_turns_what_is_left_into_outcomes_that_say_so() -> None:
    started: list[str] = []

    async def stuck(target: Any, _: list[Attempt]) -> str:
        started.append(target)
        await asyncio.Event().wait()
        raise AssertionError

    targets = [str(number) for number in range(500)]
    outcomes = await gathered(batch(targets, stuck, deadline=0.05))
    assert Counter(outcome.target for outcome in outcomes) == Counter(targets)
    assert all(
        isinstance(outcome.error, APITimeoutError) and "deadline of 0.05 s" in str(outcome.error)
        for outcome in outcomes
    )
    assert len(started) <= 8 + 4


async def test_progress_counts_and_estimates() -> None:
    async def odd(target: Any, _: list[Attempt]) -> str:
        await asyncio.sleep(0)
        if int(target) % 2:
            raise APIConnectionError("no")
        return "prompt"

    seen: list[Progress] = []
    targets = [str(number) for number in range(40)]
    await gathered(batch(targets, odd, on_progress=seen.append))
    assert [progress.done for progress in seen] == list(range(1, 41))
    assert (seen[-1].failed, seen[-1].total, seen[-1].seconds_left) == (20, 40, 0)
    assert all(progress.rate > 0 for progress in seen)
    assert seen[9].seconds_left == pytest.approx(30 / seen[9].rate)
    unknown: list[Progress] = []
    await gathered(batch(iter(targets), odd, on_progress=unknown.append))
    assert {(progress.total, progress.seconds_left) for progress in unknown} == {(None, None)}


@pytest.mark.parametrize("cls", [AsyncLetta, Letta])
async def test_progress_may_be_told_to_a_coroutine_function(cls: Any, server: EmbeddedServer, ids: list[str]) -> None:
    seen: list[int] = []

    async def show(progress: Progress) -> None:
        await asyncio.sleep(0)
        seen.append(progress.done)

    if cls is Letta:
        with Letta(base_url=server.base_url) as client:
            for outcome in client.conversations.recompile_many(ids, on_progress=show):
                assert outcome.ok
    else:
        async with AsyncLetta(base_url=server.base_url) as aclient:
            async for outcome in aclient.conversations.recompile_many(ids, on_progress=show):
                assert outcome.ok
    assert seen == list(range(1, len(ids) + 1))


async def test_an_exception_of_the_callback_reaches_the_caller_and_ends_the_batch() -> None:
    def broken(_: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await gathered(batch(["a"], fine, on_progress=broken))
    assert asyncio.all_tasks() == {asyncio.current_task()}


class _Unprintable(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "error", [KeyError("x"), TimeoutError("of something else"), _Unprintable(), asyncio.CancelledError()], ids=repr
)
@pytest.mark.parametrize("deadline", [None, 60])
async def test_an_exception_that_nobody_foresaw_is_the_outcome_of_its_target(
    error: BaseException, deadline: float | None
) -> None:
    async def broken(target: Any, _: list[Attempt]) -> str:
        if int(target) % 10 == 0:
            raise error
        return "prompt"

    outcomes = await gathered(batch(map(str, range(100)), broken, deadline=deadline))
    failed = [outcome for outcome in outcomes if not outcome.ok]
    assert len(outcomes) == 100
    assert {str(outcome.target) for outcome in failed} == {str(number) for number in range(0, 100, 10)}
    assert all(type(outcome.error) is LettaError and outcome.error.__cause__ is error for outcome in failed)
    assert all(type(error).__name__ in str(outcome.error) for outcome in failed)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("leave", ["break", "aclose", "cancel"])
async def test_leaving_ends_what_is_in_flight_and_leaks_nothing(leave: str) -> None:
    started: list[str] = []
    ended: list[str] = []

    async def slow(target: Any, _: list[Attempt]) -> str:
        if target == "0":
            return "prompt"
        started.append(target)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(target)
        raise AssertionError

    async def consume() -> None:
        running = batch(map(str, range(100)), slow).run()
        async for _ in running:
            if leave == "break":
                break
            if leave == "aclose":
                await running.aclose()
        else:
            assert leave == "aclose"

    task = asyncio.create_task(consume())
    if leave == "cancel":
        for _ in range(10):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        await task
    for _ in range(10):
        await asyncio.sleep(0)
    gc.collect()
    assert sorted(ended) == sorted(started)
    assert len(started) >= 8
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_unfinished_run_in_a_cycle_of_garbage_is_closed_without_complaint() -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    cycle: list[Any] = [batch([str(number) for number in range(9)], fine).run()]
    await anext(cycle[0])
    cycle.append(cycle)
    del cycle
    gc.collect()
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert complaints == []
