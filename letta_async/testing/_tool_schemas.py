"""JSON schemas of tools, derived from their source code as Letta 0.16.8 does it: parsed, and never run."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any, Final

from letta_async.function_tools.docstrings import parse_docstring
from letta_async.testing._context import is_object
from letta_async.testing._errors import Refusal

__all__ = ["derive", "derive_from_arguments"]

_SCALARS: Final = {"int": "integer", "str": "string", "bool": "boolean", "float": "number"}
_LISTS: Final = frozenset({"list", "List"})
_OBJECTS: Final = frozenset({"dict", "Dict"})
_RESERVED: Final = frozenset({"self", "agent_state"})


class _SchemaError(Exception):
    """A source code from which no schema can be derived."""


def derive(source_code: str) -> dict[str, Any]:
    """Return the schema of the last function in a source code.

    Raises:
        Refusal: The server cannot derive one.

    """
    try:
        return _schema(_function(source_code))
    except _SchemaError as error:
        detail = f"Failed to derive json schema: Schema generation failed: {error}"
        raise Refusal(400, {"detail": detail}) from None


def derive_from_arguments(source_code: str, arguments: Mapping[str, Any], name: str | None = None) -> dict[str, Any]:
    """Return the schema of a function whose arguments have a schema of their own.

    Args:
        source_code: The source code.
        arguments: JSON schema of the arguments.
        name: Name of the tool. Default: that of the last function.

    Raises:
        Refusal: The source code has no function, or the schema no properties.

    """
    try:
        function = _function(source_code)
    except _SchemaError as error:
        raise Refusal(400, {"detail": f"Failed to parse function name and docstring: {error}"}) from None
    given: Any = arguments.get("properties")
    if not is_object(given):
        raise Refusal(500, {"detail": "An unknown error occurred"})
    called = name or function.name
    properties: dict[str, Any] = {}
    for each, schema in given.items():
        properties[each] = {**_single(schema, arguments), "description": schema.get("description", "")}
    return {
        "name": called,
        "description": ast.get_docstring(function) or f"The {called} tool",
        "parameters": {
            "type": "object",
            "properties": properties,
            "required": [each for each in properties if each in arguments.get("required", ())],
        },
    }


def _function(source_code: str) -> ast.FunctionDef:
    """Return the last function of a source code, outer ones before inner ones; an `async` one is none."""
    try:
        tree = ast.parse(source_code)
    except (SyntaxError, ValueError) as error:
        raise _SchemaError(f"Failed to parse source code: {error}") from None
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    if not functions:
        raise _SchemaError("No functions found in source code")
    return functions[-1]


def _schema(function: ast.FunctionDef) -> dict[str, Any]:
    text = ast.get_docstring(function, clean=False)
    if not text:
        raise _SchemaError(f"Function {function.name} missing docstring")
    documented = parse_docstring(inspect.cleandoc(text))
    properties: dict[str, Any] = {}
    required: list[str] = []
    arguments = function.args.args
    defaults = [None] * (len(arguments) - len(function.args.defaults)) + list(function.args.defaults)
    for argument, default in zip(arguments, defaults, strict=True):
        if argument.arg in _RESERVED:
            continue
        where = f"Parameter '{argument.arg}' in function '{function.name}'"
        if argument.annotation is None:
            raise _SchemaError(f"Type error in schema generation: {where} lacks a type annotation")
        if not documented.parameters.get(argument.arg):
            raise _SchemaError(f"Value error in schema generation: {where} lacks a description in the docstring")
        schema, optional = _type(argument.annotation)
        properties[argument.arg] = {**schema, "description": documented.parameters[argument.arg]}
        if default is None and not optional:
            required.append(argument.arg)
    return {
        "name": function.name,
        "description": documented.description or "No description available",
        "parameters": {"type": "object", "properties": properties, "required": required},
    }


def _type(annotation: ast.expr) -> tuple[dict[str, Any], bool]:
    """Return the schema of an annotation, and whether it is `Optional`."""
    match annotation:
        case ast.Name(id=name) if name in _SCALARS:
            return {"type": _SCALARS[name]}, False
        case ast.Name(id=name) if name in _LISTS:
            return {"type": "array", "items": {"type": "string"}}, False
        case ast.Name(id=name) if name in _OBJECTS:
            return {"type": "object"}, False
        case ast.Subscript(value=ast.Name(id=name), slice=inner) if name in _LISTS:
            return {"type": "array", "items": _type(inner)[0]}, False
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return _type(inner)[0], True
        case ast.Subscript(value=ast.Name(id=name)) if name in _OBJECTS:
            words = "with nested type arguments are not supported (consider using a Pydantic model instead)"
            raise _SchemaError(f"Value error in schema generation: Dictionary types {ast.unparse(annotation)} {words}")
        case _:
            words = f"Python type {ast.unparse(annotation)} has no corresponding JSON schema type"
            raise _SchemaError(f"Value error in schema generation: {words}")


def _single(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the server keeps of the schema of an argument: its type, and what its members are."""
    reference = f"{schema.get('$ref', '')}".rpartition("/")[2]
    if reference:
        return _single(whole.get("$defs", {}).get(reference, {}), whole)
    for option in schema.get("anyOf", ()):
        if option.get("type") != "null":
            return _single(option, whole)
    kept: dict[str, Any] = {"type": schema.get("type", "string")}
    if kept["type"] == "array":
        kept["items"] = _single(schema.get("items", {}), whole)
    elif schema.get("properties"):
        kept["properties"] = {
            name: {**_single(each, whole), "description": each.get("description", "")}
            for name, each in schema["properties"].items()
        }
        kept["required"] = list(schema.get("required", []))
    return kept
