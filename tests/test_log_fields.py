"""Log records about queues and pauses, and the fields of all records."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from letta_async import AsyncLetta, NotFoundError, RetryPolicy
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT
from tests.test_tries import PATH, Server, answer, loop, play, recompile, server

__all__ = ["loop", "server"]

FIELDS = ("method", "path", "attempt", "status_code", "elapsed", "queued_for", "waiting", "delay", "error_type")
REQUEST = {"method": "POST", "path": PATH}


def fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}


@pytest.fixture
def info(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "letta_async")
    return caplog


def test_a_long_wait_for_a_slot_is_logged_and_a_short_one_is_not(
    server: Server, info: pytest.LogCaptureFixture
) -> None:
    async def block(client: AsyncLetta) -> None:
        await asyncio.gather(*(recompile(client) for _ in range(4)))

    play(server, block, answer(0.5), answer(0.75), answer(3), answer(), concurrency=1)
    assert info.messages == [
        f"POST {PATH}: waited 1.25 s for a slot; 1 more requests are waiting",
        f"POST {PATH}: waited 4.25 s for a slot; 0 more requests are waiting",
    ]
    assert [fields(record) for record in info.records] == [
        {**REQUEST, "attempt": 1, "queued_for": pytest.approx(1.25), "waiting": 1},
        {**REQUEST, "attempt": 1, "queued_for": pytest.approx(4.25), "waiting": 0},
    ]


@pytest.mark.parametrize(
    "headers", [{"Retry_After": "5"}, {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "5"}], ids=["asked", "limit"]
)
def test_a_pause_is_logged_once(server: Server, info: pytest.LogCaptureFixture, headers: dict[str, Any]) -> None:
    async def block(client: AsyncLetta) -> None:
        await asyncio.gather(recompile(client), recompile(client))

    refused = answer(status=429, **headers)
    play(server, block, refused, refused, answer(), answer(), concurrency=2)
    (paused,) = [record for record in info.records if "as the server asks" in record.message]
    assert paused.message == "sending nothing for 5.00 s, as the server asks"
    assert fields(paused) == {"delay": 5}
    assert paused.levelno == logging.INFO


def test_a_retry_has_fields(server: Server, info: pytest.LogCaptureFixture) -> None:
    play(server, recompile, answer(status=503), answer())
    (record,) = info.records
    expected = {"attempt": 1, "delay": pytest.approx(0.5, abs=0.01), "error_type": "InternalServerError"}
    assert fields(record) == {**REQUEST, **expected}


async def test_attempts_and_responses_have_fields(
    letta_server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "letta_async")
    letta_server.script(hang_up=True)
    policy = RetryPolicy(max_retries=1, initial_delay=0.001)
    async with AsyncLetta(base_url=letta_server.base_url, retry=policy) as client:
        with pytest.raises(NotFoundError):
            await client.agents.retrieve(AGENT)
    request = {"method": "GET", "path": f"/v1/agents/{AGENT}"}
    numbers = {"elapsed": float, "queued_for": float, "delay": float}
    told = [fields(record) for record in caplog.records]
    for each in told:
        for name, kind in numbers.items():
            assert isinstance(each.setdefault(name, 0.0), kind)
            del each[name]
    assert told == [
        {**request, "attempt": 1},
        {**request, "attempt": 1, "error_type": "APIConnectionError"},
        {**request, "attempt": 1, "error_type": "APIConnectionError"},
        {**request, "attempt": 2},
        {**request, "attempt": 2, "status_code": 404},
    ]
