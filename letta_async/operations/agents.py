"""Calls under `/v1/agents`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

import attrs

from letta_async._schema.constraints import Count, Int32
from letta_async._schema.record import SECRET
from letta_async._schema.unset import UNSET
from letta_async.operations._conversation import DryRunParameters
from letta_async.operations._include_relationships import Relationships
from letta_async.operations._listing import IdListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    AgentId,
    BlockId,
    Endpoint,
    FolderId,
    IdentityId,
    InBody,
    InPath,
    InQuery,
    MessageId,
    Operation,
    SecretText,
    ToolId,
    operation,
    parameters,
)
from letta_async.operations._propagating import PropagatingEdit
from letta_async.types.agent import AgentInclude, AgentState, AgentType
from letta_async.types.block import NewBlock
from letta_async.types.compaction import CompactionSettings
from letta_async.types.folder import EmbeddingConfig
from letta_async.types.llm_config import LlmConfig
from letta_async.types.model_settings import ModelSettings
from letta_async.types.response_format import ResponseFormat
from letta_async.types.run import StopReason
from letta_async.types.tool_rules import ToolRule
from letta_async.types.turn_input import MessageCreate

__all__ = [
    "AgentFields",
    "CreateAgent",
    "DeleteAgent",
    "ListAgents",
    "RecompileAgent",
    "RetrieveAgent",
    "UpdateAgent",
]


@parameters
class AgentFields:
    """What an agent is made with, and what can be changed of it. Defaults are those of a new agent."""

    name: InBody[str | None] = UNSET
    """Name of the agent."""
    model: InBody[str | None] = UNSET
    """Handle of the model, `provider/model-name`. A new agent needs one, or `llm_config`."""
    model_settings: InBody[ModelSettings | None] = UNSET
    """Settings of the model, as a class of this package or a mapping of the same fields; both are validated."""
    llm_config: InBody[LlmConfig | None] = UNSET
    """Configuration of the model, in the form that `model` and `model_settings` replace."""
    context_window_limit: InBody[Count | None] = UNSET
    """Size of the context window, in tokens. Default: the model's, at most 128000."""
    embedding: InBody[str | None] = UNSET
    """Handle of the embedding model, `provider/model-name`."""
    embedding_config: InBody[EmbeddingConfig | None] = UNSET
    """Configuration of the embedding model, in the form that `embedding` replaces."""
    system: InBody[str | None] = UNSET
    """Text that system prompts are compiled from; `{CORE_MEMORY}` in it is replaced by the memory, which otherwise
    follows at the end. Default: the text that belongs to the kind of agent."""
    block_ids: InBody[list[BlockId] | None] = UNSET
    """IDs of the agent's blocks, `block-<uuid4>`. Letta 0.16.8 ignores those that do not exist when an agent is
    created."""
    tool_ids: InBody[list[ToolId] | None] = UNSET
    """IDs of the agent's tools, `tool-<uuid4>`."""
    tool_rules: InBody[list[ToolRule] | None] = UNSET
    """Rules about the order in which the agent uses its tools, such as `InitToolRule`, or mappings of the same fields;
    both are validated."""
    folder_ids: InBody[list[FolderId] | None] = UNSET
    """IDs of the agent's folders, `source-<uuid4>`."""
    source_ids: InBody[list[FolderId] | None] = UNSET
    """Earlier name of `folder_ids`."""
    identity_ids: InBody[list[IdentityId] | None] = UNSET
    """IDs of the agent's identities, `identity-<uuid4>`."""
    tags: InBody[list[str] | None] = UNSET
    """Tags to find the agent by."""
    description: InBody[str | None] = UNSET
    """Description of the agent's purpose."""
    metadata: InBody[Mapping[str, Any] | None] = UNSET
    """JSON object to store with the agent."""
    secrets: InBody[Mapping[str, SecretText] | None] = attrs.field(default=UNSET, repr=False, metadata=SECRET)
    """Environment variables of the agent's tools, by name; error messages and `repr` never show the values."""
    tool_exec_environment_variables: InBody[Mapping[str, SecretText] | None] = attrs.field(
        default=UNSET, repr=False, metadata=SECRET
    )
    """Older name of `secrets`, which counts where both are passed."""
    compaction_settings: InBody[CompactionSettings | None] = UNSET
    """How the agent's conversations are compacted unless a call says otherwise."""
    response_format: InBody[ResponseFormat | None] = UNSET
    """Shape that the agent's answers must have."""
    enable_sleeptime: InBody[bool | None] = UNSET
    """Let another agent edit the memory in the background. Default: `False`."""
    max_files_open: InBody[Count | None] = UNSET
    """Maximum number of files that the agent can have open at once, up to 1000. Default: by the context window."""
    per_file_view_window_char_limit: InBody[Count | None] = UNSET
    """Maximum length of the part of a file that the agent sees, in characters. Default: by the context window."""
    timezone: InBody[str | None] = UNSET
    """Time zone of times in the agent's prompts, such as `Europe/Berlin`. Default: `UTC`."""
    hidden: InBody[bool | None] = UNSET
    """Leave the agent out of lists. Default: it is listed."""
    max_tokens: InBody[Count | None] = UNSET
    """Maximum number of tokens that the model may generate per response; `model_settings` replaces it."""
    parallel_tool_calls: InBody[bool | None] = UNSET
    """Let the model call several tools at once; `model_settings` replaces it."""
    reasoning: InBody[bool | None] = UNSET
    """Let the model reason; `model_settings` replaces it."""
    project_id: InBody[str | None] = UNSET
    """ID of the project that the agent belongs to; hosted API."""
    template_id: InBody[str | None] = UNSET
    """ID of the template that the agent belongs to."""
    base_template_id: InBody[str | None] = UNSET
    """ID of the template that the agent was made from."""


@operation
class CreateAgent(AgentFields, Operation[AgentState]):
    """Create an agent."""

    http: ClassVar[Endpoint] = POST("/v1/agents/", body_required=True)

    name: InBody[str] = UNSET
    """Name of the agent. Server default: a generated name."""
    agent_type: InBody[AgentType] = UNSET
    """Kind of agent. Server default: `letta_v1_agent`."""
    memory_blocks: InBody[list[NewBlock] | None] = UNSET
    """Blocks to create with the agent, as `NewBlock` or mappings of the same fields; both are validated. A `Block` is
    copied."""
    tools: InBody[list[str] | None] = UNSET
    """Names of tools to attach, such as `conversation_search`; a name that does not exist is a `BadRequestError`."""
    include_base_tools: InBody[bool] = UNSET
    """Attach the tools of the agent's type. Server default: `True`."""
    include_base_tool_rules: InBody[bool | None] = UNSET
    """Add the rules of the tools of the agent's type. Server default: those of the type, `letta_v1_agent` has none."""
    include_multi_agent_tools: InBody[bool] = UNSET
    """Attach the tools for messages to other agents. Server default: `False`."""
    include_default_source: InBody[bool] = UNSET
    """Create a folder with the agent, and attach it. Server default: `False`."""
    initial_message_sequence: InBody[list[MessageCreate] | None] = UNSET
    """Messages that the agent's context begins with, as `MessageCreate` or mappings of the same fields. Letta 0.16.8
    takes texts alone, and no parts, as their content. Server default: none."""
    message_buffer_autoclear: InBody[bool] = UNSET
    """Forget the messages after each turn. Server default: `False`."""
    enable_reasoner: InBody[bool | None] = UNSET
    """Let the model reason; `model_settings` replaces it. Server default: `True`."""
    max_reasoning_tokens: InBody[Count | None] = UNSET
    """Maximum number of tokens for reasoning; `model_settings` replaces it."""
    embedding_chunk_size: InBody[Count | None] = UNSET
    """Length of the pieces that texts are cut into, in tokens; no longer used. Server default: 300."""
    from_template: InBody[str | None] = UNSET
    """Name of the template to make the agent from; `templates.agents.create` replaces it."""
    template: InBody[bool] = UNSET
    """The agent is a template; no longer used. Server default: `False`."""
    memory_variables: InBody[Mapping[str, str] | None] = UNSET
    """Values of the template's variables, by name."""
    project: InBody[str | None] = UNSET
    """Project that the agent belongs to; the client's option `project` replaces it."""
    actor_id: InBody[str | None] = UNSET
    """ID of the user who creates the agent. Server default: the one whom the API key belongs to."""


@operation
class ListAgents(Relationships, IdListing[AgentState]):
    """List agents."""

    http: ClassVar[Endpoint] = GET("/v1/agents/")
    item: ClassVar[str] = "agent"

    after: InQuery[AgentId | None] = UNSET
    before: InQuery[AgentId | None] = UNSET
    order_by: InQuery[Literal["created_at", "updated_at", "last_run_completion"]] = UNSET
    """Time that the order goes by. Server default: `created_at`."""
    name: InQuery[str | None] = UNSET
    """List agents with exactly this name."""
    query_text: InQuery[str | None] = UNSET
    """List agents whose name contains this text, ignoring case."""
    tags: InQuery[list[str] | None] = UNSET
    """List agents with one of these tags."""
    match_all_tags: InQuery[bool] = UNSET
    """List only agents that have all of `tags`. Server default: `False`."""
    project_id: InQuery[str | None] = UNSET
    """List agents of this project; hosted API."""
    template_id: InQuery[str | None] = UNSET
    """List agents that belong to the template with this ID."""
    base_template_id: InQuery[str | None] = UNSET
    """List agents that were made from the template with this ID."""
    identity_id: InQuery[IdentityId | None] = UNSET
    """List agents of the identity with this ID, `identity-<uuid4>`."""
    identifier_keys: InQuery[list[str] | None] = UNSET
    """List agents of the identities with these identifier keys."""
    last_stop_reason: InQuery[StopReason | None] = UNSET
    """List agents whose last run ended for this reason."""
    created_by_id: InQuery[str | None] = UNSET
    """List agents that the user with this ID created."""
    include: InQuery[list[AgentInclude]] = UNSET
    """Optional parts of each agent to return: `agent.blocks` and so on. Letta 0.16.8 returns memory, tags and secrets
    to clients that it does not know, whatever is named here."""
    ascending: InQuery[bool] = UNSET
    """Earlier form of `order`: `True` lists the oldest first. Server default: `False`."""
    sort_by: InQuery[str | None] = UNSET
    """Earlier form of `order_by`: `created_at` or `last_run_completion`. Server default: `created_at`."""


@operation
class RetrieveAgent(Relationships, Operation[AgentState]):
    """Retrieve an agent.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    include: InQuery[list[AgentInclude]] = UNSET
    """Optional parts of the agent to return: `agent.blocks`, `agent.tags` and so on."""


@operation
class UpdateAgent(PropagatingEdit, AgentFields, Operation[AgentState]):
    """Update an agent.

    Neither the agent's own system prompt nor those of its conversations change until they are recompiled: see
    `propagate`. A parameter that is left out keeps its value; on Letta 0.16.8, so does one that is `None`. Lists and
    objects replace those before.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    message_buffer_autoclear: InBody[bool | None] = UNSET
    """Forget the messages after each turn."""
    message_ids: InBody[list[MessageId] | None] = UNSET
    """IDs of the messages in the agent's own context, the system message first."""
    last_run_completion: InBody[datetime | None] = UNSET
    """Time when the last run was completed."""
    last_run_duration_ms: InBody[Int32 | None] = UNSET
    """Duration of the last run, in milliseconds."""
    last_stop_reason: InBody[StopReason | None] = UNSET
    """Reason for the end of the last run."""


@operation
class DeleteAgent(Operation[None]):
    """Delete an agent with its conversations and messages; its blocks stay.

    Raises:
        NotFoundError: There is no such agent, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/agents/{agent_id}")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class RecompileAgent(DryRunParameters, Operation[str]):
    """Recompile an agent's own system prompt: that of messages sent without a conversation.

    The prompts of its conversations do not change; see `conversations.recompile`.

    Returns:
        The compiled system prompt, decoded. Without `dry_run`, Letta 0.16.8 stores the new prompt but returns the
        previous one.

    Raises:
        NotFoundError: There is no such agent, or it has no system message.

    """

    http: ClassVar[Endpoint] = POST("/v1/agents/{agent_id}/recompile", repeatable=True)

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    update_timestamp: InQuery[bool] = UNSET
    """Write the current time into the prompt, rather than the time of its first compilation. Server default:
    `False`."""
