"""Imports of the official client, and the names that are read from it."""

from __future__ import annotations

import libcst as cst
from libcst.metadata import ImportAssignment

from letta_async.cli.migration.findings import Findings
from letta_async.cli.migration.own_surface import find_home, find_name
from letta_async.cli.migration.renames import NAME_ADVICE, NEW, OLD
from letta_async.cli.migration.tree import Tree, dotted

__all__ = ["change_imports", "keeps_name"]


def keeps_name(found: Findings) -> bool:
    """Return whether the name `letta_client` has to stay in a program, as an alias of this package.

    That is so where it stands for other things, too, and where code that is not changed reads it.
    """
    tree = found.tree
    for name in tree.nodes(cst.Name):
        if name.value == OLD and _is_ours(tree, name) and (tree.origin(name) != OLD or found.is_uploaded(name)):
            return True
        if name.value == NEW and any(not isinstance(each, ImportAssignment) for each in tree.assigned(NEW, name)):
            return True
    declarations: list[cst.Global | cst.Nonlocal] = [*tree.nodes(cst.Global), *tree.nodes(cst.Nonlocal)]
    return any(item.name.value == OLD for each in declarations for item in each.names)


def change_imports(found: Findings, *, keep_name: bool) -> None:
    """Change imports, the names that they bind, and attributes that have another name in this package."""
    tree = found.tree
    for statement in tree.nodes(cst.Import):
        for alias in statement.names:
            if dotted(alias.name).partition(".")[0] == OLD:
                _change_import(found, alias, keep_name=keep_name)
    for taken in tree.nodes(cst.ImportFrom):
        if not taken.relative and taken.module is not None and dotted(taken.module).partition(".")[0] == OLD:
            _change_from(found, taken, taken.module)
    for attribute in tree.nodes(cst.Attribute):
        if not isinstance(tree.parent(attribute), cst.Attribute) and (origin := tree.origin(attribute)) is not None:
            _change_attribute(found, attribute, origin)
    if not keep_name:
        for name in tree.nodes(cst.Name):
            if name.value == OLD and tree.origin(name) == OLD and _is_ours(tree, name):
                found.replace(name, NEW)


def _is_ours(tree: Tree, name: cst.Name) -> bool:
    """Return whether a name is one of a scope, rather than an attribute, a keyword or a part of an import."""
    parent = tree.parent(name)
    if (isinstance(parent, cst.Attribute) and parent.attr is name) or (
        isinstance(parent, cst.Arg) and parent.keyword is name
    ):
        return False
    if tree.around(name, cst.ImportAlias) is not None or tree.around(name, cst.ImportFrom) is not None:
        return False
    return any(isinstance(each, ImportAssignment) for each in tree.assigned(OLD, name))


def _change_import(found: Findings, alias: cst.ImportAlias, *, keep_name: bool) -> None:
    path = dotted(alias.name)
    home = find_home(path, [])
    new = home.module
    if new != NEW + path.removeprefix(OLD):
        found.note(alias, f"{NEW} has no module {path.removeprefix(OLD)[1:]}: say what of it is needed")
        return
    if alias.asname is None and keep_name:
        new = f"{NEW} as {OLD}" if path == OLD else f"{new}, {NEW} as {OLD}"
    found.replace(alias.name, new)


def _change_from(found: Findings, statement: cst.ImportFrom, module: cst.BaseExpression) -> None:
    path = dotted(module)
    if isinstance(statement.names, cst.ImportStar):
        found.replace(module, find_home(path, []).module)
        found.note(statement, f"import * of {path}: name what is needed, then run this again")
        return
    names = [dotted(alias.name) for alias in statement.names]
    home = find_home(path, names)
    found.replace(module, home.module)
    for alias, name, new in zip(statement.names, names, home.names, strict=True):
        if name in home.missing:
            _note_missing(found, alias, path, name)
        elif new != name:
            found.replace(alias.name, new if alias.asname is not None else f"{new} as {name}")


def _change_attribute(found: Findings, attribute: cst.Attribute, origin: str) -> None:
    """Change the name that is read from a module, at the end of a dotted name or within it."""
    parts = origin.split(".")
    if parts[0] != OLD:
        return
    count = next(
        (n for n in range(2, len(parts)) if find_home(".".join(parts[:n]), []).module != ".".join([NEW, *parts[1:n]])),
        len(parts),
    )
    path, name = ".".join(parts[: count - 1]), parts[count - 1]
    new = find_name(f"{path}.{name}")
    node: cst.BaseExpression = attribute
    for _ in range(len(parts) - count):
        node = cst.ensure_type(node, cst.Attribute).value
    if not isinstance(node, cst.Attribute):  # a name that was imported, and of which the import was noted
        return
    if new is None:
        _note_missing(found, node, path, name)
    elif new.rpartition(".")[0] != ".".join([NEW, *path.split(".")[1:]]):
        found.note(node, f"{path}.{name} is {new}: import it from there")
    elif not new.endswith(f".{name}"):
        found.replace(node.attr, new.rpartition(".")[2])


def _note_missing(found: Findings, node: cst.CSTNode, path: str, name: str) -> None:
    found.note(node, f"{NEW} has no {name} (of {path})" + (f": {NAME_ADVICE[name]}" if name in NAME_ADVICE else ""))
