"""Groups of agents."""

from __future__ import annotations

import attrs

from letta_async._schema.fields import WireObject

__all__ = ["Group"]


@attrs.frozen(kw_only=True)
class Group(WireObject):
    """A group of agents. Source: `Group` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`group-<uuid4>`."""
    manager_type: str | None = None
    """Kind of management: `round_robin`, `supervisor`, `dynamic`, `sleeptime`, `voice_sleeptime` or `swarm`."""
    agent_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the group's agents, `agent-<uuid4>`."""
    description: str | None = None
    """Description of the group's purpose."""
    manager_agent_id: str | None = None
    """ID of the agent that manages the group."""
    shared_block_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the blocks that the agents share."""
    termination_token: str | None = None
    """Text that ends a conversation of a `dynamic` group."""
    max_turns: int | None = None
    """Maximum number of turns per message of a user."""
    sleeptime_agent_frequency: int | None = None
    """Number of turns between two runs of the agents in the background."""
    turns_counter: int | None = None
    """Number of turns since the agents last ran in the background."""
    last_processed_message_id: str | None = None
    """ID of the last message that the agents in the background have seen."""
    max_message_buffer_length: int | None = None
    """Maximum number of messages in the context of the agent that talks."""
    min_message_buffer_length: int | None = None
    """Minimum number of messages in the context of the agent that talks."""
    hidden: bool | None = None
    """Whether the group is left out of lists."""
    project_id: str | None = None
    """ID of the project that the group belongs to; hosted API."""
    template_id: str | None = None
    """ID of the template that the group belongs to."""
    base_template_id: str | None = None
    """ID of the template that the group was made from."""
    deployment_id: str | None = None
    """ID of the deployment."""
