"""Which expressions are clients, or resources of one, as far as the text of a program shows."""

from __future__ import annotations

from typing import Final

import libcst as cst
from libcst.metadata import Assignment

from letta_async.cli.migration.renames import CLASSES, NAMES, NEW, OLD
from letta_async.cli.migration.tree import Tree, chain, is_none

__all__ = ["Clients"]

_SAME: Final = frozenset({"copy", "with_options", "__enter__", "__aenter__"})
"""Methods of a client that return a client."""


class Clients:
    """Judge of expressions: what it does not know is no client."""

    def __init__(self, tree: Tree) -> None:
        """Create a judge of the expressions of a tree."""
        self._tree = tree
        self._open = set[cst.CSTNode]()
        self._targets = dict[cst.ClassDef, dict[str, list[cst.CSTNode]]]()

    def path(self, expression: cst.CSTNode) -> str | None:
        """Return the path of a resource or method, such as `agents.blocks`; `""` is a client, `None` anything else."""
        if expression in self._open:  # it depends on itself
            return None
        self._open.add(expression)
        try:
            return self._path(expression)
        finally:
            self._open.discard(expression)

    def is_class(self, expression: cst.CSTNode, where: cst.CSTNode | None = None) -> bool:
        """Return whether an expression is the class of a client."""
        origin = self._tree.origin(expression, where)
        if origin is None:
            return False
        module, _, name = origin.rpartition(".")
        return module.partition(".")[0] in {OLD, NEW} and NAMES.get(name, name) in CLASSES

    def _path(self, expression: cst.CSTNode) -> str | None:
        match expression:
            case cst.Name():
                return self._common(
                    [
                        self._assigned(each)
                        for each in self._tree.assigned(expression.value, expression)
                        if not self._is_emptied(each.node)
                    ]
                )
            case cst.Attribute():
                if (own := self._own_attribute(expression)) is not None:
                    return own
                path = self.path(expression.value)
                return None if path is None else f"{path}.{expression.attr.value}".lstrip(".")
            case cst.Call():
                return self._returned(expression)
            case cst.NamedExpr():
                return self.path(expression.value)
            case cst.IfExp():
                return self._common(
                    [self.path(each) for each in (expression.body, expression.orelse) if not is_none(each)]
                )
            case cst.BooleanOperation():
                return self._common([self.path(each) for each in (expression.left, expression.right)])
            case _:
                return None

    @staticmethod
    def _common(paths: list[str | None]) -> str | None:
        return paths[0] if len(set(paths)) == 1 else None

    def _returned(self, call: cst.Call) -> str | None:
        function = call.func
        if self.is_class(function):
            return ""
        if isinstance(function, cst.Attribute) and function.attr.value in _SAME:
            return "" if self.path(function.value) == "" else None
        if isinstance(function, cst.Name):
            made = [each.node for each in self._tree.assigned(function.value, function)]
            if made and all(isinstance(each, cst.FunctionDef) and self._is_returning(each) for each in made):
                return ""
        if isinstance(function, cst.Attribute) and (class_ := self._own_class(function)) is not None:
            methods = [each for each in _functions(class_) if each.name.value == function.attr.value]
            return "" if methods and all(map(self._is_returning, methods)) else None
        return None

    def _is_returning(self, function: cst.FunctionDef) -> bool:
        return (
            function.asynchronous is None
            and function.returns is not None
            and self._is_annotation(function.returns.annotation)
        )

    def _is_emptied(self, target: cst.CSTNode) -> bool:
        """Return whether `None` is assigned to a target."""
        parent = self._tree.parent(target)
        statement = self._tree.parent(parent) if isinstance(parent, cst.AssignTarget) else None
        return isinstance(statement, cst.Assign) and is_none(statement.value)

    def _assigned(self, assignment: Assignment) -> str | None:
        node = assignment.node
        if isinstance(node, cst.Param):
            return "" if node.annotation is not None and self._is_annotation(node.annotation.annotation) else None
        return self._value(node)

    def _value(self, target: cst.CSTNode) -> str | None:
        """Return the path of what is assigned to a target."""
        match self._tree.parent(target):
            case cst.AssignTarget() as parent:
                statement = self._tree.parent(parent)
                return self.path(statement.value) if isinstance(statement, cst.Assign) else None
            case cst.AnnAssign() as statement if statement.target is target:
                if self._is_annotation(statement.annotation.annotation):
                    return ""
                return None if statement.value is None else self.path(statement.value)
            case cst.NamedExpr() as named:
                return self.path(named.value)
            case cst.AsName() as name:
                item = self._tree.parent(name)
                return "" if isinstance(item, cst.WithItem) and self.path(item.item) == "" else None
            case _:
                return None

    def _own_class(self, attribute: cst.Attribute) -> cst.ClassDef | None:
        """Return the class whose method reads an attribute of `self` or `cls`."""
        if isinstance(attribute.value, cst.Name) and attribute.value.value in {"self", "cls"}:
            return self._tree.around(attribute, cst.ClassDef)
        return None

    def _own_attribute(self, attribute: cst.Attribute) -> str | None:
        class_, seen = self._own_class(attribute), set[cst.ClassDef]()
        while class_ is not None and class_ not in seen:
            seen.add(class_)
            if values := self._attribute_values(class_, attribute.attr.value):
                return self._common(values)
            class_ = self._base(class_)
        return None

    def _base(self, class_: cst.ClassDef) -> cst.ClassDef | None:
        """Return the base class if it is the only one and in the same program."""
        if len(class_.bases) == 1 and isinstance(base := class_.bases[0].value, cst.Name):
            made = [each.node for each in self._tree.assigned(base.value, class_)]
            if len(made) == 1 and isinstance(made[0], cst.ClassDef):
                return made[0]
        return None

    def _attribute_values(self, class_: cst.ClassDef, name: str) -> list[str | None]:
        """Return the paths of all that a class assigns to an attribute, except `None`."""
        if class_ not in self._targets:
            self._targets[class_] = self._find_targets(class_)
        values = [self._value(each) for each in self._targets[class_].get(name, ()) if not self._is_emptied(each)]
        for function in _functions(class_):
            decorators = [each.decorator for each in function.decorators]
            if function.name.value == name and any(_ends_with(each, "property") for each in decorators):
                values.append("" if self._is_returning(function) else None)
        return values

    def _find_targets(self, class_: cst.ClassDef) -> dict[str, list[cst.CSTNode]]:
        """Return the places where a class assigns to attributes, in its body and in its methods, by attribute."""
        targets = dict[str, list[cst.CSTNode]]()
        for node in self._tree.within(class_):
            if isinstance(node, cst.Attribute) and self._own_class(node) is class_ and self._is_target(node):
                targets.setdefault(node.attr.value, []).append(node)
            elif isinstance(node, cst.Name) and self._is_target(node) and self._is_of_body(node, class_):
                targets.setdefault(node.value, []).append(node)
        return targets

    def _is_target(self, node: cst.CSTNode) -> bool:
        parent = self._tree.parent(node)
        while isinstance(parent, cst.Element | cst.StarredElement) and (whole := self._tree.parent(parent)) is not None:
            node, parent = whole, self._tree.parent(whole)
        is_first = isinstance(parent, cst.AnnAssign | cst.AugAssign | cst.For) and parent.target is node
        return is_first or isinstance(parent, cst.AssignTarget | cst.AsName)

    def _is_of_body(self, node: cst.CSTNode, class_: cst.ClassDef) -> bool:
        function = self._tree.around(node, cst.FunctionDef)
        return self._tree.around(node, cst.ClassDef) is class_ and function is self._tree.around(
            class_, cst.FunctionDef
        )

    def _is_annotation(self, annotation: cst.BaseExpression, where: cst.CSTNode | None = None) -> bool:
        """Return whether an annotation is of a client, or of a client or `None`."""
        where = where or annotation
        match annotation:
            case cst.SimpleString():
                try:
                    return self._is_annotation(cst.parse_expression(str(annotation.evaluated_value)), where)
                except cst.ParserSyntaxError:
                    return False
            case cst.BinaryOperation(operator=cst.BitOr()):
                return self._is_union([annotation.left, annotation.right], where)
            case cst.Subscript():
                inner = [each.slice.value for each in annotation.slice if isinstance(each.slice, cst.Index)]
                if _ends_with(annotation.value, "Annotated"):
                    return self._is_annotation(inner[0], where)
                if any(_ends_with(annotation.value, name) for name in ("Optional", "Union", "Final", "ClassVar")):
                    return self._is_union(inner, where)
                return False
            case _:
                return self.is_class(annotation, where)

    def _is_union(self, members: list[cst.BaseExpression], where: cst.CSTNode) -> bool:
        real = [each for each in members if not is_none(each)]
        return bool(real) and all(self._is_annotation(each, where) for each in real)


def _functions(class_: cst.ClassDef) -> list[cst.FunctionDef]:
    return [each for each in class_.body.body if isinstance(each, cst.FunctionDef)]


def _ends_with(expression: cst.BaseExpression, name: str) -> bool:
    last = chain(expression)[-1:]
    return bool(last) and isinstance(last[0], cst.Name) and last[0].value in {name, f"cached_{name}"}
