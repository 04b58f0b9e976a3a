"""The instrumentation: one span per call, measurements, and the trace context in the headers of each attempt."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, MutableMapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import attrs
from opentelemetry import context as contexts
from opentelemetry import metrics, propagate, trace
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
from yarl import URL

from letta_async._schema.json_values import show
from letta_async._version import __version__
from letta_async.errors import APIConnectionError, APIError, APIStatusError, ArgumentProblem, InvalidArgumentError
from letta_async.instrumentation import Call, Instrumentation
from letta_async.otel._metrics import Metrics
from letta_async.otel._turn import OPERATION, Turn
from letta_async.types.batch import UploadOutcome

if TYPE_CHECKING:
    from contextvars import Token

    from letta_async.batch.outcome import Outcome

__all__ = ["OpenTelemetry"]

_SCOPE: Final = "letta_async.otel"
_SCHEMA: Final = "https://opentelemetry.io/schemas/1.44.0"
_CONTENT: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_CAPTURING: Final = ("true", "1", "span_only", "span_and_event")


class OpenTelemetry(Instrumentation):
    """Instrumentation that records spans and metrics with OpenTelemetry.

    It can be pickled as long as it uses the global providers, as in `client_options` of `letta_async.dask`; it then
    takes the current trace context along, so that spans of the workers belong to the trace of the driver.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        capture_content: bool | None = None,
    ) -> None:
        """Create the instrumentation; instances with the same providers are equal, and notified once.

        Args:
            tracer_provider: Provider of the tracer. Default: the global one, also if it is set later.
            meter_provider: Provider of the meter. Default: the global one, also if it is set later.
            capture_content: Record the messages that are sent to agents and received from them, which can be private,
                in the attributes `gen_ai.input.messages` and `gen_ai.output.messages`. Default: as
                `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says, else `False`.

        Raises:
            InvalidArgumentError: An argument is of another type.

        """
        problems = [
            ArgumentProblem(name, f"{show(value)} is not {words}")
            for name, value, method, words in (
                ("tracer_provider", tracer_provider, "get_tracer", "a TracerProvider"),
                ("meter_provider", meter_provider, "get_meter", "a MeterProvider"),
            )
            if value is not None and (isinstance(value, type) or not hasattr(value, method))
        ]
        if not isinstance(capture_content, bool | None):
            problems.append(ArgumentProblem("capture_content", f"{show(capture_content)} is not a boolean, nor None"))
        if problems:
            raise InvalidArgumentError(problems)
        if capture_content is None:
            capture_content = os.environ.get(_CONTENT, "").strip().lower() in _CAPTURING
        self._providers: Final = tracer_provider, meter_provider
        self._content: Final = capture_content
        self._key: Final = object()
        """Key of the state of a call in its `data`."""
        self._tracer: Final = trace.get_tracer(_SCOPE, __version__, tracer_provider, _SCHEMA)
        self._metrics: Final = _global_metrics() if meter_provider is None else _metrics_of(meter_provider)
        self._outer: Context | None = None
        """Context of the spans that have no parent in their own process; `None` for none."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpenTelemetry) and self._providers == other._providers

    def __hash__(self) -> int:
        return hash(self._providers)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._providers != (None, None):
            raise TypeError("providers are not pickled; leave them out, and set the global ones in the other process")
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        return _unpickled, (self._content, carrier)

    # --- hooks --------------------------------------------------------------------------------------------------------

    def on_call_started(self, call: Call) -> None:
        """Start the span."""
        name = call.name
        route = _route(call.base_url, call.method, name, call.path_template)
        self._metrics.observe(call.load, route.address, route.port, call.traffic)
        attributes: dict[str, Any] = {**route.attributes, "url.full": f"{route.url}{call.path}"}
        turn = Turn.of(call, name, content=self._content)
        if turn is not None:
            attributes.update(turn.attributes)
        parent = self._parent()
        span = self._tracer.start_span(
            "invoke_agent" if turn is not None and turn.begins else route.span, parent, SpanKind.CLIENT, attributes
        )
        is_valid = span.get_span_context().is_valid  # not without an SDK, in older versions of the API
        context = trace.set_span_in_context(span, parent) if is_valid else parent
        call.data[self._key] = _State(span, context, route, turn)

    def on_call_queued(self, call: Call) -> None:
        """Note that the attempt waits for the limiter."""
        if (state := self._state(call)) is not None:
            state.is_queued = True

    def on_attempt_started(self, call: Call, headers: MutableMapping[str, str]) -> None:
        """Send the trace context, and make the span the current one while the attempt is sent."""
        if (state := self._state(call)) is None:
            return
        if state.is_queued:
            waited, state.is_queued = call.queued_for - state.waited, False
            state.queued_for += waited
            self._metrics.queued.record(waited, {"letta_async.traffic": call.traffic}, state.context)
        state.waited = call.queued_for
        if call.attempt > 1:
            state.span.add_event("letta_async.attempt", {"letta_async.attempt": call.attempt})
        propagate.inject(headers, state.context)
        state.attach()
        state.sent = time.perf_counter()

    def on_response_started(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        """Record the duration of the attempt."""
        if (state := self._state(call)) is None:
            return
        state.detach()
        state.status = status
        self._record_attempt(state, status, str(status) if status >= 400 else None)
        if (request_id := headers.get("x-request-id")) is not None:
            state.span.set_attribute("http.response.header.x-request-id", [request_id])

    def on_retry_scheduled(self, call: Call, error: APIError, delay: float) -> None:
        """Record the failure of the attempt, and the delay."""
        if (state := self._state(call)) is None:
            return
        state.detach()
        kind = _error_type(error)
        self._record_attempt(state, None, kind)
        self._metrics.retries.add(1, {"letta_async.traffic": call.traffic, "error.type": kind}, state.context)
        state.span.add_event(
            "letta_async.retry",
            {"letta_async.attempt": call.attempt, "letta_async.delay": delay, "error.type": kind},
        )

    def on_events_received(self, call: Call, events: Sequence[Any]) -> None:
        """Record the first events of a stream, and keep the usage."""
        state = self._state(call)
        if state is None or state.turn is None:
            return
        if state.turn.receive(events):
            elapsed = time.perf_counter() - state.began
            state.span.add_event("letta_async.first_event")
            state.span.set_attribute("gen_ai.response.time_to_first_chunk", elapsed)
            self._metrics.first_event.record(elapsed, _turn_attributes(state.route, state.turn), state.context)

    def on_call_finished(self, call: Call, value: Any, error: BaseException | None) -> None:
        """End the span."""
        state = self._state(call)
        if state is None:
            return
        del call.data[self._key]
        state.detach()
        span, turn = state.span, state.turn
        kind = None if error is None else _error_type(error)
        if error is not None:
            self._record_attempt(state, None, kind)
        if turn is not None:
            turn.finish(value)
            self._measure_turn(state, turn, kind)
        if span.is_recording():
            found: dict[str, Any] = {} if turn is None else turn.result
            if state.status is not None:
                found["http.response.status_code"] = state.status
            if call.attempt > 1:
                found["http.request.resend_count"] = call.attempt - 1
            if state.queued_for:
                found["letta_async.queued_for"] = state.queued_for
            if error is not None and kind is not None:
                found["error.type"] = kind
                span.set_status(Status(StatusCode.ERROR, _description(error)))
            span.set_attributes(found)
        span.end()

    def on_target_finished(self, outcome: Outcome | UploadOutcome) -> None:
        """Count the target; those of workers are counted by their driver."""
        if self._outer is None:
            batch = "upload" if isinstance(outcome, UploadOutcome) else "recompile"
            self._metrics.targets.add(1, {"letta_async.batch": batch, "letta_async.status": outcome.status})

    # --- parts of the hooks -------------------------------------------------------------------------------------------

    def _state(self, call: Call) -> _State | None:
        state: _State | None = call.data.get(self._key)
        return state

    def _parent(self) -> Context:
        """Return the current context; without a span in it, that of the process which pickled the instrumentation."""
        current = contexts.get_current()
        if self._outer is None or trace.get_current_span(current).get_span_context().is_valid:
            return current
        return self._outer

    def _record_attempt(self, state: _State, status: int | None, kind: str | None) -> None:
        """Record the duration of the attempt, unless it was recorded before."""
        sent, state.sent = state.sent, None
        if sent is not None:
            elapsed = time.perf_counter() - sent
            self._metrics.request_duration.record(elapsed, state.route.measured(status, kind), state.context)

    def _measure_turn(self, state: _State, turn: Turn, kind: str | None) -> None:
        measured = _turn_attributes(state.route, turn)
        for name, count in turn.tokens.items():
            self._metrics.tokens.record(count, {**measured, "gen_ai.token.type": name}, state.context)
        if turn.begins:
            if kind is not None:
                measured["error.type"] = kind
            self._metrics.turn_duration.record(time.perf_counter() - state.began, measured, state.context)


@attrs.define(eq=False)
class _State:
    """State of a call: its span, and what is measured of it."""

    span: Span
    context: Context
    """Context with the span."""
    route: _Route
    turn: Turn | None
    began: float = attrs.field(factory=time.perf_counter)
    sent: float | None = None
    """Time when the current attempt was sent; `None` once its duration was recorded."""
    status: int | None = None
    """Status of the latest response."""
    waited: float = 0.0
    """`queued_for` of the call when the latest attempt was sent."""
    queued_for: float = 0.0
    """Seconds of the waits for the limiter, of those attempts that had to wait."""
    is_queued: bool = False
    """Whether the current attempt had to wait for the limiter."""
    _token: Token[Context] | None = attrs.field(default=None, init=False)

    def attach(self) -> None:
        """Make the span the current one."""
        self._token = contexts.attach(self.context)

    def detach(self) -> None:
        """Undo `attach`; leave a context alone in which it was not called."""
        token, self._token = self._token, None
        if token is not None and contexts.get_current() is self.context:
            contexts.detach(token)


@attrs.frozen(eq=False)
class _Route:
    """Data that all calls of one method on one server share."""

    span: str
    """Name of the spans."""
    attributes: Mapping[str, str | int]
    """Attributes of the spans."""
    url: str
    """URL of the server."""
    address: str
    port: int
    _measured: Mapping[str, str | int] = attrs.field(alias="measured")
    _by_outcome: dict[tuple[int | None, str | None], Mapping[str, str | int]] = attrs.field(
        factory=dict[tuple[int | None, str | None], Mapping[str, str | int]], init=False
    )

    def measured(self, status: int | None, kind: str | None) -> Mapping[str, str | int]:
        """Return the attributes of the measurement of an attempt.

        Args:
            status: Status of the response; `None` without one.
            kind: Type of the error; `None` for a success.

        """
        attributes = self._by_outcome.get((status, kind))
        if attributes is None:
            outcome = {"http.response.status_code": status, "error.type": kind}
            found = {name: value for name, value in outcome.items() if value is not None}
            attributes = self._by_outcome[status, kind] = {**self._measured, **found}
        return attributes


@lru_cache(1024)
def _route(base_url: str, method: str, name: str, template: str) -> _Route:
    url = URL(base_url).with_user(None)
    address, port = url.host or "", url.port or 80
    server: dict[str, str | int] = {"server.address": address, "server.port": port}
    is_raw = name == method.lower()
    measured = {**server, "http.request.method": method, **({} if is_raw else {"url.template": template})}
    return _Route(
        span=method if is_raw else f"{method} {template}",
        attributes={**measured, "letta_async.method": name},
        url=str(url).rstrip("/"),
        address=address,
        port=port,
        measured=measured,
    )


def _turn_attributes(route: _Route, turn: Turn) -> dict[str, Any]:
    model = {} if turn.model is None else {"gen_ai.request.model": turn.model}
    return {**OPERATION, "server.address": route.address, "server.port": route.port, **model}


def _error_type(error: BaseException) -> str:
    return str(error.status_code) if isinstance(error, APIStatusError) else type(error).__name__


def _description(error: BaseException) -> str:
    """Return a description of an error without words of the server, which can have echoed anything."""
    if isinstance(error, asyncio.CancelledError):
        return "the call was cancelled"
    return error.message if isinstance(error, APIConnectionError) else type(error).__name__


def _metrics_of(provider: MeterProvider | None) -> Metrics:
    return Metrics(metrics.get_meter(_SCOPE, __version__, provider, _SCHEMA))


@cache
def _global_metrics() -> Metrics:
    return _metrics_of(None)


def _unpickled(capture_content: bool, carrier: Mapping[str, str]) -> OpenTelemetry:
    made = OpenTelemetry(capture_content=capture_content)
    made._outer = propagate.extract(carrier)  # pyright: ignore[reportPrivateUsage]  # of its own kind
    return made
