"""Places outside of programs that name the official client: requirements and notebooks. They are reported only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from letta_async.cli.migration.renames import OLD
from letta_async.cli.migration.source import Note

__all__ = ["find_mentions", "is_mentioning"]

_REQUIREMENTS: Final = re.compile(
    r"(?:.*requirements.*|constraints.*)\.(?:txt|in)|pyproject\.toml|setup\.cfg|Pipfile|environment\.ya?ml|(?:.*\.)?Dockerfile(?:\..*)?"
)
_NAMED: Final = re.compile(r"(?<![\w.-])letta[-_.]client(?![\w-])", re.IGNORECASE)


def is_mentioning(path: Path) -> bool:
    """Return whether a file is of a kind that is reported only."""
    return path.suffix == ".ipynb" or _REQUIREMENTS.fullmatch(path.name) is not None


def find_mentions(path: Path, text: str) -> Iterator[Note]:
    """Yield notes about a file that names the official client."""
    if path.suffix == ".ipynb":
        yield from _find_cells(text)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if _NAMED.search(line.partition("#")[0]):
            yield Note(number, "requires letta-client: letta-async takes its place where nothing imports it any more")


def _find_cells(text: str) -> Iterator[Note]:
    """Yield a note for each cell with code that names the client, by the line on which the file has it."""
    try:
        document = json.loads(text)
        cells = [each for each in document["cells"] if each.get("cell_type") == "code"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return
    for number, cell in enumerate(cells, 1):
        source = cell.get("source", "")
        if OLD in (source if isinstance(source, str) else "".join(map(str, source))):
            yield Note(
                1, f"code cell {number} names {OLD}: notebooks are not changed, see `jupyter nbconvert --to script`"
            )
