"""OpenTelemetry spans and metrics of the calls of a client; an extra: `pip install 'letta-async[otel]'`.

    from letta_async import AsyncLetta
    from letta_async.otel import OpenTelemetry

    client = AsyncLetta(instrumentation=OpenTelemetry())

One span per call, with the conventions for HTTP clients; for calls that send messages to an agent also those for
generative AI. `LettaInstrumentor`, in `letta_async.otel.instrumentor`, does the same for all clients of a program that
`opentelemetry-instrument` starts.
"""

from __future__ import annotations

from letta_async.otel._instrumentation import OpenTelemetry

__all__ = ["OpenTelemetry"]
