"""Instrumentor, which `opentelemetry-instrument` finds; it needs the package `opentelemetry-instrumentation`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]  # not checked

from letta_async.instrumentation import install, uninstall
from letta_async.otel._instrumentation import OpenTelemetry

__all__ = ["LettaInstrumentor"]


class LettaInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # as above
    """Instrumentor of all clients that are made from now on.

    `instrument()` takes the parameters of `OpenTelemetry`.
    """

    _installed: OpenTelemetry | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return none: this module has the version of the package that it instruments."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        names = ("tracer_provider", "meter_provider", "capture_content")
        self._installed = OpenTelemetry(**{name: kwargs[name] for name in names if name in kwargs})
        install(self._installed)

    def _uninstrument(self, **kwargs: Any) -> None:
        if self._installed is not None:
            uninstall(self._installed)
            self._installed = None
