"""Composer of docstrings of methods that make several calls."""

from __future__ import annotations

from typing import Any

from .declarations import Call
from .docstrings import OPTIONS, RAISES, fill, parsed, section

__all__ = ["composed_docstring"]


def composed_docstring(call: Call) -> str:
    """Compose the docstring: what the declaration says itself, then what its base says of all such methods."""
    base = _base_of(call.cls)
    own, shared = parsed(call.cls), parsed(base)
    paragraphs = own.paragraphs if base is call.cls else [*own.paragraphs, *shared.paragraphs]
    options = {
        name: text.replace("this request", "each request").replace("one attempt", "one attempt of a request")
        for name, text in OPTIONS.items()
    }
    arguments = [*((each.name, each.description) for each in call.parameters), *options.items()]
    common = shared.raises or RAISES
    first = next(iter(common))
    raises = {first: common[first]} | own.raises
    raises |= {name: text for name, text in common.items() if name not in raises}
    blocks = [own.summary, *map(fill, paragraphs), section("Args", arguments)]
    if returns := own.returns or shared.returns:
        blocks.append("Returns:\n" + fill(returns, "    "))
    blocks.append(section("Raises", raises.items()))
    return "\n\n".join(blocks)


def _base_of(cls: type[Any]) -> type[Any]:
    """Return the base class that says which method makes the calls."""
    return next(base for base in cls.__mro__ if "made_by" in vars(base))
