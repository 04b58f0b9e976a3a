"""Agents, and the calls about them: as much as keeping their prompts up to date needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

import attrs

from letta_async._unset import UNSET, Unset
from letta_async.models._fields import Count, PageSize, WireObject
from letta_async.models._listing import Listing
from letta_async.models._operation import PATH, QUERY, AgentId, BlockId, Operation
from letta_async.models._record import SECRET
from letta_async.models.block import Block, NewBlock
from letta_async.models.compaction import CompactionSettings
from letta_async.models.providers import ModelSettings
from letta_async.models.response_format import ResponseFormat

__all__ = [
    "AgentState",
    "CreateAgent",
    "DeleteAgent",
    "ListAgents",
    "ListBlockAgents",
    "RecompileAgent",
    "RetrieveAgent",
    "UpdateAgent",
]

AgentType = Literal[
    "memgpt_agent",
    "memgpt_v2_agent",
    "letta_v1_agent",
    "react_agent",
    "workflow_agent",
    "split_thread_agent",
    "sleeptime_agent",
    "voice_convo_agent",
    "voice_sleeptime_agent",
]
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


@attrs.frozen(kw_only=True)
class AgentState(WireObject):
    """An agent. Fields that have no name here, such as `tools` and `llm_config`, are in `extra_fields`.

    Source: `AgentState` in the OpenAPI description of Letta 0.16.8.
    """

    id: str
    """`agent-<uuid4>`."""
    name: str | None = None
    """Its name."""
    agent_type: str | None = None
    """How it works, such as `letta_v1_agent`."""
    system: str | None = None
    """What its system prompts are compiled from, besides the blocks."""
    blocks: list[Block] | None = attrs.field(default=None, hash=False)
    """Its memory; empty where the call was not asked to include it."""
    description: str | None = None
    """What it is for."""
    model: str | None = None
    """Its model, `provider/model-name`."""
    model_settings: ModelSettings | None = None
    """Settings of that model."""
    embedding: str | None = None
    """Model for embeddings, `provider/model-name`."""
    compaction_settings: CompactionSettings | None = None
    """How its conversations are compacted, unless a call says otherwise."""
    response_format: ResponseFormat | None = None
    """Shape that its answers must have."""
    message_ids: list[str] | None = attrs.field(default=None, hash=False)
    """Messages in the context of its own, the system message first."""
    tags: list[str] | None = attrs.field(default=None, hash=False)
    """Words to find it by; empty where the call was not asked to include them."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """Whatever its owner keeps with it."""
    timezone: str | None = None
    """Time zone that times in its prompts are told in, such as `Europe/Berlin`."""
    hidden: bool | None = None
    """Whether lists leave it out."""
    secrets: list[Mapping[str, Any]] | None = attrs.field(default=None, hash=False, repr=False, metadata=SECRET)
    """What its tools may know; not shown when it is printed, and masked in `to_dict`."""
    tool_exec_environment_variables: list[Mapping[str, Any]] | None = attrs.field(
        default=None, hash=False, repr=False, metadata=SECRET
    )
    """The same under an older name."""
    project_id: str | None = None
    """Project that it belongs to; hosted API."""
    last_run_completion: datetime | None = None
    """When it last finished a run."""
    created_at: datetime | None = None
    """When it was made."""
    updated_at: datetime | None = None
    """When it was changed."""
    created_by_id: str | None = None
    """Who made it."""
    last_updated_by_id: str | None = None
    """Who changed it last."""


# --- calls ----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, slots=False)
class _Settings:
    """What can be said of an agent, when it is made and later."""

    name: str | Unset | None = UNSET
    system: str | Unset | None = UNSET
    block_ids: list[BlockId] | Unset | None = attrs.field(default=UNSET, hash=False)
    tool_ids: list[str] | Unset | None = attrs.field(default=UNSET, hash=False)
    description: str | Unset | None = UNSET
    model: str | Unset | None = UNSET
    model_settings: ModelSettings | Unset | None = UNSET
    embedding: str | Unset | None = UNSET
    compaction_settings: CompactionSettings | Unset | None = UNSET
    context_window_limit: Count | Unset | None = UNSET
    response_format: ResponseFormat | Unset | None = UNSET
    tags: list[str] | Unset | None = attrs.field(default=UNSET, hash=False)
    metadata: Mapping[str, Any] | Unset | None = attrs.field(default=UNSET, hash=False)
    timezone: str | Unset | None = UNSET
    hidden: bool | Unset | None = UNSET


@attrs.frozen(kw_only=True)
class CreateAgent(_Settings, Operation[AgentState]):
    """Make an agent."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/v1/agents/"
    repeatable: ClassVar[bool] = False
    answer: ClassVar[Any] = AgentState
    body_required: ClassVar[bool] = True

    name: str | Unset = UNSET
    agent_type: AgentType | Unset = UNSET
    memory_blocks: list[NewBlock] | Unset | None = attrs.field(default=UNSET, hash=False)
    include_base_tools: bool | Unset = UNSET


@attrs.frozen(kw_only=True)
class ListAgents(Listing[AgentState]):
    """List agents."""

    path: ClassVar[str] = "/v1/agents/"
    answer: ClassVar[Any] = list[AgentState]

    limit: PageSize | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    after: AgentId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    before: AgentId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    order: Literal["asc", "desc"] | Unset = attrs.field(default=UNSET, metadata=QUERY)
    order_by: Literal["created_at", "updated_at", "last_run_completion"] | Unset = attrs.field(
        default=UNSET, metadata=QUERY
    )
    name: str | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    query_text: str | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    tags: list[str] | Unset | None = attrs.field(default=UNSET, metadata=QUERY, hash=False)
    match_all_tags: bool | Unset = attrs.field(default=UNSET, metadata=QUERY)
    project_id: str | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    include: list[Included] | Unset = attrs.field(default=UNSET, metadata=QUERY, hash=False)


@attrs.frozen(kw_only=True)
class ListBlockAgents(Listing[AgentState]):
    """List the agents that have a block."""

    path: ClassVar[str] = "/v1/blocks/{block_id}/agents"
    answer: ClassVar[Any] = list[AgentState]

    block_id: BlockId = attrs.field(metadata=PATH)
    limit: PageSize | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    after: AgentId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    before: AgentId | Unset | None = attrs.field(default=UNSET, metadata=QUERY)
    order: Literal["asc", "desc"] | Unset = attrs.field(default=UNSET, metadata=QUERY)
    include: list[Included] | Unset = attrs.field(default=UNSET, metadata=QUERY, hash=False)


@attrs.frozen(kw_only=True)
class RetrieveAgent(Operation[AgentState]):
    """Show an agent."""

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/v1/agents/{agent_id}"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = AgentState

    agent_id: AgentId = attrs.field(metadata=PATH)
    include: list[Included] | Unset = attrs.field(default=UNSET, metadata=QUERY, hash=False)


@attrs.frozen(kw_only=True)
class UpdateAgent(_Settings, Operation[AgentState]):
    """Change an agent."""

    method: ClassVar[str] = "PATCH"
    path: ClassVar[str] = "/v1/agents/{agent_id}"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = AgentState
    body_required: ClassVar[bool] = True

    agent_id: AgentId = attrs.field(metadata=PATH)


@attrs.frozen(kw_only=True)
class DeleteAgent(Operation[object]):
    """Delete an agent."""

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/v1/agents/{agent_id}"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = object

    agent_id: AgentId = attrs.field(metadata=PATH)


@attrs.frozen(kw_only=True)
class RecompileAgent(Operation[str]):
    """Compile an agent's own system prompt anew."""

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/v1/agents/{agent_id}/recompile"
    repeatable: ClassVar[bool] = True
    answer: ClassVar[Any] = str

    agent_id: AgentId = attrs.field(metadata=PATH)
    dry_run: bool | Unset = attrs.field(default=UNSET, metadata=QUERY)
    update_timestamp: bool | Unset = attrs.field(default=UNSET, metadata=QUERY)
