"""A file of lines, written by one process at a time: how a journal gets to disk, whatever its lines say."""

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

__all__ = ["LineFile", "Unusable", "reason"]

_BLOCK: Final = 4096
_KINDS: Final = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class Unusable(Exception):
    """The file cannot be used; the text continues a sentence that begins with its name."""


class LineFile:
    """Append lines to a locked file. All methods block; what the system refuses is an `OSError`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open and lock a file; create it if it does not exist.

        Raises:
            Unusable: the path does not name a regular file, or another process holds the lock, or there are no locks.
            OSError: the file cannot be opened for reading and writing.

        """
        try:
            kind = stat.S_IFMT(Path(path).stat().st_mode)
        except FileNotFoundError:
            kind = stat.S_IFREG
        except (TypeError, ValueError) as error:  # such as a null byte in it
            raise Unusable(f"is not a path: {error}") from error
        if kind != stat.S_IFREG:  # before it is opened, which a device may take for a command
            raise Unusable(f"is {_KINDS.get(kind, 'of an unknown kind')}, not a regular file")
        self._file = Path(path).open("a+b", buffering=0)  # noqa: SIM115 - it stays open
        # Also when it is dropped, with the loop gone on which its batch would end.
        weakref.finalize(self, self._file.close).atexit = False
        try:
            self._lock()
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        """Read the lines from the first one; the last may lack its line break."""
        self._file.seek(0)
        with open(self._file.fileno(), "rb", closefd=False) as lines:
            yield from lines

    def drop_half_a_line(self) -> None:
        """Remove what follows the last line break: a line that was cut short while it was written."""
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

    def probe(self) -> None:
        """Write a block and remove it again, to find out whether the disk takes more.

        If the process dies in between, the block is half a line.
        """
        size = self._file.seek(0, os.SEEK_END)
        try:
            self.append(b" " * _BLOCK)
        finally:
            self._file.truncate(size)

    def append(self, lines: bytes) -> None:
        """Write lines to the end of the file, past every buffer of this process."""
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
                raise Unusable("is in use by another run") from None
            except OSError as error:
                raise Unusable(f"cannot be locked: {reason(error)}; its file system has no locks") from error


def reason(error: OSError) -> str:
    """Return what the system says was wrong, without the path."""
    return error.strerror or str(error)
