"""Coverage of `tests/typing`: every method of both clients."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from letta_async import AsyncLetta, Letta
from letta_async.resources._resource import RawAccess

SHOWN = Path(__file__).parent / "typing"


def methods(thing: object, name: str) -> Iterator[str]:
    """Return the names of the methods and properties of a client and its resources, without what returns these anew."""
    for member, value in inspect.getmembers_static(type(thing)):
        if member[0] != "_" and not isinstance(value, RawAccess):
            yield f"{name}.{member}"
    for attribute, part in vars(thing).items():
        if not attribute.startswith("_"):
            yield from methods(part, f"{name}.{attribute}")


def shown() -> set[str]:
    """Return the names that are used of a client in the functions that take one."""
    found: set[str] = set()
    for path in SHOWN.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.args.args:
                client = function.args.args[0]
                uses = [ast.unparse(node) for node in ast.walk(function) if isinstance(node, ast.Attribute)]
                assert isinstance(client.annotation, ast.Name)
                found |= {client.annotation.id + use.removeprefix(client.arg) for use in uses}
    return found


@pytest.mark.parametrize("client", [AsyncLetta(api_key="k"), Letta(api_key="k")], ids=["async", "sync"])
def test_every_method_is_shown(client: AsyncLetta | Letta) -> None:
    assert set(methods(client, type(client).__name__)) - shown() == set()
