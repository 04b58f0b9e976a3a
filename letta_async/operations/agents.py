"""Calls under `/v1/agents`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import attrs

from letta_async._schema.fields import Count
from letta_async._schema.record import SECRET
from letta_async._schema.unset import UNSET
from letta_async.operations._conversation import DryRunParameters
from letta_async.operations._listing import IdListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    AgentId,
    BlockId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    SecretText,
    operation,
)
from letta_async.types.agent import AgentInclude, AgentState, AgentType
from letta_async.types.block import NewBlock
from letta_async.types.compaction import CompactionSettings
from letta_async.types.providers import ModelSettings
from letta_async.types.response_format import ResponseFormat

__all__ = ["CreateAgent", "DeleteAgent", "ListAgents", "RecompileAgent", "RetrieveAgent", "UpdateAgent"]


@attrs.frozen(kw_only=True, slots=False)
class AgentFields:
    """What can be set of an agent, when it is created or later."""

    name: InBody[str | None] = UNSET
    """Name of the agent."""
    model: InBody[str | None] = UNSET
    """Handle of the model, `provider/model-name`."""
    model_settings: InBody[ModelSettings | None] = UNSET
    """Settings of the model, as a class of this package or a mapping of the same fields; both are validated."""
    context_window_limit: InBody[Count | None] = UNSET
    """Size of the context window, in tokens."""
    embedding: InBody[str | None] = UNSET
    """Handle of the embedding model, `provider/model-name`."""
    system: InBody[str | None] = UNSET
    """Text that system prompts are compiled from; `{CORE_MEMORY}` in it is replaced by the memory, which otherwise
    follows at the end."""
    compaction_settings: InBody[CompactionSettings | None] = UNSET
    """How the agent's conversations are compacted unless a call says otherwise."""
    response_format: InBody[ResponseFormat | None] = UNSET
    """Shape that the agent's answers must have."""
    description: InBody[str | None] = UNSET
    """Description of the agent's purpose."""
    tool_exec_environment_variables: InBody[Mapping[str, SecretText] | None] = attrs.field(
        default=UNSET, repr=False, metadata=SECRET
    )
    """Older name of `secrets`, which counts where both are passed."""
    timezone: InBody[str | None] = UNSET
    """Time zone of times in the agent's prompts, such as `Europe/Berlin`."""
    hidden: InBody[bool | None] = UNSET
    """Leave the agent out of lists."""


@operation
class CreateAgent(AgentFields, Operation[AgentState]):
    """Create an agent.

    Fields of the API that have no parameter here go into `extra_body`.
    """

    http: ClassVar[Endpoint] = POST("/v1/agents/", body_required=True)

    name: InBody[str] = UNSET
    """Name of the agent. Server default: a generated name."""
    agent_type: InBody[AgentType] = UNSET
    """Kind of agent. Server default: `letta_v1_agent`."""
    model: InBody[str | None] = UNSET
    """Handle of the model, `provider/model-name`; the server requires one."""
    context_window_limit: InBody[Count | None] = UNSET
    """Size of the context window, in tokens. Server default: the model's, at most 128000."""
    system: InBody[str | None] = UNSET
    """Text that system prompts are compiled from; `{CORE_MEMORY}` in it is replaced by the memory, which otherwise
    follows at the end. Server default: the text that belongs to `agent_type`."""
    memory_blocks: InBody[list[NewBlock] | None] = UNSET
    """Blocks to create with the agent, as `NewBlock` or mappings of the same fields; both are validated."""
    block_ids: InBody[list[BlockId] | None] = UNSET
    """IDs of existing blocks to attach, `block-<uuid4>`. Letta 0.16.8 ignores those that do not exist."""
    tool_ids: InBody[list[str] | None] = UNSET
    """IDs of tools to attach, `tool-<uuid4>`."""
    tools: InBody[list[str] | None] = UNSET
    """Names of tools to attach, such as `conversation_search`; a name that does not exist is a `BadRequestError`."""
    include_base_tools: InBody[bool] = UNSET
    """Attach the tools of the agent's type. Server default: `True`."""
    metadata: InBody[Mapping[str, Any] | None] = UNSET
    """JSON object to store with the agent."""
    secrets: InBody[Mapping[str, SecretText] | None] = attrs.field(default=UNSET, repr=False, metadata=SECRET)
    """Environment variables of the agent's tools, by name; error messages and `repr` never show the values."""
    tags: InBody[list[str] | None] = UNSET
    """Tags to find the agent by."""
    timezone: InBody[str | None] = UNSET
    """Time zone of times in the agent's prompts, such as `Europe/Berlin`. Server default: `UTC`."""
    hidden: InBody[bool | None] = UNSET
    """Leave the agent out of lists. Server default: it is listed."""


@operation
class ListAgents(IdListing[AgentState]):
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
    include: InQuery[list[AgentInclude]] = UNSET
    """Optional parts of each agent to return: `agent.blocks` and so on. Letta 0.16.8 returns memory, tags and secrets
    to clients that it does not know, whatever is named here."""


@operation
class RetrieveAgent(Operation[AgentState]):
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
class UpdateAgent(AgentFields, Operation[AgentState]):
    """Update an agent.

    Neither the agent's own system prompt nor those of its conversations change until they are recompiled. A parameter
    that is left out keeps its value; on Letta 0.16.8, so does one that is `None`.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}")

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    block_ids: InBody[list[BlockId] | None] = UNSET
    """IDs of the agent's blocks, `block-<uuid4>`; they replace those attached before."""
    tool_ids: InBody[list[str] | None] = UNSET
    """IDs of the agent's tools, `tool-<uuid4>`; they replace those attached before."""
    metadata: InBody[Mapping[str, Any] | None] = UNSET
    """JSON object to store with the agent; it replaces the one before."""
    secrets: InBody[Mapping[str, SecretText] | None] = attrs.field(default=UNSET, repr=False, metadata=SECRET)
    """Environment variables of the agent's tools, by name; they replace those before."""
    tags: InBody[list[str] | None] = UNSET
    """Tags to find the agent by; they replace those before."""


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
