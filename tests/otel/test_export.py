"""Spans and metrics as they leave the process: over OTLP, to a server that decodes them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from letta_async import Letta
from letta_async.otel import OpenTelemetry
from letta_async.testing import EmbeddedServer


class Collector(HTTPServer):
    """HTTP server that keeps what is exported to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.received: dict[str, list[bytes]] = {}

    @property
    def url(self) -> str:
        """URL of the server."""
        return f"http://127.0.0.1:{self.server_port}"


class Receiving(BaseHTTPRequestHandler):
    """Handler of an export."""

    server: Collector

    def do_POST(self) -> None:
        """Keep the body, decompressed."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        self.server.received.setdefault(self.path, []).append(plain)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_spans_and_metrics_arrive(collector: Collector, letta_server: EmbeddedServer) -> None:
    resource = Resource.create({"service.name": "assistant"})
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{collector.url}/v1/traces")))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{collector.url}/v1/metrics"))
    meters = MeterProvider([reader], resource=resource)
    instrumentation = OpenTelemetry(tracer_provider=tracers, meter_provider=meters)
    with Letta(base_url=letta_server.base_url, instrumentation=instrumentation) as client:
        agent = client.agents.create(name="a", model="letta/letta-free", embedding="letta/letta-free")
        client.agents.messages.create(agent.id, input="hi")
        meters.force_flush()
    tracers.shutdown()
    meters.shutdown()
    spans = [
        span
        for body in collector.received["/v1/traces"]
        for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    ]
    assert [span.name for span in spans] == ["POST /v1/agents/", "invoke_agent"]
    found = {each.key: each.value for each in spans[1].attributes}
    assert found["gen_ai.agent.id"].string_value == agent.id
    assert found["gen_ai.usage.output_tokens"].int_value > 0
    assert spans[1].end_time_unix_nano > spans[1].start_time_unix_nano
    metrics = {
        metric.name
        for body in collector.received["/v1/metrics"]
        for resource_metrics in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope_metrics in resource_metrics.scope_metrics
        for metric in scope_metrics.metrics
    }
    assert metrics >= {
        "http.client.request.duration",
        "gen_ai.client.operation.duration",
        "gen_ai.client.token.usage",
        "letta_async.client.requests.maximum",
    }
