"""Waiting until files are processed: `wait`, `upload_and_poll` and `upload_many` of `client.folders.files`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from letta_async._http.request import CallOptions
from letta_async._schema.unset import Unset
from letta_async._schema.validation import check
from letta_async.batch.upload_runner import UploadBatch, upload_problems
from letta_async.config import Timeout
from letta_async.errors import FileProcessingError, FileTimeoutError, InvalidArgumentError
from letta_async.operations._file_processing import FileProcessingOperation, UploadMany
from letta_async.operations.folder_files import RetrieveFile, UploadFile
from letta_async.resources._polling import Polling, polling_problems
from letta_async.resources._resource import AsyncResource, given, options_of
from letta_async.types.batch import UploadOutcome
from letta_async.types.folder import FileMetadata

__all__ = ["AsyncFileProcessing"]

_ENDED: Final = frozenset({"completed", "error"})


class AsyncFileProcessing(AsyncResource):
    """Base class of `client.folders.files` with the methods that wait until files are processed."""

    _polling: Polling = Polling()

    async def _process_file(
        self,
        operation: type[FileProcessingOperation],
        parameters: Mapping[str, Any],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> FileMetadata:
        """Return a file when it is processed, after uploading it if the operation does so."""
        further = given(parameters)
        waiting: dict[str, Any] = {name: further.pop(name) for name in ("deadline", "poll")}
        if problems := list(polling_problems(**waiting)):
            raise InvalidArgumentError(problems)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        folder_id = parameters["folder_id"]
        if not issubclass(operation, UploadFile):
            return await self._processed(parameters["file_id"], folder_id, options, **waiting)
        uploaded = await self._call(UploadFile, further, options)
        return await self._processed(uploaded.id, folder_id, options, **waiting, known=uploaded)

    def _upload_many(
        self,
        operation: type[UploadMany],
        parameters: Mapping[str, Any],
        extra_headers: Mapping[str, str | None] | None,
        extra_query: Mapping[str, object] | None,
        extra_body: Mapping[str, object] | None,
        timeout: float | Timeout | Unset | None,
    ) -> AsyncGenerator[UploadOutcome, None]:
        """Create the generator of the outcomes of an upload of many files."""
        del operation
        common: dict[str, Any] = given(parameters)
        own = ("files", "wait", "deadline", "poll", "max_concurrency", "on_progress")
        files, wait, deadline, poll, max_concurrency, on_progress = (common.pop(name) for name in own)
        checked = check(UploadFile, {**common, "file": b""})
        problems = [*upload_problems(files, max_concurrency, on_progress), *polling_problems(deadline, poll)]
        if problems:
            raise InvalidArgumentError(problems)
        options = options_of(extra_headers, extra_query, extra_body, timeout)
        shared = {name: getattr(checked, name) for name in common}

        async def upload(file: Mapping[str, object]) -> FileMetadata:
            return await self._call(UploadFile, given({**shared, **file}), options)

        async def wait_for(file: FileMetadata) -> FileMetadata:
            return await self._processed(file.id, checked.folder_id, options, deadline=deadline, poll=poll, known=file)

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
