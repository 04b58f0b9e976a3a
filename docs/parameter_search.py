"""Sphinx extension: the search finds the parameters of calls by name, and leads to the call."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar, Final

from sphinx.application import Sphinx
from sphinx.domains import Domain, ObjType

import letta_async
from letta_async.operations import _tree
from tools.api.declarations import OPTION_NAMES
from tools.api.modules import class_name, module_name

__all__ = ["Parameters", "setup"]

_OF_EVERY_CALL: Final = frozenset({"self", *OPTION_NAMES})
"""Names that each call has: a search for one would find them all."""


class Parameters(Domain):
    """Parameters of the methods of clients and resources, as objects that the search knows."""

    name = "letta"
    label = "letta_async"
    object_types: ClassVar[dict[str, ObjType]] = {"parameter": ObjType("parameter")}

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        """Return what the search shows behind the name."""
        return type.lname

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield name, displayed name, type, page, anchor and priority of each parameter."""
        described = self.env.domains.python_domain.objects
        for path, documented, method in _methods():
            if (entry := described.get(documented)) is not None:
                for name in _parameters(method):
                    full = f"{path}.{name}"
                    yield full, full, "parameter", entry.docname, entry.node_id, 1

    def resolve_any_xref(self, *_: Any) -> list[tuple[str, Any]]:
        """Return no targets: links lead to calls."""
        return []

    def merge_domaindata(self, docnames: Any, otherdata: Any) -> None:
        """Merge nothing: there is no data of its own."""


def _methods() -> Iterator[tuple[str, str, Any]]:
    """Yield how a method is called, the name by which it is documented, and the function."""
    yield "AsyncLetta", "letta_async.AsyncLetta", letta_async.AsyncLetta.__init__
    for name, method in inspect.getmembers(letta_async.AsyncLetta, inspect.isfunction):
        if not name.startswith("_"):
            yield f"client.{name}", f"letta_async.AsyncLetta.{name}", method
    for path in _tree.RESOURCES:
        module, cls = f"letta_async.resources.{module_name(path)}", f"Async{class_name(path)}"
        for name, method in inspect.getmembers(getattr(import_module(module), cls), inspect.isfunction):
            if not name.startswith("_") and method.__name__ == name:  # no earlier name of another method
                yield f"client.{path}.{name}", f"{module}.{cls}.{name}", method


def _parameters(method: Any) -> list[str]:
    names = inspect.signature(method).parameters
    return [name for name in names if method.__name__ == "__init__" or name not in _OF_EVERY_CALL]


def setup(app: Sphinx) -> Mapping[str, Any]:
    """Register the domain."""
    app.add_domain(Parameters)
    return {"parallel_read_safe": True}
