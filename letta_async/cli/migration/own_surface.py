"""Lookup of what this package has: modules with their names, resources with their methods and parameters."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from operator import attrgetter
from typing import Any

import attrs

from letta_async.cli.migration.renames import NAMES, NEW, OLD
from letta_async.sync import Letta

__all__ = ["Home", "find_home", "find_name", "has_path", "parameters"]


@attrs.frozen
class Home:
    """Module of this package that stands for one of the official client."""

    module: str
    names: tuple[str, ...]
    """Names in the module, in the order of the official ones."""
    missing: frozenset[str]
    """Names that it does not have."""


def find_home(module: str, names: Sequence[str]) -> Home:
    """Return the module that has the most of the names of an official module: its namesake, if there is one.

    The namesakes of `core`, and of `client` for its names, are not among them: what these have from elsewhere is there
    for programs that are not migrated.
    """
    mirror = NEW + module.removeprefix(OLD)
    among_types = module.startswith(f"{OLD}.types")
    for_others = module.startswith(f"{OLD}.core") or (module == f"{OLD}.client" and names)
    places = [] if for_others else [mirror]
    places += (f"{NEW}.types", NEW) if among_types else (NEW, f"{NEW}.types")
    homes = [_try(place, names) for place in dict.fromkeys(places) if _module(place) is not None]
    return min(homes, key=lambda home: len(home.missing))


def find_name(dotted: str) -> str | None:
    """Return the dotted name in this package for one of the official client's; `None` if there is none."""
    module, _, name = dotted.rpartition(".")
    home = find_home(module, [name])
    return None if home.missing else f"{home.module}.{home.names[0]}"


def _try(place: str, names: Sequence[str]) -> Home:
    found = [next((each for each in _candidates(name) if _has(place, each)), None) for name in names]
    missing = frozenset(name for name, there in zip(names, found, strict=True) if there is None)
    return Home(place, tuple(there or name for name, there in zip(names, found, strict=True)), missing)


def _candidates(name: str) -> list[str]:
    """Return the names by which this package may have an official one, whose classes to send end in `Param`."""
    return [name, *([NAMES[name]] if name in NAMES else []), name.removesuffix("Param")]


def _has(place: str, name: str) -> bool:
    return hasattr(_module(place), name) or _module(f"{place}.{name}") is not None


@cache
def _module(dotted: str) -> Any:
    """Return a public module of this package, or `None`."""
    if any(part.startswith("_") or not part.isidentifier() for part in dotted.split(".")):
        return None
    parent = dotted.rpartition(".")[0]
    if parent and not hasattr(_module(parent), "__path__"):
        return None
    return None if find_spec(dotted) is None else import_module(dotted)


@cache
def _attribute(path: str) -> Any:
    try:
        return attrgetter(path)(Letta) if path else Letta
    except AttributeError:
        return None


def has_path(path: str) -> bool:
    """Return whether a client has a method or a resource at a path such as `agents.blocks.update`."""
    return _attribute(path) is not None


@cache
def parameters(path: str) -> frozenset[str] | None:
    """Return the names of a method's parameters; `None` if it is no method, or takes any. `""` is the constructor."""
    found = _attribute(path)
    if path and not inspect.isfunction(found):
        return None
    signature = inspect.signature(found).parameters
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in signature.values()):
        return None
    return frozenset(signature) - {"self"}
