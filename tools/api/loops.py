"""Composer of docstrings of methods that make a call again and again."""

from __future__ import annotations

from letta_async.operations._tool_loop import ToolLoopOperation

from .declarations import Call
from .docstrings import OPTIONS, fill, parsed, section

__all__ = ["loop_docstring"]


def loop_docstring(call: Call) -> str:
    """Compose the docstring of the method for a loop: what is its own, then what all loops share."""
    own, shared = parsed(call.cls), parsed(ToolLoopOperation)
    options = {
        name: text.replace("this request", "each request").replace("one attempt", "one attempt of a request")
        for name, text in OPTIONS.items()
    }
    arguments = [*((each.name, each.description) for each in call.parameters), *options.items()]
    (first, *rest) = shared.raises.items()
    return "\n\n".join(
        [
            own.summary,
            *map(fill, shared.paragraphs),
            section("Args", arguments),
            "Returns:\n" + fill(shared.returns, "    "),
            section("Raises", [first, *own.raises.items(), *rest]),
        ]
    )
