"""Tests of batches on a cluster: the same outcomes as in one process, one per target."""

from __future__ import annotations

import asyncio
import errno
import inspect
import logging
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letta_async import (
    APITimeoutError,
    AuthenticationError,
    ClientClosedError,
    ClusterError,
    CompactionSettings,
    InvalidArgumentError,
    JournalError,
    Letta,
    NotFoundError,
    Outcome,
    Progress,
    Recompile,
)
from letta_async.batch.line_file import LineFile
from letta_async.dask import recompile_many
from letta_async.dask._payload import Payload
from letta_async.resources.conversations import AsyncConversations
from letta_async.testing import EmbeddedServer
from tests.cli.held import HeldServer
from tests.conversations import make_conversations
from tests.dask.conftest import LOOPBACK
from tests.ids import CONVERSATION
from tests.waiting import PATIENCE


def statuses(outcomes: Any) -> dict[Any, str]:
    found = [(outcome.target, outcome.status) for outcome in outcomes]
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldServer]:
    with HeldServer() as running:
        monkeypatch.setenv("LETTA_BASE_URL", running.base_url)
        yield running
        running.release()


# --- outcomes -------------------------------------------------------------------------------------------------------


def test_a_batch_that_came_to_its_end_cancels_nothing(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The scheduler tells every client of a cancellation, even of none, and one that just connects does not survive it.
    cancelled: list[Any] = []
    monkeypatch.setattr(cluster_client, "cancel", cancelled.append)
    assert len(list(recompile_many(ids[:3], cluster_client=cluster_client))) == 3
    assert cancelled == []


def test_each_target_has_one_outcome_with_its_prompt(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    outcomes = list(recompile_many(ids, cluster_client=cluster_client))
    assert Counter(outcome.target for outcome in outcomes) == Counter(ids)
    assert {outcome.status for outcome in outcomes} == {"recompiled"}
    assert all(outcome.tries == 1 and outcome.seconds > 0 and outcome.prompt for outcome in outcomes)
    assert Counter(sent(server)) == Counter(ids)


async def test_an_async_client_gives_them_to_async_for(server: EmbeddedServer, ids: list[str]) -> None:
    local = LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **LOOPBACK, asynchronous=True)
    async with local as cluster, Client(cluster, asynchronous=True) as client:
        outcomes = recompile_many(ids, cluster_client=client)
        with pytest.raises(ClientClosedError, match="async for"):
            next(outcomes)
        assert statuses([outcome async for outcome in outcomes]) == dict.fromkeys(ids, "recompiled")
        assert [outcome async for outcome in outcomes] == []


async def test_a_sync_client_serves_async_for_on_any_loop(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    outcomes = recompile_many(iter(ids), cluster_client=cluster_client)
    assert statuses([outcome async for outcome in outcomes]) == dict.fromkeys(ids, "recompiled")


@pytest.mark.parametrize("size", [None, 7])  # each by itself, or all in one partition
def test_a_failure_is_an_outcome_and_leaves_the_others_alone(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], size: int | None
) -> None:
    lock = Recompile(conversation_id=ids[1], compaction_settings={"lock": threading.Lock()})  # type: ignore[arg-type]
    targets: list[Any] = [ids[0], CONVERSATION, "nope", 5, None, lock, ids[2]]
    outcomes = list(recompile_many(targets, cluster_client=cluster_client, partition_size=size))
    assert [id(each) for each in sorted(targets, key=id)] == sorted(
        id(o.target) for o in outcomes
    )  # as they were given
    errors = {str(outcome.target)[:50]: type(outcome.error) for outcome in outcomes}
    assert {errors[str(target)[:50]] for target in ("nope", 5, None, lock)} == {InvalidArgumentError}
    assert errors[CONVERSATION] is NotFoundError
    assert errors[ids[0]] is errors[ids[2]] is type(None)


def test_parameters_reach_the_server(cluster_client: Client, server: EmbeddedServer, ids: list[str]) -> None:
    own = Recompile(conversation_id=ids[0], dry_run=True, compaction_settings=CompactionSettings(mode="all"))
    outcomes = recompile_many(
        [own, ids[1]],
        cluster_client=cluster_client,
        client_options={"default_headers": {"X-One": "1"}, "project": "p"},
        compaction_settings=CompactionSettings(clip_chars=5),
        extra_headers={"X-Two": "2"},
        extra_query={"q": "3"},
    )
    assert statuses(outcomes) == {own: "compiled", ids[1]: "recompiled"}
    first, second = sorted(server.requests, key=lambda request: request.path != f"/v1/conversations/{ids[0]}/recompile")
    assert first.json() == {"compaction_settings": {"mode": "all"}}
    assert first.query == {"dry_run": "true", "q": "3"}
    assert second.json() == {"compaction_settings": {"clip_chars": 5}}
    assert (second.headers["x-one"], second.headers["x-two"], second.headers["x-project"]) == ("1", "2", "p")


def test_prompts_stay_away_if_asked_to(cluster_client: Client, server: EmbeddedServer, ids: list[str]) -> None:
    assert {o.prompt for o in recompile_many(ids, cluster_client=cluster_client, prompts=False, dry_run=True)} == {None}


def test_only_stale_ones_are_recompiled_if_asked_to(cluster_client: Client) -> None:
    with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
        block = client.blocks.create(label="human", value="Ada lives in London.")
        agent = client.agents.create(
            name="a", model="letta/letta-free", embedding="letta/letta-free", block_ids=[block.id]
        )
        stale = [client.conversations.create(agent_id=agent.id).id for _ in range(5)]
        client.blocks.update(block.id, value="Ada lives in Paris.")
        fresh = [client.conversations.create(agent_id=agent.id).id for _ in range(5)]
        options = {"base_url": server.base_url}
        for expected in ("recompiled", "unchanged"):
            outcomes = recompile_many(
                [*stale, *fresh], cluster_client=cluster_client, client_options=options, only_stale=True
            )
            assert statuses(outcomes) == {**dict.fromkeys(stale, expected), **dict.fromkeys(fresh, "unchanged")}


def test_a_repeated_target_is_recompiled_once_and_answered_every_time(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    targets = [*ids[:20], *ids[:20], CONVERSATION, *ids[10:30], CONVERSATION]
    outcomes = list(recompile_many(targets, cluster_client=cluster_client, partition_size=7))
    assert Counter(outcome.target for outcome in outcomes) == Counter(targets)
    assert all(outcome.ok is (outcome.target != CONVERSATION) for outcome in outcomes)
    assert all(outcome.prompt for outcome in outcomes if outcome.ok)
    assert sum(outcome.repeated for outcome in outcomes) == len(targets) - len(set(targets))
    assert set(Counter(sent(server)).values()) == {1}


@given(
    places=st.lists(st.integers(0, 14), max_size=40),
    size=st.integers(1, 9),
    leave_after=st.none() | st.integers(1, 30),
)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_outcome_is_lost_or_doubled_whatever_happens(
    cluster_client: Client,
    server: EmbeddedServer,
    ids: list[str],
    places: list[int],
    size: int,
    leave_after: int | None,
) -> None:
    pool = [*ids[:12], CONVERSATION, "nope", "none"]
    targets = [pool[place] for place in places]
    iteration = recompile_many(targets, cluster_client=cluster_client, partition_size=size)
    outcomes: list[Outcome] = []
    for outcome in iteration:
        outcomes.append(outcome)
        if len(outcomes) == leave_after:
            break
    iteration.close()
    answered = Counter(str(outcome.target) for outcome in outcomes)
    if len(outcomes) == leave_after:
        assert not answered - Counter(targets)
    else:
        assert answered == Counter(targets)


# --- targets --------------------------------------------------------------------------------------------------------


def test_targets_are_taken_only_as_the_cluster_works(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            yield ids[taken % len(ids)] if taken < len(ids) else f"conv-{taken}"
            taken += 1

    outcomes = recompile_many(endless(), cluster_client=cluster_client, partition_size=10)
    for _ in range(200):
        next(outcomes)
    assert taken <= 200 + 10 * (2 + 2 + 1 + 1)  # on the threads, ahead, being cut, on their way back
    outcomes.close()


def test_workers_that_come_later_have_their_share(held: HeldServer) -> None:
    ids = make_conversations(held.base_url, 40)
    held.hold_after(0)
    local = LocalCluster(n_workers=0, threads_per_worker=1, processes=False, **LOOPBACK)
    with local as cluster, Client(cluster) as client:
        outcomes = recompile_many(ids, cluster_client=client, partition_size=5)
        first: list[Outcome] = []
        waiting = threading.Thread(target=lambda: first.append(next(outcomes)))
        waiting.start()
        cluster.scale(2)
        held.wait_until_holding()
        with_work: set[str] = set()
        while len(with_work) < 2:
            with_work = {address for address, registry in client.run(runs_of).items() if any(r.tasks for r in registry)}
        held.release()
        waiting.join()
        assert set(statuses([*first, *outcomes])) == set(ids)


def runs_of(dask_worker: Any) -> list[Any]:
    registry = dask_worker.plugins.get("letta-async")
    return [] if registry is None else list(registry._runs.values())


def test_a_thousand_repetitions_of_one_target_hold_nothing_up(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    outcomes = list(recompile_many(ids[:1] * 5000, cluster_client=cluster_client))
    assert [outcome.repeated for outcome in outcomes] == [False] + [True] * 4999
    assert sent(server) == ids[:1]


def test_an_iterator_may_wait_for_what_it_will(cluster_client: Client, server: EmbeddedServer, ids: list[str]) -> None:
    threads: set[str] = set()

    def nested() -> Iterator[str]:
        for outcome in recompile_many(ids[:5], cluster_client=cluster_client, dry_run=True):
            threads.add(threading.current_thread().name)
            yield str(outcome.target)

    assert set(statuses(recompile_many(nested(), cluster_client=cluster_client))) == set(ids[:5])
    assert threads == {"letta-async-iterator"}


def test_targets_may_come_from_an_async_iterable(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    async def slowly() -> AsyncIterator[str]:
        for each in ids:
            await asyncio.sleep(0)
            yield each

    assert set(statuses(recompile_many(slowly(), cluster_client=cluster_client))) == set(ids)


@pytest.mark.parametrize("taken", [0, 3, 10])
def test_a_source_that_fails_ends_the_batch_after_what_was_taken(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], taken: int
) -> None:
    def broken() -> Iterator[str]:
        yield from ids[:taken]
        raise OSError("the file is gone")

    seen: list[Any] = []
    with pytest.raises(OSError, match="the file is gone"):
        for outcome in recompile_many(broken(), cluster_client=cluster_client, partition_size=4):
            seen.append(outcome.target)
    assert sorted(seen) == sorted(ids[:taken])


@pytest.mark.parametrize("error", [asyncio.CancelledError(), ExceptionGroup("both", [OSError()])], ids=repr)
def test_whatever_a_source_raises_reaches_the_caller_after_what_was_taken(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], error: BaseException
) -> None:
    async def source() -> AsyncIterator[str]:
        for each in ids[:10]:
            yield each
        raise error

    seen: list[Any] = []
    with pytest.raises(type(error)):
        for outcome in recompile_many(source(), cluster_client=cluster_client, partition_size=4):
            seen.append(outcome.target)
    assert sorted(seen) == sorted(ids[:10])


def test_one_task_in_one_context_advances_a_source_and_closes_it(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    variable: ContextVar[int] = ContextVar("variable")
    tasks: list[Any] = []

    async def source() -> AsyncIterator[str]:
        token = variable.set(1)
        async with asyncio.TaskGroup(), asyncio.timeout(60):
            try:
                for each in [CONVERSATION, *ids, *ids]:
                    tasks.append(asyncio.current_task())
                    yield each
            finally:
                tasks.append(asyncio.current_task())
        variable.reset(token)

    assert len(statuses_of(source(), cluster_client)) == 2 * len(ids) + 1
    assert len(set(tasks)) == 1
    assert 1 <= len(statuses_of(source(), cluster_client, stop_on_error=True)) < len(ids)
    assert len(set(tasks)) == 2
    outcomes = recompile_many(source(), cluster_client=cluster_client, partition_size=5)
    next(outcomes)
    outcomes.close()
    assert len(set(tasks)) == 3


def statuses_of(targets: Any, cluster_client: Client, **options: Any) -> list[str]:
    outcomes = recompile_many(targets, cluster_client=cluster_client, partition_size=5, **options)
    return [outcome.status for outcome in outcomes]


def test_what_differs_is_work_of_its_own(cluster_client: Client, server: EmbeddedServer, ids: list[str]) -> None:
    settings = CompactionSettings(mode="all")
    targets = [
        Recompile(conversation_id=ids[0], dry_run=True),
        ids[0],
        Recompile(conversation_id=ids[0], compaction_settings=settings),
        Recompile(conversation_id=ids[0], compaction_settings=CompactionSettings(mode="all")),
        Recompile(conversation_id=ids[0], dry_run=False),
    ]
    found = {id(o.target): o for o in recompile_many(targets, cluster_client=cluster_client, partition_size=5)}
    outcomes = [found[id(target)] for target in targets]
    assert [outcome.status for outcome in outcomes] == ["compiled", *["recompiled"] * 4]
    assert [outcome.repeated for outcome in outcomes] == [False, False, False, True, True]
    assert len(sent(server)) == 3


# --- journal and progress ---------------------------------------------------------------------------------------------


def test_a_journal_goes_on_where_another_run_ended_on_a_cluster_or_in_one_process(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], tmp_path: Path
) -> None:
    journal = tmp_path / "journal.jsonl"
    with Letta() as client:
        list(client.conversations.recompile_many(ids[:10], journal=journal))
        first = statuses(
            recompile_many([*ids[:20], CONVERSATION], cluster_client=cluster_client, journal=journal, partition_size=6)
        )
        assert first == {
            **dict.fromkeys(ids[:10], "skipped"),
            **dict.fromkeys(ids[10:20], "recompiled"),
            CONVERSATION: "failed",
        }
        again = statuses(client.conversations.recompile_many([*ids[:21], CONVERSATION], journal=journal))
    assert again == {**dict.fromkeys(ids[:20], "skipped"), ids[20]: "recompiled", CONVERSATION: "failed"}
    with pytest.raises(InvalidArgumentError, match="belongs to a batch with another dry_run"):
        next(recompile_many(ids, cluster_client=cluster_client, journal=journal, dry_run=True))


def test_a_journal_whose_disk_breaks_ends_the_batch_after_what_was_on_the_cluster(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def append(file: LineFile, lines: bytes) -> None:
        if b"key" in lines:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written(file, lines)

    written = LineFile.append
    monkeypatch.setattr(LineFile, "append", append)
    seen: list[Any] = []
    with pytest.raises(JournalError, match="No space left on device"):
        for outcome in recompile_many(
            ids, cluster_client=cluster_client, journal=tmp_path / "journal", partition_size=2
        ):
            seen.append(outcome.target)
    assert sorted(seen) == sorted(sent(server))
    assert 0 < len(seen) < len(ids)
    with pytest.raises(InvalidArgumentError, match="is a directory"):
        next(recompile_many(ids, cluster_client=cluster_client, journal=tmp_path))


def test_progress_counts_and_estimates(cluster_client: Client, server: EmbeddedServer, ids: list[str]) -> None:
    seen: list[Progress] = []
    targets = [*ids[:30], *(f"conv-{number}" for number in range(10))]
    list(recompile_many(targets, cluster_client=cluster_client, on_progress=seen.append, partition_size=8))
    assert [progress.done for progress in seen] == list(range(1, 41))
    assert (seen[-1].failed, seen[-1].total, seen[-1].seconds_left) == (10, 40, 0)
    assert all(0 < progress.rate < 1e5 for progress in seen)  # no spike within what came together
    assert seen[9].seconds_left == pytest.approx(30 / seen[9].rate)


def test_progress_may_be_told_to_a_coroutine_function(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    seen: list[int] = []

    async def show(progress: Progress) -> None:
        await asyncio.sleep(0)
        seen.append(progress.done)

    assert len(list(recompile_many(ids, cluster_client=cluster_client, on_progress=show))) == len(ids)
    assert seen == list(range(1, len(ids) + 1))


def test_an_exception_of_the_callback_reaches_the_caller(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    def broken(_: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        next(recompile_many(ids, cluster_client=cluster_client, on_progress=broken))


def test_stop_on_error_cuts_no_further_partition(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    taken: list[str] = []

    def source() -> Iterator[str]:
        for number in range(10_000):
            taken.append(f"conv-{number}" if number == 20 else ids[number % len(ids)] if number < 60 else f"n{number}")
            yield taken[-1]

    outcomes = list(
        recompile_many(source(), cluster_client=cluster_client, partition_size=10, stop_on_error=True, dry_run=True)
    )
    assert 20 <= len(outcomes) <= len(taken) <= 100
    assert not Counter(str(outcome.target) for outcome in outcomes) - Counter(taken)
    assert any(not outcome.ok for outcome in outcomes)


# --- ends -----------------------------------------------------------------------------------------------------------


def test_a_deadline_turns_what_is_left_into_outcomes_that_say_so(cluster_client: Client, held: HeldServer) -> None:
    ids = make_conversations(held.base_url, 40)
    held.hold_after(5)
    outcomes = list(recompile_many(ids, cluster_client=cluster_client, partition_size=4, deadline=3))
    assert Counter(outcome.target for outcome in outcomes) == Counter(ids)
    assert sum(outcome.ok for outcome in outcomes) == 5  # those that were done in partitions that were not
    errors = [outcome.error for outcome in outcomes if not outcome.ok]
    assert all(isinstance(e, APITimeoutError) and "the batch's deadline of 3 s passed" in str(e) for e in errors)


@pytest.mark.parametrize("leave", ["close", "drop", "aclose", "cancel"])
async def test_leaving_ends_what_is_in_flight_on_the_workers(
    cluster: LocalCluster, cluster_client: Client, held: HeldServer, leave: str
) -> None:
    ids = await asyncio.to_thread(make_conversations, held.base_url, 40)
    held.hold_after(8)
    outcomes = recompile_many(ids, cluster_client=cluster_client, partition_size=4)
    await anext(outcomes)
    await asyncio.to_thread(held.wait_until_holding)
    registries = [worker.plugins["letta-async"] for worker in cluster.workers.values()]
    assert any(run.tasks for registry in registries for run in registry._runs.values())
    if leave == "close":
        await asyncio.to_thread(outcomes.close)
    elif leave == "aclose":
        await outcomes.aclose()
    elif leave == "cancel":
        while outcomes._ready:
            await anext(outcomes)
        task = asyncio.create_task(anext(outcomes))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    del outcomes
    async with asyncio.timeout(10):
        while any(run.tasks or run.client for registry in registries for run in registry._runs.values()):
            await asyncio.sleep(0.01)  # what was dropped ends in its own time; what was closed, has
            assert leave in ("drop", "cancel")
    assert not cluster_client.futures


async def test_leaving_while_results_are_fetched_leaves_the_cluster_client_as_it_was(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching, go_on = threading.Event(), asyncio.Event()
    fetch = Client._gather_remote

    async def fetch_later(client: Client, *arguments: Any) -> Any:
        fetching.set()
        await go_on.wait()
        return await fetch(client, *arguments)

    monkeypatch.setattr(Client, "_gather_remote", fetch_later)
    task = asyncio.ensure_future(anext(recompile_many(ids, cluster_client=cluster_client)))
    assert await asyncio.to_thread(fetching.wait, PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(PATIENCE):
        while cluster_client.futures:
            await asyncio.sleep(0.01)
    cluster_client.loop.add_callback(go_on.set)
    assert await asyncio.to_thread(cluster_client.submit(abs, -1).result) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals to threads are POSIX")
def test_an_interrupt_ends_the_batch_and_goes_on_its_way(
    cluster: LocalCluster, cluster_client: Client, held: HeldServer
) -> None:
    main = threading.main_thread().ident
    assert main is not None
    ids = make_conversations(held.base_url, 4)
    held.hold_after(0)
    outcomes = recompile_many(ids, cluster_client=cluster_client)
    interrupting = threading.Thread(
        target=lambda: (held.wait_until_holding(), signal.pthread_kill(main, signal.SIGINT))
    )
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)
    interrupting.join()
    registries = [worker.plugins.get("letta-async") for worker in cluster.workers.values()]
    assert not any(run.tasks for registry in registries if registry for run in registry._runs.values())
    assert list(outcomes) == []


def test_a_closed_cluster_client_is_said_so(server: EmbeddedServer, cluster: LocalCluster, ids: list[str]) -> None:
    client = Client(cluster)
    outcomes = recompile_many(ids, cluster_client=client)
    client.close()
    with pytest.raises(InvalidArgumentError, match=r"cluster_client: is closed, not running"):
        recompile_many(ids, cluster_client=client)
    with pytest.raises(ClusterError):
        next(outcomes)


# --- what travels ---------------------------------------------------------------------------------------------------


KEY = "sk-let-secret"


@pytest.fixture
def locked() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(password=KEY) as running:
        yield running


def test_a_worker_takes_the_key_from_its_own_environment(
    cluster_client: Client, locked: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"base_url": locked.base_url}
    (refused,) = recompile_many([CONVERSATION], cluster_client=cluster_client, client_options=options)
    assert isinstance(refused.error, AuthenticationError)
    monkeypatch.setenv("LETTA_API_KEY", KEY)
    (outcome,) = recompile_many([CONVERSATION], cluster_client=cluster_client, client_options=options)
    assert isinstance(outcome.error, NotFoundError)


def test_a_key_travels_if_asked_to_and_shows_nowhere(
    cluster_client: Client, locked: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    options = {"base_url": locked.base_url, "api_key": KEY}
    outcomes = recompile_many([CONVERSATION], cluster_client=cluster_client, client_options=options, send_secrets=True)
    assert isinstance(next(outcomes).error, NotFoundError)
    with pytest.raises(ClusterError, match="a worker cannot work on partitions") as caught:
        list(
            recompile_many(
                [CONVERSATION],
                cluster_client=cluster_client,
                client_options={**options, "retry": Sly()},
                send_secrets=True,
            )
        )
    assert KEY not in caplog.text + repr(caught.value) + str(caught.value.__cause__)
    assert repr(Payload.pack("run-1", options=options)) == "<Payload of run-1>"  # as logs at other levels show tasks


class Sly:
    """A retry policy on the driver, and something else on a worker."""

    def __new__(cls) -> Any:
        from letta_async import RetryPolicy

        class Travelling(RetryPolicy):
            def __reduce__(self) -> Any:
                return int, (5,)

        return Travelling()


def test_without_a_base_url_the_drivers_environment_says_where(
    cluster_client: Client, server: EmbeddedServer, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = recompile_many(ids[:1], cluster_client=cluster_client)
    monkeypatch.setenv("LETTA_BASE_URL", "http://127.0.0.1:9")  # as on another machine
    assert next(outcomes).ok


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        ({"targets": CONVERSATION}, ["targets"]),
        ({"deadline": 0}, ["deadline"]),
        ({"partition_size": 0}, ["partition_size"]),
        ({"partition_size": True}, ["partition_size"]),
        ({"cluster_client": "tcp://127.0.0.1:8786"}, ["cluster_client"]),
        ({"compaction_settings": {"mode": "x"}}, ["compaction_settings.mode"]),
        ({"compaction_settings": {"mode": threading.Lock()}}, ["compaction_settings"]),
        ({"client_options": 5}, ["client_options"]),
        (
            {"client_options": {"session": 1, "ssl_context": 2}},
            ["client_options.session", "client_options.ssl_context"],
        ),
        ({"client_options": {"retry": threading.Lock()}}, ["client_options.retry"]),
        ({"client_options": {"api_key": KEY}}, ["client_options.api_key"]),
        ({"client_options": {"proxy": f"http://u:{KEY}@proxy"}}, ["client_options.proxy"]),
        ({"client_options": {"default_headers": {"Cookie": KEY}}}, ["client_options.default_headers['Cookie']"]),
        ({"extra_headers": {"X-Api-Key": KEY}}, ["extra_headers['X-Api-Key']"]),
        ({"client_options": {"base_url": "ftp://x"}}, ["base_url"]),
    ],
)
def test_what_is_wrong_or_must_stay_is_refused_before_anything_is_submitted(
    cluster_client: Client, options: dict[str, Any], paths: list[str]
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        recompile_many(**{"targets": [CONVERSATION], "cluster_client": cluster_client, **options})
    assert [fault.path for fault in caught.value.faults] == paths
    assert KEY not in str(caught.value)


def test_the_parameters_are_those_of_recompile_many_and_its_own() -> None:
    here = inspect.signature(recompile_many).parameters
    there = dict(inspect.signature(AsyncConversations.recompile_many).parameters)
    del there["self"]
    assert there == {name: parameter for name, parameter in here.items() if name in there}
    own = {"cluster_client", "client_options", "send_secrets", "partition_size", "prompts"}
    assert set(here) - set(there) == own


def sent(server: EmbeddedServer) -> list[str]:
    return [request.path.split("/")[3] for request in server.requests if request.path.endswith("/recompile")]
