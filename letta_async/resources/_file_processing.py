"""Methods of `client.folders.files` that wait until files are processed: `wait`, `upload_and_poll`, `upload_many`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from os import PathLike
from typing import Final

from letta_async._http.request import CallOptions
from letta_async._schema.unset import UNSET, Unset
from letta_async._schema.validation import check
from letta_async.batch.outcome import Progress
from letta_async.batch.upload_outcome import UploadOutcome
from letta_async.batch.upload_runner import UploadBatch, upload_problems
from letta_async.config import Timeout
from letta_async.errors import FileProcessingError, FileTimeoutError, InvalidArgumentError
from letta_async.operations.folder_files import RetrieveFile, UploadFile
from letta_async.resources._polling import Polling, polling_problems
from letta_async.resources._resource import AsyncResource, given, options_of
from letta_async.types.folder import DuplicateHandling, FileMetadata
from letta_async.types.upload import FileInput, UploadProgress

__all__ = ["AsyncFileProcessing"]

_ENDED: Final = frozenset({"completed", "error"})


class AsyncFileProcessing(AsyncResource):
    """Base class of `client.folders.files` with the methods that wait until files are processed."""

    _polling: Polling = Polling()

    async def wait(
        self,
        file_id: str,
        *,
        folder_id: str,
        deadline: float | None = None,
        poll: float = 5.0,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> FileMetadata:
        """Wait until the server has processed a file, so that agents can search it.

        The file is retrieved at once, then after 0.25 seconds, then after delays that grow by half up to `poll`; each
        is shortened at random, by up to a quarter.

        Args:
            file_id: `file-<uuid4>`.
            folder_id: ID of the file's folder, `source-<uuid4>`.
            deadline: Limit on the whole wait in seconds. Default: `None`, no limit; then a file that the server lost,
                as when it was restarted, is waited for without end.
            poll: Maximum delay between two requests, in seconds. Default: 5.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body of each request, without validation.
            timeout: Limit on one attempt of a request in seconds, `None` for no limit, or a `Timeout`. Default: the
                client's.

        Returns:
            The file, with the `processing_status` `completed`.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent.
            FileProcessingError: The server could not process the file; the error has the reason, and the `file`.
            FileTimeoutError: The file was not processed within the deadline; the error has its state, and the `file`.
            APIError: No response arrived, or it was not a success.

        """
        if problems := list(polling_problems(deadline, poll)):
            raise InvalidArgumentError(problems)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        return await self._processed(file_id, folder_id, options, deadline=deadline, poll=poll)

    async def upload_and_poll(
        self,
        folder_id: str,
        *,
        file: FileInput,
        duplicate_handling: DuplicateHandling | Unset = UNSET,
        name: str | Unset | None = UNSET,
        on_progress: UploadProgress | Unset | None = UNSET,
        deadline: float | None = None,
        poll: float = 5.0,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> FileMetadata:
        """Upload a file into a folder as `upload` does, and wait until the server has processed it as `wait` does.

        Args:
            folder_id: `source-<uuid4>`.
            file: File to upload: a path, bytes, a file open for reading bytes whose `read` may be `async`, an iterable
                or async iterable of bytes, or a tuple of a name, one of these, and if need be its media type.
            duplicate_handling: What to do when the folder has a file with this name: `skip` it, fail with an `error`,
                add a `suffix` to the new name, or `replace` the file. Server default: `suffix`.
            name: Name of the file in the folder. Default: the file's own.
            on_progress: Callback for the progress of the upload: called with the number of bytes sent and the size of
                the file, which is `None` if only reading it shows that. Default: `None`.
            deadline: Limit on the processing in seconds. Default: `None`, no limit.
            poll: Maximum delay between two requests for the state of the file, in seconds. Default: 5.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body; the upload has none.
            timeout: Limit on one attempt of a request in seconds, `None` for no limit, or a `Timeout`. Default: the
                client's.

        Returns:
            The file, with the `processing_status` `completed`.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent.
            NotFoundError: There is no such folder.
            FileProcessingError: The server could not process the file; the error has the reason, and the `file`.
            FileTimeoutError: The file was not processed within the deadline; the error has its state, and the `file`.
            APIError: No response arrived, or it was not a success.

        """
        if problems := list(polling_problems(deadline, poll)):
            raise InvalidArgumentError(problems)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        parameters = {"folder_id": folder_id, "file": file, "duplicate_handling": duplicate_handling, "name": name}
        uploaded = await self._call(UploadFile, given({**parameters, "on_progress": on_progress}), options)
        return await self._processed(uploaded.id, folder_id, options, deadline=deadline, poll=poll, known=uploaded)

    def upload_many(
        self,
        folder_id: str,
        *,
        files: str | PathLike[str] | Iterable[FileInput] | AsyncIterable[FileInput],
        duplicate_handling: DuplicateHandling | Unset = UNSET,
        wait: bool = True,
        deadline: float | None = None,
        poll: float = 5.0,
        max_concurrency: int = 4,
        on_progress: Callable[[Progress], object] | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: float | Timeout | Unset | None = UNSET,
    ) -> AsyncGenerator[UploadOutcome, None]:
        """Upload the files of a directory, or any other files, and yield an outcome per file as it completes.

        A file that fails does not end the upload: its error is in the outcome. Files are taken when there is room for
        them. Leaving the iteration early, or cancelling it, cancels the uploads in flight.

        Args:
            folder_id: `source-<uuid4>`.
            files: Path of a directory; or an iterable or async iterable of files, each as in `upload`. All files of a
                directory and of those in it are uploaded, under their paths in the directory as names, such as
                `sub/a.txt`; hidden ones, whose names begin with a dot, are left out, and links to directories are not
                followed.
            duplicate_handling: What to do when the folder has a file with the same name: `skip` it, fail with an
                `error`, add a `suffix` to the new name, or `replace` the file. Server default: `suffix`.
            wait: Wait until the server has processed each file. Default: `True`.
            deadline: Limit on the processing of each file in seconds. Default: `None`, no limit.
            poll: Maximum delay between two requests for the state of a file, in seconds. Default: 5.
            max_concurrency: Maximum number of files that are uploaded at once; a few more may be waited for.
                Default: 4.
            on_progress: Function that is called with a `Progress` for each outcome; an awaitable result is awaited.
                Default: `None`.
            extra_headers: Headers to add or replace in each request; `None` as a value removes one.
            extra_query: Query parameters to add or replace in each request.
            extra_body: Members to add or replace in the JSON body; uploads have none.
            timeout: Limit on one attempt of a request in seconds, `None` for no limit, or a `Timeout`. Default: the
                client's.

        Raises:
            InvalidArgumentError: An argument is invalid; nothing was sent. For a directory that cannot be read, it is
                raised when the first outcome is requested.
            BaseException: Any exception that iterating over `files`, or `on_progress`, raises; one of `files` is raised
                after the outcomes of the uploads in flight.

        """
        checked = check(
            UploadFile, given({"folder_id": folder_id, "file": b"", "duplicate_handling": duplicate_handling})
        )
        problems = [*upload_problems(files, max_concurrency, on_progress), *polling_problems(deadline, poll)]
        if problems:
            raise InvalidArgumentError(problems)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        common = {name: value for name, value in checked.given().items() if name != "file"}

        async def upload(parameters: Mapping[str, object]) -> FileMetadata:
            return await self._call(UploadFile, given({**common, **parameters}), options)

        async def wait_for(file: FileMetadata) -> FileMetadata:
            return await self._processed(file.id, folder_id, options, deadline=deadline, poll=poll, known=file)

        return UploadBatch(
            files=files,
            upload=upload,
            wait=wait_for if wait else None,
            max_concurrency=max_concurrency,
            on_progress=on_progress,
            instrumentation=self._client.instrumentation,
        ).run()

    async def _processed(
        self,
        file_id: str,
        folder_id: str,
        options: CallOptions,
        *,
        deadline: float | None,
        poll: float,
        known: FileMetadata | None = None,
    ) -> FileMetadata:
        """Return a file when it is processed; `known` is what was just received of it."""
        polled = await self._polling.until(
            lambda file: file.processing_status in _ENDED,
            lambda: self._call(RetrieveFile, {"file_id": file_id, "folder_id": folder_id}, options),
            deadline=deadline,
            poll=poll,
            known=known,
        )
        file = polled.value
        if file is None or not polled.done:
            state = "its state is unknown" if file is None else f"it is {file.processing_status}"
            raise FileTimeoutError(f"{file_id} was not processed within {deadline:g} s: {state}", file=file)
        if file.processing_status == "error":
            name = file.original_file_name or file.file_name
            reason = file.error_message or "the server says no reason"
            raise FileProcessingError(f"{file_id} ({name!r}) could not be processed: {reason}", file=file)
        return file
