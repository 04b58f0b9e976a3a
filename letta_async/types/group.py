"""Groups of agents, and how a group is managed."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from letta_async._schema.constraints import SmallCount
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.wire_object import WireObject

__all__ = [
    "DynamicManager",
    "DynamicManagerUpdate",
    "Group",
    "ManagerConfig",
    "ManagerConfigUpdate",
    "ManagerType",
    "RoundRobinManager",
    "SleeptimeManager",
    "SleeptimeManagerUpdate",
    "SupervisorManager",
    "VoiceSleeptimeManager",
    "VoiceSleeptimeManagerUpdate",
]

ManagerType = Literal["round_robin", "supervisor", "dynamic", "sleeptime", "voice_sleeptime", "swarm"]
"""Way in which a group is managed."""


@attrs.frozen(kw_only=True)
class Group(WireObject):
    """A group of agents. Source: `Group` in the OpenAPI description of Letta 0.16.8."""

    id: str
    """`group-<uuid4>`."""
    manager_type: str | None = None
    """Way in which the group is managed, such as `round_robin` or `sleeptime`."""
    agent_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the agents, `agent-<uuid4>`, without that of the managing agent."""
    description: str | None = None
    """Description of the group's purpose."""
    manager_agent_id: str | None = None
    """ID of the managing agent, `agent-<uuid4>`; `None` in a group of type `round_robin`."""
    shared_block_ids: list[str] | None = attrs.field(default=None, hash=False)
    """IDs of the blocks of the group, deprecated; Letta 0.16.8 returns none."""
    termination_token: str | None = None
    """Text with which the agents end their turn; `dynamic` only."""
    max_turns: int | None = None
    """Maximum number of turns; `round_robin` and `dynamic` only."""
    sleeptime_agent_frequency: int | None = None
    """Number of turns after which the agents think about them; `sleeptime` only."""
    turns_counter: int | None = None
    """Number of turns since the agents last did so; `sleeptime` only."""
    last_processed_message_id: str | None = None
    """ID of the last message that the agents thought about; `sleeptime` only."""
    max_message_buffer_length: int | None = None
    """Maximum number of messages in the context of the conversing agent, roughly; `voice_sleeptime` only."""
    min_message_buffer_length: int | None = None
    """Minimum number of messages in the context of the conversing agent, roughly; `voice_sleeptime` only."""
    hidden: bool | None = None
    """Whether the group is left out of lists."""
    project_id: str | None = None
    """ID of the project that the group belongs to; hosted API."""
    template_id: str | None = None
    """ID of the template; hosted API."""
    base_template_id: str | None = None
    """ID of the template that the group was made from; hosted API."""
    deployment_id: str | None = None
    """ID of the deployment; hosted API."""


@attrs.frozen(kw_only=True)
class RoundRobinManager(WireObject):
    """Settings of a group whose agents take turns."""

    manager_type: Literal["round_robin"] = "round_robin"
    """The type, `round_robin`."""
    max_turns: SmallCount | Unset | None = UNSET
    """Maximum number of turns. Server default: no maximum."""


@attrs.frozen(kw_only=True)
class SupervisorManager(WireObject):
    """Settings of a group in which one agent directs the others."""

    manager_type: Literal["supervisor"] = "supervisor"
    """The type, `supervisor`."""
    manager_agent_id: str
    """ID of the managing agent, `agent-<uuid4>`."""


@attrs.frozen(kw_only=True)
class DynamicManager(WireObject):
    """Settings of a group in which one agent chooses who speaks next."""

    manager_type: Literal["dynamic"] = "dynamic"
    """The type, `dynamic`."""
    manager_agent_id: str
    """ID of the managing agent, `agent-<uuid4>`."""
    termination_token: str | Unset | None = UNSET
    """Text with which the agents end their turn. Server default: `DONE!`."""
    max_turns: SmallCount | Unset | None = UNSET
    """Maximum number of turns. Server default: no maximum."""


@attrs.frozen(kw_only=True)
class SleeptimeManager(WireObject):
    """Settings of a group whose agents think about the conversations of one agent in the background."""

    manager_type: Literal["sleeptime"] = "sleeptime"
    """The type, `sleeptime`."""
    manager_agent_id: str
    """ID of the agent that converses, `agent-<uuid4>`."""
    sleeptime_agent_frequency: SmallCount | Unset | None = UNSET
    """Number of turns after which the other agents think about them. Server default: after each."""


@attrs.frozen(kw_only=True)
class VoiceSleeptimeManager(WireObject):
    """Settings of a group whose agents think about the spoken conversations of one agent in the background."""

    manager_type: Literal["voice_sleeptime"] = "voice_sleeptime"
    """The type, `voice_sleeptime`."""
    manager_agent_id: str
    """ID of the agent that converses, `agent-<uuid4>`."""
    max_message_buffer_length: SmallCount | Unset | None = UNSET
    """Maximum number of messages in its context, roughly; more than 4."""
    min_message_buffer_length: SmallCount | Unset | None = UNSET
    """Minimum number of messages in its context, roughly; more than 4 and less than the maximum."""


@attrs.frozen(kw_only=True)
class DynamicManagerUpdate(WireObject):
    """Changes to the settings of a group in which one agent chooses who speaks next."""

    manager_type: Literal["dynamic"] = "dynamic"
    """The type, `dynamic`; it cannot be changed."""
    manager_agent_id: str | Unset | None = UNSET
    """ID of the managing agent, `agent-<uuid4>`."""
    termination_token: str | Unset | None = UNSET
    """Text with which the agents end their turn."""
    max_turns: SmallCount | Unset | None = UNSET
    """Maximum number of turns."""


@attrs.frozen(kw_only=True)
class SleeptimeManagerUpdate(WireObject):
    """Changes to the settings of a group whose agents think about conversations in the background."""

    manager_type: Literal["sleeptime"] = "sleeptime"
    """The type, `sleeptime`; it cannot be changed."""
    manager_agent_id: str | Unset | None = UNSET
    """ID of the agent that converses, `agent-<uuid4>`."""
    sleeptime_agent_frequency: SmallCount | Unset | None = UNSET
    """Number of turns after which the other agents think about them."""


@attrs.frozen(kw_only=True)
class VoiceSleeptimeManagerUpdate(WireObject):
    """Changes to the settings of a group whose agents think about spoken conversations in the background."""

    manager_type: Literal["voice_sleeptime"] = "voice_sleeptime"
    """The type, `voice_sleeptime`; it cannot be changed."""
    manager_agent_id: str | Unset | None = UNSET
    """ID of the agent that converses, `agent-<uuid4>`."""
    max_message_buffer_length: SmallCount | Unset | None = UNSET
    """Maximum number of messages in its context, roughly; more than 4."""
    min_message_buffer_length: SmallCount | Unset | None = UNSET
    """Minimum number of messages in its context, roughly; more than 4 and less than the maximum."""


ManagerConfig: TypeAlias = (
    RoundRobinManager | SupervisorManager | DynamicManager | SleeptimeManager | VoiceSleeptimeManager
)
"""Settings of a group, told apart by `manager_type`."""
ManagerConfigUpdate: TypeAlias = (
    RoundRobinManager | SupervisorManager | DynamicManagerUpdate | SleeptimeManagerUpdate | VoiceSleeptimeManagerUpdate
)
"""Changes to the settings of a group, told apart by `manager_type`, which cannot be changed."""
