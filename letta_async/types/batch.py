"""Reports of a batch: the progress of the whole, and the outcome of each file of an upload of many."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from letta_async._schema.json_values import show
from letta_async._schema.record import Record
from letta_async.types.folder import FileMetadata

__all__ = ["Progress", "UploadOutcome"]


@attrs.frozen(kw_only=True)
class Progress(Record):
    """Progress of a batch: counts, rate and estimated time left."""

    done: int
    """Number of targets that have an outcome."""
    failed: int
    """Number of targets that failed."""
    total: int | None
    """Number of targets; `None` when it is not known beforehand."""
    rate: float
    """Outcomes per second, measured over the last 100 outcomes."""
    seconds_left: float | None
    """Estimated time left at that rate, in seconds; `None` when `total` is not known."""


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
