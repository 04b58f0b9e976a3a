"""Classes of the bodies and queries of requests about agents; `_requests` has the others, and shared types."""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime
from typing import Annotated, Final, Literal

import attrs

from letta_async.operations import agents
from letta_async.testing._errors import Refusal, invalid_argument
from letta_async.testing._ids import BlockId, IdentityId, MessageId, SourceId, ToolId
from letta_async.testing._model_configs import EmbeddingConfig, GivenLLMConfig
from letta_async.testing._request_classes import reads
from letta_async.testing._requests import CreateBlock, ModelHandle, PageLimit
from letta_async.testing._validation import After, Enum, Fields, SchemaHint, Undescribed
from letta_async.types import agent

__all__ = ["AgentQuery", "CreateAgent", "ListAgentsQuery", "RecompileAgentQuery", "UpdateAgent"]

AgentType = Annotated[agent.AgentType, Enum()]
StopReason = Annotated[
    Literal[
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
    ],
    Enum(),
]
_AGENT_NAME: Final = r"[\w '\-]*"
_Timezone = Annotated[str, SchemaHint(lambda: {"enum": sorted(zoneinfo.available_timezones())})]


# --- validators --------------------------------------------------------------------------------------


def _check_embedding_handle(handle: str | None) -> None:
    if handle and not all(handle.partition("/")):
        raise ValueError("The embedding handle should be in the format provider/model-name")


def _check_agent_name(name: str) -> None:
    if re.fullmatch(rf"{_AGENT_NAME}\n?", name) is None:
        allowed = "Only letters (any language), digits, spaces, hyphens, underscores, and apostrophes are allowed."
        avoid = 'Please avoid filesystem-unsafe characters like: / \\ : * ? " < > |'
        detail = f"Export failed: Agent name '{name}' contains invalid characters. {allowed} {avoid}"
        raise Refusal(500, {"detail": detail})


def _check_max_files(count: int | None) -> None:
    if count is not None and count > 1000:
        raise invalid_argument(f"max_files_open cannot exceed 1000. Got: {count}")


def _check_view_window(characters: int | None) -> None:
    most = 2**31 - 1
    if characters is not None and characters > most:
        raise invalid_argument(f"per_file_view_window_char_limit cannot exceed {most}. Got: {characters}")


_Name = Annotated[str, After(_check_agent_name), SchemaHint(lambda: {"pattern": f"^{_AGENT_NAME}$"})]
_MaxFiles = Annotated[int | None, After(_check_max_files)]
_ViewWindow = Annotated[int | None, After(_check_view_window)]


# --- agents ---------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class InitialMessage:
    """An initial message of an agent."""

    role: Annotated[Literal["user", "system", "assistant"], Enum("MessageRole")]
    content: str
    name: str | None = None


@reads(agents.CreateAgent)
class CreateAgent:
    """Body of a request to create an agent."""

    name: _Name = "Embedded Agent"
    memory_blocks: list[CreateBlock] | None = None
    tools: list[str] | None = None
    tool_ids: list[ToolId] | None = None
    source_ids: list[SourceId] | None = None
    folder_ids: list[SourceId] | None = None
    block_ids: list[BlockId] | None = None
    tool_rules = None
    tags = None
    system = None
    agent_type: AgentType = "letta_v1_agent"
    initial_message_sequence: list[InitialMessage] | None = None
    include_base_tools = True
    include_multi_agent_tools: bool = False
    include_base_tool_rules: bool | None = None
    include_default_source: bool = False
    description = None
    metadata = None
    llm_config: GivenLLMConfig = None
    embedding_config: EmbeddingConfig | None = None
    model: ModelHandle = None
    embedding: Annotated[str | None, After(_check_embedding_handle)] = None
    model_settings = None
    compaction_settings = None
    context_window_limit = None
    embedding_chunk_size: int | None = 300
    max_tokens: int | None = None
    max_reasoning_tokens: int | None = None
    enable_reasoner: bool | None = True
    reasoning: bool | None = None
    from_template: str | None = None
    template: bool = False
    project: str | None = None
    tool_exec_environment_variables: dict[str, str] | None = None
    secrets: dict[str, str] | None = None
    memory_variables: dict[str, str] | None = None
    project_id: str | None = None
    template_id: str | None = None
    base_template_id: str | None = None
    identity_ids: list[IdentityId] | None = None
    message_buffer_autoclear: bool = False
    enable_sleeptime: bool | None = None
    response_format = None
    timezone: _Timezone | None = None
    max_files_open: _MaxFiles = None
    per_file_view_window_char_limit: _ViewWindow = None
    hidden = None
    parallel_tool_calls: bool | None = None
    actor_id: str | None = None

    @staticmethod
    def check(fields: Fields) -> None:
        """Raise an error for an agent type that requires another field."""
        if fields["agent_type"] == "voice_convo_agent" and not fields["enable_sleeptime"]:
            raise ValueError("Agent type AgentType.voice_convo_agent requires enable_sleeptime to be True")


@reads(agents.UpdateAgent)
class UpdateAgent:
    """Body of a request to change an agent."""

    name = None
    tool_ids: list[ToolId] | None = None
    source_ids: list[SourceId] | None = None
    folder_ids: list[SourceId] | None = None
    block_ids: list[BlockId] | None = None
    tags = None
    system = None
    tool_rules = None
    message_ids: list[MessageId] | None = None
    description = None
    metadata = None
    tool_exec_environment_variables: dict[str, str] | None = None
    secrets: dict[str, str] | None = None
    project_id: str | None = None
    template_id: str | None = None
    base_template_id: str | None = None
    identity_ids: list[IdentityId] | None = None
    message_buffer_autoclear: bool | None = None
    model = None
    embedding = None
    model_settings = None
    compaction_settings = None
    context_window_limit = None
    reasoning: bool | None = None
    llm_config: GivenLLMConfig = None
    embedding_config: EmbeddingConfig | None = None
    parallel_tool_calls: bool | None = None
    response_format = None
    max_tokens: int | None = None
    enable_sleeptime: bool | None = None
    last_run_completion: datetime | None = None
    last_run_duration_ms: int | None = None
    last_stop_reason: StopReason | None = None
    timezone: _Timezone | None = None
    max_files_open: _MaxFiles = None
    per_file_view_window_char_limit: _ViewWindow = None
    hidden = None


@reads(agents.RetrieveAgent)
class AgentQuery:
    """Query of a request for an agent."""

    include_relationships: list[str] | None = None
    include = attrs.field(factory=list[str])


@reads(agents.ListAgents)
class ListAgentsQuery:
    """Query of a request for a list of agents."""

    name = None
    tags = None
    match_all_tags = False
    before = None
    after = None
    limit: PageLimit | None = 50
    query_text = None
    project_id = None
    template_id: str | None = None
    base_template_id: str | None = None
    identity_id: str | None = None
    identifier_keys: list[str] | None = None
    include_relationships: list[str] | None = None
    include = attrs.field(factory=list[str])
    order = "desc"
    order_by = "created_at"
    ascending: bool = False
    sort_by: str | None = "created_at"
    show_hidden_agents: Annotated[bool | None, Undescribed()] = False
    last_stop_reason: str | None = None
    created_by_id: str | None = None


@reads(agents.RecompileAgent)
class RecompileAgentQuery:
    """Query of a request to recompile an agent's own prompt."""

    update_timestamp = False
    dry_run = False
