"""Calls under `/v1/folders/{folder_id}` that concern its files."""

from __future__ import annotations

from typing import ClassVar

from letta_async._schema.unset import UNSET
from letta_async.operations._listing import CreationOrder, IdListing
from letta_async.operations._operation import (
    DELETE,
    GET,
    POST,
    Endpoint,
    File,
    FileId,
    FolderId,
    InClient,
    InPath,
    InQuery,
    Operation,
    operation,
    parameters,
)
from letta_async.types.folder import DuplicateHandling, FileMetadata
from letta_async.types.upload import UploadProgress

__all__ = ["DeleteFile", "ListFiles", "RetrieveFile", "UploadFile", "UploadParameters"]


@parameters
class UploadParameters:
    """Parameters of an upload, of one file or of many."""

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
    duplicate_handling: InQuery[DuplicateHandling] = UNSET
    """What to do when the folder has a file with the same name: `skip` it, fail with an `error`, add a `suffix` to the
    new name, or `replace` the file. Server default: `suffix`."""


@operation
class UploadFile(UploadParameters, Operation[FileMetadata]):
    """Upload a file into a folder. The server processes it after its response: see `processing_status`.

    The file is sent piece by piece, whatever its size. A retry sends it again from the beginning; what can be read only
    once, such as a pipe or a generator, is sent once only. `upload_and_poll` waits until the file is processed.

    Raises:
        NotFoundError: There is no such folder.
        BadRequestError: The folder has a file with this name, and `duplicate_handling` is `error`.
        APIStatusError: With status 415: the server does not process this type of file.

    """

    http: ClassVar[Endpoint] = POST("/v1/folders/{folder_id}/upload")

    file: File
    """File to upload: a path, bytes, a file open for reading bytes whose `read` may be `async`, an iterable or async
    iterable of bytes, or a tuple of a name, one of these, and if need be its media type. In a tuple a string is the
    text of the file, not its path. The server recognizes the type of a file by its media type, or by its name: pass a
    name with bytes."""
    name: InQuery[str | None] = UNSET
    """Name of the file in the folder. Default: the file's own."""
    on_progress: InClient[UploadProgress | None] = UNSET
    """Callback for the progress: called on the client's event loop after each piece that was sent, with the number of
    bytes sent and the size of the file, `None` if only reading it shows that. A retry begins again at 0; an exception
    ends the call. Default: `None`."""


@operation
class ListFiles(CreationOrder, IdListing[FileMetadata]):
    """List the files in a folder. Letta 0.16.8 lists none for a folder that does not exist.

    Raises:
        NotFoundError: There is no file with the ID in `after` or `before`.

    """

    http: ClassVar[Endpoint] = GET("/v1/folders/{folder_id}/files")
    item: ClassVar[str] = "file"
    default_limit: ClassVar[int] = 1000

    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
    after: InQuery[FileId | None] = UNSET
    before: InQuery[FileId | None] = UNSET
    include_content: InQuery[bool] = UNSET
    """Include the text of each file. Server default: `False`."""


@operation
class RetrieveFile(Operation[FileMetadata]):
    """Retrieve a file, and with it the state of its processing.

    Raises:
        NotFoundError: The file is not in this folder.
        InternalServerError: There is no such file; Letta 0.16.8 has no other response for it.

    """

    http: ClassVar[Endpoint] = GET("/v1/folders/{folder_id}/files/{file_id}")

    file_id: InPath[FileId]
    """`file-<uuid4>`."""
    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
    include_content: InQuery[bool] = UNSET
    """Include the text of the file. Server default: `False`."""

    def hint(self, status: int) -> str | None:
        """Return what a 500 most likely means."""
        return "Letta 0.16.8 responds so if there is no such file" if status == 500 else None


@operation
class DeleteFile(Operation[None]):
    """Delete a file from a folder and from the contexts of agents.

    Letta 0.16.8 deletes the file also when it is in another folder.

    Raises:
        NotFoundError: There is no such file, or an earlier attempt of this call deleted it.

    """

    http: ClassVar[Endpoint] = DELETE("/v1/folders/{folder_id}/{file_id}")

    file_id: InPath[FileId]
    """`file-<uuid4>`."""
    folder_id: InPath[FolderId]
    """`source-<uuid4>`."""
