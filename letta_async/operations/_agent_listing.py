"""Base class of lists of the agents that something is attached to."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from letta_async._schema.unset import UNSET
from letta_async.operations._listing import IdListing
from letta_async.operations._operation import AgentId, InQuery, operation
from letta_async.types.agent import AgentInclude

__all__ = ["AttachedAgentListing"]

Item = TypeVar("Item")


@operation
class AttachedAgentListing(IdListing[Item], Generic[Item]):
    """A call that lists the agents of a block, an archive or an identity."""

    item: ClassVar[str] = "agent"

    after: InQuery[AgentId | None] = UNSET
    before: InQuery[AgentId | None] = UNSET
    include: InQuery[list[AgentInclude]] = UNSET
    """Optional parts of each agent to return: `agent.blocks`, `agent.tags` and so on. Server default: none."""
