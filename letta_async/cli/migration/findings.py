"""Findings of a pass over a program: edits to make, notes to report, and nodes that no pass changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import libcst as cst

from letta_async.cli.migration.source import Edit, Note
from letta_async.cli.migration.tree import Tree

__all__ = ["Findings"]


class Findings:
    """Collector of edits and notes; those within what is uploaded are dropped."""

    def __init__(self, tree: Tree, uploaded: Mapping[cst.CSTNode, str]) -> None:
        """Create a collector without findings.

        Args:
            tree: The program.
            uploaded: Definitions that run on the server, with their names.

        """
        self.tree: Final = tree
        self.edits: Final[set[Edit]] = set()
        self.notes: Final[set[Note]] = set()
        self._uploaded = {inner for node in uploaded for inner in tree.within(node)}

    def is_uploaded(self, node: cst.CSTNode) -> bool:
        """Return whether a node is part of what runs on the server."""
        return node in self._uploaded

    def note(self, node: cst.CSTNode, words: str) -> None:
        """Add a note about the line of a node."""
        if node not in self._uploaded:
            self.notes.add(Note(self.tree.line(node), words))

    def replace(self, node: cst.CSTNode, new: str) -> None:
        """Replace a node."""
        if node not in self._uploaded:
            self.edits.add(self.tree.replace(node, new))

    def insert(self, before: cst.CSTNode, new: str) -> None:
        """Insert text before a node."""
        if before not in self._uploaded:
            self.edits.add(self.tree.insert(before, new))

    def remove(self, after: cst.CSTNode, to: cst.CSTNode) -> None:
        """Remove what follows a node up to the end of another one."""
        if after not in self._uploaded:
            self.edits.add(self.tree.remove(after, to))
