"""Read the command line: write, check, diff."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from letta_async.operations._tree import RESOURCES

from .modules import client_module, module_name, resource_module

_ROOT = Path(__file__).parents[2]
_RESOURCES = _ROOT / "letta_async" / "resources"


def generated() -> Mapping[Path, str]:
    """Return the content of every generated file."""
    files = {_RESOURCES / f"{module_name(path)}.py": resource_module(path) for path in RESOURCES}
    files[_RESOURCES / "_client.py"] = client_module()
    return {path: formatted(text, path) for path, text in files.items()}


def formatted(text: str, path: Path) -> str:
    """Format a module as `make format` does."""
    for command in (["check", "--fix", "--quiet", "--select", "I,F401"], ["format", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(path), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd=_ROOT,
        )
        if done.returncode:
            raise RuntimeError(f"{path.name}: {done.stderr or done.stdout}")
        text = done.stdout
    return text


def main() -> int:
    """Write the generated files, or compare them."""
    parser = argparse.ArgumentParser(prog="python -m tools.api", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    options = parser.parse_args()
    changed = 0
    for path, text in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            changed += 1
            print(path.relative_to(_ROOT))
            if not options.check:
                path.write_text(text, encoding="utf-8")
    return int(options.check and changed > 0)


if __name__ == "__main__":
    sys.exit(main())
