"""Agents, their kinds and the optional parts of them that a call can include."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from letta_async._schema.fields import WireObject
from letta_async._schema.record import SECRET
from letta_async.types.block import Block
from letta_async.types.compaction import CompactionSettings
from letta_async.types.providers import ModelSettings
from letta_async.types.response_format import ResponseFormat

__all__ = ["AgentInclude", "AgentState", "AgentType"]

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
"""Kind of an agent."""
AgentInclude = Literal[
    "agent.blocks",
    "agent.identities",
    "agent.managed_group",
    "agent.pending_approval",
    "agent.secrets",
    "agent.sources",
    "agent.tags",
    "agent.tools",
]
"""Optional part of an agent, which a call returns if the part is in its `include`."""


@attrs.frozen(kw_only=True)
class AgentState(WireObject):
    """An agent. Fields that are not declared here, such as `tools` and `llm_config`, are in `extra_fields`.

    Source: `AgentState` in the OpenAPI description of Letta 0.16.8.
    """

    id: str
    """ID of the agent, `agent-<uuid4>`."""
    name: str | None = None
    """Name of the agent."""
    agent_type: str | None = None
    """Kind of the agent, such as `letta_v1_agent`."""
    system: str | None = None
    """Template from which, with the blocks, the system prompts are compiled."""
    blocks: list[Block] | None = attrs.field(default=None, hash=False)
    """Memory blocks of the agent; empty unless the call includes `agent.blocks`."""
    description: str | None = None
    """Description of the agent's purpose."""
    model: str | None = None
    """Handle of the model, `provider/model-name`."""
    model_settings: ModelSettings | None = None
    """Settings of the model."""
    embedding: str | None = None
    """Handle of the embedding model, `provider/model-name`."""
    compaction_settings: CompactionSettings | None = None
    """Settings for compacting the agent's conversations; a call can override them."""
    response_format: ResponseFormat | None = None
    """Format that the model's responses must have."""
    message_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the messages in the agent's own context, the system message first."""
    tags: list[str] | None = attrs.field(default=None, hash=False)
    """Tags to find the agent by; empty unless the call includes `agent.tags`."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON object that is stored with the agent."""
    timezone: str | None = None
    """Time zone of the times in the agent's prompts, such as `Europe/Berlin`."""
    hidden: bool | None = None
    """Whether the agent is left out of lists."""
    secrets: list[Mapping[str, Any]] | None = attrs.field(default=None, hash=False, repr=False, metadata=SECRET)
    """Environment variables of the agent's tools; not in the `repr`, and masked in `to_dict`."""
    tool_exec_environment_variables: list[Mapping[str, Any]] | None = attrs.field(
        default=None, hash=False, repr=False, metadata=SECRET
    )
    """Earlier name of `secrets`; not in the `repr`, and masked in `to_dict`."""
    project_id: str | None = None
    """ID of the project that the agent belongs to; hosted API."""
    last_run_completion: datetime | None = None
    """Time when the last run was completed."""
    created_at: datetime | None = None
    """Time of creation."""
    updated_at: datetime | None = None
    """Time of the last change."""
    created_by_id: str | None = None
    """ID of the user who created the agent."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the agent last."""
