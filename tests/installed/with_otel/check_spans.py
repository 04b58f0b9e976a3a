"""What the part `otel` brings, without an SDK of OpenTelemetry."""

from __future__ import annotations

import unittest
from importlib.metadata import entry_points

from opentelemetry import trace
from opentelemetry.context import attach, detach

from letta_async import Letta
from letta_async.otel import OpenTelemetry
from letta_async.testing import EmbeddedServer


class Spans(unittest.TestCase):
    """Spans that nobody records."""

    def test_the_current_trace_goes_to_the_server(self) -> None:
        outer = trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=False, trace_flags=trace.TraceFlags(1)))
        token = attach(trace.set_span_in_context(outer))
        with EmbeddedServer() as server, Letta(base_url=server.base_url, instrumentation=OpenTelemetry()) as client:
            agent = client.agents.create(model="letta/letta-free")
            client.agents.messages.stream(agent.id, input="hi").collect()
            sent = {request.headers["traceparent"] for request in server.requests}
        detach(token)
        self.assertEqual(sent, {f"00-{1:032x}-{2:016x}-01"})

    def test_opentelemetry_gets_its_instrumentor(self) -> None:
        found = [each.value for each in entry_points(group="opentelemetry_instrumentor")]
        self.assertEqual(found, ["letta_async.otel.instrumentor:LettaInstrumentor"])
