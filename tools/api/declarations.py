"""Reader of the declarations of calls: annotations, descriptions, and the modules of the names in them."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from letta_async.operations._listing import Listing
from letta_async.operations._operation import Endpoint, Operation
from letta_async.operations._propagating import PropagatingEdit
from letta_async.operations._streaming import OptionalStreamOperation, StreamOperation

from .wording import completed

__all__ = [
    "OPTION_NAMES",
    "OPTION_PARAMETERS",
    "Call",
    "Module",
    "Parameter",
    "read_call",
    "read_module",
    "sources_of",
]

OPTION_PARAMETERS: Final = (
    "extra_headers: Mapping[str, str | None] | None = None",
    "extra_query: Mapping[str, object] | None = None",
    "extra_body: Mapping[str, object] | None = None",
    "timeout: float | Timeout | Unset | None = UNSET",
)
"""Parameters that every method takes, as its signature has them."""
OPTION_NAMES: Final = tuple(option.partition(":")[0] for option in OPTION_PARAMETERS)


@attrs.frozen
class Module:
    """Source of a module: its classes, and the modules of the names in it."""

    name: str
    classes: dict[str, ast.ClassDef]
    origins: dict[str, str]
    """Module that each name is imported from; for a name defined here, this module."""
    type_only: frozenset[str] = frozenset()
    """Names that are imported for type checkers only."""

    @property
    def namespace(self) -> dict[str, Any]:
        """The module's globals."""
        return vars(importlib.import_module(self.name))


@attrs.frozen
class Parameter:
    """A parameter of a call."""

    name: str
    annotation: ast.expr
    """Annotation in the declaration, including markers."""
    module: Module
    """Module of the declaration."""
    description: str
    default: str | None
    """Source of the default; `None` for a required parameter."""

    @property
    def suffix(self) -> str:
        """What follows the annotation in a signature."""
        return "" if self.default is None else f" = {self.default}"


@attrs.frozen
class Call:
    """Declaration of a call."""

    cls: type[Operation[Any]]
    module: Module
    answer: ast.expr
    """The type argument: the response, or an item of it."""
    parameters: tuple[Parameter, ...]
    """Positional ones first, then the others, each in the order of declaration."""
    positional: tuple[str, ...]
    """Names of the parameters that may be given by position: the last one in the path, or all in it."""

    @property
    def http(self) -> Endpoint:
        """Method and path of the endpoint."""
        return self.cls.http

    @property
    def lists(self) -> bool:
        """Whether the call returns a list page by page."""
        return issubclass(self.cls, Listing)

    @property
    def streams(self) -> bool:
        """Whether the call returns a stream of events."""
        return issubclass(self.cls, StreamOperation)

    @property
    def switches(self) -> bool:
        """Whether the parameter `streaming` says if the call returns a stream of events."""
        return issubclass(self.cls, OptionalStreamOperation)

    @property
    def propagates(self) -> bool:
        """Return whether the call is an edit that can be propagated: it has the parameter `propagate`."""
        return issubclass(self.cls, PropagatingEdit)

    @property
    def yields(self) -> bool:
        """Whether the method is a generator."""
        return self.cls.yields

    @property
    def is_composed(self) -> bool:
        """Whether the method makes several calls, as a base class of its resource says."""
        return self.cls.made_by is not None


@functools.cache
def read_module(name: str) -> Module:
    """Parse a module of the package."""
    module = importlib.import_module(name)
    tree = ast.parse(Path(inspect.getfile(module)).read_text(encoding="utf-8"))
    origins: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            origins |= {alias.asname or alias.name: node.module for alias in node.names}
    own = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    origins |= dict.fromkeys(own, name)
    for node in tree.body:
        if isinstance(node, ast.Assign):
            origins |= {target.id: name for target in node.targets if isinstance(target, ast.Name)}
    checked = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    inner = [node for block in checked for node in block.body if isinstance(node, ast.ImportFrom)]
    return Module(name, own, origins, frozenset(alias.name for node in inner for alias in node.names))


def sources_of(cls: type[Any]) -> Iterator[tuple[Module, ast.ClassDef]]:
    """Yield the source of a class and of the attrs classes that it is made from, nearest first."""
    for each in cls.__mro__:
        if attrs.has(each):
            module = read_module(each.__module__)
            if each.__name__ in module.classes:
                yield module, module.classes[each.__name__]


def read_call(cls: type[Operation[Any]]) -> Call:
    """Read the declaration of a call; a field that a class declares again has the description of its base by default.

    Raises:
        LookupError: A parameter has no description.

    """
    found: dict[str, Parameter] = {}
    described: dict[str, str] = {}
    names = {field.name for field in attrs.fields(cls)}
    for module, node in sources_of(cls):
        for statement, following in zip(node.body, [*node.body[1:], None], strict=True):
            if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
                continue
            name = statement.target.id
            if name not in names:
                continue
            if text := _description(following):
                described.setdefault(name, text)
            if name not in found:
                found[name] = Parameter(name, statement.annotation, module, "", _default(statement.value))
    in_path = [name for _, name, _, _ in string.Formatter().parse(cls.http.path) if name]
    ordered = [field.name for field in attrs.fields(cls)]
    positional = tuple(_field_of(found, name) for name in in_path[0 if cls.path_is_positional else -1 :])
    ordered.sort(
        key=lambda name: (
            positional.index(name) if name in positional else len(positional),
            found[name].default is not None,
            "InClient" in ast.unparse(found[name].annotation),
        )
    )
    if bare := [name for name in ordered if name not in described]:
        raise LookupError(f"{cls.__name__}.{bare[0]} has no description below it")
    parameters = [attrs.evolve(found[name], description=completed(described[name], cls)) for name in ordered]
    module, node = next(sources_of(cls))
    return Call(cls, module, _answer(node), tuple(parameters), positional)


def _description(following: ast.stmt | None) -> str:
    match following:
        case ast.Expr(ast.Constant(str(text))):
            return " ".join(inspect.cleandoc(text).split())
        case _:
            return ""


def _default(value: ast.expr | None) -> str | None:
    match value:
        case None:
            return None
        case ast.Call(keywords=[ast.keyword("default", default), *_]):  # of `attrs.field`
            return ast.unparse(default)
        case ast.Call(func=ast.Attribute(attr="field")):  # without a default
            return None
        case _:
            return ast.unparse(value)


def _field_of(parameters: dict[str, Parameter], wire_name: str) -> str:
    """Return the name of the field that fills a segment of the path."""
    if wire_name in parameters:
        return wire_name
    pattern = re.compile(rf"Path\((?:name=)?['\"]{re.escape(wire_name)}['\"]\)")
    return next(name for name, each in parameters.items() if pattern.search(ast.unparse(each.annotation)))


def _answer(node: ast.ClassDef) -> ast.expr:
    """Return the type argument of the last base that has one."""
    (*_, answer) = [base.slice for base in node.bases if isinstance(base, ast.Subscript)]
    return answer
