"""Tests of the options that a batch on a cluster takes and sends to its workers, secrets only if asked to."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from distributed import Client

from letta_async import AsyncLetta, AuthenticationError, ClusterError, InvalidArgumentError, NotFoundError, Outcome
from letta_async.dask import recompile_many
from letta_async.dask._payload import Payload
from letta_async.testing import EmbeddedServer
from tests.ids import CONVERSATION

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


async def test_what_is_busy_is_left_alone_and_its_difference_stays_unless_prompts_travel(
    cluster_client: Client, server: EmbeddedServer, ids: list[str]
) -> None:
    rule = server.model.reply("done", hold=0)
    async with AsyncLetta(base_url=server.base_url) as client:

        async def talk() -> None:
            async for _ in await client.conversations.messages.create(ids[0], input="x", background=True):
                pass

        turn = asyncio.create_task(talk())
        while not [run async for run in client.runs.list(active=True)]:
            await asyncio.sleep(0)
        agent_id = (await client.conversations.retrieve(ids[0])).agent_id
        await client.agents.update(agent_id, system="Another system.")

        def run(wait_if_busy: float, prompts: bool) -> dict[Any, Outcome]:
            outcomes = recompile_many(
                ids, cluster_client=cluster_client, only_stale=True, wait_if_busy=wait_if_busy, prompts=prompts
            )
            return {outcome.target: outcome for outcome in outcomes}

        first = await asyncio.to_thread(run, 0, prompts=False)
        assert {each: outcome.status for each, outcome in first.items()} == {
            each: "busy" if each == ids[0] else "recompiled" for each in ids
        }
        assert all(outcome.diff is None for outcome in first.values())
        (busy,) = (outcome for outcome in (await asyncio.to_thread(run, 0, prompts=True)).values() if not outcome.ok)
        assert "+Another system." in (busy.diff or "")
        rule.release()
        await turn
        assert (await asyncio.to_thread(run, 30, prompts=False))[ids[0]].status == "recompiled"


def test_a_wait_that_is_none_is_refused(cluster_client: Client) -> None:
    with pytest.raises(InvalidArgumentError, match="wait_if_busy"):
        recompile_many([CONVERSATION], cluster_client=cluster_client, wait_if_busy=-1)
