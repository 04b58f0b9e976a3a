"""Order of imports: a folder imports only from those before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "letta_async"
ORDER = [
    *(
        "_version",
        "errors",
        "core",
        "_utils",
        "_schema",
        "types",
        "function_tools",
        "operations",
        "retry",
        "config",
        "instrumentation",
        "_facade",
        "_http",
    ),
    *(
        "batch",
        "propagation",
        "watching",
        "resources",
        "pagination",
        "_base_client",
        "client",
        "sync",
        "otel",
        "dask",
        "testing",
        "cli",
        "__main__",
    ),
]
"""Folders and modules of the package, each before those that may import it."""


def imported(path: Path) -> Iterator[str]:
    """Yield the folders of the package that a module imports, when it is imported or in a function."""
    checked_only: set[ast.AST] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            checked_only.update(ast.walk(node))
        elif isinstance(node, ast.ImportFrom) and node not in checked_only and node.module:
            package, _, rest = node.module.partition(".")
            if package == "letta_async":
                yield from [rest.partition(".")[0]] if rest else [alias.name for alias in node.names]


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_folders_below_its_own(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    above = [room for room in imported(path) if room in ORDER and ORDER.index(room) > ORDER.index(own)]
    assert above == []


def test_every_folder_has_its_place_in_the_order() -> None:
    there = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES}
    assert there == {*ORDER}


def test_the_top_can_be_taken_in_at_a_glance() -> None:
    assert len([path for path in PACKAGE.iterdir() if path.is_file()]) <= 10
