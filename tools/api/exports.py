"""Generator of the package's `__init__`: every public name, imported on first use."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Final

from letta_async import types

from .modules import HEADER
from .official import PACKAGES

__all__ = ["package_module", "type_homes"]

_NAMED: Final = {
    "_http.rate_limit": ["RateLimit"],
    "_http.statistics": ["ClientStats", "TrafficStats"],
    "_schema.unset": ["NOT_GIVEN", "NotGiven", "Omit", "UNSET", "Unset", "not_given", "omit"],
    "client": ["AsyncClient", "AsyncLetta"],
    "config": ["ENVIRONMENTS", "Timeout"],
    "function_tools.function_descriptions": ["client_tool"],
    "function_tools.tool_loop": ["ToolRun"],
    "operations.agent_blocks": ["UpdateAgentBlock"],
    "operations.agents": ["UpdateAgent"],
    "operations.blocks": ["UpdateBlock"],
    "operations.conversations": ["Recompile"],
    "propagation.result": ["Propagation"],
    "resources._api_response": ["APIResponse", "AsyncAPIResponse"],
    "resources._base_api_response": ["HTTPRequest"],
    "resources._paging": ["AsyncPage", "AsyncPaginator", "Page", "Paginator"],
    "resources._propagation": ["AsyncPropagation"],
    "resources._stream": ["AsyncStream", "Stream"],
    "retry": ["RetryPolicy"],
    "sync": ["Client", "Letta"],
    "types": ["CreateBlock", "LLMConfig", "LettaMessageUnion"],
}
"""Public names, by module; besides these, all that `errors` and the types export are public. Those of `types` are what
programs for letta-client import from the package by an earlier name, or by that in the API's description."""

_ABOUT: Final = '''"""Async-first SDK for Letta agent servers.

`AsyncLetta` is the client for asyncio, `Letta` the same for code without it. The heart of both is
`conversations.recompile`, which brings a conversation's compiled system prompt up to date with the agent's memory.
"""'''

_TAIL: Final = '''
if not TYPE_CHECKING:  # pragma: no branch - true whenever it runs

    def __getattr__(name: str) -> Any:
        """Import what is asked for when it is asked for: a script that asks for little need not wait for everything."""
        if name in _HOMES:
            value = globals()[name] = getattr(import_module(f"letta_async.{_HOMES[name]}"), name)
            return value
        if name in _HOMES.values() or name == "types":
            return import_module(f"letta_async.{name}")
        raise AttributeError(f"module 'letta_async' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
'''


def package_module() -> str:
    """Write `letta_async/__init__.py`."""
    homes = dict(sorted(_exports()))
    imports = "".join(f"    from letta_async.{home} import {name}\n" for name, home in homes.items())
    names = sorted([*homes, "__version__"], key=lambda name: (name.upper() != name or name.startswith("_"), name))
    return (
        f"{HEADER}{_ABOUT}\n\n"
        "from importlib import import_module\n"
        "from typing import TYPE_CHECKING, Any, Final\n\n"
        "from letta_async._version import __version__\n\n"
        f"if TYPE_CHECKING:\n    from letta_async import types as types\n{imports}\n"
        f"__all__ = {names!r}\n\n"
        f'_HOMES: Final = {homes!r}\n"""Module that each name is from."""\n{_TAIL}'
    )


def _exports() -> Iterator[tuple[str, str]]:
    """Yield each public name with its module."""
    for home, names in _NAMED.items():
        yield from ((name, home) for name in names)
    for home in ["errors", "batch.outcome", "batch.staleness", *_public_types()]:
        yield from ((name, home) for name in import_module(f"letta_async.{home}").__all__)


def _public_types() -> Iterator[str]:
    for module in pkgutil.iter_modules(types.__path__):
        if not module.name.startswith("_") and module.name not in PACKAGES:
            yield f"types.{module.name}"


def type_homes() -> dict[str, str]:
    """Return the module of each public type, by name."""
    return {name: home.removeprefix("types.") for name, home in sorted(_exports()) if home.startswith("types.")}
