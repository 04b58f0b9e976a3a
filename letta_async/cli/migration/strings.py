"""Strings that name the official client: annotations are changed, all others reported."""

from __future__ import annotations

import re
from typing import Final

import libcst as cst

from letta_async.cli.migration.findings import Findings
from letta_async.cli.migration.renames import NEW, OLD
from letta_async.cli.migration.tree import Tree, chain

__all__ = ["change_strings"]

_NAMED: Final = re.compile(rf"(?<![\w.]){OLD}(?!\w)")
_IMPORTED: Final = re.compile(rf"^\s*(?:import|from)\s+{OLD}\b", re.MULTILINE)
_IMPORTERS: Final = frozenset({"import_module", "__import__", "find_spec", "importorskip"})


def change_strings(found: Findings, *, keep_name: bool) -> None:
    """Change annotations that are strings; add a note about every other string with the name, except docstrings."""
    tree = found.tree
    parts: list[cst.SimpleString | cst.FormattedStringText] = [
        *tree.nodes(cst.SimpleString),
        *tree.nodes(cst.FormattedStringText),
    ]
    for part in parts:
        if not _NAMED.search(part.value) or isinstance(tree.parent(part), cst.Expr):
            continue
        if isinstance(part, cst.SimpleString) and _is_annotation(tree, part):
            if not keep_name and tree.origin(cst.Name(OLD), part) == OLD:
                found.replace(part, _NAMED.sub(NEW, part.value))
        elif _IMPORTED.search(part.value):
            found.note(
                part, f"code in a string imports {OLD}: right for a tool, which runs on the server; otherwise change it"
            )
        elif _is_imported(tree, part):
            found.note(part, f"{OLD} is imported by a string: change it by hand")
        else:
            found.note(part, f"a string names {OLD}: change it if it means the module")


def _is_annotation(tree: Tree, string: cst.SimpleString) -> bool:
    if tree.around(string, cst.Annotation) is not None:
        outer = tree.around(string, cst.Subscript)
        return outer is None or not _is_called(outer.value, "Literal", "Annotated")
    argument = tree.parent(string)
    call = tree.parent(argument) if isinstance(argument, cst.Arg) else None
    return isinstance(call, cst.Call) and call.args[0] is argument and _is_called(call.func, "cast")


def _is_imported(tree: Tree, part: cst.CSTNode) -> bool:
    call = tree.around(part, cst.Call)
    return call is not None and _is_called(call.func, *_IMPORTERS)


def _is_called(expression: cst.BaseExpression, *names: str) -> bool:
    last = chain(expression)[-1:]
    return bool(last) and isinstance(last[0], cst.Name) and last[0].value in names
