"""Waiting for the end of a run: when it is looked at, and when no longer."""

from __future__ import annotations

import asyncio
import pickle
import random
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from letta_async import AsyncLetta, InvalidArgumentError, Letta, NotFoundError, RunTimeoutError
from letta_async.resources._polling import Polling
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT

RUN = "run-0f3f3c6e-5b5e-4b5e-8b5e-0f3f3c6e5b5e"


@attrs.define
class Clock:
    """A clock that goes on only while somebody sleeps by it."""

    now: float = 100.0
    slept: list[float] = attrs.field(factory=list[float])

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def polling(self) -> Polling:
        return Polling(clock=lambda: self.now, sleep=self.sleep, rng=Longest())


class Longest(random.Random):
    """Jitter that shortens nothing."""

    def uniform(self, a: float, b: float) -> float:
        assert (a, b) == (0.75, 1)
        return b


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


def answers(server: EmbeddedServer, *states: str, **fields: Any) -> None:
    for state in states:
        server.script("GET", f"/v1/runs/{RUN}", body={"id": RUN, "agent_id": AGENT, "status": state, **fields})


async def test_the_looks_become_rarer_until_the_run_has_ended(server: EmbeddedServer) -> None:
    answers(server, *["created", "running"] * 6, "completed")
    clock = Clock()
    async with AsyncLetta(base_url=server.base_url) as client:
        client.runs._polling = clock.polling()
        run = await client.runs.wait(RUN)
    assert run.status == "completed"
    assert clock.slept == [min(0.25 * 1.5**n, 5) for n in range(12)]
    assert clock.slept[-1] == 5
    assert len(server.requests) == 13


async def test_the_longest_delay_is_the_callers(server: EmbeddedServer) -> None:
    answers(server, *["running"] * 4, "completed")
    clock = Clock()
    async with AsyncLetta(base_url=server.base_url) as client:
        client.runs._polling = clock.polling()
        await client.runs.wait(RUN, poll=0.3)
        assert clock.slept == [0.25, 0.3, 0.3, 0.3]
        answers(server, "running", "completed")
        await client.runs.wait(RUN, poll=0.1)
        assert clock.slept[4:] == [0.1]


@pytest.mark.parametrize("state", ["failed", "cancelled", "completed"])
def test_however_a_run_ended_it_is_returned(server: EmbeddedServer, state: str) -> None:
    answers(server, state, stop_reason="error")
    with Letta(base_url=server.base_url) as client:
        assert client.runs.wait(RUN).status == state


async def test_a_state_of_a_newer_server_is_an_end_if_the_run_has_a_time_of_it(server: EmbeddedServer) -> None:
    answers(server, "paused")
    answers(server, "expired", completed_at="2026-01-01T00:00:00Z")
    async with AsyncLetta(base_url=server.base_url) as client:
        client.runs._polling = Clock().polling()
        assert (await client.runs.wait(RUN)).status == "expired"


async def test_the_deadline_bounds_the_whole_and_the_error_says_where_the_run_stands(server: EmbeddedServer) -> None:
    server.script("GET", times=None, body={"id": RUN, "agent_id": AGENT, "status": "running"})
    clock = Clock()
    async with AsyncLetta(base_url=server.base_url) as client:
        client.runs._polling = clock.polling()
        with pytest.raises(RunTimeoutError, match=rf"(?m)^{RUN} did not end within 2 s: it is running$") as caught:
            await client.runs.wait(RUN, deadline=2)
    assert clock.now == 102
    assert sum(clock.slept) == 2
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.run.status == "running"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.run) == (str(caught.value), caught.value.run)


async def test_the_deadline_also_ends_a_request_without_a_response(server: EmbeddedServer) -> None:
    server.script("GET", times=None, delay=60)
    async with AsyncLetta(base_url=server.base_url) as client:
        with pytest.raises(RunTimeoutError, match="its state is unknown") as caught:
            await client.runs.wait(RUN, deadline=0.05)
        assert caught.value.run is None
        assert client.stats.in_flight == 0


async def test_a_timeout_of_something_else_is_not_taken_for_the_deadline(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:

        async def late(*args: object) -> None:
            raise TimeoutError("something else")

        monkeypatch.setattr(client.runs, "_call", late)
        with pytest.raises(TimeoutError, match="something else") as caught:
            await client.runs.wait(RUN, deadline=60)
    assert not isinstance(caught.value, RunTimeoutError)


async def test_cancelling_ends_the_wait_and_sends_nothing(server: EmbeddedServer) -> None:
    answers(server, "running")
    async with AsyncLetta(base_url=server.base_url) as client:
        sleeping = asyncio.Event()

        async def sleep(seconds: float) -> None:
            sleeping.set()
            await asyncio.sleep(3600)

        client.runs._polling = Polling(sleep=sleep)
        task = asyncio.create_task(client.runs.wait(RUN, deadline=7200))
        await sleeping.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [request.method for request in server.requests] == ["GET"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"deadline": 0},
        {"deadline": "5"},
        {"deadline": 10**400},
        {"poll": 10**400},
        {"poll": 0},
        {"poll": float("inf")},
        {"poll": True},
        {"poll": "1"},
    ],
)
async def test_wrong_arguments_are_refused(server: EmbeddedServer, wrong: dict[str, Any]) -> None:
    async with AsyncLetta(base_url=server.base_url) as client:
        with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
            await client.runs.wait(RUN, **wrong)
        with pytest.raises(InvalidArgumentError, match="run_id"):
            await client.runs.wait("run-1/..")
    assert len(server.requests) == 0


async def test_a_run_that_does_not_exist_is_not_waited_for(server: EmbeddedServer) -> None:
    server.script("GET", status=404)
    async with AsyncLetta(base_url=server.base_url) as client:
        with pytest.raises(NotFoundError):
            await client.runs.wait(RUN)
