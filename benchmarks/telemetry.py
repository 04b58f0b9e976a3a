"""Benchmark of OpenTelemetry: what spans and metrics add to the processor time of a call.

The spans go through a batch processor to an exporter that drops them, on its thread, which counts; so do the metrics.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk import metrics, trace
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import TracerProvider

from benchmarks import calls
from benchmarks.process import Process
from benchmarks.report import Section, Table, Target, command
from benchmarks.turns import Meter, Plan, measure_async
from letta_async import AsyncLetta
from letta_async.instrumentation import Instrumentation
from letta_async.otel import OpenTelemetry

__all__ = ["measure"]

_MOST: Final = 60.0
"""Maximum processor time that spans and metrics may add to a call, in microseconds."""
_PLAIN: Final = "letta_async"
_HOOKS: Final = "with an instrumentation that does nothing"
_SPANS: Final = "with spans, no metrics"
_BOTH: Final = "with spans and metrics"


class _Dropping(SpanExporter):
    """Exporter that drops the spans."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Drop spans."""
        return SpanExportResult.SUCCESS


def _tracer_provider() -> TracerProvider:
    provider = trace.TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_Dropping()))
    return provider


def _meter_provider() -> MeterProvider:
    return metrics.MeterProvider([InMemoryMetricReader()])


def _way(instrumentation: Instrumentation | None) -> Callable[[str], AbstractAsyncContextManager[calls.AsyncCall]]:
    @asynccontextmanager
    async def way(url: str) -> AsyncGenerator[calls.AsyncCall, None]:
        async with AsyncLetta(base_url=url, api_key="key", instrumentation=instrumentation) as client:
            yield lambda: client.conversations.recompile(calls.CONVERSATION, compaction_settings=calls.SETTINGS)

    return way


def measure(*, short: bool = False) -> Section:
    """Measure a recompile without an instrumentation, with one, with spans, and with metrics besides."""
    plan = Plan(rounds=8, seconds=0.05, warm=0.4) if short else Plan(rounds=40)
    instrumentations: dict[str, Instrumentation | None] = {
        _PLAIN: None,
        _HOOKS: Instrumentation(),
        _SPANS: OpenTelemetry(tracer_provider=_tracer_provider()),
        _BOTH: OpenTelemetry(tracer_provider=_tracer_provider(), meter_provider=_meter_provider()),
    }
    ways = {name: _way(each) for name, each in instrumentations.items()}
    with Process("stub") as stub:
        meter = asyncio.run(measure_async(stub, ways, plan))
    return _section(meter, plan)


def _added(meter: Meter, name: str) -> float:
    """Return the median of what a way adds to the processor time of a call, each within a round, in microseconds."""
    pairs = zip(meter.samples[name], meter.samples[_PLAIN], strict=True)
    return statistics.median((way.cpu - plain.cpu) * 1e3 for way, plain in pairs)


def _section(meter: Meter, plan: Plan) -> Section:
    added = _added(meter, _BOTH)
    return Section(
        "OpenTelemetry",
        f"64 tasks that recompile with typed settings: {plan.show()}. The spans go through the SDK's batch processor to"
        " an exporter that drops them, the metrics to a reader in memory.",
        [
            Target(
                "CPU that spans and metrics add to a call",
                f"at most {_MOST:g} µs",
                f"{added:.0f} µs",
                added <= _MOST,
            )
        ],
        [
            Table(
                "",
                ("way", "CPU per call, ms", "added, µs", "CPU, ratio"),
                [
                    [
                        name,
                        f"{meter.median(name, 'cpu'):.3f}",
                        "" if name == _PLAIN else f"{_added(meter, name):.0f}",
                        "1" if name == _PLAIN else meter.ratio(name, _PLAIN, "cpu").show(),
                    ]
                    for name in meter.samples
                ],
            )
        ],
    )


if __name__ == "__main__":
    command(__doc__, measure)
