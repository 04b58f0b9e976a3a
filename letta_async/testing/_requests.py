"""What the requests look like: path parameters, queries and bodies, as classes that the readers are made from.

Order of fields is the server's, for its messages list problems in that order. Fields whose type is `Any` are accepted
and play no part here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import attrs

from letta_async.models.compaction import CompactionSettings
from letta_async.models.providers import ModelSettings
from letta_async.models.response_format import ResponseFormat
from letta_async.testing import _facts
from letta_async.testing._errors import Refusal, invalid_argument, uuid_pattern
from letta_async.testing._scalars import Text
from letta_async.testing._validation import After, Before, Enum, Fields

__all__ = [
    "PATH_PARAMETERS",
    "AgentQuery",
    "BlockAgentsQuery",
    "BlocksQuery",
    "CompactionRequest",
    "ConversationsQuery",
    "CreateAgent",
    "CreateBlock",
    "CreateConversation",
    "CreateConversationQuery",
    "DirectQuery",
    "ListAgentsQuery",
    "MessagesQuery",
    "RecompileAgentQuery",
    "RecompileQuery",
    "UpdateAgent",
    "UpdateBlock",
    "UpdateConversation",
]


def _id_text(prefix: str) -> Text:
    length = len(prefix) + 1 + 36
    return Text(min_length=length, max_length=length, pattern=uuid_pattern(prefix))


AgentId = Annotated[str, _id_text("agent")]
BlockId = Annotated[str, _id_text("block")]
ConversationId = Annotated[str, _id_text("conv")]
MessageId = Annotated[str, _id_text("message")]
_ANY_ID: Final = "|".join(("default", uuid_pattern("conv")[1:-1], uuid_pattern("agent")[1:-1]))
ConversationOrDefault = Annotated[str, Text(min_length=1, max_length=42, pattern=f"^({_ANY_ID})$")]

PATH_PARAMETERS: Final[Mapping[str, tuple[str, Any]]] = {
    "agent_id": ("agent_id", AgentId),
    "block_id": ("block_id", BlockId),
    "conversation_id": ("conversation_id", ConversationId),
    "conversation_or_default": ("conversation_id", ConversationOrDefault),
}
"""The names in a route's path: what the server calls each in its messages, and its annotation."""

Order = Literal["asc", "desc"]
_Words = Annotated[str, Text(min_length=1, max_length=200)]
_Label = Annotated[str, Text(min_length=1, max_length=50, pattern=r"^[a-zA-Z0-9_/-]+$")]
_Name = Annotated[str, Text(min_length=1, max_length=100, pattern=r"^[a-zA-Z0-9 _-]+$")]
Included = Literal[
    "agent.blocks",
    "agent.identities",
    "agent.managed_group",
    "agent.pending_approval",
    "agent.secrets",
    "agent.sources",
    "agent.tags",
    "agent.tools",
]
MessageType = Annotated[
    Literal[
        "system_message",
        "user_message",
        "assistant_message",
        "reasoning_message",
        "hidden_reasoning_message",
        "tool_call_message",
        "tool_return_message",
        "approval_request_message",
        "approval_response_message",
        "summary_message",
        "event_message",
    ],
    Enum(),
]
AgentType = Annotated[
    Literal[
        "memgpt_agent",
        "memgpt_v2_agent",
        "letta_v1_agent",
        "react_agent",
        "workflow_agent",
        "split_thread_agent",
        "sleeptime_agent",
        "voice_convo_agent",
        "voice_sleeptime_agent",
    ],
    Enum(),
]


# --- what fields are checked for ------------------------------------------------------------------------------------


def _check_model_handle(handle: str | None) -> None:
    if handle and not all(handle.partition("/")):
        raise invalid_argument("The model handle should be in the format provider/model-name")


def _check_embedding_handle(handle: str | None) -> None:
    if handle and not all(handle.partition("/")):
        raise ValueError("The embedding handle should be in the format provider/model-name")


def _check_agent_name(name: str) -> None:
    if name and re.fullmatch(r"[\w '\-]+\n?", name) is None:
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


def _without_nul(value: Any) -> Any:
    return value.replace("\x00", "") if isinstance(value, str) else value


ModelHandle = Annotated[str | None, After(_check_model_handle)]
_MaxFiles = Annotated[int | None, After(_check_max_files)]
_ViewWindow = Annotated[int | None, After(_check_view_window)]
_BlockValue = Annotated[str, Before(_without_nul)]


# --- blocks ---------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CreateBlock:
    """Body of creating a block, alone or with an agent."""

    value: _BlockValue
    limit: int = _facts.BLOCK_LIMIT
    project_id: str | None = None
    template_name: str | None = None
    is_template: bool = False
    template_id: str | None = None
    base_template_id: str | None = None
    deployment_id: str | None = None
    entity_id: str | None = None
    preserve_on_migration: bool | None = False
    label: str
    read_only: bool = False
    description: str | None = None
    metadata: dict[str, Any] | None = attrs.field(factory=dict[str, Any])
    hidden: bool | None = None
    tags: list[str] | None = None

    @staticmethod
    def prepare(members: dict[str, Any]) -> dict[str, Any]:
        """Read a missing or null value as empty, in any object that is not empty itself."""
        return {**members, "value": ""} if members and members.get("value") is None else members


@attrs.frozen(kw_only=True)
class UpdateBlock:
    """Body of changing a block."""

    value: Annotated[str | None, Before(_without_nul)] = None
    limit: int | None = None
    project_id: str | None = None
    template_name: str | None = None
    is_template: bool = False
    template_id: str | None = None
    base_template_id: str | None = None
    deployment_id: str | None = None
    entity_id: str | None = None
    preserve_on_migration: bool | None = False
    label: str | None = None
    read_only: bool = False
    description: str | None = None
    metadata: dict[str, Any] | None = None
    hidden: bool | None = None
    tags: list[str] | None = None


@attrs.frozen(kw_only=True)
class BlocksQuery:
    """Query of listing blocks."""

    label: _Label | None = None
    templates_only: bool = False
    name: _Name | None = None
    identity_id: Annotated[str, _id_text("identity")] | None = None
    identifier_keys: list[str] | None = None
    project_id: str | None = None
    tags: list[str] | None = None
    match_all_tags: bool = False
    limit: int | None = 50
    before: str | None = None
    after: str | None = None
    order: Order = "asc"
    order_by: Literal["created_at"] = "created_at"
    label_search: _Label | None = None
    description_search: _Words | None = None
    value_search: _Words | None = None
    connected_to_agents_count_gt: int | None = None
    connected_to_agents_count_lt: int | None = None
    connected_to_agents_count_eq: list[int] | None = None
    show_hidden_blocks: bool | None = False


@attrs.frozen(kw_only=True)
class BlockAgentsQuery:
    """Query of listing the agents that a block is attached to."""

    before: str | None = None
    after: str | None = None
    limit: int | None = 50
    order: Order = "desc"
    order_by: Literal["created_at"] = "created_at"
    include_relationships: list[str] | None = None
    include: list[Included] = attrs.field(factory=list[Included])


# --- agents ---------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class InitialMessage:
    """A message that an agent starts with."""

    role: Annotated[Literal["user", "system", "assistant"], Enum("MessageRole")]
    content: str
    name: str | None = None


@attrs.frozen(kw_only=True)
class CreateAgent:
    """Body of creating an agent."""

    name: Annotated[str, After(_check_agent_name)] = "Embedded Agent"
    memory_blocks: list[CreateBlock] | None = None
    tools: list[str] | None = None
    tool_ids: list[Annotated[str, _id_text("tool")]] | None = None
    source_ids: list[Annotated[str, _id_text("source")]] | None = None
    folder_ids: list[Annotated[str, _id_text("source")]] | None = None
    block_ids: list[BlockId] | None = None
    tool_rules: Any = None
    tags: list[str] | None = None
    system: str | None = None
    agent_type: AgentType = "letta_v1_agent"
    initial_message_sequence: list[InitialMessage] | None = None
    include_base_tools: bool = True
    include_multi_agent_tools: bool = False
    include_base_tool_rules: bool | None = None
    include_default_source: bool = False
    description: str | None = None
    metadata: dict[str, Any] | None = None
    llm_config: Any = None
    embedding_config: Any = None
    model: ModelHandle = None
    embedding: Annotated[str | None, After(_check_embedding_handle)] = None
    model_settings: ModelSettings | None = None
    compaction_settings: CompactionSettings | None = None
    context_window_limit: int | None = None
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
    identity_ids: list[Annotated[str, _id_text("identity")]] | None = None
    message_buffer_autoclear: bool = False
    enable_sleeptime: bool | None = None
    response_format: ResponseFormat | None = None
    timezone: str | None = None
    max_files_open: _MaxFiles = None
    per_file_view_window_char_limit: _ViewWindow = None
    hidden: bool | None = None
    parallel_tool_calls: bool | None = None

    @staticmethod
    def check(fields: Fields) -> None:
        """Refuse an agent type that another field must go with."""
        if fields["agent_type"] == "voice_convo_agent" and not fields["enable_sleeptime"]:
            raise ValueError("Agent type AgentType.voice_convo_agent requires enable_sleeptime to be True")


@attrs.frozen(kw_only=True)
class UpdateAgent:
    """Body of changing an agent."""

    name: str | None = None
    tool_ids: list[Annotated[str, _id_text("tool")]] | None = None
    source_ids: list[Annotated[str, _id_text("source")]] | None = None
    folder_ids: list[Annotated[str, _id_text("source")]] | None = None
    block_ids: list[BlockId] | None = None
    tags: list[str] | None = None
    system: str | None = None
    tool_rules: Any = None
    message_ids: list[MessageId] | None = None
    description: str | None = None
    metadata: dict[str, Any] | None = None
    tool_exec_environment_variables: dict[str, str] | None = None
    secrets: dict[str, str] | None = None
    project_id: str | None = None
    template_id: str | None = None
    base_template_id: str | None = None
    identity_ids: list[Annotated[str, _id_text("identity")]] | None = None
    message_buffer_autoclear: bool | None = None
    model: str | None = None
    embedding: str | None = None
    model_settings: ModelSettings | None = None
    compaction_settings: CompactionSettings | None = None
    context_window_limit: int | None = None
    reasoning: bool | None = None
    llm_config: Any = None
    embedding_config: Any = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = None
    enable_sleeptime: bool | None = None
    last_run_completion: datetime | None = None
    last_run_duration_ms: int | None = None
    last_stop_reason: Any = None
    timezone: str | None = None
    max_files_open: _MaxFiles = None
    per_file_view_window_char_limit: _ViewWindow = None
    hidden: bool | None = None


@attrs.frozen(kw_only=True)
class AgentQuery:
    """Query of retrieving an agent."""

    include_relationships: list[str] | None = None
    include: list[Included] = attrs.field(factory=list[Included])


@attrs.frozen(kw_only=True)
class ListAgentsQuery:
    """Query of listing agents."""

    name: str | None = None
    tags: list[str] | None = None
    match_all_tags: bool = False
    before: str | None = None
    after: str | None = None
    limit: int | None = 50
    query_text: str | None = None
    project_id: str | None = None
    template_id: str | None = None
    base_template_id: str | None = None
    identity_id: str | None = None
    identifier_keys: list[str] | None = None
    include_relationships: list[str] | None = None
    include: list[Included] = attrs.field(factory=list[Included])
    order: Order = "desc"
    order_by: Literal["created_at", "updated_at", "last_run_completion"] = "created_at"
    ascending: bool = False
    sort_by: str | None = "created_at"
    show_hidden_agents: bool | None = False
    last_stop_reason: str | None = None
    created_by_id: str | None = None


@attrs.frozen(kw_only=True)
class RecompileAgentQuery:
    """Query of recompiling an agent's own prompt."""

    update_timestamp: bool = False
    dry_run: bool = False


# --- conversations --------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CreateConversation:
    """Body of creating a conversation."""

    summary: str | None = None
    isolated_block_labels: list[str] | None = None
    model: ModelHandle = None
    model_settings: ModelSettings | None = None


@attrs.frozen(kw_only=True)
class UpdateConversation:
    """Body of changing a conversation."""

    summary: str | None = None
    model: ModelHandle = None
    model_settings: ModelSettings | None = None
    last_message_at: datetime | None = None


@attrs.frozen(kw_only=True)
class CompactionRequest:
    """Body of recompiling and of compacting."""

    agent_id: str | None = None
    compaction_settings: CompactionSettings | None = None


@attrs.frozen(kw_only=True)
class CreateConversationQuery:
    """Query of creating a conversation."""

    agent_id: str


@attrs.frozen(kw_only=True)
class ConversationsQuery:
    """Query of listing conversations."""

    agent_id: str | None = None
    limit: int = 50
    after: str | None = None
    summary_search: str | None = None
    order: Order = "desc"
    order_by: Literal["created_at", "last_run_completion", "last_message_at"] = "created_at"


@attrs.frozen(kw_only=True)
class DirectQuery:
    """Query of forking and of cancelling."""

    agent_id: str | None = None


@attrs.frozen(kw_only=True)
class RecompileQuery:
    """Query of recompiling a conversation."""

    dry_run: bool = False


@attrs.frozen(kw_only=True)
class MessagesQuery:
    """Query of listing messages."""

    agent_id: str | None = None
    before: str | None = None
    after: str | None = None
    limit: int | None = 100
    order: Order = "desc"
    order_by: Literal["created_at"] = "created_at"
    group_id: str | None = None
    include_err: bool | None = None
    include_return_message_types: list[MessageType] | None = None
