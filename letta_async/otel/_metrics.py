"""Metrics of the calls of all clients in this process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final
from weakref import WeakKeyDictionary, ref

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from letta_async.instrumentation import Load
from letta_async.operations._operation import Traffic

__all__ = ["Attributes", "Metrics"]

Attributes = Mapping[str, str | int]
"""Attributes of a measurement."""

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Upper bounds of the buckets for requests, from the conventions for HTTP."""
_TURN_SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Upper bounds of the buckets for turns, from the conventions for generative AI."""
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
"""Upper bounds of the buckets for tokens, from the same."""

_Place = tuple[str, int, Traffic]
"""Host and port of a server, and a class of traffic."""


class Metrics:
    """Instruments of one meter, and the limiters whose state the gauges observe."""

    def __init__(self, meter: Meter) -> None:
        self._loads: WeakKeyDictionary[Load, _Place] = WeakKeyDictionary()
        self._latest: ref[Load] | None = None
        self._lock: Final = threading.Lock()
        self.request_duration: Final = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self.turn_duration: Final = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_TURN_SECONDS,
        )
        self.first_event: Final = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            unit="s",
            description="Time to receive the first event of a stream, pings aside.",
            explicit_bucket_boundaries_advisory=_TURN_SECONDS,
        )
        self.tokens: Final = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self.queued: Final = meter.create_histogram(
            "letta_async.client.queue.duration",
            unit="s",
            description="Time that attempts waited for a slot of the limiter, of those that had to wait.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self.retries: Final = meter.create_counter(
            "letta_async.client.retries", unit="{retry}", description="Number of retries."
        )
        self.targets: Final = meter.create_counter(
            "letta_async.batch.targets", unit="{target}", description="Number of finished targets of batches."
        )
        for name, unit, what in (
            ("in_flight", "{request}", "Number of requests in flight, open event streams included."),
            ("waiting", "{request}", "Number of attempts that wait for a slot of the limiter."),
            ("maximum", "{request}", "Maximum number of requests in flight, which the client adapts to the server."),
        ):
            meter.create_observable_gauge(
                f"letta_async.client.requests.{name}", [_Observer(self, name)], unit=unit, description=what
            )

    def observe(self, load: Load, address: str, port: int, traffic: Traffic) -> None:
        """Add a limiter to those that the gauges observe, as long as it is in use."""
        if self._latest is None or self._latest() is not load:
            self._latest = ref(load)
            with self._lock:
                self._loads[load] = address, port, traffic

    def total(self, name: str) -> Iterable[tuple[_Place, int]]:
        """Return an attribute of the limiters, summed over the clients of this process."""
        with self._lock:
            loads = list(self._loads.items())
        totals: Counter[_Place] = Counter()
        for load, place in loads:
            totals[place] += getattr(load, name)
        return totals.items()


class _Observer:
    """Callback of a gauge."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._metrics = metrics
        self._name = name

    def __call__(self, options: CallbackOptions) -> Iterable[Observation]:
        """Return one observation per server and class of traffic."""
        for (address, port, traffic), total in self._metrics.total(self._name):
            yield Observation(total, {"server.address": address, "server.port": port, "letta_async.traffic": traffic})
