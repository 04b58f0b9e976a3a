"""Locked, append-only file of lines, written by one process at a time; the storage of a journal."""

from __future__ import annotations

import os
import stat
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Final

try:
    import fcntl
except (
    ImportError
):  # pragma: no cover - Windows has no advisory locks of this kind; there, two runs with one journal are not told apart
    fcntl = None  # type: ignore[assignment]  # a module otherwise

__all__ = ["LineFile", "UnusableFileError", "os_error_reason"]

_BLOCK: Final = 4096
"""Number of bytes read or written at once."""
_FILE_TYPES: Final = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class UnusableFileError(Exception):
    """A file that cannot be used; the message continues a sentence that begins with the file's name."""


class LineFile:
    """Locked, append-only file of lines. All methods block; a refusal by the system is an `OSError`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open and lock a file; create it if it does not exist.

        Raises:
            UnusableFileError: The path does not name a regular file, another process holds the lock, or the file
                system has no locks.
            OSError: The file cannot be opened for reading and writing.

        """
        try:
            kind = stat.S_IFMT(Path(path).stat().st_mode)
        except FileNotFoundError:
            kind = stat.S_IFREG
        except (TypeError, ValueError) as error:  # such as a null byte in it
            raise UnusableFileError(f"is not a path: {error}") from error
        if kind != stat.S_IFREG:  # before it is opened, which a device may take for a command
            raise UnusableFileError(f"is {_FILE_TYPES.get(kind, 'of an unknown kind')}, not a regular file")
        self._file = Path(path).open("a+b", buffering=0)  # noqa: SIM115 - it stays open
        # Close it also when it is garbage-collected, after the loop on which its batch would end was closed.
        weakref.finalize(self, self._file.close).atexit = False
        try:
            self._lock()
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines from the first one; the last may lack its line break."""
        self._file.seek(0)
        with open(self._file.fileno(), "rb", closefd=False) as lines:
            yield from lines

    def truncate_partial_line(self) -> None:
        """Remove the bytes after the last line break: a line that was cut short while it was written."""
        size = self._file.seek(0, os.SEEK_END)
        start = size
        while start > 0:
            start = max(0, start - _BLOCK)
            self._file.seek(start)
            if (end := self._file.read(min(_BLOCK, size - start)).rfind(b"\n")) >= 0:
                start += end + 1
                break
        if start < size:
            self._file.truncate(start)

    def check_writable(self) -> None:
        """Write a block and remove it again, to check that the disk has room.

        If the process dies in between, the block remains as a partial line.
        """
        size = self._file.seek(0, os.SEEK_END)
        try:
            self.append(b" " * _BLOCK)
        finally:
            self._file.truncate(size)

    def append(self, lines: bytes) -> None:
        """Write lines to the end of the file, unbuffered."""
        rest = memoryview(lines)
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Close the file, which releases its lock."""
        self._file.close()

    def _lock(self) -> None:
        if fcntl is not None:  # pragma: no branch - only Windows has none
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UnusableFileError(
                    "is in use by another run; one that this process left early ends when its generator is closed, for"
                    " which there is contextlib.aclosing"
                ) from None
            except OSError as error:
                raise UnusableFileError(
                    f"cannot be locked: {os_error_reason(error)}; its file system has no locks"
                ) from error


def os_error_reason(error: OSError) -> str:
    """Return the system's description of an error, without the path."""
    return error.strerror or str(error)
