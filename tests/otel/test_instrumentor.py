"""The instrumentor, instances with the same providers, and pickling."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace

from letta_async import AsyncLetta, InvalidArgumentError
from letta_async.otel import OpenTelemetry, _instrumentation
from letta_async.otel.instrumentor import LettaInstrumentor
from letta_async.testing import EmbeddedServer
from tests.otel.telemetry import Telemetry


@pytest.fixture
def instrumentor(telemetry: Telemetry) -> Iterator[LettaInstrumentor]:
    made = LettaInstrumentor()
    made.instrument(tracer_provider=telemetry.tracer_provider, meter_provider=telemetry.meter_provider)
    yield made
    made.uninstrument()


async def test_clients_are_instrumented_until_they_are_not(
    instrumentor: LettaInstrumentor, telemetry: Telemetry, letta_server: EmbeddedServer
) -> None:
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        await client.agents.list()
    assert telemetry.span.name == "GET /v1/agents/"
    instrumentor.uninstrument()
    async with AsyncLetta(base_url=letta_server.base_url) as client:
        await client.agents.list()
    assert len(telemetry.spans) == 1


async def test_a_client_with_its_own_is_notified_once(
    instrumentor: LettaInstrumentor, telemetry: Telemetry, letta_server: EmbeddedServer
) -> None:
    own = telemetry.instrumentation(capture_content=True)
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=own) as client:
        await client.agents.list()
        assert client.instrumentation == (own,)
    assert len(telemetry.spans) == 1
    assert own != Telemetry().instrumentation()
    assert len({own, telemetry.instrumentation()}) == 1


def test_a_pickled_one_continues_the_trace(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", telemetry.tracer_provider)
    tracer = telemetry.tracer_provider.get_tracer("test")
    with tracer.start_as_current_span("driver") as driver:
        pickled = pickle.dumps(OpenTelemetry(capture_content=True))
    made = pickle.loads(pickled)
    assert (made._content, made) == (True, OpenTelemetry())
    assert trace.get_current_span(made._parent()).get_span_context().span_id == driver.get_span_context().span_id
    with tracer.start_as_current_span("nearer") as nearer:
        assert trace.get_current_span(made._parent()) is nearer


def test_one_with_providers_is_not_pickled(telemetry: Telemetry) -> None:
    with pytest.raises(TypeError, match="providers are not pickled"):
        pickle.dumps(telemetry.instrumentation())


def test_the_global_meter_has_its_instruments_once() -> None:
    assert OpenTelemetry()._metrics is OpenTelemetry()._metrics is _instrumentation._global_metrics()


def test_arguments_of_other_types_are_refused() -> None:
    wrong: Any = {"tracer_provider": 3, "meter_provider": "x", "capture_content": "yes"}
    with pytest.raises(InvalidArgumentError) as caught:
        OpenTelemetry(**wrong)
    assert [fault.path for fault in caught.value.faults] == list(wrong)
