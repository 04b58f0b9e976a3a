"""Agents, their kinds and the optional parts of them that a call can include."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from letta_async._schema.record import SECRET, masked, names, shortened
from letta_async._schema.wire_object import WireObject
from letta_async.types.block import Block
from letta_async.types.compaction import CompactionSettings
from letta_async.types.folder import EmbeddingConfig, Folder
from letta_async.types.group import Group
from letta_async.types.identity import Identity
from letta_async.types.llm_config import LlmConfig
from letta_async.types.memory import Memory
from letta_async.types.message import ApprovalRequestMessage
from letta_async.types.model_settings import ModelSettings
from letta_async.types.response_format import ResponseFormat
from letta_async.types.tool import Tool
from letta_async.types.tool_rules import ToolRule

__all__ = ["AgentEnvironmentVariable", "AgentInclude", "AgentState", "AgentType"]

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
class AgentEnvironmentVariable(WireObject):
    """Environment variable of an agent's tools. Source: `AgentEnvironmentVariable` in the description of Letta 0.16.8.

    Neither the `repr` nor `to_dict` shows the value.
    """

    key: str
    """Name of the variable."""
    value: str = attrs.field(repr=masked, metadata=SECRET)
    """Value of the variable; masked in the `repr` and in `to_dict`."""
    agent_id: str | None = None
    """ID of the agent, `agent-<uuid4>`."""
    id: str | None = None
    """`agent-env-<uuid4>`."""
    description: str | None = None
    """Description of the variable."""
    value_enc: str | None = attrs.field(default=None, repr=masked, metadata=SECRET)
    """Value as the server stores it; masked as `value` is."""
    organization_id: str | None = None
    """ID of the organization that the variable belongs to."""
    created_at: datetime | None = None
    """Time of creation."""
    updated_at: datetime | None = None
    """Time of the last change."""
    created_by_id: str | None = None
    """ID of the user who created the variable."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the variable last."""


@attrs.frozen(kw_only=True)
class AgentState(WireObject):
    """An agent.

    Source: `AgentState` in the OpenAPI description of Letta 0.16.8. Which relations a response has, such as `tools` and
    `tags`, depends on the `include` of the call.
    """

    id: str
    """ID of the agent, `agent-<uuid4>`."""
    name: str | None = None
    """Name of the agent."""
    agent_type: str | None = None
    """Kind of the agent, such as `letta_v1_agent`."""
    system: str | None = attrs.field(default=None, repr=shortened)
    """Template from which, with the blocks, the system prompts are compiled."""
    blocks: list[Block] | None = attrs.field(default=None, hash=False)
    """Memory blocks of the agent; empty unless the call includes `agent.blocks`."""
    memory: Memory | None = attrs.field(default=None, hash=False, repr=False)
    """The same blocks in an earlier form; not in the `repr`."""
    tools: list[Tool] | None = attrs.field(default=None, hash=False, repr=names)
    """Tools of the agent; the `repr` has their names. Empty unless the call includes `agent.tools`."""
    tool_rules: list[ToolRule] | None = attrs.field(default=None, hash=False)
    """Rules about the order in which the agent uses its tools."""
    description: str | None = None
    """Description of the agent's purpose."""
    model: str | None = None
    """Handle of the model, `provider/model-name`."""
    model_settings: ModelSettings | None = None
    """Settings of the model."""
    llm_config: LlmConfig | None = None
    """Configuration of the model, in the form that `model` and `model_settings` replace."""
    embedding: str | None = None
    """Handle of the embedding model, `provider/model-name`."""
    embedding_config: EmbeddingConfig | None = None
    """Configuration of the embedding model, in the form that `embedding` replaces."""
    compaction_settings: CompactionSettings | None = None
    """Settings for compacting the agent's conversations; a call can override them."""
    response_format: ResponseFormat | None = None
    """Format that the model's responses must have."""
    message_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the messages in the agent's own context, the system message first."""
    message_buffer_autoclear: bool | None = None
    """Whether the agent forgets its messages after each turn."""
    enable_sleeptime: bool | None = None
    """Whether another agent edits the memory in the background."""
    sources: list[Folder] | None = attrs.field(default=None, hash=False)
    """Folders of the agent; empty unless the call includes `agent.sources`."""
    max_files_open: int | None = None
    """Maximum number of files that the agent can have open at once."""
    per_file_view_window_char_limit: int | None = None
    """Maximum length of the part of a file that the agent sees, in characters."""
    tags: list[str] | None = attrs.field(default=None, hash=False)
    """Tags to find the agent by; empty unless the call includes `agent.tags`."""
    identities: list[Identity] | None = attrs.field(default=None, hash=False)
    """Identities of the agent; empty unless the call includes `agent.identities`."""
    identity_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of these identities, `identity-<uuid4>`."""
    pending_approval: ApprovalRequestMessage | None = None
    """Request for an approval that the agent waits for; `None` unless the call includes `agent.pending_approval`."""
    managed_group: Group | None = None
    """Group that the agent manages; `None` unless the call includes `agent.managed_group`."""
    multi_agent_group: Group | None = None
    """Earlier name of `managed_group`."""
    metadata: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """JSON object that is stored with the agent."""
    timezone: str | None = None
    """Time zone of the times in the agent's prompts, such as `Europe/Berlin`."""
    hidden: bool | None = None
    """Whether the agent is left out of lists."""
    secrets: list[AgentEnvironmentVariable] | None = attrs.field(default=None, hash=False, repr=False, metadata=SECRET)
    """Environment variables of the agent's tools; not in the `repr`, and masked in `to_dict`. Empty unless the call
    includes `agent.secrets`."""
    tool_exec_environment_variables: list[AgentEnvironmentVariable] | None = attrs.field(
        default=None, hash=False, repr=False, metadata=SECRET
    )
    """Earlier name of `secrets`; not in the `repr`, and masked in `to_dict`."""
    project_id: str | None = None
    """ID of the project that the agent belongs to; hosted API."""
    template_id: str | None = None
    """ID of the template that the agent belongs to."""
    base_template_id: str | None = None
    """ID of the template that the agent was made from."""
    deployment_id: str | None = None
    """ID of the deployment."""
    entity_id: str | None = None
    """ID of the agent within its template."""
    last_run_completion: datetime | None = None
    """Time when the last run was completed."""
    last_run_duration_ms: int | None = None
    """Duration of the last run, in milliseconds."""
    last_stop_reason: str | None = None
    """Reason for the end of the last run, such as `end_turn`."""
    created_at: datetime | None = None
    """Time of creation."""
    updated_at: datetime | None = None
    """Time of the last change."""
    created_by_id: str | None = None
    """ID of the user who created the agent."""
    last_updated_by_id: str | None = None
    """ID of the user who changed the agent last."""

    @property
    def api_model_settings(self) -> ModelSettings | None:
        """Name of `model_settings` in the official client."""
        return self.model_settings
