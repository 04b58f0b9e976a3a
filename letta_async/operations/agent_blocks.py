"""Calls under `/v1/agents/{agent_id}/core-memory/blocks`."""

from __future__ import annotations

from typing import ClassVar, Literal

from letta_async._schema.unset import UNSET
from letta_async.operations._listing import IdListing
from letta_async.operations._operation import (
    GET,
    PATCH,
    AgentId,
    BlockId,
    Endpoint,
    InPath,
    InQuery,
    Operation,
    Segment,
    operation,
    parameters,
)
from letta_async.operations._propagating import PropagatingEdit
from letta_async.operations.blocks import BlockChanges
from letta_async.types.agent import AgentState
from letta_async.types.block import Block

__all__ = ["AttachBlock", "DetachBlock", "ListAgentBlocks", "RetrieveAgentBlock", "UpdateAgentBlock"]


@operation
class ListAgentBlocks(IdListing[Block]):
    """List the blocks of an agent. Letta 0.16.8 orders them by their ID, whatever their age.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/core-memory/blocks")
    item: ClassVar[str] = "block"
    default_limit: ClassVar[int] = 100

    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
    after: InQuery[BlockId | None] = UNSET
    before: InQuery[BlockId | None] = UNSET
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` for ascending, `desc` for descending order. Server default: `desc`."""
    order_by: InQuery[Literal["created_at"]] = UNSET
    """Field that the order goes by; Letta 0.16.8 ignores it. Server default: `created_at`."""


@parameters
class LabelledBlock:
    """Parameters of the path to the block of an agent that has a label."""

    block_label: InPath[Segment]
    """Name of the block in prompts, such as `human`. Letta 0.16.8 finds none whose label contains a `/`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class RetrieveAgentBlock(LabelledBlock, Operation[Block]):
    """Retrieve the block of an agent that has a label.

    Raises:
        NotFoundError: There is no such agent, or it has no block with this label.

    """

    http: ClassVar[Endpoint] = GET("/v1/agents/{agent_id}/core-memory/blocks/{block_label}")


@operation
class UpdateAgentBlock(PropagatingEdit, LabelledBlock, BlockChanges, Operation[Block]):
    """Update the block of an agent that has a label.

    The own system prompt of this agent changes with it. Those of its conversations, and of other agents with the block,
    do not until they are recompiled: see `propagate`. A parameter that is left out keeps its value; on Letta 0.16.8, so
    does one that is `None`. Letta 0.16.8 fails on `tags` after it made the other changes: pass them to `blocks.update`.

    Raises:
        NotFoundError: There is no such agent, or it has no block with this label.
        ConflictError: The agent has another block with the new label; on Letta 0.16.8 also for `tags`.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/core-memory/blocks/{block_label}")


@operation
class AttachBlock(Operation[AgentState]):
    """Attach a block to an agent. No prompt changes until it is recompiled.

    Raises:
        NotFoundError: There is no such agent, or no such block.
        ConflictError: The agent has another block with the same label.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/core-memory/blocks/attach/{block_id}", body_required=False)

    block_id: InPath[BlockId]
    """`block-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class DetachBlock(Operation[AgentState]):
    """Detach a block from an agent. The block remains, and no prompt changes until it is recompiled.

    Raises:
        NotFoundError: There is no such agent, it does not have the block, or an earlier attempt of this call detached
            the block.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/core-memory/blocks/detach/{block_id}", body_required=False)

    block_id: InPath[BlockId]
    """`block-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
