"""Batches of random targets, sources, failures and ends: no outcome is lost or doubled."""

from __future__ import annotations

import asyncio
import random
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from letta_async import APIConnectionError, Outcome
from letta_async.errors import Attempt
from tests.batches import batch


@given(
    targets=st.lists(st.sampled_from([str(number) for number in range(12)]), max_size=60),
    seed=st.integers(0, 1000),
    limit=st.integers(1, 20),
    leave_after=st.none() | st.integers(0, 40),
)
@settings(deadline=None, max_examples=150)
def test_no_outcome_is_lost_or_doubled_whatever_happens(
    targets: list[str], seed: int, limit: int, leave_after: int | None
) -> None:
    rng = random.Random(seed)
    calls: Counter[str] = Counter()
    flying = 0

    async def chancy(target: Any, _: list[Attempt]) -> str:
        nonlocal flying
        calls[target] += 1
        flying += 1
        try:
            for _turn in range(rng.randrange(5)):
                await asyncio.sleep(0)
            if rng.random() < 0.3:
                raise APIConnectionError("no")
            return f"prompt of {target}"
        finally:
            flying -= 1

    async def play() -> list[Outcome]:
        outcomes: list[Outcome] = []
        running = batch(targets, chancy, concurrency=lambda: rng.randint(1, limit)).run()
        async for outcome in running:
            outcomes.append(outcome)
            if len(outcomes) == leave_after:
                break
        await running.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return outcomes

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcomes = asyncio.run(play())
    assert flying == 0
    assert all(count == 1 for count in calls.values())
    answered = Counter(str(outcome.target) for outcome in outcomes)
    if leave_after is None or leave_after >= len(targets) or leave_after == 0:
        assert answered == Counter(targets)
    else:
        assert not answered - Counter(targets)


class _Ends(BaseException):
    """Exception that is not an `Exception`, with which a source may end."""


async def _raise(error: BaseException) -> None:
    raise error


async def _cancelled() -> None:
    task = asyncio.create_task(asyncio.sleep(60))
    task.cancel()
    await task


async def _timed_out(timeout: asyncio.Timeout) -> None:
    timeout.reschedule(asyncio.get_running_loop().time())


async def _task_fails(group: asyncio.TaskGroup) -> None:
    group.create_task(_raise(OSError("ends")))


ENDINGS: dict[str, Callable[[asyncio.TaskGroup, asyncio.Timeout], Awaitable[None]]] = {
    "error": lambda *_: _raise(OSError("ends")),
    "cancelled": lambda *_: _raise(asyncio.CancelledError()),
    "base": lambda *_: _raise(_Ends()),
    "awaits a cancelled task": lambda *_: _cancelled(),
    "timeout": lambda _, timeout: _timed_out(timeout),
    "group": lambda group, _: _task_fails(group),
}


@given(
    count=st.integers(0, 150),
    turns=st.lists(st.integers(0, 3), min_size=1, max_size=10),
    seed=st.integers(0, 1000),
    limit=st.integers(-3, 20),
    ending=st.none() | st.sampled_from(sorted(ENDINGS)),
    stop=st.booleans(),
)
@settings(deadline=None, max_examples=100)
def test_whatever_a_source_does_a_batch_has_an_outcome_for_each_target_it_took(
    count: int, turns: list[int], seed: int, limit: int, ending: str | None, stop: bool
) -> None:
    rng = random.Random(seed)
    given_away: list[str] = []
    tasks: set[Any] = set()

    async def source() -> AsyncIterator[str]:
        tasks.add(asyncio.current_task())
        try:
            async with asyncio.TaskGroup() as group, asyncio.timeout(None) as timeout:
                for number in range(count):
                    for _turn in range(turns[number % len(turns)]):
                        await asyncio.sleep(0)
                    given_away.append(str(number))
                    yield str(number)
                if ending is not None:
                    await ENDINGS[ending](group, timeout)
                if ending in ("timeout", "group"):
                    while True:
                        given_away.append(f"further {len(given_away)}")
                        yield given_away[-1]
        finally:
            tasks.add(asyncio.current_task())

    async def chancy(target: Any, _: list[Attempt]) -> str:
        for _turn in range(rng.randrange(5)):
            await asyncio.sleep(0)
        if rng.random() < 0.05:
            raise APIConnectionError("no")
        return "prompt"

    async def play() -> tuple[list[Outcome], BaseException | None]:
        outcomes: list[Outcome] = []
        ended: BaseException | None = None
        running = batch(source(), chancy, concurrency=lambda: rng.randint(-3, limit), stop_on_error=stop).run()
        try:
            async for outcome in running:
                outcomes.append(outcome)
        except BaseException as error:
            ended = error
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return outcomes, ended

    outcomes, ended = asyncio.run(play())
    assert Counter(str(outcome.target) for outcome in outcomes) == Counter(given_away)
    assert len(tasks) == 1
    stopped = stop and any(not outcome.ok for outcome in outcomes)
    if ended is None:
        assert stopped or (ending is None and len(outcomes) == count)
    elif isinstance(ended, BaseExceptionGroup):
        assert ended.split((OSError, _Ends))[1] is None
    else:
        assert isinstance(ended, {"timeout": TimeoutError}.get(ending or "", asyncio.CancelledError))
