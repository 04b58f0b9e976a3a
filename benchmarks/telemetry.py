"""Benchmark of OpenTelemetry: what spans and metrics add to the processor time of a call.

The spans go through a batch processor to an exporter that drops them, on its thread, which counts; so do the metrics.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from opentelemetry import propagate
from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk import metrics, trace
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, TracerProvider, set_span_in_context

from benchmarks import calls
from benchmarks.calls import AsyncWays
from benchmarks.process import Process
from benchmarks.report import Section, Table, Target, command
from benchmarks.turns import TASKS, Meter, Plan, measure_async
from letta_async import AsyncLetta
from letta_async.instrumentation import Instrumentation
from letta_async.otel import OpenTelemetry

__all__ = ["measure"]

_MOST: Final = 60.0
"""Maximum processor time that spans and metrics may add to a call, in microseconds."""
_MOST_TO_SDK: Final = 1.5
"""Maximum ratio of what they add to what the least use of the SDK adds, written by hand around the same call."""
_PLAIN: Final = "letta_async"
_BY_HAND: Final = "with a span, a measurement and the headers by hand"
_HOOKS: Final = "with an instrumentation that does nothing"
_SPANS: Final = "with spans, no metrics"
_BOTH: Final = "with spans and metrics"


_LIMIT: Final = 2 * TASKS
"""Number of requests in flight, so that no call waits for the limiter, which spans and metrics would tell."""


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
        async with AsyncLetta(
            base_url=url, api_key="key", concurrency=_LIMIT, instrumentation=instrumentation
        ) as client:
            yield lambda: client.conversations.recompile(calls.CONVERSATION, compaction_settings=calls.SETTINGS)

    return way


@asynccontextmanager
async def _by_hand(url: str) -> AsyncGenerator[calls.AsyncCall, None]:
    """Make the least use of the SDK that is one span, one measurement and the trace context in headers."""
    tracer = _tracer_provider().get_tracer("benchmark")
    duration = _meter_provider().get_meter("benchmark").create_histogram("http.client.request.duration")
    shared: dict[str, str | int] = {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "server.port": 8283,
        "url.template": "/v1/conversations/{conversation_id}/recompile",
    }
    path = f"/v1/conversations/{calls.CONVERSATION}/recompile"
    async with AsyncLetta(base_url=url, api_key="key", concurrency=_LIMIT) as client:

        async def call() -> object:
            attributes = {**shared, "url.full": f"{url}{path}", "letta_async.method": "conversations.recompile"}
            span = tracer.start_span("POST", kind=SpanKind.CLIENT, attributes=attributes)
            context = set_span_in_context(span)
            headers: dict[str, str] = {}
            propagate.inject(headers, context)
            began = time.perf_counter()
            result = await client.conversations.recompile(calls.CONVERSATION, compaction_settings=calls.SETTINGS)
            duration.record(time.perf_counter() - began, {**shared, "http.response.status_code": 200}, context)
            span.set_attribute("http.response.status_code", 200)
            span.end()
            return result

        yield call


def measure(*, short: bool = False) -> Section:
    """Measure a recompile without an instrumentation, with one, with spans, and with metrics besides."""
    plan = Plan(rounds=8, seconds=0.05, warm=0.4) if short else Plan(rounds=40)
    instrumentations: dict[str, Instrumentation | None] = {
        _PLAIN: None,
        _HOOKS: Instrumentation(),
        _SPANS: OpenTelemetry(tracer_provider=_tracer_provider()),
        _BOTH: OpenTelemetry(tracer_provider=_tracer_provider(), meter_provider=_meter_provider()),
    }
    ways: AsyncWays = {**{name: _way(each) for name, each in instrumentations.items()}, _BY_HAND: _by_hand}
    with Process("stub", own_core=False) as stub:  # the client has threads, which export
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
        " an exporter that drops them, the metrics to a reader in memory. By hand, a program wraps the same call in one"
        " span, one measurement and the headers' content: the least that OpenTelemetry's own SDK costs.",
        [
            Target(
                "CPU that spans and metrics add to a call",
                f"at most {_MOST:g} µs",
                f"{added:.0f} µs",
                added <= _MOST,
            ),
            Target(
                "CPU that they add, to what the SDK adds by hand",
                f"at most {_MOST_TO_SDK:g}",
                f"{added / _added(meter, _BY_HAND):.2f}",
                added <= _MOST_TO_SDK * _added(meter, _BY_HAND),
            ),
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
