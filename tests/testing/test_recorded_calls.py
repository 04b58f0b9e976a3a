"""Recorded calls: what a record has of each, how it is searched, and the fixture of the pytest plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from letta_async import AsyncLetta, InvalidArgumentError, Letta, MessageCreate, NotFoundError, RetryPolicy
from letta_async.testing import EmbeddedServer, RecordedCalls, record_calls
from tests.ids import AGENT
from tests.testing.test_plugin import asyncio_mode, run

MODEL = "letta/letta-free"


def test_each_call_is_recorded_with_what_came_of_it(server: EmbeddedServer) -> None:
    policy = RetryPolicy(max_retries=1, initial_delay=0.001)
    with record_calls() as calls, Letta(base_url=server.base_url, retry=policy) as client:
        assert repr(calls) == "<RecordedCalls: none>"
        server.script("POST", "/v1/agents/", status=503, retry_after=0)
        agent = client.agents.create(name="a", model=MODEL, secrets={"pin": "1234"})
        with pytest.raises(NotFoundError) as caught:
            client.agents.retrieve(AGENT)
        with client.agents.messages.stream(agent.id, input="hi") as stream:
            events = list(stream)
        client.get("/v1/agents/")
        with pytest.raises(InvalidArgumentError):
            client.agents.retrieve("nobody")
    created, retrieved, streamed, raw = calls
    assert (created.name, created.method, created.path) == ("agents.create", "POST", "/v1/agents/")
    assert created.arguments == {"name": "a", "model": MODEL, "secrets": "**********"}
    assert (created.value, created.error, created.ok, created.attempts) == (agent, None, True, 2)
    assert (retrieved.value, retrieved.error, retrieved.ok, retrieved.attempts) == (None, caught.value, False, 1)
    assert (streamed.name, streamed.events, streamed.value) == ("agents.messages.stream", events, None)
    assert (raw.name, raw.path, raw.arguments) == ("get", "/v1/agents/", {})
    assert calls[-1] is raw
    assert calls[:2] == [created, retrieved]
    assert calls.names == ["agents.create", "agents.retrieve", "agents.messages.stream", "get"]


def test_the_repr_is_readable(server: EmbeddedServer) -> None:
    with record_calls() as calls, Letta(base_url=server.base_url, max_retries=0) as client:
        agent = client.agents.create(name="a" * 100, model=MODEL)
        server.script("GET", status=503)
        with pytest.raises(Exception, match="503"):
            client.agents.retrieve(agent.id)
        with client.agents.messages.stream(agent.id, input="hi") as stream:
            count = len(list(stream))
        client.post("/v1/blocks/", body={"label": "human", "value": "x"})
    first, *lines = repr(calls).splitlines()
    assert first == "<RecordedCalls"
    assert lines[0].startswith(f"  agents.create(name='{'a' * 79}…, model='{MODEL}') -> AgentState(id='agent-")
    assert lines[1].startswith(f"  agents.retrieve(agent_id='{agent.id}') raised InternalServerError(")
    assert lines[2] == f"  agents.messages.stream(input='hi', agent_id='{agent.id}') -> {count} events"
    assert lines[3].startswith("  post /v1/blocks/ -> {'")
    assert lines[4:] == [">"]


async def test_calls_are_found_by_name_and_arguments(server: EmbeddedServer) -> None:
    with record_calls() as calls:
        async with AsyncLetta(base_url=server.base_url) as client:
            one = await client.agents.create(name="one", model=MODEL, tags=["x", "y"])
            two = await client.agents.create(name="two", model=MODEL)
            await client.agents.messages.create(one.id, messages=[MessageCreate(role="user", content="hi")])
    assert [call.value.id for call in calls.find("agents.create")] == [one.id, two.id]
    assert [call.value.id for call in calls.find("agents.create", name="one", tags=("x", "y"))] == [one.id]
    assert len(calls.find("agents.*")) == 3
    assert calls.find("agents.create", name="three") == calls.find("agents.create", names="one") == []
    assert calls.find("agents.create", tags=["x"]) == calls.find("agents.create", tags=["x", "z"]) == []
    message = {"role": "user", "content": "hi"}
    for messages in ([message], [MessageCreate(role="user", content="hi")]):
        assert calls.find("agents.messages.create", agent_id=one.id, messages=messages), calls
    assert calls.assert_called("agents.create").value.id == two.id
    assert calls.assert_called_once("agents.create", name="one").value.id == one.id
    calls.assert_not_called("agents.create", name="three")
    with pytest.raises(
        AssertionError, match=r"no call of agents.delete\(agent_id='x'\) in <RecordedCalls\n  agents.create"
    ):
        calls.assert_called("agents.delete", agent_id="x")
    with pytest.raises(AssertionError, match=r"2 calls of agents.create\(\) in <Rec"):
        calls.assert_called_once("agents.create")
    with pytest.raises(AssertionError, match=r"a call of \*\(\) in <Rec"):
        calls.assert_not_called()
    calls.clear()
    assert list(calls) == []


def test_a_block_records_its_own_clients_only_and_until_its_end(server: EmbeddedServer) -> None:
    with Letta(base_url=server.base_url) as before:
        with record_calls() as calls:
            before.health()
            inner = Letta(base_url=server.base_url)
            inner.health()
        inner.health()
        inner.close()
        before.with_options(timeout=1).health()
    assert calls.names == ["health"]


TESTS = """
import pytest
from letta_async import AsyncLetta, Letta

@pytest.fixture
def own(letta_server):
    with Letta(base_url=letta_server.base_url) as client:
        yield client

@pytest.mark.parametrize("number", range(2))
def test_sync(own, letta_client, letta_calls, number):
    assert len(letta_calls) == 0
    own.health()
    letta_client.agents.create(model="letta/letta-free")
    assert letta_calls.names == ["health", "agents.create"]

@pytest.mark.asyncio
async def test_async(async_letta_client, letta_server, letta_calls):
    await async_letta_client.health()
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        await client.health()
    assert letta_calls.names == ["health", "health"]

def test_not_asked_for(letta_client):
    assert letta_client.instrumentation == ()

def test_failing(letta_client, letta_calls):
    letta_client.health()
    letta_calls.assert_called("agents.create")
"""


def test_the_fixture_records_clients_of_other_fixtures_and_begins_anew_in_each_test(tmp_path: Path) -> None:
    said = run(tmp_path, *asyncio_mode("strict"), test_calls=TESTS)
    assert "4 passed" in said, said
    assert "1 failed" in said
    assert "AssertionError: no call of agents.create() in <RecordedCalls" in said
    assert "health() -> HealthResponse(" in said or "health /v1/health/ -> Health" in said


def test_it_works_with_anyio(tmp_path: Path) -> None:
    pytest.importorskip("anyio")
    test = """
        import pytest

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_it(async_letta_client, letta_calls):
            await async_letta_client.health()
            letta_calls.assert_called_once("health")
    """
    said = run(tmp_path, "-p", "no:asyncio", test_anyio=test)
    assert "1 passed" in said, said


def test_a_record_is_a_sequence(server: EmbeddedServer) -> None:
    with record_calls() as calls:
        assert isinstance(calls, RecordedCalls)
        assert not calls
