"""Files to migrate: those in folders, and their replacement in one step."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from letta_async.cli.migration.renames import OLD

__all__ = ["find_files", "has_namesake", "replace_file"]

_SKIPPED: Final = frozenset(
    {
        *(".bzr", ".git", ".hg", ".svn"),
        *(".direnv", ".eggs", ".env", ".mypy_cache", ".nox", ".pixi", ".pytest_cache", ".ruff_cache", ".tox", ".venv"),
        *("__pycache__", "__pypackages__", "node_modules", "site-packages", "venv"),
    }
)
"""Names of folders with nothing in them that is the author's own. Those with a `pyvenv.cfg` are left out, too."""


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that are named, and those in the folders that are named, each once, in a stable order.

    A symbolic link to a file is followed where it is named, or leads to a place within a folder that is named; one to a
    folder only where it is named.
    """
    paths = list(paths)
    roots = [path.resolve() for path in paths if path.is_dir()]
    seen = set[Path]()
    for path in paths:
        for file in _walk(path) if path.is_dir() else [path]:
            real = file.resolve()
            is_within = file is path or not file.is_symlink() or any(real.is_relative_to(root) for root in roots)
            if real not in seen and is_within:
                seen.add(real)
                yield file


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and not (here / name / "pyvenv.cfg").is_file()
        )
        yield from (here / name for name in sorted(names) if (here / name).is_file())


def has_namesake(file: Path) -> bool:
    """Return whether a module beside a file has the official client's name, so that an import may mean either."""
    here = file.resolve().parent
    return file.stem != OLD and ((here / f"{OLD}.py").is_file() or (here / OLD / "__init__.py").is_file())


def replace_file(path: Path, old: bytes, new: bytes) -> None:
    """Replace the content of a file in one step; keep its mode, and where it is a symbolic link, the link.

    Raises:
        OSError: That is not possible, or the content is not the old one any more; the file is as it was.

    """
    real = path.resolve()
    status = real.stat()
    if not os.access(real, os.W_OK):
        raise PermissionError(None, "it is read-only")
    descriptor, name = tempfile.mkstemp(prefix=f".{real.name}.", suffix=".tmp", dir=real.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(OSError, AttributeError):  # not everybody may, and not every system can
            os.chown(temporary, status.st_uid, status.st_gid)
        temporary.chmod(status.st_mode & 0o7777)
        _check_unchanged(real, old)
        temporary.replace(real)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _check_unchanged(path: Path, content: bytes) -> None:
    if path.read_bytes() != content:
        raise OSError(None, "it was changed meanwhile")
