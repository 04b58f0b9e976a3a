"""Functions and classes whose source is uploaded as that of a tool: their bodies run on the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from letta_async.cli.migration.renames import UPLOADERS
from letta_async.cli.migration.tree import Tree, chain, keyword

__all__ = ["find_uploaded", "imported_uploads"]


def find_uploaded(tree: Tree, elsewhere: Iterable[str] = ()) -> dict[cst.CSTNode, str]:
    """Return the definitions of a program that are uploaded, with their names.

    Args:
        tree: The program.
        elsewhere: Names that other programs import and upload.

    """
    names = frozenset(elsewhere)
    found = dict[cst.CSTNode, str]()
    for node in tree.module.body:
        if isinstance(node, cst.FunctionDef | cst.ClassDef) and node.name.value in names:
            found[node] = node.name.value
    for name in _passed(tree):
        for assignment in tree.assigned(name.value, name):
            if isinstance(assignment.node, cst.FunctionDef | cst.ClassDef):
                found[assignment.node] = name.value
    return found


def imported_uploads(tree: Tree) -> frozenset[str]:
    """Return the names that a program imports and uploads."""
    origins = (tree.origin(name) for name in _passed(tree))
    relative = (
        name.value
        for name in _passed(tree)
        if any(isinstance(each.node, cst.ImportFrom) and each.node.relative for each in tree.assigned(name.value, name))
    )
    return frozenset([*(origin.rpartition(".")[2] for origin in origins if origin), *relative])


def _passed(tree: Tree) -> Iterator[cst.Name]:
    """Yield the names of what is passed to a method that uploads its source, or to `inspect.getsource`."""
    for call in tree.nodes(cst.Call):
        names = [part.value for part in chain(call.func) if isinstance(part, cst.Name)]
        if not names or not (names[-1] in UPLOADERS or names[-2:] == ["tools", "add"] or names[-1] == "getsource"):
            continue
        argument = keyword(call.args, "func") or keyword(call.args, "tool") or next(iter(call.args), None)
        value = argument.value if argument is not None else None
        if isinstance(value, cst.Call):  # of a class
            value = value.func
        if isinstance(value, cst.Name):
            yield value
