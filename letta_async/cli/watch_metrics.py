"""Metrics of a watch for Prometheus, on an HTTP server of their own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Final

import attrs
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from letta_async.cli.error_messages import Refusal
from letta_async.cli.quantities import Listen
from letta_async.cli.watch_counts import WatchCounts

__all__ = ["METRICS", "serving_metrics"]

_COUNTERS: Final = {
    "scans": "Scans, failed ones included.",
    "scan_errors": "Scans that an error ended early.",
    "recompiled": "Conversations that were recompiled.",
    "failed": "Attempts at a conversation that failed.",
    "busy": "Attempts at a conversation that found a run in progress.",
    "requests": "Requests to the server, repetitions included.",
}
_GAUGES: Final = {
    "agents": "Agents in scope at the last scan.",
    "pending": "Conversations that are left to be compared, now or after a delay.",
    "lease": "1 while this watcher has the lock of its state, 0 in standby.",
}
_SINCE: Final = "letta_watch_seconds_since_last_scan"
METRICS: Final = frozenset(
    {_SINCE, *(f"letta_watch_{name}_total" for name in _COUNTERS), *(f"letta_watch_{name}" for name in _GAUGES)}
)
"""Names of the metrics."""


@attrs.frozen
class _WatchCollector(Collector):
    """Collector that reads the counts when they are asked for."""

    counts: WatchCounts
    now: Callable[[], float]

    def collect(self) -> Iterable[Metric]:
        """Yield the metrics."""
        for name, about in _COUNTERS.items():
            yield CounterMetricFamily(f"letta_watch_{name}", about, value=getattr(self.counts, name))
        for name, about in _GAUGES.items():
            yield GaugeMetricFamily(f"letta_watch_{name}", about, value=getattr(self.counts, name))
        since = float("nan") if self.counts.last_scan is None else max(0.0, self.now() - self.counts.last_scan)
        about = "Seconds since the end of the last scan that succeeded; NaN before the first one."
        yield GaugeMetricFamily(_SINCE, about, value=since)


@contextmanager
def serving_metrics(listen: Listen, counts: WatchCounts, now: Callable[[], float]) -> Generator[str, None, None]:
    """Serve metrics on a thread of its own while the block runs; yield the URL.

    Args:
        listen: Address to listen on.
        counts: Counts that the metrics show.
        now: Returns the time in seconds since 1970.

    Raises:
        Refusal: The address cannot be listened on.

    """
    registry = CollectorRegistry()
    registry.register(_WatchCollector(counts, now))
    try:
        server, thread = start_http_server(listen.port, listen.host, registry)
    except OSError as error:
        raise Refusal(f"--metrics: cannot listen on {listen.host}, port {listen.port}: {error.strerror}") from error
    try:
        yield f"{listen.url(server.server_port)}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
