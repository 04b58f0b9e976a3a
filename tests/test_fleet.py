"""Batches: an outcome for each target, exactly one, whatever happens on the way."""

from __future__ import annotations

import asyncio
import enum
import gc
import random
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letta_async import (
    APIConnectionError,
    APITimeoutError,
    AsyncLetta,
    CompactionSettings,
    InvalidArgumentError,
    Letta,
    LettaError,
    NotFoundError,
    Outcome,
    Progress,
    Recompile,
)
from letta_async.batch.runner import Batch, Call
from letta_async.errors import Attempt
from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations
from tests.ids import AGENT, CONVERSATION


def batch(targets: Any, call: Call, **options: Any) -> Batch:
    defaults: dict[str, Any] = {
        "concurrency": lambda: 8,
        "dry_run": False,
        "deadline": None,
        "stop_on_error": False,
        "on_progress": None,
        "open_journal": None,
    }
    return Batch(targets=targets, call=call, **{**defaults, **options})


async def fine(target: Any, _: list[Attempt]) -> str:
    await asyncio.sleep(0)
    return f"prompt of {target}"


async def gathered(running: Batch) -> list[Outcome]:
    return [outcome async for outcome in running.run()]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture(scope="module")
def ids(server: EmbeddedServer) -> list[str]:
    return make_conversations(server.base_url, 12)


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
    assert {type(outcomes[target].error) for target in ("nope", 5, None)} == {InvalidArgumentError}
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


async def test_targets_are_taken_only_as_the_work_goes_on() -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"target {taken}"

    running = batch(endless(), fine).run()
    for _ in range(300):
        await anext(running)
    assert taken <= 300 + 100 + 8 + 4 + 4
    await running.aclose()


async def test_targets_may_come_from_an_async_iterable_that_is_slow() -> None:
    more = asyncio.Event()

    async def slowly() -> AsyncIterator[str]:
        yield "a"
        yield "b"
        await more.wait()
        yield "c"

    running = batch(slowly(), fine).run()
    assert {(await anext(running)).target, (await anext(running)).target} == {"a", "b"}  # although the source waits
    more.set()
    assert [outcome.target async for outcome in running] == ["c"]


async def test_a_source_that_fails_ends_the_batch_after_what_was_taken() -> None:
    def broken() -> Iterator[str]:
        yield "a"
        yield "b"
        raise OSError("the file is gone")

    seen: list[Any] = []
    with pytest.raises(OSError, match="the file is gone"):
        async for outcome in batch(broken(), fine).run():
            seen.append(outcome.target)
    assert sorted(seen) == ["a", "b"]


# --- one task advances the source, and what it raises reaches the caller --------------------------------------------


class _Stop(BaseException):
    """Exception that is not an `Exception`, and not one of asyncio's."""


@pytest.mark.parametrize("error", [asyncio.CancelledError(), _Stop(), ExceptionGroup("both", [OSError()])], ids=repr)
@pytest.mark.parametrize("kind", ["async", "ordinary"])
async def test_whatever_a_source_raises_reaches_the_caller_after_what_was_taken(error: Any, kind: str) -> None:
    def ordinary() -> Iterator[str]:
        yield from map(str, range(10))
        raise error

    async def one_by_one() -> AsyncIterator[str]:
        for item in ordinary():
            yield item

    seen: list[Any] = []
    with pytest.raises(type(error)) as caught:
        async for outcome in batch(one_by_one() if kind == "async" else ordinary(), fine).run():
            seen.append(outcome.target)
    assert caught.value is error
    assert sorted(seen) == sorted(map(str, range(10)))
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("cls", [AsyncLetta, Letta])
async def test_a_source_that_awaits_a_cancelled_task_ends_the_batch_with_that(
    cls: type[Any], server: EmbeddedServer, ids: list[str]
) -> None:
    async def source() -> AsyncIterator[str]:
        for item in ids[:5]:
            yield item
        cancelled = asyncio.create_task(asyncio.sleep(60))
        cancelled.cancel()
        await cancelled

    seen: list[Any] = []
    with pytest.raises(asyncio.CancelledError):
        if cls is Letta:
            with Letta(base_url=server.base_url) as client:
                for outcome in client.conversations.recompile_many(source()):
                    seen.append(outcome.target)
        else:
            async with AsyncLetta(base_url=server.base_url) as aclient:
                async for outcome in aclient.conversations.recompile_many(source()):
                    seen.append(outcome.target)
    assert sorted(seen) == sorted(ids[:5])


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(3), _Stop(), StopAsyncIteration()], ids=repr)
def test_whatever_an_ordinary_source_raises_reaches_the_caller_of_the_facade(
    server: EmbeddedServer, ids: list[str], error: BaseException
) -> None:
    def source() -> Iterator[str]:
        yield from ids[:5]
        raise error

    seen: list[Any] = []
    with Letta(base_url=server.base_url) as client:
        with pytest.raises((type(error), RuntimeError)):  # a generator that raises `StopAsyncIteration` raises this
            for outcome in client.conversations.recompile_many(source()):
                seen.append(outcome.target)
        assert client.conversations.recompile(ids[0])
    assert sorted(seen) == sorted(ids[:5])


async def test_one_task_in_one_context_advances_a_source_and_closes_it() -> None:
    variable: ContextVar[int] = ContextVar("variable")
    tasks: list[Any] = []
    left: list[str] = []

    async def source() -> AsyncIterator[str]:
        tasks.append(asyncio.current_task())
        token = variable.set(1)
        try:
            async with asyncio.TaskGroup() as group, asyncio.timeout(60):
                group.create_task(asyncio.sleep(0))
                for item in range(200):
                    yield str(item)
                    tasks.append(asyncio.current_task())
        finally:
            tasks.append(asyncio.current_task())
            variable.reset(token)
            left.append("left")

    assert len(await gathered(batch(source(), fine))) == 200
    assert len(set(tasks)) == 1
    async with aclosing(batch(source(), fine).run()) as running:
        await anext(running)
    assert len(set(tasks)) == 2
    stopping = batch(source(), _fails_at_5, stop_on_error=True)
    assert 5 < len(await gathered(stopping)) < 200  # the group's `GeneratorExit` is no error
    assert len(set(tasks)) == 3
    assert left == ["left"] * 3


async def _fails_at_5(target: Any, _: list[Attempt]) -> str:
    await asyncio.sleep(0)
    if target == "5":
        raise APIConnectionError("no")
    return "prompt"


@pytest.mark.parametrize("room", [1, 12])
async def test_a_timeout_of_the_sources_own_ends_the_batch_although_it_runs_out_at_a_yield(room: int) -> None:
    timeouts: list[asyncio.Timeout] = []
    taken: list[str] = []

    async def source() -> AsyncIterator[str]:
        async with asyncio.timeout(None) as timeout:
            timeouts.append(timeout)
            for item in range(1000):
                taken.append(str(item))
                yield str(item)

    async def call(target: Any, _: list[Attempt]) -> str:
        if target == "30":
            timeouts[0].reschedule(asyncio.get_running_loop().time())
        for _turn in range(5):
            await asyncio.sleep(0)
        return "prompt"

    seen: list[str] = []
    with pytest.raises(TimeoutError):
        async for outcome in batch(source(), call, concurrency=lambda: room - 4).run():
            seen.append(str(outcome.target))
    assert sorted(seen) == sorted(taken)
    assert 30 < len(taken) < 1000


async def test_a_task_group_of_the_sources_own_ends_the_batch_when_a_task_of_it_fails() -> None:
    failing = asyncio.Event()

    async def fail() -> None:
        await failing.wait()
        raise OSError("the list is gone")

    async def source() -> AsyncIterator[str]:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            for item in range(1000):
                yield str(item)
        raise AssertionError

    seen: list[Any] = []
    with pytest.raises(ExceptionGroup) as caught:
        async for outcome in batch(source(), fine).run():
            seen.append(outcome.target)
            failing.set()
            await asyncio.sleep(0)
    assert caught.group_contains(OSError, match="the list is gone")
    assert sorted(seen, key=lambda each: int(str(each))) == [str(number) for number in range(len(seen))]


async def test_a_source_that_gets_over_a_timeout_of_its_own_goes_on() -> None:
    async def source() -> AsyncIterator[str]:
        for item in range(5):
            try:
                async with asyncio.timeout(0):
                    yield f"{item} in time"
            except TimeoutError:
                yield f"{item} late"

    async def slow(target: Any, _: list[Attempt]) -> str:
        for _turn in range(5):
            await asyncio.sleep(0)
        return "prompt"

    outcomes = await gathered(batch(source(), slow, concurrency=lambda: -3))
    assert {str(outcome.target).split()[0] for outcome in outcomes} == set("01234")
    assert "0 late" in {outcome.target for outcome in outcomes}


async def test_what_closing_a_source_raises_reaches_whoever_leaves() -> None:
    async def source() -> AsyncIterator[str]:
        try:
            while True:
                yield "a"
        finally:
            raise OSError("the list cannot be closed")

    with pytest.raises(OSError, match="cannot be closed"):
        async with aclosing(batch(source(), fine).run()) as running:
            await anext(running)
    with pytest.raises(OSError, match="cannot be closed"):
        await gathered(batch(source(), _fails, stop_on_error=True))


async def _fails(target: Any, _: list[Attempt]) -> str:
    raise APIConnectionError("no")


async def test_an_async_iterator_that_is_no_generator_serves_as_well() -> None:
    class Counting:
        left = 20

        def __aiter__(self) -> AsyncIterator[str]:
            return self

        async def __anext__(self) -> str:
            await asyncio.sleep(0)
            self.left -= 1
            if self.left < 0:
                raise StopAsyncIteration
            return str(self.left)

    assert len(await gathered(batch(Counting(), fine))) == 20


async def test_a_task_of_the_batch_that_somebody_else_cancels_loses_no_target_in_silence() -> None:
    async def call(target: Any, _: list[Attempt]) -> str:
        await asyncio.sleep(0)
        if target == "3":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)
        return "prompt"

    with pytest.raises(asyncio.CancelledError):
        await gathered(batch(map(str, range(20)), call))


# --- repeated targets -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "targets", "groups"),
    [
        ({}, [{}, {"dry_run": True}, {"dry_run": False}], [0, 1, 0]),
        ({"dry_run": True}, [{}, {"dry_run": True}, {"dry_run": False}], [0, 0, 1]),
        ({}, [{}, {"compaction_settings": {"mode": "all"}}, {"compaction_settings": None}], [0, 1, 2]),
        (
            {"compaction_settings": {"mode": "all"}},
            [{}, {"compaction_settings": CompactionSettings(mode="all")}, {"compaction_settings": {"mode": "x"}}],
            [0, 0, 1],
        ),
        ({}, [{"agent_id": AGENT}, {"agent_id": AGENT}, {"agent_id": AGENT.replace("0", "1", 1)}], [0, 0, 1]),
        ({"agent_id": AGENT}, [{}, {"agent_id": AGENT}, {"agent_id": None}], [0, 0, 1]),
    ],
)
@pytest.mark.filterwarnings("ignore:agent_id has no effect")
async def test_what_differs_is_work_of_its_own(
    server: EmbeddedServer, ids: list[str], options: dict[str, Any], targets: list[dict[str, Any]], groups: list[int]
) -> None:
    made = [Recompile(conversation_id=ids[0], **own) for own in targets]
    server.requests.clear()
    async with AsyncLetta(base_url=server.base_url) as client:
        found = {id(o.target): o async for o in client.conversations.recompile_many(made, **options)}
    repeated = [found[id(target)].repeated for target in made]
    assert repeated == [group in groups[:place] for place, group in enumerate(groups)]
    dry = [bool(own.get("dry_run", options.get("dry_run"))) for own in targets]
    statuses = [found[id(target)].status for target in made if found[id(target)].ok]
    assert statuses == ["compiled" if each else "recompiled" for each in dry][: len(statuses)]


async def test_both_a_dry_run_and_the_real_one_are_done(server: EmbeddedServer) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        block = (await client.blocks.create(label="human", value="Ada")).id
        agent = (await client.agents.create(name="a", model="letta/letta-free", block_ids=[block])).id
        one = (await client.conversations.create(agent_id=agent)).id
        await client.blocks.update(block, value="Grace")
        targets = [Recompile(conversation_id=one, dry_run=True), Recompile(conversation_id=one)]
        outcomes = {id(o.target): o async for o in client.conversations.recompile_many(targets)}
        assert [outcomes[id(target)].status for target in targets] == ["compiled", "recompiled"]
        assert not (await client.conversations.staleness(one)).stale


class _Id(str, enum.Enum):  # noqa: UP042 - a `StrEnum` would hide the fault
    ONE = "one"


async def test_an_id_that_is_an_enums_is_the_same_as_its_value() -> None:
    outcomes = await gathered(batch(["one", _Id.ONE, Recompile(conversation_id=_Id.ONE)], fine))
    assert [outcome.repeated for outcome in outcomes] == [False, True, True]


async def test_a_repeated_id_is_recompiled_once_and_answered_every_time() -> None:
    calls: Counter[str] = Counter()

    async def counting(target: Any, _: list[Attempt]) -> str:
        calls[str(target)] += 1
        await asyncio.sleep(0.001)
        if target == "bad":
            raise APIConnectionError("no")
        return f"prompt of {target}"

    targets = ["a", "b", "a", "bad", "a", "c", "bad", "b"] + [f"n{i}" for i in range(500)] + ["a", "bad"]
    outcomes = await gathered(batch(targets, counting))
    assert Counter(outcome.target for outcome in outcomes) == Counter(targets)
    assert set(calls.values()) == {1}
    for outcome in outcomes:
        assert outcome.ok is (outcome.target != "bad")
        assert outcome.prompt == (f"prompt of {outcome.target}" if outcome.ok else None)
        assert str(outcome.error) == ("None" if outcome.ok else "no")
    assert sum(outcome.repeated for outcome in outcomes) == len(targets) - len(set(targets))


async def test_a_repetition_after_long_is_answered_without_its_prompt() -> None:
    async def long(target: Any, _: list[Attempt]) -> str:
        return "x" * 1_000_000

    *_, last = await gathered(batch([*map(str, range(10)), "0"], long, concurrency=lambda: 1))
    assert (last.target, last.status, last.prompt, last.repeated) == ("0", "recompiled", None, True)


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


def _sources(items: Iterable[str]) -> list[Callable[[], Any]]:
    listed = list(items)

    async def one_by_one() -> AsyncIterator[str]:
        for item in listed:
            yield item

    return [lambda: listed, lambda: tuple(listed), lambda: iter(listed), lambda: set(listed), one_by_one]


@pytest.mark.parametrize("kind", range(5))
async def test_any_iterable_will_do(kind: int) -> None:
    source = _sources(["a", "b", "c"])[kind]
    assert sorted(str(o.target) for o in await gathered(batch(source(), fine))) == ["a", "b", "c"]
