"""Source trees of the parts, from which their distributions are built: `python -m tools.part_sources FOLDER`.

In the repository, `parts/otel/pyproject.toml` names files outside its folder, such as `../../letta_async/otel`, since
each file is there once. A source distribution has nothing outside itself. So each tree gets copies of these files, and
its `pyproject.toml` names those: `letta_async/otel`.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Final

__all__ = ["part_folders", "write_tree"]

ROOT: Final = Path(__file__).resolve().parent.parent
_OUTSIDE: Final = re.compile(r'"((?:\.\./)+)([^"]+)"')
"""A path in a `pyproject.toml` that leads out of its folder."""


def main() -> int:
    """Write the trees into folders of a folder, which is emptied before; print these."""
    (into,) = map(Path, sys.argv[1:])
    shutil.rmtree(into, ignore_errors=True)
    for part in part_folders():
        write_tree(part, into / part.name)
        print(into / part.name)
    return 0


def part_folders(root: Path = ROOT) -> list[Path]:
    """Return the folders of all parts."""
    return sorted(path.parent for path in root.glob("parts/*/pyproject.toml"))


def write_tree(part: Path, into: Path) -> None:
    """Write the source tree of a part into a new folder."""
    shutil.copytree(part, into, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    project = (part / "pyproject.toml").read_text(encoding="utf-8")
    for up, name in _OUTSIDE.findall(project):
        source, target = part / up / name, into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    (into / "pyproject.toml").write_text(_OUTSIDE.sub(r'"\2"', project), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
