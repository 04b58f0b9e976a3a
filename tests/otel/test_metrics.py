"""Metrics: durations, retries, the state of the limiters, and targets of batches."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from opentelemetry.semconv._incubating.attributes import gen_ai_attributes, http_attributes, url_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.attributes import error_attributes, server_attributes
from opentelemetry.semconv.metrics import http_metrics
from opentelemetry.semconv.schemas import Schemas

from letta_async import AsyncLetta, RetryPolicy
from letta_async.otel import _instrumentation, _metrics, _turn
from letta_async.testing import EmbeddedServer
from tests.otel.telemetry import Telemetry


async def test_attempts_and_retries(client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer) -> None:
    letta_server.script(status=503)
    await client.agents.list()
    await client.agents.list()
    points = telemetry.points("http.client.request.duration")
    counts = {found["http.response.status_code"]: (found.get("error.type"), data.count) for found, data in points}
    assert counts == {503: ("503", 1), 200: (None, 2)}
    assert {found["url.template"] for found, _ in points} == {"/v1/agents/"}
    ((found, data),) = telemetry.points("letta_async.client.retries")
    assert (dict(found), data.value) == ({"letta_async.traffic": "quick", "error.type": "503"}, 1)


async def test_the_state_of_the_limiters(telemetry: Telemetry, letta_server: EmbeddedServer) -> None:
    def state(name: str) -> dict[object, int]:
        points = telemetry.points(f"letta_async.client.requests.{name}")
        return {found["letta_async.traffic"]: data.value for found, data in points}

    script = letta_server.script(delay=60, times=None)
    instrumentation = telemetry.instrumentation()
    policy = RetryPolicy(max_retries=0)
    options = {"base_url": letta_server.base_url, "concurrency": 2, "instrumentation": instrumentation}
    async with AsyncLetta(**options, retry=policy) as client, AsyncLetta(**options, retry=policy) as other:
        calls = [asyncio.ensure_future(client.agents.list()) for _ in range(5)]
        calls.append(asyncio.ensure_future(other.agents.list()))
        while len(letta_server.requests) < 3:
            await asyncio.sleep(0.001)
        assert (state("in_flight"), state("waiting"), state("maximum")) == ({"quick": 3}, {"quick": 3}, {"quick": 4})
        script.cancel()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert (state("in_flight"), state("waiting")) == ({"quick": 0}, {"quick": 0})
        agent = await client.agents.create(name="a", model="letta/letta-free", embedding="letta/letta-free")
        letta_server.model.reply("one two", hold=1)
        async with client.agents.messages.stream(agent.id, input="hi"):
            assert state("in_flight") == {"quick": 0, "stream": 1}
    del client, other, calls, call
    gc.collect()
    assert state("maximum") == {}


async def test_targets_of_batches(
    client: AsyncLetta, telemetry: Telemetry, agent_id: str, tmp_path: Path, letta_server: EmbeddedServer
) -> None:
    conversations = [(await client.conversations.create(agent_id=agent_id)).id for _ in range(3)]
    missing = "conv-00000000-0000-4000-8000-000000000000"
    _ = [outcome async for outcome in client.conversations.recompile_many([*conversations, missing])]
    (tmp_path / "a.txt").write_text("a")
    folder = await client.folders.create(name="f", embedding="letta/letta-free")
    _ = [outcome async for outcome in client.folders.files.upload_many(folder.id, files=tmp_path)]
    points = telemetry.points("letta_async.batch.targets")
    assert {(found["letta_async.batch"], found["letta_async.status"]): data.value for found, data in points} == {
        ("recompile", "recompiled"): 3,
        ("recompile", "failed"): 1,
        ("upload", "processed"): 1,
    }


def test_names_are_those_of_the_conventions() -> None:
    sources = "".join(Path(str(module.__file__)).read_text() for module in (_instrumentation, _metrics, _turn))
    conventions = (
        *(gen_ai_attributes, http_attributes, url_attributes, error_attributes, server_attributes),
        *(gen_ai_metrics, http_metrics),
    )
    known = {value for module in conventions for value in vars(module).values() if isinstance(value, str)}
    used = {word for word in sources.split('"') if word.startswith(("gen_ai.", "http.", "url.", "error.", "server."))}
    assert len(used) > 20
    assert used - known == {"http.response.header.x-request-id"}
    assert _instrumentation._SCHEMA in {schema.value for schema in Schemas}
