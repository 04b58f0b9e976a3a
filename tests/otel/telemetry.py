"""OpenTelemetry's SDK, with exporters that keep everything in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from letta_async.otel import OpenTelemetry

__all__ = ["Telemetry"]


class Telemetry:
    """Spans and metrics of one test."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meter_provider = MeterProvider([self._reader])

    def instrumentation(self, **options: Any) -> OpenTelemetry:
        """Return an instrumentation that records here."""
        return OpenTelemetry(tracer_provider=self.tracer_provider, meter_provider=self.meter_provider, **options)

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans that have ended, the first to end first."""
        return list(self._exporter.get_finished_spans())

    @property
    def span(self) -> ReadableSpan:
        """The only span."""
        (span,) = self.spans
        return span

    def clear(self) -> None:
        """Forget the spans."""
        self._exporter.clear()

    def points(self, name: str) -> list[tuple[Mapping[str, Any], Any]]:
        """Return the attributes and the data of each point of a metric."""
        return [(point.attributes or {}, point) for metric, point in self._points() if metric == name]

    def text(self) -> str:
        """Return everything that is exported, as text."""
        spans = [span.to_json() for span in self.spans]
        return "\n".join([*spans, *(f"{name} {point}" for name, point in self._points())])

    def _points(self) -> Iterator[tuple[str, Any]]:
        data = self._reader.get_metrics_data()
        for resource in data.resource_metrics if data is not None else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        yield metric.name, point


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})
