"""Agents."""

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
"""A kind of agent."""
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
"""An optional part of an agent, which a call returns when it is asked to."""


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
