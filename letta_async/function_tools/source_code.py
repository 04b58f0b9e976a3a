"""Source code of Python functions, as it can run on a server: alone, without the module that it was written in."""

from __future__ import annotations

import ast
import builtins
import inspect
import io
import keyword
import symtable
import textwrap
import tokenize
import typing
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any, Final

from letta_async._schema.json_values import show
from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = ["function_source", "method_source"]

_PROVIDED: Final[frozenset[str]] = frozenset(
    {
        *dir(builtins),
        *vars(typing)["__all__"],
        *("__file__", "__name__"),
        *("Letta", "base64", "client", "hashlib", "os", "pickle", "struct", "sys"),
    }
)
"""Names that exist where a tool runs. Source: `_render_sandbox_code` of Letta 0.16.8, seen."""
_WITHOUT_MEANING: Final = frozenset({"abstractmethod", "classmethod", "override", "staticmethod", "typing.override"})
"""Decorators of a method that mean nothing once it is a function."""
_Definition = ast.FunctionDef | ast.AsyncFunctionDef


def function_source(function: object, *, name: str | None = None, known: Iterable[str] = ()) -> str:
    """Return the source code of a function that a server can run, under another name if one is passed.

    Args:
        function: The function.
        name: Name of the function in the source code. Default: its own.
        known: Names that exist where it runs, besides those of Python and `typing`; annotations are not evaluated then.

    Raises:
        InvalidArgumentError: It is no function, its source code cannot be read, or it needs more than its source code.

    """
    if inspect.ismethod(function):
        raise _problem("func", f"{show(function)} is a method; on the server there is no object that it belongs to")
    if isinstance(function, type):
        raise _problem("func", f"{show(function)} is a class, not a function; tools.add takes classes of tools")
    if not isinstance(function, FunctionType):
        raise _problem("func", f"{show(function)} is not a Python function; its source code cannot be read")
    return _source(function, name or function.__name__, is_method=False, known=known)


def method_source(method: object, *, name: str, known: Iterable[str] = ()) -> str:
    """Return the source code of a method as a function: with another name, and without `self`.

    Args:
        method: The method as the class has it, or a bound one.
        name: Name of the function in the source code.
        known: Names that exist where it runs, besides those of Python and `typing`; annotations are not evaluated then.

    Raises:
        InvalidArgumentError: It is no method, its source code cannot be read, or it needs more than its source code.

    """
    function: object = getattr(method, "__func__", method)
    if not isinstance(function, FunctionType):
        raise _problem("tool.run", f"{show(method)} is not a method in Python; its source code cannot be read")
    return _source(function, name, is_method=True, known=known)


def _source(function: FunctionType, name: str, *, is_method: bool, known: Iterable[str]) -> str:
    place = "tool.run" if is_method else "func"
    if function.__name__ == "<lambda>":
        raise _problem(place, "is a lambda, which has no name and no docstring: write a function with def")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise _problem("name", f"{show(name)} cannot be the name of a Python function")
    body: Any = inspect.unwrap(function)
    code: CodeType = body.__code__
    if code.co_freevars:
        names = ", ".join(code.co_freevars)
        raise _problem(place, f"uses {names} of the function or class around it, which the server does not have")
    text, node = _read(function, place)
    text = _edited(text, node, name, is_method=is_method, place=place)
    problems = [
        ArgumentProblem(
            place, f"uses {each!r}, which its own source code does not define: import or define it inside the function"
        )
        for each in _undefined(text, frozenset(known))
    ]
    if problems:
        raise InvalidArgumentError(problems)
    return text


def _problem(place: str, text: str) -> InvalidArgumentError:
    return InvalidArgumentError([ArgumentProblem(place, text)])


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(function: FunctionType, place: str) -> tuple[str, _Definition]:
    """Return the source code of a function, not indented, with its syntax tree."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise _problem(place, "is a generator: the agent would read the name of an object; return a value instead")
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        words = f"has no source code that can be read ({error}): write the function in a file, or use tools.upsert"
        raise _problem(place, words) from None
    try:
        node = ast.parse(text).body[0]
    except (SyntaxError, IndexError) as error:
        raise _problem(place, f"has source code that is no function by itself: {error}") from None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name != inspect.unwrap(function).__name__:
        raise _problem(place, "has source code that is another's: the file was changed, or a function made by another")
    return text, node


# --- editing ----------------------------------------------------------------------------------------------------------


def _edited(text: str, node: _Definition, name: str, *, is_method: bool, place: str) -> str:
    """Return the source code with this name; that of a method without `self` and without decorators of methods."""
    decorators = [ast.unparse(each) for each in node.decorator_list]
    lines = text.splitlines(keepends=True)
    if is_method and _WITHOUT_MEANING.issuperset(decorators):
        lines[: node.lineno - 1] = []
        text = "".join(lines)
    edits: list[tuple[int, int, str]] = []
    tokens = _tokens(text, node)
    if name != node.name:
        start, end, _ = next(tokens)
        edits.append((start, end, name))
        if any(isinstance(each, ast.Name) and each.id == node.name for each in ast.walk(node)):
            raise _problem(place, f"refers to {node.name!r}, its own name, which is {name!r} on the server")
    else:
        next(tokens)
    if is_method and "staticmethod" not in decorators:
        edits.append(_first_parameter(tokens, node, place))
    for start, end, replacement in reversed(edits):
        text = text[:start] + replacement + text[end:]
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise _problem(place, f"cannot be written as a function without its first parameter: {error}") from None
    return text


def _tokens(text: str, node: _Definition) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and text of the tokens of a definition, from its name on."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = False
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        found = found or (token.type == tokenize.NAME and token.string == node.name)
        if found:
            start = starts[token.start[0] - 1] + token.start[1]
            yield start, start + len(token.string), token.string


def _first_parameter(tokens: Iterator[tuple[int, int, str]], node: _Definition, place: str) -> tuple[int, int, str]:
    """Return the edit that removes `self`, with its annotation and the comma after it."""
    parameters = [*node.args.posonlyargs, *node.args.args]
    if not parameters:
        raise _problem(place, "has no self: it cannot be called on an object")
    own = parameters[0].arg
    if any(isinstance(each, ast.Name) and each.id == own for each in ast.walk(node)):
        raise _problem(place, f"uses {own}; on the server there is no object that it belongs to")
    first = next(start for start, _, text in tokens if text == own)
    depth = 0
    for start, end, text in tokens:
        if depth == 0 and text == ",":
            following = next(tokens)
            return first, following[0] if following[2].strip() else end, ""
        if depth == 0 and text == ")":
            return first, start, ""
        depth += text in {"(", "[", "{"}
        depth -= text in {")", "]", "}"}
    raise _problem(place, "has parameters without an end")


# --- names that it uses -----------------------------------------------------------------------------------------------


class _UnevaluatedAnnotationRemover(ast.NodeTransformer):
    """Transformer that leaves, of annotations, those that Python evaluates when it runs the source code."""

    def __init__(self, *, annotations: bool) -> None:
        self._annotations = annotations
        self._in_function = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> Any:
        return self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        return self._inside(node, in_function=False)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if self._in_function or not self._annotations:
            node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def _definition(self, node: _Definition) -> Any:
        arguments: ast.arguments = node.args
        others = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *others]:
            each.annotation = self._expression(each.annotation)
        node.returns = self._expression(node.returns)
        return self._inside(node, in_function=True)

    def _inside(self, node: Any, *, in_function: bool) -> Any:
        before, self._in_function = self._in_function, in_function
        self.generic_visit(node)
        self._in_function = before
        return node

    def _expression(self, annotation: ast.expr | None) -> ast.expr | None:
        """Return what is evaluated of an annotation; the server evaluates one in quotes, too."""
        if annotation is None or not self._annotations:
            return None
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                return ast.parse(annotation.value, mode="eval").body
            except SyntaxError:
                return None
        return annotation


def _undefined(text: str, known: frozenset[str]) -> list[str]:
    """Return the names that the source code uses and does not define, in alphabetical order."""
    tree = _UnevaluatedAnnotationRemover(annotations=not known).visit(ast.parse(text))
    table = symtable.symtable(ast.unparse(tree), "<tool>", "exec")
    used = set(_global_names(table))
    defined = {each.get_name() for each in table.get_symbols() if each.is_assigned() or each.is_imported()}
    return sorted(used - defined - _PROVIDED - known)


def _global_names(table: symtable.SymbolTable) -> Iterator[str]:
    for each in table.get_symbols():
        if each.is_referenced() and (each.is_global() or table.get_type() == "module"):
            yield each.get_name()
    for child in table.get_children():
        yield from _global_names(child)
