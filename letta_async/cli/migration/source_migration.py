"""Migration of one program."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from typing import Final

import attrs
import libcst as cst

from letta_async.cli.migration.calls import change_calls
from letta_async.cli.migration.client_expressions import Clients
from letta_async.cli.migration.findings import Findings
from letta_async.cli.migration.imports import change_imports, keeps_name
from letta_async.cli.migration.renames import NEW, OLD, SUSPECTS, UPLOADERS
from letta_async.cli.migration.source import Note, Source
from letta_async.cli.migration.strings import change_strings
from letta_async.cli.migration.tree import Tree
from letta_async.cli.migration.uploaded import find_uploaded, imported_uploads

__all__ = ["Migrated", "UnparsableError", "find_uploads", "is_concerned", "migrate"]

_NAMED: Final = re.compile(rf"\b(?:{OLD}|{NEW})\b")
_SUSPECT: Final = re.compile("|".join(r"\b" + r"\s*\.\s*".join(path.split(".")) + r"\b" for path in sorted(SUSPECTS)))
_UPLOADING: Final = re.compile("|".join([*sorted(UPLOADERS), "getsource", r"tools\s*\.\s*add"]))


class UnparsableError(ValueError):
    """The text is no program that can be parsed."""


@attrs.frozen
class Migrated:
    """Result of the migration of a program."""

    source: Source
    notes: tuple[Note, ...]
    """Notes for the author of the program, by line."""


def is_concerned(text: str) -> bool:
    """Return whether a program may have anything to do with a client, without parsing it."""
    if _NAMED.search(text) is not None:
        return True
    return "letta" in text.lower() and _SUSPECT.search(text) is not None


def find_uploads(source: Source) -> frozenset[str]:
    """Return the names that a program imports and uploads as tools.

    Raises:
        UnparsableError: It cannot be parsed.

    """
    return imported_uploads(_parse(source.text)) if _UPLOADING.search(source.text) else frozenset()


def migrate(source: Source, uploads: Iterable[str] = ()) -> Migrated:
    """Migrate a program.

    Args:
        source: The program.
        uploads: Names of functions that other programs upload as tools.

    Raises:
        UnparsableError: It cannot be parsed.

    """
    tree = _parse(source.text)
    uploaded = find_uploaded(tree, uploads)
    found = Findings(tree, uploaded)
    clients = Clients(tree)
    keep_name = keeps_name(found)
    change_imports(found, keep_name=keep_name)
    change_strings(found, keep_name=keep_name)
    change_calls(found, clients)
    notes = {*found.notes, *(_left(tree, node, name) for node, name in uploaded.items() if _reads_client(tree, node))}
    migrated = source.edited(found.edits)
    if found.edits:
        cst.parse_module(migrated.text)  # a change that breaks a program is a fault of this one: better none at all
    return Migrated(migrated, tuple(sorted(notes)))


def _parse(text: str) -> Tree:
    _check_depth(text)
    try:
        tree = Tree(text)
        if tree.module.code != text:  # then its positions are not those of the text
            raise UnparsableError("libcst does not keep it as it is")
    except cst.ParserSyntaxError as error:
        raise UnparsableError(f"line {error.raw_line}: {error.message}") from None
    except RecursionError:
        raise UnparsableError("it is nested too deeply") from None
    else:
        return tree


def _check_depth(text: str) -> None:
    """Refuse what is nested so deeply that libcst would end the process; Python's own parser has limits instead."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (MemoryError, RecursionError):
        raise UnparsableError("it is nested too deeply") from None
    except (SyntaxError, ValueError) as error:  # what else is wrong, libcst says
        if "too many" in str(error):
            raise UnparsableError(str(error)) from None


def _reads_client(tree: Tree, node: cst.CSTNode) -> bool:
    return any(isinstance(each, cst.Name) and each.value in {OLD, "client"} for each in tree.within(node))


def _left(tree: Tree, node: cst.CSTNode, name: str) -> Note:
    return Note(tree.line(node), f"{name} is uploaded as a tool and runs on the server, with {OLD}: left as it is")
