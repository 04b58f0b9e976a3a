"""Runner of an upload of many files, a bounded number at once, with one outcome per file."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs

from letta_async._schema.json_values import is_positive_integer, show
from letta_async._schema.unset import UNSET
from letta_async._utils.logging_setup import log
from letta_async.batch.bookkeeping import BatchBookkeeper, progress_problems
from letta_async.batch.concurrent_run import ConcurrentRun
from letta_async.errors import ArgumentProblem, FileProcessingError, InvalidArgumentError
from letta_async.instrumentation import Instrumentation
from letta_async.types.batch import Progress, UploadOutcome
from letta_async.types.folder import FileMetadata

__all__ = ["UploadBatch", "upload_problems"]


@attrs.frozen
class _NamedFile:
    """File of a directory, with its name in the folder."""

    path: str
    name: str


@attrs.define(eq=False, kw_only=True)
class UploadBatch:
    """Upload of many files."""

    files: Any
    """Path of a directory, or an iterable or async iterable of files."""
    upload: Callable[[dict[str, object]], Awaitable[FileMetadata]]
    """Uploads a file, by parameters of the call; returns it as it was when it was uploaded."""
    wait: Callable[[FileMetadata], Awaitable[FileMetadata]] | None
    """Waits until a file is processed, and returns it; `None` to wait for none."""
    max_concurrency: int
    """Maximum number of files that are uploaded at once."""
    on_progress: Callable[[Progress], object] | None
    instrumentation: Sequence[Instrumentation] = ()
    """Instrumentation that is notified of each outcome."""

    async def run(self) -> AsyncGenerator[UploadOutcome, None]:
        """Yield the outcome of each file as it completes; closing the generator cancels what is in flight."""
        files = self.files
        if isinstance(files, str | os.PathLike):
            files = await asyncio.to_thread(_files_of, files)  # pyright: ignore[reportUnknownArgumentType] - any path
        slots = asyncio.Semaphore(self.max_concurrency)
        bookkeeper = BatchBookkeeper(
            targets=files, open_journal=None, on_progress=self.on_progress, instrumentation=self.instrumentation
        )
        await bookkeeper.open()
        run: ConcurrentRun[Any, UploadOutcome] = ConcurrentRun(
            targets=files,
            process=lambda file: self._process(file, slots),
            concurrency=lambda: self.max_concurrency,
        )
        async with run:
            async for outcome in run:
                await bookkeeper.report([outcome])
                yield outcome

    async def _process(self, source: Any, slots: asyncio.Semaphore) -> UploadOutcome:
        """Upload a file and wait for it; return any error as part of the outcome."""
        clock = asyncio.get_running_loop().time
        began = clock()
        name: object = UNSET
        if isinstance(source, _NamedFile):
            source, name = source.path, source.name
        file: FileMetadata | None = None
        error: Exception | None = None
        try:
            async with slots:
                file = await self.upload({"file": source, "name": name})
            if self.wait is not None:
                file = await self.wait(file)
        except FileProcessingError as failed:
            file, error = failed.file or file, failed
        except Exception as failed:
            error = failed
        status: Literal["processed", "uploaded"] = "uploaded" if self.wait is None else "processed"
        return UploadOutcome(
            source=source,
            status=status if error is None else "failed",
            file=file,
            error=error,
            seconds=clock() - began,
        )


def upload_problems(files: object, max_concurrency: object, on_progress: object) -> Iterable[ArgumentProblem]:
    """Yield problems of the parameters of an upload of many files."""
    if not isinstance(files, str | os.PathLike | Iterable | AsyncIterable) or isinstance(files, bytes):
        yield ArgumentProblem("files", f"{show(files)} is neither the path of a directory nor an iterable of files")
    if isinstance(files, str) and not re.fullmatch(r"[^\x00\ud800-\udc7f\udd00-\udfff]+", files):
        yield ArgumentProblem("files", f"{show(files)} is not the path of a directory")
    if not is_positive_integer(max_concurrency):
        yield ArgumentProblem("max_concurrency", f"{show(max_concurrency)} is not a positive whole number")
    yield from progress_problems(on_progress)


def _files_of(directory: str | os.PathLike[str]) -> list[_NamedFile]:
    """Return the files in a directory and those below it, in the order of their names.

    Hidden ones are left out, and links to files that are not in the directory.

    Raises:
        InvalidArgumentError: It is not a directory, or cannot be read.

    """

    def refuse(error: OSError) -> None:
        problem = f"{error.strerror or error}: {os.fspath(error.filename or directory)!r}"
        raise InvalidArgumentError([ArgumentProblem("files", problem)]) from error

    root = Path(directory)
    inside = root.resolve()
    found: list[_NamedFile] = []
    for folder, folders, names in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or not path.is_file():
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                log.warning("%s is not uploaded: it is a link to a file that is not in the directory", path)
            else:
                found.append(_NamedFile(str(path), path.relative_to(root).as_posix()))
    return found
