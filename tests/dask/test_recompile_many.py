"""Tests of batches on a cluster: the same outcomes as in one process, one per target."""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from typing import Any

import pytest
from distributed import Client, LocalCluster
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letta_async import (
    ClientClosedError,
    CompactionSettings,
    InvalidArgumentError,
    InvalidRequestError,
    Letta,
    NotFoundError,
    Outcome,
    Recompile,
)
from letta_async.dask import recompile_many
from letta_async.resources.conversations import AsyncConversations
from letta_async.testing import EmbeddedServer
from tests.dask.batches import sent, statuses
from tests.dask.conftest import LOOPBACK
from tests.ids import CONVERSATION


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
    assert {errors[str(target)[:50]] for target in ("nope", 5, None)} == {InvalidRequestError}
    assert errors[str(lock)[:50]] is InvalidArgumentError  # on its way to a worker
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


def test_the_parameters_are_those_of_recompile_many_and_its_own() -> None:
    here = inspect.signature(recompile_many).parameters
    there = dict(inspect.signature(AsyncConversations.recompile_many).parameters)
    del there["self"]
    assert there == {name: parameter for name, parameter in here.items() if name in there}
    own = {"cluster_client", "client_options", "send_secrets", "partition_size", "prompts"}
    assert set(here) - set(there) == own
