"""Command line of the generator: write or check files, compare with or scaffold from a server's description."""

from __future__ import annotations

import argparse
import functools
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from letta_async.operations._tree import RESOURCES

from .exports import package_module, type_homes
from .modules import client_module, module_name, resource_module
from .official import PACKAGES
from .pages import index_page, resource_page, top_resources
from .raw_types import raw_types_module
from .spec import Description, differences, scaffold
from .type_modules import names_module, types_module

_ROOT = Path(__file__).parents[2]
_PAGES = _ROOT / "docs" / "reference"
_TYPES = _ROOT / "letta_async" / "types"
_RESOURCES = _ROOT / "letta_async" / "resources"


@functools.cache
def generated() -> Mapping[Path, str]:
    """Return the content of every generated file."""
    files = {_RESOURCES / f"{module_name(path)}.py": resource_module(path) for path in RESOURCES}
    files[_RESOURCES / "_client.py"] = client_module()
    files[_RESOURCES / "_raw_types.py"] = raw_types_module()
    files[_ROOT / "letta_async" / "__init__.py"] = package_module()
    own = type_homes()
    files[_TYPES / "__init__.py"] = types_module(own)
    files |= {_TYPES / f"{package}.py": names_module(package, own) for package in PACKAGES}
    modules = {path: formatted(text, path) for path, text in files.items()}
    pages = {_PAGES / "calls" / f"{path}.md": resource_page(path) for path in top_resources()}
    return {**modules, _PAGES / "resources.md": index_page(), **pages}


def formatted(text: str, path: Path) -> str:
    """Return a module's source formatted as by `make format`."""
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


def write(*, check: bool) -> int:
    """Write the generated files that differ, or with `check` only print their names; return the exit code."""
    changed = {
        path: text
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in changed.items():
        print(path.relative_to(_ROOT))
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return int(check and bool(changed))


def main() -> int:
    """Run the command that the command line selects."""
    parser = argparse.ArgumentParser(prog="python -m tools.api", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    commands = parser.add_subparsers(dest="command")
    for name, words in (("diff", "list what differs from a description"), ("scaffold", "print a class to edit")):
        command = commands.add_parser(name, help=words)
        command.add_argument("spec", help="file with an OpenAPI description, or URL of a server")
        if name == "scaffold":
            command.add_argument("method")
            command.add_argument("path")
    options = parser.parse_args()
    if options.command == "diff":
        print(*differences(Description.load(options.spec)), sep="\n")
        return 0
    if options.command == "scaffold":
        print(scaffold(Description.load(options.spec), options.method, options.path))
        return 0
    return write(check=options.check)


if __name__ == "__main__":
    sys.exit(main())
