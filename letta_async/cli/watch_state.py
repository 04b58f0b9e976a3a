"""Place of a watch's state where the command line names none."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from letta_async.cli.error_messages import Refusal

__all__ = ["IN_MEMORY", "state_file"]

IN_MEMORY: Final = ":memory:"
"""Value of `--state` for no file."""


def state_file(named: Path | None, watched: Mapping[str, object]) -> Path | None:
    """Return the file for a watch's state; `None` for a state in memory.

    Without a name it is one for what is watched, so that two watches of different servers or agents have two files, and
    two of the same have one, whose lock keeps the second one out. The folder is created, for this user alone.

    Args:
        named: Value of `--state`.
        watched: Server and agents, by name.

    Raises:
        Refusal: There is no place for a file, or its folder cannot be created.

    """
    if named is not None:
        return None if str(named) == IN_MEMORY else named
    digest = hashlib.sha256(json.dumps(watched, sort_keys=True).encode()).hexdigest()[:16]
    folder = _folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"--state: {str(folder)!r} cannot be created ({error.strerror}): name a file") from error
    return folder / f"watch-{digest}.sqlite"


def _folder() -> Path:
    if directory := os.environ.get("STATE_DIRECTORY"):  # of a systemd service; several are separated by colons
        return Path(directory.split(os.pathsep)[0])
    home = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_STATE_HOME")
    if home and Path(home).is_absolute():
        return Path(home) / "letta-async"
    try:
        return Path.home() / ".local" / "state" / "letta-async"
    except RuntimeError as error:
        raise Refusal("--state: there is no home directory for a state: name a file") from error
