"""Generator of `letta_async.types` and its modules with the names of the official client, imported on first use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from .modules import HEADER
from .official import homes_of

__all__ = ["names_module", "types_module"]

_ABOUT: Final = '''"""JSON objects of the API as attrs classes, one module per concept.

The package has them all, also under the names of the official client: `BlockResponse` is `Block`, `MessageCreateParam`
is `MessageCreate`, and `AgentCreateParams` is a dictionary of the parameters of `agents.create`.
"""'''


def types_module(own: Mapping[str, str]) -> str:
    """Write `letta_async/types/__init__.py`.

    Args:
        own: Module of each type of this package, by name.

    """
    homes = dict(sorted(homes_of("", own).items()))
    return (
        f"{HEADER}{_ABOUT}\n\n"
        f"{_static(homes)}\n"
        "from letta_async.types._lazy_imports import install_finder, lookup\n\n"
        f"__all__ = {[*homes]!r}\n\n"
        f"_HOMES: Final = {homes!r}\n"
        '"""Where each name is from."""\n\n'
        "if not TYPE_CHECKING:  # pragma: no branch - true whenever it runs\n"
        "    __getattr__ = lookup(__name__, _HOMES)\n"
        "    install_finder()\n\n"
        "    def __dir__() -> list[str]:\n"
        "        return sorted({*globals(), *__all__})\n"
    )


def names_module(package: str, own: Mapping[str, str]) -> str:
    """Write a module such as `letta_async/types/agents.py`."""
    homes = dict(sorted(homes_of(package, own).items()))
    root = homes_of("", own)
    others = {name: home for name, home in homes.items() if root.get(name) != home}
    homes_here = f"{{**_HOMES, {repr(others)[1:]}" if others else "_HOMES"
    return (
        f'{HEADER}"""Types of `client.{package}` under the names of the official client."""\n\n'
        f"{_static(homes)}\n"
        "from letta_async.types._lazy_imports import lookup\n\n"
        f"__all__ = {[*homes]!r}\n\n"
        "__path__: Final[list[str]] = []  # a package, so that it can hold modules\n\n"
        "if not TYPE_CHECKING:  # pragma: no branch - true whenever it runs\n"
        "    from letta_async.types import _HOMES\n\n"
        f"    __getattr__ = lookup(__name__, {homes_here})\n\n"
        "    def __dir__() -> list[str]:\n"
        "        return sorted({*globals(), *__all__})\n"
    )


def _static(homes: Mapping[str, str]) -> str:
    """Write the imports that type checkers and editors see."""
    classes = {name: home for name, home in homes.items() if _is_import(home)}
    aliases = {name: home for name, home in homes.items() if not _is_import(home)}
    lines = [f"    {_import(name, home)}" for name, home in classes.items()]
    needed = {found[1]: found[0] for home in aliases.values() for found in _names_in(home)}
    lines += [f"    from letta_async.types.{module} import {name}" for name, module in needed.items()]
    lines += [f"    {name}: TypeAlias = {_annotation(home)}" for name, home in aliases.items()]
    typing = ["TYPE_CHECKING", "Final", *(["TypeAlias"] if aliases else [])]
    if any("dict" in home for home in aliases.values()):
        typing.append("Any")
    return f"from typing import {', '.join(typing)}\n\nif TYPE_CHECKING:\n" + "\n".join(lines or ["    pass"]) + "\n"


def _is_import(home: str) -> bool:
    return not home.startswith("list[") and home not in ("str", "dict")


def _import(name: str, home: str) -> str:
    module, _, attribute = home.partition(":")
    renamed = f" as {name}" if attribute else ""
    return f"from letta_async.types.{module} import {attribute or name}{renamed}"


def _names_in(home: str) -> Iterable[tuple[str, str]]:
    return [(module, name) for module, name in re.findall(r"(\w+):(\w+)", home)]


def _annotation(home: str) -> str:
    """Return a home as an annotation: `list[block:Block]` is `list[Block]`."""
    return re.sub(r"\bdict\b", "dict[str, Any]", re.sub(r"\w+:(\w+)", r"\1", home))
