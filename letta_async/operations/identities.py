"""Calls under `/v1/identities`, and those that attach identities to agents and blocks."""

from __future__ import annotations

from typing import Annotated, ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._agent_listing import AttachedAgentListing
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    PUT,
    AgentId,
    BlockId,
    Endpoint,
    IdentityId,
    InBody,
    InPath,
    InQuery,
    Operation,
    WholeBody,
    operation,
    parameters,
)
from letta_async.types.agent import AgentState
from letta_async.types.block import Block
from letta_async.types.identity import Identity, IdentityProperty, IdentityType

__all__ = [
    "AttachIdentity",
    "AttachIdentityToBlock",
    "CountIdentities",
    "CreateIdentity",
    "DeleteIdentity",
    "DetachIdentity",
    "DetachIdentityFromBlock",
    "ListIdentities",
    "ListIdentityAgents",
    "ListIdentityBlocks",
    "RetrieveIdentity",
    "UpdateIdentity",
    "UpsertIdentity",
    "UpsertIdentityProperties",
]


@parameters
class IdentityRelations:
    """Parameters for what an identity is attached to."""

    agent_ids: InBody[list[AgentId] | None] = UNSET
    """IDs of agents to attach the identity to, deprecated: see `agents.identities.attach`."""
    block_ids: InBody[list[BlockId] | None] = UNSET
    """IDs of blocks to attach the identity to, deprecated: see `blocks.identities.attach`."""


@parameters
class IdentityFields(IdentityRelations):
    """Parameters of a whole identity."""

    identifier_key: InBody[str]
    """Key of the identity in your own system; unique in a project."""
    name: InBody[str]
    """Name of the identity."""
    identity_type: InBody[IdentityType]
    """Kind of the identity: `org`, `user` or `other`."""
    properties: InBody[list[IdentityProperty] | None] = UNSET
    """Properties, as classes of this package or mappings with `key`, `value` and `type`."""
    project_id: InBody[str | None] = UNSET
    """ID of the project that the identity belongs to; hosted API."""


@operation
class CreateIdentity(IdentityFields, Operation[Identity]):
    """Create an identity.

    Raises:
        ConflictError: The project has an identity with this key.
        InternalServerError: An agent or a block does not exist, on Letta 0.16.8.

    """

    http: ClassVar[Endpoint] = POST("/v1/identities/", body_required=True)


@operation
class UpsertIdentity(IdentityFields, Operation[Identity]):
    """Update the identity with a key, or create it. Letta 0.16.8 creates none.

    `properties` and `agent_ids` replace those before. Letta 0.16.8 ignores `block_ids`.

    Raises:
        NotFoundError: There is no identity with this key, on Letta 0.16.8.

    """

    http: ClassVar[Endpoint] = PUT("/v1/identities/")


@operation
class ListIdentities(CreationOrder, IdListing[Identity]):
    """List identities."""

    http: ClassVar[Endpoint] = GET("/v1/identities/")
    item: ClassVar[str] = "identity"

    after: InQuery[IdentityId | None] = UNSET
    before: InQuery[IdentityId | None] = UNSET
    name: InQuery[str | None] = UNSET
    """List identities whose name contains this text."""
    identifier_key: InQuery[str | None] = UNSET
    """List the identity with exactly this key."""
    identity_type: InQuery[IdentityType | None] = UNSET
    """List identities of this kind: `org`, `user` or `other`."""
    project_id: InQuery[str | None] = UNSET
    """List identities of this project, deprecated; hosted API."""


@operation
class CountIdentities(Operation[int]):
    """Count all identities.

    Returns:
        Their number.

    """

    http: ClassVar[Endpoint] = GET("/v1/identities/count")


@operation
class RetrieveIdentity(Operation[Identity]):
    """Retrieve an identity.

    Raises:
        NotFoundError: There is no such identity.

    """

    http: ClassVar[Endpoint] = GET("/v1/identities/{identity_id}")

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""


@operation
class UpdateIdentity(IdentityRelations, Operation[Identity]):
    """Update an identity. A parameter that is left out or `None` keeps its value.

    What lists contain is added: a property replaces one with the same key, and no agent or block is detached.

    Raises:
        NotFoundError: There is no such identity.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/identities/{identity_id}")

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""
    identifier_key: InBody[str | None] = UNSET
    """Key of the identity in your own system; unique in a project."""
    name: InBody[str | None] = UNSET
    """Name of the identity."""
    identity_type: InBody[IdentityType | None] = UNSET
    """Kind of the identity: `org`, `user` or `other`."""
    properties: InBody[list[IdentityProperty] | None] = UNSET
    """Properties to add, as classes of this package or mappings with `key`, `value` and `type`."""


@operation
class DeleteIdentity(Operation[None]):
    """Delete an identity, but not its agents and blocks.

    Raises:
        NotFoundError: There is no such identity, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/identities/{identity_id}")

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""


@operation
class UpsertIdentityProperties(Operation[Identity | None]):
    """Replace all properties of an identity.

    Returns:
        The identity; `None` where the server returns nothing.

    Raises:
        NotFoundError: There is no such identity.

    """

    http: ClassVar[Endpoint] = PUT("/v1/identities/{identity_id}/properties")

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""
    body: Annotated[list[IdentityProperty], WholeBody()]
    """Properties, as classes of this package or mappings with `key`, `value` and `type`."""


@operation
class ListIdentityAgents(CreationOrder, AttachedAgentListing[AgentState]):
    """List the agents of an identity.

    Raises:
        NotFoundError: There is no such identity.

    """

    http: ClassVar[Endpoint] = GET("/v1/identities/{identity_id}/agents")

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""


@operation
class ListIdentityBlocks(CreationOrder, IdListing[Block]):
    """List the blocks of an identity.

    Raises:
        NotFoundError: There is no such identity.

    """

    http: ClassVar[Endpoint] = GET("/v1/identities/{identity_id}/blocks")
    item: ClassVar[str] = "block"

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""
    after: InQuery[BlockId | None] = UNSET
    before: InQuery[BlockId | None] = UNSET


@operation
class AttachIdentity(Operation[None]):
    """Attach an identity to an agent. Nothing changes if the agent has it already.

    Raises:
        NotFoundError: There is no such agent, or no such identity.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/identities/attach/{identity_id}", body_required=False)

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class DetachIdentity(Operation[None]):
    """Detach an identity from an agent. Nothing changes if the agent does not have it.

    Raises:
        NotFoundError: There is no such agent, or no such identity.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/identities/detach/{identity_id}", body_required=False)

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class AttachIdentityToBlock(Operation[Block]):
    """Attach an identity to a block. Nothing changes if the block has it already.

    Raises:
        NotFoundError: There is no such block, or no such identity.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/blocks/{block_id}/identities/attach/{identity_id}", body_required=False)

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""
    block_id: InPath[BlockId]
    """`block-<uuid4>`."""


@operation
class DetachIdentityFromBlock(Operation[Block]):
    """Detach an identity from a block. Nothing changes if the block does not have it.

    Raises:
        NotFoundError: There is no such block, or no such identity.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/blocks/{block_id}/identities/detach/{identity_id}", body_required=False)

    identity_id: InPath[IdentityId]
    """`identity-<uuid4>`."""
    block_id: InPath[BlockId]
    """`block-<uuid4>`."""
