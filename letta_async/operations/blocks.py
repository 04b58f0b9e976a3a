"""Calls under `/v1/blocks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from letta_async._schema.constraints import Int32, SmallCount, TextWithNul
from letta_async._schema.unset import UNSET
from letta_async.operations._agent_listing import AttachedAgentListing
from letta_async.operations._include_relationships import Relationships
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    BlockId,
    Endpoint,
    IdentityId,
    InBody,
    InPath,
    InQuery,
    Operation,
    operation,
    parameters,
)
from letta_async.operations._propagating import PropagatingEdit
from letta_async.types.agent import AgentState
from letta_async.types.block import Block, NewBlockFields

__all__ = [
    "BlockChanges",
    "CreateBlock",
    "DeleteBlock",
    "ListBlockAgents",
    "ListBlocks",
    "RetrieveBlock",
    "UpdateBlock",
]


@operation
class CreateBlock(NewBlockFields, Operation[Block]):
    """Create a block. An agent has it once it is attached: see `block_ids` of `agents.create`."""

    http: ClassVar[Endpoint] = POST("/v1/blocks/", body_required=True)


@operation
class ListBlocks(CreationOrder, IdListing[Block]):
    """List blocks, including those that were created with an agent."""

    http: ClassVar[Endpoint] = GET("/v1/blocks/")
    item: ClassVar[str] = "block"
    default_order: ClassVar[str] = "asc"

    after: InQuery[BlockId | None] = UNSET
    before: InQuery[BlockId | None] = UNSET
    label: InQuery[str | None] = UNSET
    """List blocks with exactly this label."""
    label_search: InQuery[str | None] = UNSET
    """List blocks whose label contains this text."""
    description_search: InQuery[str | None] = UNSET
    """List blocks whose description contains this text."""
    value_search: InQuery[str | None] = UNSET
    """List blocks whose text contains this text."""
    tags: InQuery[list[str] | None] = UNSET
    """List blocks with one of these tags."""
    match_all_tags: InQuery[bool] = UNSET
    """List only blocks that have all of `tags`. Server default: `False`."""
    templates_only: InQuery[bool] = UNSET
    """List only block templates. Server default: `False`."""
    name: InQuery[str | None] = UNSET
    """List block templates with exactly this name: letters, digits, spaces, `_` and `-`."""
    project_id: InQuery[str | None] = UNSET
    """List blocks of this project; hosted API."""
    identity_id: InQuery[IdentityId | None] = UNSET
    """List blocks of the identity with this ID, `identity-<uuid4>`."""
    identifier_keys: InQuery[list[str] | None] = UNSET
    """List blocks of the identities with these identifier keys."""
    connected_to_agents_count_gt: InQuery[Int32 | None] = UNSET
    """List blocks that more agents than this have. Such a list comes in the order of the IDs."""
    connected_to_agents_count_lt: InQuery[Int32 | None] = UNSET
    """List blocks that fewer agents than this have. Such a list comes in the order of the IDs."""
    connected_to_agents_count_eq: InQuery[list[Int32] | None] = UNSET
    """List blocks that one of these numbers of agents have. Such a list comes in the order of the IDs."""


@operation
class RetrieveBlock(Operation[Block]):
    """Retrieve a block.

    Raises:
        NotFoundError: There is no such block.

    """

    http: ClassVar[Endpoint] = GET("/v1/blocks/{block_id}")

    block_id: InPath[BlockId]
    """`block-<uuid4>`."""


@parameters
class BlockChanges:
    """What can be changed of a block, by its ID or by its label."""

    value: InBody[TextWithNul | None] = UNSET
    """Text of the block."""
    label: InBody[str | None] = UNSET
    """Name of the block in prompts, such as `human`."""
    description: InBody[str | None] = UNSET
    """Description of the block's purpose; it appears in prompts, too."""
    limit: InBody[SmallCount | None] = UNSET
    """Maximum length of the text, in characters."""
    read_only: InBody[bool] = UNSET
    """Agents may read the block but not edit it."""
    metadata: InBody[Mapping[str, Any] | None] = UNSET
    """JSON object to store with the block; it replaces the one before."""
    tags: InBody[list[str] | None] = UNSET
    """Tags to find the block by; they replace those before."""
    hidden: InBody[bool | None] = UNSET
    """Leave the block out of lists."""
    project_id: InBody[str | None] = UNSET
    """ID of the project that the block belongs to; hosted API."""
    is_template: InBody[bool] = UNSET
    """The block is a template rather than memory."""
    template_name: InBody[str | None] = UNSET
    """Name of the block as a template."""
    template_id: InBody[str | None] = UNSET
    """ID of the template."""
    base_template_id: InBody[str | None] = UNSET
    """ID of the template that the block was made from."""
    deployment_id: InBody[str | None] = UNSET
    """ID of the deployment."""
    entity_id: InBody[str | None] = UNSET
    """ID of the block within its template."""
    preserve_on_migration: InBody[bool | None] = UNSET
    """Keep the block when its template is migrated."""


@operation
class UpdateBlock(PropagatingEdit, BlockChanges, Operation[Block]):
    """Update a block.

    The own system prompts of its agents change with it, those of their conversations do not until they are recompiled:
    see `propagate`. A parameter that is left out keeps its value; on Letta 0.16.8, so does one that is `None`.

    Raises:
        NotFoundError: There is no such block.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/blocks/{block_id}")

    block_id: InPath[BlockId]
    """`block-<uuid4>`."""


@operation
class DeleteBlock(Operation[None]):
    """Delete a block, wherever it is attached. No prompt changes until it is recompiled.

    Raises:
        NotFoundError: There is no such block, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/blocks/{block_id}")

    block_id: InPath[BlockId]
    """`block-<uuid4>`."""


@operation
class ListBlockAgents(Relationships, CreationOrder, AttachedAgentListing[AgentState]):
    """List the agents that a block is attached to. Letta 0.16.8 lists none for a block that does not exist."""

    http: ClassVar[Endpoint] = GET("/v1/blocks/{block_id}/agents")

    block_id: InPath[BlockId]
    """`block-<uuid4>`."""
