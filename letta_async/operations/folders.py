"""Calls under `/v1/folders`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from letta_async._schema.constraints import Count, PageSize
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    PATCH,
    POST,
    AgentId,
    Endpoint,
    FolderId,
    InBody,
    InPath,
    InQuery,
    Operation,
    PassageId,
    Segment,
    operation,
    parameters,
)
from letta_async.operations._passage_listing import PassageListing
from letta_async.types.archive import Passage
from letta_async.types.folder import EmbeddingConfig, Folder

__all__ = [
    "CountFolders",
    "CreateFolder",
    "DeleteFolder",
    "ListFolderAgents",
    "ListFolderPassages",
    "ListFolders",
    "RetrieveFolder",
    "RetrieveFolderByName",
    "UpdateFolder",
]


@parameters
class FolderTexts:
    """Parameters of the calls that create and update folders."""

    description: InBody[str | None] = UNSET
    """Description of the folder."""
    instructions: InBody[str | None] = UNSET
    """Instructions for agents on how to use the folder."""


@operation
class CreateFolder(FolderTexts, Operation[Folder]):
    """Create a folder, whose files agents can search and open.

    Raises:
        BadRequestError: Neither `embedding` nor `embedding_config` is passed, or there is no such model.
        ConflictError: There is a folder with this name.

    """

    http: ClassVar[Endpoint] = POST("/v1/folders/", body_required=True)

    name: InBody[str]
    """Name of the folder."""
    embedding: InBody[str | None] = UNSET
    """Handle of the embedding model, `provider/model-name`; a server of your own requires one."""
    embedding_config: InBody[EmbeddingConfig | None] = UNSET
    """Connection to the embedding model, as a class of this package or a mapping of the same fields; legacy."""
    embedding_chunk_size: InBody[Count | None] = UNSET
    """Length of the pieces that files are cut into, in tokens. Server default: 300."""
    metadata: InBody[Mapping[str, Any] | None] = UNSET
    """JSON object to store with the folder."""


@operation
class ListFolders(CreationOrder, IdListing[Folder]):
    """List folders."""

    http: ClassVar[Endpoint] = GET("/v1/folders/")
    item: ClassVar[str] = "folder"
    default_order: ClassVar[str] = "asc"

    after: InQuery[FolderId | None] = UNSET
    before: InQuery[FolderId | None] = UNSET
    name: InQuery[str | None] = UNSET
    """List folders whose name contains this text; Letta 0.16.8 ignores the case."""


@operation
class CountFolders(Operation[int]):
    """Count the folders."""

    http: ClassVar[Endpoint] = GET("/v1/folders/count")


@operation
class RetrieveFolder(Operation[Folder]):
    """Retrieve a folder.

    Raises:
        NotFoundError: There is no such folder.

    """

    http: ClassVar[Endpoint] = GET("/v1/folders/{folder_id}")

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""


@operation
class RetrieveFolderByName(Operation[str]):
    """Return the ID of the folder with a name. Servers deprecate the call in favor of `folders.list(name=…)`.

    Raises:
        NotFoundError: There is no folder with exactly this name.

    """

    http: ClassVar[Endpoint] = GET("/v1/folders/name/{folder_name}")

    folder_name: InPath[Segment]
    """Name of the folder."""


@operation
class UpdateFolder(FolderTexts, Operation[Folder]):
    """Update a folder. A parameter that is left out keeps its value; on Letta 0.16.8, so does one that is `None`.

    Raises:
        NotFoundError: There is no such folder.
        ConflictError: There is another folder with this name.

    """

    http: ClassVar[Endpoint] = PATCH("/v1/folders/{folder_id}")

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
    name: InBody[str | None] = UNSET
    """Name of the folder. The names of its files in agents' contexts keep the earlier one."""
    metadata: InBody[Mapping[str, Any] | None] = UNSET
    """JSON object to store with the folder; it replaces the earlier one."""
    embedding_config: InBody[EmbeddingConfig | None] = UNSET
    """Connection to the embedding model, as a class of this package or a mapping of the same fields; files that were
    processed before keep their embeddings."""


@operation
class DeleteFolder(Operation[None]):
    """Delete a folder with its files, and detach it from its agents.

    Raises:
        NotFoundError: There is no such folder, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/folders/{folder_id}")

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""


@operation
class ListFolderAgents(CreationOrder, IdListing[str]):
    """List the IDs of the agents that a folder is attached to.

    Raises:
        NotFoundError: There is no such folder, or no agent with the ID in `after` or `before`.

    """

    http: ClassVar[Endpoint] = GET("/v1/folders/{folder_id}/agents")
    item: ClassVar[str] = "agent"

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
    after: InQuery[AgentId | None] = UNSET
    before: InQuery[AgentId | None] = UNSET


@operation
class ListFolderPassages(CreationOrder, PassageListing[Passage]):
    """List the passages that the files of a folder were cut into. Letta 0.16.8 lists none for an unknown folder."""

    http: ClassVar[Endpoint] = GET("/v1/folders/{folder_id}/passages")

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
    limit: InQuery[PageSize | None] = UNSET
    """Maximum number of passages of files per page. Server default: 100."""
    after: InQuery[PassageId | None] = UNSET
    """List passages of files that are newer than the one with this ID, in either order."""
    before: InQuery[PassageId | None] = UNSET
    """List passages of files that are older than the one with this ID, in either order."""
    order: InQuery[Literal["asc", "desc"]] = UNSET
    """`asc` lists the oldest passages first, `desc` the newest. Server default: `desc`."""
