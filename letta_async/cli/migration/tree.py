"""Syntax tree of a program: what names stand for, where nodes are, which node is around which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar, cast

import libcst as cst
from libcst.metadata import (
    Assignment,
    ByteSpanPositionProvider,
    ImportAssignment,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    Scope,
    ScopeProvider,
)

from letta_async.cli.migration.source import Edit

__all__ = ["Tree", "chain", "dotted", "is_none", "keyword"]

_PROVIDERS: Final = (ByteSpanPositionProvider, PositionProvider, ParentNodeProvider, ScopeProvider)

Kind = TypeVar("Kind", bound=cst.CSTNode)


class Tree:
    """Syntax tree with positions, parents and scopes."""

    def __init__(self, text: str) -> None:
        """Parse a program.

        Raises:
            libcst.ParserSyntaxError: It is none.

        """
        # Copying the tree would take as long as parsing it; a parser makes no node twice, so that none stands for two.
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        found = wrapper.resolve_many(_PROVIDERS)
        self.module: Final = wrapper.module
        """Tree; nodes of no other are known to the methods."""
        self._spans = cast("dict[cst.CSTNode, Any]", found[ByteSpanPositionProvider])
        self._positions = cast("dict[cst.CSTNode, Any]", found[PositionProvider])
        self._parents = cast("dict[cst.CSTNode, cst.CSTNode]", found[ParentNodeProvider])
        self._scopes = cast("dict[cst.CSTNode, Scope | None]", found[ScopeProvider])
        self._nodes = list(self.within(self.module))

    def nodes(self, kind: type[Kind]) -> Iterator[Kind]:
        """Yield the nodes of a kind, in the order of the text."""
        return (node for node in self._nodes if isinstance(node, kind))

    def within(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield a node and all below it."""
        pending = [node]
        while pending:
            yield (node := pending.pop())
            pending += reversed(node.children)

    def line(self, node: cst.CSTNode) -> int:
        """Return the number of the line that a node begins on."""
        return int(self._positions[node].start.line)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node around a node."""
        return self._parents.get(node)

    def around(self, node: cst.CSTNode, kind: type[Kind]) -> Kind | None:
        """Return the nearest node of a kind around a node."""
        while (node := self._parents.get(node, self.module)) is not self.module:
            if isinstance(node, kind):
                return node
        return None

    def replace(self, node: cst.CSTNode, new: str) -> Edit:
        """Return an edit that replaces a node."""
        span = self._spans[node]
        return Edit(span.start, span.start + span.length, new)

    def insert(self, before: cst.CSTNode, new: str) -> Edit:
        """Return an edit that inserts text before a node."""
        start = self._spans[before].start
        return Edit(start, start, new)

    def remove(self, after: cst.CSTNode, to: cst.CSTNode) -> Edit:
        """Return an edit that removes what follows a node up to the end of another one."""
        first, last = self._spans[after], self._spans[to]
        return Edit(first.start + first.length, last.start + last.length, "")

    def assigned(self, name: str, where: cst.CSTNode) -> list[Assignment]:
        """Return the places where a name gets its value, as it is seen from a node; built-in names have none."""
        scope = self._scopes.get(where)
        return [each for each in (scope[name] if scope is not None else ()) if isinstance(each, Assignment)]

    def origin(self, expression: cst.CSTNode, where: cst.CSTNode | None = None) -> str | None:
        """Return the dotted name that an expression stands for if all its values are the same import, else `None`.

        Args:
            expression: A name, or attributes of one.
            where: A node from which names are seen. Default: the expression.

        """
        parts = chain(expression)
        if not parts or not isinstance(root := parts[0], cst.Name):
            return None
        origins = {
            self._imported(each, root.value)
            for each in self.assigned(root.value, where or root)
            if not self._is_fallback(each)
        }
        if len(origins) != 1 or (origin := origins.pop()) is None:
            return None
        return ".".join([origin, *(cst.ensure_type(part, cst.Name).value for part in parts[1:])])

    def _imported(self, assignment: Assignment, name: str) -> str | None:
        if not isinstance(assignment, ImportAssignment):
            return None
        node = assignment.node
        if isinstance(node, cst.Import):
            for alias in node.names:
                path = dotted(alias.name)
                if alias.asname is None:
                    if path.partition(".")[0] == name:
                        return name
                elif alias.evaluated_alias == name:
                    return path
        elif (
            isinstance(node, cst.ImportFrom)
            and not node.relative
            and node.module is not None
            and not isinstance(node.names, cst.ImportStar)
        ):
            for alias in node.names:
                if (alias.evaluated_alias or alias.evaluated_name) == name:
                    return f"{dotted(node.module)}.{alias.evaluated_name}"
        return None

    def _is_fallback(self, assignment: Assignment) -> bool:
        """Return whether a name becomes `None` or `Any`, as where an import fails."""
        target = self.parent(assignment.node)
        statement = self.parent(target) if target is not None else None
        return (
            isinstance(target, cst.AssignTarget)
            and isinstance(statement, cst.Assign)
            and (
                is_none(statement.value)
                or (isinstance(statement.value, cst.Name) and statement.value.value in {"Any", "object"})
            )
        )


def chain(expression: cst.CSTNode) -> list[cst.BaseExpression]:
    """Return the expression that attributes are read from, and the name of each attribute."""
    names = list[cst.BaseExpression]()
    while isinstance(expression, cst.Attribute):
        names.append(expression.attr)
        expression = expression.value
    return [expression, *reversed(names)] if isinstance(expression, cst.BaseExpression) else []


def dotted(name: cst.BaseExpression) -> str:
    """Return the text of a dotted name."""
    return ".".join(cst.ensure_type(part, cst.Name).value for part in chain(name))


def is_none(expression: cst.BaseExpression) -> bool:
    """Return whether an expression is `None`."""
    return isinstance(expression, cst.Name) and expression.value == "None"


def keyword(arguments: Sequence[cst.Arg], name: str) -> cst.Arg | None:
    """Return the argument with a keyword, or `None`."""
    return next((each for each in arguments if each.keyword is not None and each.keyword.value == name), None)
