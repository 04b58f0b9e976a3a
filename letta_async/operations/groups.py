"""Calls under `/v1/groups`, and the groups of an agent."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import ClassVar

from letta_async._schema.unset import UNSET, Unset
from letta_async.errors import ArgumentProblem
from letta_async.operations._listing import CreationOrder, GrowingListing, IdListing
from letta_async.operations._message_listing import MessageListing, MessageToolParameters, MessageTypeFilter
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    AgentId,
    BlockId,
    Endpoint,
    GroupId,
    InBody,
    InPath,
    InQuery,
    Operation,
    operation,
    parameters,
)
from letta_async.types.group import Group, ManagerConfig, ManagerConfigUpdate, ManagerType, VoiceSleeptimeManager
from letta_async.types.message import Message

__all__ = [
    "AttachGroupBlock",
    "CountGroups",
    "CreateGroup",
    "DeleteGroup",
    "DetachGroupBlock",
    "ListAgentGroups",
    "ListGroupMessages",
    "ListGroups",
    "ResetGroupMessages",
    "RetrieveGroup",
    "UpdateGroup",
]


@parameters
class ManagerFilter:
    """Parameter of a list of groups that are managed in one way."""

    manager_type: InQuery[ManagerType | None] = UNSET
    """List groups that are managed in this way, such as `sleeptime`."""


@operation
class CreateGroup(Operation[Group]):
    """Create a group of agents.

    Letta 0.16.8 has no call that sends messages to a group: send them to the managing agent.

    Raises:
        NotFoundError: An agent does not exist.
        ConflictError: The managing agent does not exist.
        BadRequestError: An agent of a `dynamic` group is in it twice, or two agents have one name.

    """

    http: ClassVar[Endpoint] = POST("/v1/groups/", body_required=True)

    agent_ids: InBody[list[AgentId]]
    """IDs of the agents, `agent-<uuid4>`, without that of the managing agent."""
    description: InBody[str]
    """Description of the group's purpose."""
    manager_config: InBody[ManagerConfig] = UNSET
    """Way in which the group is managed, such as `SleeptimeManager`, or a mapping of the same fields with
    `manager_type`. Server default: `RoundRobinManager`."""
    hidden: InBody[bool | None] = UNSET
    """Leave the group out of lists; Letta 0.16.8 ignores it."""
    shared_block_ids: InBody[list[BlockId]] = UNSET
    """IDs of blocks to attach to all agents of the group, deprecated."""
    project_id: InBody[str | None] = UNSET
    """ID of the project that the group belongs to; hosted API."""

    def argument_problems(self, extra: Container[str]) -> Iterable[ArgumentProblem]:
        """Return problems that no parameter has alone: buffers of a voice group have both lengths, or neither."""
        yield from super().argument_problems(extra)
        config = self.manager_config
        if isinstance(config, VoiceSleeptimeManager):
            lengths = (config.min_message_buffer_length, config.max_message_buffer_length)
            least, most = (None if isinstance(length, Unset) else length for length in lengths)
            if (least is None) != (most is None):
                yield ArgumentProblem("manager_config", "has one buffer length alone; give both, or neither")
            elif least is not None and most is not None and not 4 < least < most:
                yield ArgumentProblem(
                    "manager_config", f"has buffer lengths {least} and {most}; allowed: 4 < minimum < maximum"
                )


@operation
class ListGroups(ManagerFilter, CreationOrder, IdListing[Group]):
    """List groups."""

    http: ClassVar[Endpoint] = GET("/v1/groups/")
    item: ClassVar[str] = "group"
    default_order: ClassVar[str] = "asc"

    after: InQuery[GroupId | None] = UNSET
    before: InQuery[GroupId | None] = UNSET
    project_id: InQuery[str | None] = UNSET
    """List groups of this project; hosted API."""


@operation
class CountGroups(Operation[int]):
    """Count all groups.

    Returns:
        Their number.

    """

    http: ClassVar[Endpoint] = GET("/v1/groups/count")


@operation
class RetrieveGroup(Operation[Group]):
    """Retrieve a group.

    Raises:
        NotFoundError: There is no such group.

    """

    http: ClassVar[Endpoint] = GET("/v1/groups/{group_id}")

    group_id: InPath[GroupId]
    """`group-<uuid4>`."""


@operation
class UpdateGroup(Operation[Group]):
    """Update a group. A parameter that is left out, `None` or empty keeps its value.

    Raises:
        NotFoundError: There is no such group, or an agent does not exist.
        BadRequestError: `manager_config` is of another type than that of the group.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/groups/{group_id}")

    group_id: InPath[GroupId]
    """`group-<uuid4>`."""
    agent_ids: InBody[list[AgentId] | None] = UNSET
    """IDs of the agents, `agent-<uuid4>`; they replace those before."""
    description: InBody[str | None] = UNSET
    """Description of the group's purpose."""
    manager_config: InBody[ManagerConfigUpdate | None] = UNSET
    """Changes to the settings of the group, such as `SleeptimeManagerUpdate`, or a mapping of the same fields with
    `manager_type`, which cannot be changed."""
    shared_block_ids: InBody[list[BlockId] | None] = UNSET
    """IDs of blocks of the group, deprecated; Letta 0.16.8 ignores them."""
    project_id: InBody[str | None] = UNSET
    """ID of the project to move the group to; hosted API."""


@operation
class DeleteGroup(Operation[None]):
    """Delete a group, but not its agents.

    Raises:
        NotFoundError: There is no such group, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/groups/{group_id}")

    group_id: InPath[GroupId]
    """`group-<uuid4>`."""


@operation
class ListGroupMessages(MessageToolParameters, MessageTypeFilter, CreationOrder, MessageListing[Message]):
    """List the messages of a group.

    Raises:
        NotFoundError: There is no such group.

    """

    http: ClassVar[Endpoint] = GET("/v1/groups/{group_id}/messages")
    default_limit: ClassVar[int] = 10

    group_id: InPath[GroupId]
    """`group-<uuid4>`."""


@operation
class ResetGroupMessages(Operation[None]):
    """Delete the messages of a group, but not those that its agents have otherwise.

    Raises:
        NotFoundError: There is no such group.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/groups/{group_id}/reset-messages", body_required=False)

    group_id: InPath[GroupId]
    """`group-<uuid4>`."""


@operation
class AttachGroupBlock(Operation[None]):
    """Attach a block to a group. Letta 0.16.8 attaches it to none of the agents: see `agents.blocks.attach`.

    Raises:
        NotFoundError: There is no such group, or no such block.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/groups/{group_id}/blocks/attach/{block_id}", body_required=False)

    block_id: InPath[BlockId]
    """`block-<uuid4>`."""
    group_id: InPath[GroupId]
    """`group-<uuid4>`."""


@operation
class DetachGroupBlock(Operation[None]):
    """Detach a block from a group. Letta 0.16.8 detaches it from none of the agents: see `agents.blocks.detach`.

    Raises:
        NotFoundError: There is no such group, or no such block.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/groups/{group_id}/blocks/detach/{block_id}", body_required=False)

    block_id: InPath[BlockId]
    """`block-<uuid4>`."""
    group_id: InPath[GroupId]
    """`group-<uuid4>`."""


@operation
class ListAgentGroups(ManagerFilter, CreationOrder, GrowingListing[Group]):
    """List the groups that an agent is in, without those that it only manages.

    Letta 0.16.8 sorts by age, but compares `after` and `before` with the ID, so that pages would leave groups out. An
    iteration therefore asks for larger and larger first pages. No group is listed for an agent that does not exist.
    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/groups")
    item: ClassVar[str] = "group"
    default_limit: ClassVar[int] = 100

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    after: InQuery[GroupId | None] = UNSET
    before: InQuery[GroupId | None] = UNSET
