"""What the source says of the fields of a class: the string that stands below each."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

__all__ = ["documented_fields"]


def documented_fields(cls: type[Any]) -> dict[str, str]:
    """Return the docstring of each field of a class and of those that it is made from; the nearest one counts."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each.__module__.startswith("letta_async"):
            found |= _own(each)
    return found


def _own(cls: type[Any]) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    (definition,) = tree.body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, following in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            match following:
                case ast.Expr(ast.Constant(str(text))):
                    found[statement.target.id] = inspect.cleandoc(text)
                case _:
                    pass
    return found
