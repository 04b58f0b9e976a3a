"""Result of one file of `folders.files.upload_many`."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from letta_async._schema.json_values import show
from letta_async._schema.record import Record
from letta_async.types.folder import FileMetadata

__all__ = ["UploadOutcome"]


@attrs.frozen(kw_only=True)
class UploadOutcome(Record):
    """Result of one file of an upload of many."""

    source: Any = attrs.field(repr=show)
    """The file, as it was passed; of a directory, the path of the file."""
    status: Literal["processed", "uploaded", "failed"]
    """`processed`; `uploaded`, where the processing was not waited for; `failed`, to be uploaded or to be processed."""
    file: FileMetadata | None = None
    """The file in the folder, as it was last returned; `None` if it was not uploaded."""
    error: Exception | None = None
    """The error with which the file failed: a `LettaError`, a `FileProcessingError` for one that was uploaded but not
    processed, or an exception of the file itself; `None` if it did not fail."""
    seconds: float = 0.0
    """Duration in seconds, including the processing if that was waited for."""

    @property
    def ok(self) -> bool:
        """Whether the file was uploaded and, if that was waited for, processed."""
        return self.status != "failed"
