"""Steps of runs: each is one request to a model and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from letta_async._schema.wire_object import WireObject
from letta_async.types.internal_message import InternalMessage

__all__ = ["BillingContext", "FeedbackType", "ProviderTrace", "Step", "StepMetrics"]

FeedbackType = Literal["positive", "negative"]
"""Feedback on a step."""


@attrs.frozen(kw_only=True)
class Step(WireObject):
    """A step of a run: one request to a model. Source: `Step` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`step-<uuid4>`."""
    run_id: str | None = None
    """ID of the run, `run-<uuid4>`."""
    agent_id: str | None = None
    """ID of the agent, `agent-<uuid4>`."""
    status: str | None = None
    """State of the step: `pending`, `success`, `failed` or `cancelled`."""
    stop_reason: str | None = None
    """Reason for the end of the step, such as `end_turn`."""
    model: str | None = None
    """Name of the model."""
    model_handle: str | None = None
    """Handle of the model, `provider/model-name`."""
    model_endpoint: str | None = None
    """URL of the provider."""
    provider_id: str | None = None
    """ID of the provider."""
    provider_name: str | None = None
    """Name of the provider."""
    provider_category: str | None = None
    """Owner of the provider: `base` or `byok`."""
    context_window_limit: int | None = None
    """Size of the context window, in tokens."""
    prompt_tokens: int | None = None
    """Number of tokens in the prompt."""
    completion_tokens: int | None = None
    """Number of tokens that the model generated."""
    total_tokens: int | None = None
    """Sum of both."""
    cached_input_tokens: int | None = None
    """Number of tokens of the prompt that came from the provider's cache; `None` if the provider does not say."""
    cache_write_tokens: int | None = None
    """Number of tokens of the prompt that were written to that cache; `None` if the provider does not say."""
    reasoning_tokens: int | None = None
    """Number of tokens of the reasoning; `None` if the provider does not say."""
    prompt_tokens_details: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """Parts of `prompt_tokens`, such as `cached_tokens`."""
    completion_tokens_details: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """Parts of `completion_tokens`, such as `reasoning_tokens`."""
    feedback: str | None = None
    """Feedback on the step: `positive` or `negative`."""
    tags: list[str] | None = attrs.field(default=None, hash=False)
    """Tags of the feedback."""
    error_type: str | None = None
    """Class of the error, if the step failed."""
    error_data: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """Details of the error."""
    messages: list[InternalMessage] | None = attrs.field(default=None, hash=False)
    """Messages of the step; deprecated by the API in favor of `steps.messages.list`, and empty on Letta 0.16.8."""
    origin: str | None = None
    """Where the step was started from."""
    tid: str | None = None
    """ID of the transaction."""
    trace_id: str | None = None
    """ID of the trace."""
    request_id: str | None = None
    """ID of the API request; hosted API."""
    organization_id: str | None = None
    """ID of the organization that the step belongs to."""
    project_id: str | None = None
    """ID of the project that the step belongs to; hosted API."""

    @property
    def api_model_endpoint(self) -> str | None:
        """The official client's name of `model_endpoint`."""
        return self.model_endpoint

    @property
    def api_model_handle(self) -> str | None:
        """The official client's name of `model_handle`."""
        return self.model_handle


@attrs.frozen(kw_only=True)
class StepMetrics(WireObject):
    """Durations of a step. Source: `StepMetrics` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """ID of the step, `step-<uuid4>`."""
    run_id: str | None = None
    """ID of the run, `run-<uuid4>`."""
    agent_id: str | None = None
    """ID of the agent, `agent-<uuid4>`."""
    provider_id: str | None = None
    """ID of the provider."""
    step_start_ns: int | None = None
    """Time of the start of the step, in nanoseconds since 1970."""
    step_ns: int | None = None
    """Duration of the step, in nanoseconds."""
    llm_request_start_ns: int | None = None
    """Time of the start of the request to the model, in nanoseconds since 1970."""
    llm_request_ns: int | None = None
    """Duration of the request to the model, in nanoseconds."""
    tool_execution_ns: int | None = None
    """Duration of the runs of tools, in nanoseconds."""
    organization_id: str | None = None
    """ID of the organization that the step belongs to."""
    project_id: str | None = None
    """ID of the project that the step belongs to; hosted API."""
    template_id: str | None = None
    """ID of the template that the step belongs to; hosted API."""
    base_template_id: str | None = None
    """ID of the base template that the step belongs to; hosted API."""


@attrs.frozen(kw_only=True)
class BillingContext(WireObject):
    """What a request to a model is billed to; hosted API."""

    plan_type: str | None = None
    """Plan of the customer."""
    cost_source: str | None = None
    """What pays for the request: `quota` or `credits`."""
    customer_id: str | None = None
    """ID of the customer."""


@attrs.frozen(kw_only=True)
class ProviderTrace(WireObject):
    """A request to a model and its response. Source: `ProviderTrace` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`provider_trace-<uuid4>`."""
    request_json: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """The request, as the provider received it."""
    response_json: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """The response of the provider."""
    step_id: str | None = None
    """ID of the step, `step-<uuid4>`."""
    run_id: str | None = None
    """ID of the run, `run-<uuid4>`."""
    agent_id: str | None = None
    """ID of the agent, `agent-<uuid4>`."""
    agent_tags: list[str] | None = attrs.field(default=None, hash=False)
    """Tags of the agent."""
    call_type: str | None = None
    """Purpose of the request, such as `agent_step` or `summarization`."""
    source: str | None = None
    """Service that recorded the trace."""
    llm_config: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """Settings of the model."""
    compaction_settings: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """Settings of the compaction, if the request was one for a summary."""
    billing_context: BillingContext | None = None
    """What the request is billed to; hosted API."""
    latency_ms: int | None = None
    """Duration of the request, in milliseconds; hosted API."""
    org_id: str | None = None
    """ID of the organization."""
    user_id: str | None = None
    """ID of the user whose call led to the request."""
    created_by_id: str | None = None
    """ID of the user who created the trace."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the trace last."""
    created_at: datetime | None = None
    """Time of creation."""
    updated_at: datetime | None = None
    """Time of the last change."""
