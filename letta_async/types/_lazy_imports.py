"""Lookup of types by name on first use, and modules under the paths of the official client.

`letta_async.types` and its modules that are named after resources, such as `letta_async.types.agents`, are files, which
editors and type checkers see. The official client has a module per name besides, such as
`letta_client.types.agents.tool_call`; a finder makes these when they are imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

__all__ = ["install_finder", "lookup"]

_PACKAGE: Final = "letta_async.types"
_PLAIN: Final[Mapping[str, Any]] = {"str": str, "dict": dict[str, Any]}


def lookup(module: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module whose names are imported on first use.

    Args:
        module: Name of the module.
        homes: Where each name is from: `block` is the module of a class of that name, `block:NewBlock` that of a class
            of another name; `list[…]` is a list of these, and `str` and `dict` are these types.

    """

    def find(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        value = vars(sys.modules[module])[name] = _type_at(home, name)
        return value

    return find


def _type_at(home: str, name: str) -> Any:
    if home.startswith("list["):
        return list[_type_at(home[5:-1], name)]  # type: ignore[misc]  # known at run time only
    if home in _PLAIN:
        return _PLAIN[home]
    module, _, attribute = home.partition(":")
    return getattr(import_module(f"{_PACKAGE}.{module}"), attribute or name)


class _Finder:
    """Finder of the modules that the official client has for a name each; they have all names of their package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module that is named after a type, in any spelling of its words; else `None`."""
        package, _, name = fullname.rpartition(".")
        if package != _PACKAGE and not package.startswith(f"{_PACKAGE}."):
            return None
        parent = import_module(package)  # which waits while another thread imports it
        names: Sequence[str] = getattr(parent, "__all__", ())
        if name.replace("_", "") not in map(str.lower, names):
            return None
        return ModuleSpec(fullname, self)  # type: ignore[arg-type]  # `importlib.abc` is slow to import

    def create_module(self, spec: ModuleSpec) -> None:
        """Return nothing: the module is an ordinary one."""

    def exec_module(self, module: ModuleType) -> None:
        """Give a module the names of its package."""
        package = import_module(module.__name__.rpartition(".")[0])
        module.__getattr__ = lambda name: getattr(package, name)  # type: ignore[method-assign]  # which is how a module has one


def install_finder() -> None:
    """Install the finder behind all others, so that it is asked only for modules that nothing else finds."""
    if not any(type(finder) is _Finder for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
