"""Calls in the tests of the official client's source distribution, as expressions."""

from __future__ import annotations

import ast
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.conformance.exceptions import CHANGES, VALUES
from tools.foreign.clients import SOURCE

__all__ = ["Call", "read_calls"]

_PREFIX: Final = "test_method_"


@dataclass(frozen=True)
class Call:
    """A call, as an expression that both clients evaluate."""

    method: str
    """Attribute path of the method on a client."""
    test: str
    """Name of the official test, which tells the form of the call: with all parameters or the required ones."""
    expression: str
    """The call itself, on a variable `client`."""

    @property
    def name(self) -> str:
        """Name of the call, unlike that of all others."""
        return f"{self.method} ({self.test})"


def read_calls() -> list[Call]:
    """Return the calls, with the values that `exceptions` has in place of those which letta_async rejects."""
    calls: list[Call] = []
    (archive,) = SOURCE.folder.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        for member in source:
            _, _, path = member.name.partition("/")
            if path.startswith("tests/api_resources/") and path.rpartition("/")[2].startswith("test_"):
                file: Any = source.extractfile(member)
                calls += _calls_in(ast.parse(file.read()))
    return calls


def _calls_in(module: ast.Module) -> Iterator[Call]:
    for cls in module.body:
        if isinstance(cls, ast.ClassDef) and not cls.name.startswith("TestAsync"):
            for test in cls.body:
                if isinstance(test, ast.FunctionDef) and test.name.startswith(_PREFIX):
                    (call,) = (node for node in ast.walk(test) if _is_call_of_client(node))
                    yield from _variants(call, test.name.removeprefix(_PREFIX))


def _is_call_of_client(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("client.")


def _variants(call: Any, test: str) -> Iterator[Call]:
    """Yield a call as the table of exceptions has it: with other values, or in several forms."""
    method = ast.unparse(call.func).removeprefix("client.")
    call = _Valid().visit(call)
    arguments = [_valid(getattr(value, "value", None), value) for value in call.args]  # placeholders are names
    changes = CHANGES.get((method, test)) or [{}]
    for number, change in enumerate(changes):
        kept = [keyword for keyword in call.keywords if keyword.arg not in change]
        added = [ast.keyword(name, _expression(value)) for name, value in change.items() if value is not None]
        changed = ast.Call(call.func, arguments, [*kept, *added])
        yield Call(method, f"{test}, {number + 1}" if number else test, ast.unparse(changed))


class _Valid(ast.NodeTransformer):
    """Replacement of the values that letta_async rejects, wherever they stand in a call."""

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        node.value = _valid(node.arg, node.value)
        return self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        node.values = [
            _valid(key.value if isinstance(key, ast.Constant) else None, value)
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        return self.generic_visit(node)


def _valid(name: object, value: ast.expr) -> ast.expr:
    if isinstance(value, ast.List):
        value.elts = [_valid(name, item) for item in value.elts]
    for parameter, rejected, valid, _ in VALUES:
        if name == parameter and ast.unparse(value) == repr(rejected):
            return _expression(valid)
    return value


def _expression(value: object) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body
