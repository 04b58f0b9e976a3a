"""Runs of agents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from letta_async._schema.wire_object import WireObject

__all__ = [
    "RequestConfig",
    "Run",
    "RunMetrics",
    "RunStatus",
    "StopReason",
    "UsageCompletionTokensDetails",
    "UsagePromptTokensDetails",
    "UsageStatistics",
]

RunStatus = Literal["created", "running", "completed", "failed", "cancelled"]
"""State of a run."""
StopReason = Literal[
    "end_turn",
    "error",
    "llm_api_error",
    "invalid_llm_response",
    "invalid_tool_call",
    "max_steps",
    "max_tokens_exceeded",
    "no_tool_call",
    "tool_rule",
    "cancelled",
    "insufficient_credits",
    "requires_approval",
    "context_window_overflow_in_system_prompt",
]
"""Reason for the end of a run."""


@attrs.frozen(kw_only=True)
class RequestConfig(WireObject):
    """What the request that started a run said of its messages."""

    use_assistant_message: bool | None = None
    """Whether calls of the message tool are returned as `AssistantMessage`."""
    assistant_message_tool_name: str | None = None
    """Name of the message tool."""
    assistant_message_tool_kwarg: str | None = None
    """Name of the message tool's argument."""
    include_return_message_types: list[str] | None = attrs.field(default=None, hash=False)
    """Types of the messages to return, such as `assistant_message`; `None` for all."""


@attrs.frozen(kw_only=True)
class Run(WireObject):
    """A run of an agent: what it does in response to one message. Source: `Run` in the OpenAPI description."""

    id: str
    """`run-<uuid4>`."""
    agent_id: str
    """ID of the agent, `agent-<uuid4>`."""
    status: str | None = None
    """State of the run: `created`, `running`, `completed`, `failed` or `cancelled`."""
    conversation_id: str | None = None
    """ID of the conversation, `conv-<uuid4>`; `None` for the agent's own messages."""
    background: bool | None = None
    """Whether the run goes on when the client disconnects."""
    stop_reason: str | None = None
    """Reason for the end of the run, such as `end_turn` or `max_steps`; `None` before it."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON object that is stored with the run."""
    request_config: RequestConfig | None = attrs.field(default=None, hash=False)
    """Options of the request that started the run, about its messages."""
    base_template_id: str | None = None
    """ID of the template that the run belongs to."""
    callback_url: str | None = None
    """URL that the server sends a `POST` to when the run ends."""
    callback_sent_at: datetime | None = None
    """Time of the last callback."""
    callback_status_code: int | None = None
    """HTTP status of the response to the callback."""
    callback_error: str | None = None
    """Error of the callback."""
    ttft_ns: int | None = None
    """Time until the model's first token, in nanoseconds."""
    total_duration_ns: int | None = None
    """Duration of the run, in nanoseconds."""
    created_at: datetime | None = None
    """Time of creation."""
    completed_at: datetime | None = None
    """Time of the end; `None` before it."""


@attrs.frozen(kw_only=True)
class UsagePromptTokensDetails(WireObject):
    """Parts of the tokens in prompts; `None` where the provider does not say."""

    cached_tokens: int | None = None
    """Number of tokens that came from the provider's cache."""
    cache_read_tokens: int | None = None
    """Number of tokens that were read from that cache; Anthropic."""
    cache_creation_tokens: int | None = None
    """Number of tokens that were written to that cache; Anthropic."""


@attrs.frozen(kw_only=True)
class UsageCompletionTokensDetails(WireObject):
    """Parts of the tokens that models generated; `None` where the provider does not say."""

    reasoning_tokens: int | None = None
    """Number of tokens of the reasoning."""


@attrs.frozen(kw_only=True)
class UsageStatistics(WireObject):
    """Tokens that the steps of a run took. Source: `UsageStatistics` in the OpenAPI description of Letta 0.16.8."""

    prompt_tokens: int | None = None
    """Number of tokens in prompts."""
    completion_tokens: int | None = None
    """Number of tokens that models generated."""
    total_tokens: int | None = None
    """Sum of both."""
    prompt_tokens_details: UsagePromptTokensDetails | None = None
    """Parts of `prompt_tokens`."""
    completion_tokens_details: UsageCompletionTokensDetails | None = None
    """Parts of `completion_tokens`."""


@attrs.frozen(kw_only=True)
class RunMetrics(WireObject):
    """Duration of a run. Source: `RunMetrics` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """ID of the run, `run-<uuid4>`."""
    agent_id: str | None = None
    """ID of the agent, `agent-<uuid4>`."""
    run_start_ns: int | None = None
    """Time of the start of the run, in nanoseconds since 1970."""
    run_ns: int | None = None
    """Duration of the run, in nanoseconds."""
    num_steps: int | None = None
    """Number of steps."""
    tools_used: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the tools that the run used."""
    organization_id: str | None = None
    """ID of the organization that the run belongs to."""
    project_id: str | None = None
    """ID of the project that the run belongs to; hosted API."""
    template_id: str | None = None
    """ID of the template that the run belongs to; hosted API."""
    base_template_id: str | None = None
    """ID of the base template that the run belongs to; hosted API."""
