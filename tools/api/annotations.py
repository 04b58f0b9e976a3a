"""Renderer of the annotations of parameters and results of methods, from those of a declaration."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, get_args, get_origin

import attrs

from letta_async._schema.annotations import is_literal, is_union, is_wire_class
from letta_async._schema.unset import Unset
from letta_async._schema.upload import Upload

from .declarations import Module

__all__ = ["Rendering"]

_PLACED = {"InPath", "InQuery", "InBody", "InClient", "InForm"}
_SCALARS = {"str", "int", "float", "bool", "object", "bytes"}


@attrs.define
class Rendering:
    """Renders annotations as source, and gathers the imports that they need."""

    imports: dict[str, set[str]] = attrs.field(factory=dict[str, set[str]])
    """Names to import, by module."""
    type_imports: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]])
    """Modules and names that type checkers alone import."""

    def accepted(self, annotation: ast.expr, module: Module) -> str:
        """Render the annotation of a parameter: what is converted or validated is accepted in every form."""
        members = list(dict.fromkeys(self._members(annotation, module)))
        rest = [member for member in members if member not in {"Unset", "None"}]
        return " | ".join(rest + [last for last in ("Unset", "None") if last in members])

    def returned(self, annotation: ast.expr, module: Module) -> str:
        """Render the annotation of a response, as it is declared."""
        for node in ast.walk(annotation):
            if isinstance(node, ast.Name):
                self._import(node.id, module)
        return ast.unparse(annotation)

    def need(self, module: str, *names: str) -> None:
        """Import names."""
        self.imports.setdefault(module, set()).update(names)

    def need_for_types(self, module: str, name: str) -> None:
        """Import a name for type checkers alone: at run time it would be imported before it is used."""
        self.type_imports.add((module, name))

    def _members(self, node: ast.expr, module: Module) -> Iterable[str]:
        match node:
            case ast.BinOp(left, ast.BitOr(), right):
                yield from self._members(left, module)
                yield from self._members(right, module)
            case ast.Constant(None):
                yield "None"
            case ast.Subscript(ast.Name(name), inner) if name in _PLACED:
                yield from self._members(inner, module)
                if name != "InPath":
                    self.need("letta_async._schema.unset", "Unset")
                    yield "Unset"
            case ast.Subscript(ast.Name("Annotated"), ast.Tuple([base, *_])):
                yield from self._members(base, module)
            case ast.Subscript(ast.Name("list"), item):
                self.need("collections.abc", "Sequence")
                yield f"Sequence[{self.accepted(item, module)}]"
            case ast.Subscript(ast.Name("Mapping"), ast.Tuple([key, value])):
                self.need("collections.abc", "Mapping")
                yield f"Mapping[{self.accepted(key, module)}, {self.accepted(value, module)}]"
            case ast.Subscript(ast.Name("AsyncIterable" | "Callable" | "Iterable" | "PathLike" | "type")):
                yield self.returned(node, module)
            case ast.Subscript(ast.Name("Literal")):
                self.need("typing", "Literal")
                yield ast.unparse(node)
            case ast.Name(name):
                yield from self._named(name, module)
            case ast.Attribute(ast.Name(package), name):
                self._import(package, module)
                yield from self._class_of(ast.unparse(node), getattr(module.namespace[package], name))
            case _:
                raise ValueError(f"{ast.unparse(node)} in {module.name}: no rule says what a method accepts for it")

    def _named(self, name: str, module: Module) -> Iterable[str]:
        if name in _SCALARS:
            yield name
            return
        value: Any = module.namespace[name]
        if value is Upload or Upload in get_args(value):
            self.need("letta_async.types.upload", "FileInput")
            yield "FileInput"
            return
        if value is Any:
            self.need("typing", "Any")
            yield "Any"
        elif value is datetime:
            self.need("datetime", "datetime")
            yield from ("datetime", "str")
        elif value is Unset:
            self.need("letta_async._schema.unset", "Unset")
            yield "Unset"
        elif get_origin(value) is Annotated:
            yield from self._members(ast.parse(get_args(value)[0].__name__, mode="eval").body, module)
        else:
            self._import(name, module)
            yield from self._class_of(name, value)

    def _class_of(self, source: str, value: Any) -> Iterable[str]:
        """Yield what is accepted for a class, or a union of classes: also a mapping of its fields."""
        yield source
        if not is_literal(value) and _holds_classes(value):
            self.need("collections.abc", "Mapping")
            self.need("typing", "Any")
            yield "Mapping[str, Any]"

    def _import(self, name: str, module: Module) -> None:
        if name in module.origins:
            self.need(module.origins[name], name)


def _holds_classes(value: Any) -> bool:
    return any(map(is_wire_class, get_args(value))) if is_union(value) else is_wire_class(value)
