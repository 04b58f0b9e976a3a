"""Calls under `/v1/archives`, and those that attach archives to agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._agent_listing import AttachedAgentListing
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    AgentId,
    ArchiveId,
    Endpoint,
    InBody,
    InPath,
    InQuery,
    Operation,
    PassageId,
    operation,
)
from letta_async.operations.passages import PassageFields
from letta_async.types.agent import AgentState
from letta_async.types.archive import Archive, Passage, PassageCreate
from letta_async.types.folder import EmbeddingConfig

__all__ = [
    "AttachArchive",
    "CreateArchive",
    "CreateArchivePassage",
    "CreateArchivePassages",
    "DeleteArchive",
    "DeleteArchivePassage",
    "DetachArchive",
    "ListArchiveAgents",
    "ListArchives",
    "RetrieveArchive",
    "UpdateArchive",
]


@operation
class CreateArchive(Operation[Archive]):
    """Create an archive. Agents search it once it is attached: see `agents.archives.attach`.

    Without an embedding model it is searched by words alone.

    Raises:
        BadRequestError: There is no such model.

    """

    http: ClassVar[Endpoint] = POST("/v1/archives/", body_required=True)

    name: InBody[str]
    """Name of the archive; several can have the same."""
    description: InBody[str | None] = UNSET
    """Description of the archive."""
    embedding: InBody[str | None] = UNSET
    """Handle of the embedding model, `provider/model-name`. Server default: its own setting, by default none."""
    embedding_config: InBody[EmbeddingConfig | None] = UNSET
    """Connection to the embedding model, as a class of this package or a mapping of the same fields; legacy. Letta
    0.16.8 ignores `embedding` beside it."""


@operation
class ListArchives(CreationOrder, IdListing[Archive]):
    """List archives.

    Raises:
        NotFoundError: There is no such agent.

    """

    http: ClassVar[Endpoint] = GET("/v1/archives/")
    item: ClassVar[str] = "archive"

    after: InQuery[ArchiveId | None] = UNSET
    before: InQuery[ArchiveId | None] = UNSET
    name: InQuery[str | None] = UNSET
    """List archives with exactly this name."""
    agent_id: InQuery[AgentId | None] = UNSET
    """List the archives of this agent, `agent-<uuid4>`."""


@operation
class RetrieveArchive(Operation[Archive]):
    """Retrieve an archive.

    Raises:
        NotFoundError: There is no such archive.

    """

    http: ClassVar[Endpoint] = GET("/v1/archives/{archive_id}")

    archive_id: InPath[ArchiveId]
    """`archive-<uuid4>`."""


@operation
class UpdateArchive(Operation[Archive]):
    """Update an archive. A parameter that is left out or `None` keeps its value.

    Raises:
        NotFoundError: There is no such archive.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/archives/{archive_id}")

    archive_id: InPath[ArchiveId]
    """`archive-<uuid4>`."""
    name: InBody[str | None] = UNSET
    """New name of the archive."""
    description: InBody[str | None] = UNSET
    """New description of the archive."""


@operation
class DeleteArchive(Operation[None]):
    """Delete an archive with its passages, whichever agents have it.

    Raises:
        NotFoundError: There is no such archive, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/archives/{archive_id}")

    archive_id: InPath[ArchiveId]
    """`archive-<uuid4>`."""


@operation
class ListArchiveAgents(AttachedAgentListing[AgentState]):
    """List the agents that an archive is attached to. Letta 0.16.8 lists none for an archive that does not exist."""

    http: ClassVar[Endpoint] = GET("/v1/archives/{archive_id}/agents")

    archive_id: InPath[ArchiveId]
    """`archive-<uuid4>`."""


@operation
class CreateArchivePassage(PassageFields, Operation[Passage]):
    """Create a passage in an archive.

    Raises:
        NotFoundError: There is no such archive.

    """

    http: ClassVar[Endpoint] = POST("/v1/archives/{archive_id}/passages", body_required=True)

    archive_id: InPath[ArchiveId]
    """`archive-<uuid4>`."""
    metadata: InBody[Mapping[str, Any] | None] = UNSET
    """JSON object to store with the passage."""


@operation
class CreateArchivePassages(Operation[list[Passage]]):
    """Create passages in an archive.

    Returns:
        The passages, in the order of `passages`.

    Raises:
        NotFoundError: There is no such archive.
        InternalServerError: The archive has no embedding model, on Letta 0.16.8: create its passages one by one.

    """

    http: ClassVar[Endpoint] = POST("/v1/archives/{archive_id}/passages/batch", body_required=True)

    archive_id: InPath[ArchiveId]
    """`archive-<uuid4>`."""
    passages: InBody[list[PassageCreate]]
    """Passages to create, as classes of this package or mappings of the same fields."""


@operation
class DeleteArchivePassage(Operation[None]):
    """Delete a passage of an archive.

    Raises:
        NotFoundError: There is no such archive, no such passage, or an earlier attempt of this call deleted it.
        BadRequestError: The passage is in another archive.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/archives/{archive_id}/passages/{passage_id}")

    passage_id: InPath[PassageId]
    """`passage-<uuid4>`."""
    archive_id: InPath[ArchiveId]
    """`archive-<uuid4>`."""


@operation
class AttachArchive(Operation[None]):
    """Attach an archive to an agent, which has at most one. Nothing changes if the agent has it already.

    Raises:
        NotFoundError: There is no such agent, or no such archive.
        ConflictError: The agent has another archive; its first passage creates one.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/archives/attach/{archive_id}", body_required=False)

    archive_id: InPath[ArchiveId]
    """`archive-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""


@operation
class DetachArchive(Operation[None]):
    """Detach an archive from an agent. The archive remains; nothing changes if the agent does not have it.

    Raises:
        NotFoundError: There is no such agent, or no such archive.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/agents/{agent_id}/archives/detach/{archive_id}", body_required=False)

    archive_id: InPath[ArchiveId]
    """`archive-<uuid4>`."""
    agent_id: InPath[AgentId]
    """`agent-<uuid4>`."""
