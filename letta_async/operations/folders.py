"""Calls under `/v1/folders`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from letta_async._schema.fields import Count
from letta_async._schema.unset import UNSET
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import (
    GET,
    POST,
    Endpoint,
    File,
    FolderId,
    InBody,
    InPath,
    InQuery,
    Operation,
    operation,
)
from letta_async.types.folder import DuplicateHandling, EmbeddingConfig, FileMetadata, Folder

__all__ = ["CreateFolder", "ListFolders", "UploadFile"]


@operation
class CreateFolder(Operation[Folder]):
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
    description: InBody[str | None] = UNSET
    """Description of the folder."""
    instructions: InBody[str | None] = UNSET
    """Instructions for agents on how to use the folder."""
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
    """List folders with exactly this name."""


@operation
class UploadFile(Operation[FileMetadata]):
    """Upload a file into a folder. The server processes it after its response: see `processing_status`.

    The file is sent piece by piece, whatever its size. A retry sends it again from the beginning; an open file that is
    not seekable is sent once only.

    Raises:
        NotFoundError: There is no such folder.
        BadRequestError: The folder has a file with this name, and `duplicate_handling` is `error`.

    """

    http: ClassVar[Endpoint] = POST("/v1/folders/{folder_id}/upload")

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
    file: File
    """File to upload: a path, bytes, a file open for reading bytes, or a tuple of a name and one of these. The server
    tells the kind of file by its name: pass one with bytes."""
    duplicate_handling: InQuery[DuplicateHandling] = UNSET
    """What to do when the folder has a file with this name: `skip` it, fail with an `error`, add a `suffix` to the new
    name, or `replace` the file. Server default: `suffix`."""
    name: InQuery[str | None] = UNSET
    """Name of the file in the folder. Default: the file's own."""
