"""Spans of calls: one per call, whatever becomes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode
from yarl import URL

from letta_async import APIConnectionError, AsyncLetta, InternalServerError, Letta, NotFoundError, RetryPolicy
from letta_async.instrumentation import Call, Instrumentation
from letta_async.testing import EmbeddedServer
from tests.ids import AGENT
from tests.otel.telemetry import Telemetry, attributes


def events(span: ReadableSpan) -> list[tuple[str, Mapping[str, Any]]]:
    return [(event.name, dict(event.attributes or {})) for event in span.events]


async def test_a_call_is_a_span(client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer) -> None:
    await client.agents.list()
    span = telemetry.span
    url = URL(letta_server.base_url)
    assert (span.name, span.kind, span.status.status_code) == ("GET /v1/agents/", SpanKind.CLIENT, StatusCode.UNSET)
    assert attributes(span) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "letta_async.method": "agents.list",
        "server.address": url.host,
        "server.port": url.port,
        "url.full": f"{letta_server.base_url}/v1/agents/",
        "url.template": "/v1/agents/",
    }
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == "letta_async.otel"
    assert events(span) == []


async def test_the_name_of_a_raw_call_has_no_path(client: AsyncLetta, telemetry: Telemetry) -> None:
    await client.get("/v1/agents/", cast_to=object)
    assert telemetry.span.name == "GET"
    assert "url.template" not in attributes(telemetry.span)


async def test_retries_are_events(client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer) -> None:
    letta_server.script(status=503)
    with pytest.raises(NotFoundError):
        await client.agents.retrieve(AGENT)
    span = telemetry.span
    (retry, seen), attempt = events(span)
    assert (retry, seen.pop("letta_async.delay", 9) < 1) == ("letta_async.retry", True)
    assert seen == {"letta_async.attempt": 1, "error.type": "503"}
    assert attempt == ("letta_async.attempt", {"letta_async.attempt": 2})
    assert (span.name, span.status.status_code) == ("GET /v1/agents/{agent_id}", StatusCode.ERROR)
    found = attributes(span)
    assert found["http.request.resend_count"] == 1
    assert (found["http.response.status_code"], found["error.type"]) == (404, "404")


async def test_words_of_the_server_are_in_no_span(
    client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer
) -> None:
    letta_server.script(status=500, body={"detail": "MostSecret"})
    with pytest.raises(InternalServerError, match="MostSecret"):
        await client.agents.create(name="a", model="letta/letta-free", embedding="letta/letta-free")
    assert telemetry.span.status.description == "InternalServerError"
    assert "MostSecret" not in telemetry.text()


async def test_a_failure_without_a_response(telemetry: Telemetry) -> None:
    base_url = "http://127.0.0.1:1"
    async with AsyncLetta(base_url=base_url, instrumentation=telemetry.instrumentation(), max_retries=0) as client:
        with pytest.raises(APIConnectionError):
            await client.agents.list()
    span = telemetry.span
    assert attributes(span)["error.type"] == "APIConnectionError"
    assert "http.response.status_code" not in attributes(span)
    assert "127.0.0.1:1" in (span.status.description or "")
    ((found, point),) = telemetry.points("http.client.request.duration")
    assert (found["error.type"], point.count) == ("APIConnectionError", 1)


async def test_a_cancelled_call_ends_its_span(
    client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer
) -> None:
    letta_server.script(delay=60)
    calling = asyncio.ensure_future(client.agents.retrieve(AGENT))
    while not letta_server.requests:
        await asyncio.sleep(0.001)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert attributes(telemetry.span)["error.type"] == "CancelledError"
    assert telemetry.span.status.description == "the call was cancelled"


async def test_the_wait_for_the_limiter_is_an_attribute(telemetry: Telemetry, letta_server: EmbeddedServer) -> None:
    instrumentation = telemetry.instrumentation()
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=instrumentation, concurrency=1) as client:
        await asyncio.gather(*(client.agents.list() for _ in range(3)))
    direct, *queued = [attributes(span).get("letta_async.queued_for", 0) for span in telemetry.spans]
    assert (direct, len(queued)) == (0, 2)
    ((found, data),) = telemetry.points("letta_async.client.queue.duration")
    assert (dict(found), data.count) == ({"letta_async.traffic": "quick"}, 2)
    assert data.sum == pytest.approx(sum(queued))
    assert 0 < queued[0] < queued[1]


# --- context ----------------------------------------------------------------------------------------------------------


async def test_the_current_span_is_the_parent_and_is_sent(
    client: AsyncLetta, telemetry: Telemetry, letta_server: EmbeddedServer
) -> None:
    tracer = telemetry.tracer_provider.get_tracer("test")
    token = context.attach(baggage.set_baggage("tenant", "7"))
    with tracer.start_as_current_span("outer") as outer:
        await asyncio.gather(client.agents.list(), client.agents.list())
        assert trace.get_current_span() is outer
    context.detach(token)
    *calls, _ = telemetry.spans
    assert {span.parent.span_id for span in calls if span.parent} == {outer.get_span_context().span_id}
    sent = [request.headers["traceparent"].split("-")[1:3] for request in letta_server.requests]
    own = [[f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"] for span in calls if span.context]
    assert sorted(sent) == sorted(own)
    assert len(own) == 2
    assert {request.headers["baggage"] for request in letta_server.requests} == {"tenant=7"}


def test_the_span_of_the_callers_thread_is_the_parent(telemetry: Telemetry, letta_server: EmbeddedServer) -> None:
    tracer = telemetry.tracer_provider.get_tracer("test")
    with Letta(base_url=letta_server.base_url, instrumentation=telemetry.instrumentation()) as client:
        with tracer.start_as_current_span("outer") as outer:
            client.agents.list()
        client.agents.list()
    inner, _, alone = telemetry.spans
    assert inner.parent is not None
    assert inner.parent.span_id == outer.get_span_context().span_id
    assert alone.parent is None


class Looking(Instrumentation):
    """Instrumentation that notes the current span at each hook, after the one before it."""

    def __init__(self) -> None:
        self.seen: dict[str, bool] = {}

    def _look(self, name: str) -> None:
        self.seen[name] = trace.get_current_span().get_span_context().is_valid

    def on_call_started(self, call: Call) -> None:
        self._look("started")

    def on_attempt_started(self, call: Call, headers: object) -> None:
        self._look("attempt")

    def on_retry_scheduled(self, call: Call, error: object, delay: float) -> None:
        self._look("retry")

    def on_response_started(self, call: Call, status: int, headers: object) -> None:
        self._look("response")

    def on_call_finished(self, call: Call, value: object, error: object) -> None:
        self._look("finished")


async def test_the_span_is_current_while_an_attempt_is_sent(
    telemetry: Telemetry, letta_server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    looking = Looking()
    both = [telemetry.instrumentation(), looking]
    letta_server.script(status=503)
    with caplog.at_level(logging.DEBUG, "opentelemetry"):
        policy = RetryPolicy(max_retries=1, initial_delay=0.001)
        async with AsyncLetta(base_url=letta_server.base_url, instrumentation=both, retry=policy) as client:
            await client.agents.list()
    assert looking.seen == {"started": False, "attempt": True, "retry": False, "response": False, "finished": False}
    assert not trace.get_current_span().get_span_context().is_valid
    assert caplog.records == []


async def test_without_an_sdk_nothing_is_recorded_or_sent(letta_server: EmbeddedServer) -> None:
    from letta_async.otel import OpenTelemetry

    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=OpenTelemetry()) as client:
        agent = await client.agents.create(name="a", model="letta/letta-free", embedding="letta/letta-free")
        await client.agents.messages.stream(agent.id, input="hi").collect()
    assert "traceparent" not in letta_server.requests[0].headers
