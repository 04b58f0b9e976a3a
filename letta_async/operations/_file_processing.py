"""Uploads of files that wait until the server has processed them: methods of several calls."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from os import PathLike
from typing import Annotated, ClassVar

from letta_async._schema.placement import Local
from letta_async.operations._operation import Endpoint, FileId, FolderId, InPath, Operation, operation
from letta_async.operations._polling import PollingParameters
from letta_async.operations.folder_files import RetrieveFile, UploadFile, UploadParameters
from letta_async.types.batch import Progress, UploadOutcome
from letta_async.types.folder import FileMetadata
from letta_async.types.upload import FileInput

__all__ = ["FileProcessingOperation", "UploadAndPoll", "UploadMany", "WaitForFile"]


@operation
class FileProcessingOperation(PollingParameters, Operation[FileMetadata]):
    """A wait for the processing of a file, in `resources/_file_processing.py`.

    Returns:
        The file, with the `processing_status` `completed`.

    Raises:
        InvalidArgumentError: An argument is invalid; nothing was sent.
        FileProcessingError: The server could not process the file; the error has the reason, and the `file`.
        FileTimeoutError: The file was not processed within the deadline; the error has its state, and the `file`.
        APIError: No response arrived, or it was not a success.

    """

    made_by = "process_file"


@operation
class WaitForFile(FileProcessingOperation, Operation[FileMetadata]):
    """Wait until the server has processed a file, so that agents can search it.

    The file is retrieved at once, then after 0.25 seconds, then after delays that grow by half up to `poll`; each is
    shortened at random, by up to a quarter.
    """

    http: ClassVar[Endpoint] = RetrieveFile.http

    file_id: InPath[FileId]
    """`file-<uuid4>`."""
    folder_id: InPath[FolderId]
    """ID of the file's folder, `source-<uuid4>`."""
    deadline: Annotated[float | None, Local()] = None
    """Limit on the whole wait in seconds. Default: `None`, no limit; then a file that the server lost, as when it was
    restarted, is waited for without end."""


@operation
class UploadAndPoll(FileProcessingOperation, UploadFile, Operation[FileMetadata]):
    """Upload a file into a folder as `upload` does, and wait until the server has processed it as `wait` does.

    Raises:
        NotFoundError: There is no such folder.

    """

    http: ClassVar[Endpoint] = UploadFile.http

    deadline: Annotated[float | None, Local()] = None
    """Limit on the processing in seconds. Default: `None`, no limit."""


@operation
class UploadMany(PollingParameters, UploadParameters, Operation[UploadOutcome]):
    """Upload the files of a directory, or any other files, and yield an outcome per file as it completes.

    A file that fails does not end the upload: its error is in the outcome. Files are taken when there is room for them.
    Leaving the iteration early, or cancelling it, cancels the uploads in flight.

    Raises:
        InvalidArgumentError: An argument is invalid; nothing was sent. For a directory that cannot be read, it is
            raised when the first outcome is requested.
        BaseException: Any exception that iterating over `files`, or `on_progress`, raises; one of `files` is raised
            after the outcomes of the uploads in flight.

    """

    made_by = "upload_many"
    yields = True
    http: ClassVar[Endpoint] = UploadFile.http

    files: Annotated[str | PathLike[str] | Iterable[FileInput] | AsyncIterable[FileInput], Local()]
    """Path of a directory; or an iterable or async iterable of files, each as in `upload`. All files of a directory and
    of those in it are uploaded, under their paths in the directory as names, such as `sub/a.txt`. Hidden ones, whose
    names begin with a dot, are left out; links to directories are not followed, nor links to files that are not in the
    directory."""
    wait: Annotated[bool, Local()] = True
    """Wait until the server has processed each file. Default: `True`."""
    deadline: Annotated[float | None, Local()] = None
    """Limit on the processing of each file in seconds. Default: `None`, no limit."""
    max_concurrency: Annotated[int, Local()] = 4
    """Maximum number of files that are uploaded at once; a few more may be waited for. Default: 4."""
    on_progress: Annotated[Callable[[Progress], object] | None, Local()] = None
    """Function that is called with a `Progress` for each outcome; an awaitable result is awaited. Default: `None`."""
