"""Writer of overloads: of calls whose result depends on the value of a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import attrs

from letta_async._schema.unset import UNSET
from letta_async.operations._streaming import OptionalStreamOperation

from .annotations import Rendering
from .declarations import Call

__all__ = ["Kind", "Switch", "switch_of", "write_overloads"]

Kind: TypeAlias = Literal["whole", "other", "either"]
"""Kind of result: the declared response; a stream or a propagation in its place; or one of both."""


@attrs.frozen
class Switch:
    """Parameter that selects the kind of result of a call."""

    parameter: str
    """The parameter in the signature of any value."""
    forms: Mapping[str, Kind]
    """Kind of result for each form of the parameter in an overload."""


_STREAMING: Final = "streaming: bool | Unset = UNSET"
_PROPAGATE: Final = "propagate: bool | PropagateOptions | Mapping[str, Any] | Unset = UNSET"
_PROPAGATION: Final = Switch(
    _PROPAGATE,
    {
        "propagate: Literal[False] | Unset = UNSET": "whole",
        "propagate: Literal[True] | PropagateOptions | Mapping[str, Any]": "other",
        _PROPAGATE: "either",
    },
)


def switch_of(call: Call) -> Switch | None:
    """Return the parameter that selects the kind of result of a call; `None` if there is none."""
    if call.propagates:
        return _PROPAGATION
    if not issubclass(call.cls, OptionalStreamOperation):
        return None
    default = call.cls.streams_with(UNSET)
    kinds: dict[bool, Kind] = {True: "other", False: "whole"}
    return Switch(
        _STREAMING,
        {
            f"streaming: Literal[{default}] | Unset = UNSET": kinds[default],
            f"streaming: Literal[{not default}]": kinds[not default],
            _STREAMING: "either",
        },
    )


def write_overloads(
    name: str, signature: str, switch: Switch, returns: Mapping[Kind, str], rendering: Rendering
) -> str:
    """Write the overloads of a method: its declared signature, with each form of the parameter."""
    rendering.need("typing", "Literal", "overload")
    assert switch.parameter in signature  # noqa: S101 - every such call declares it
    return "".join(
        f"    @overload\n    def {name}({signature.replace(switch.parameter, form)}) -> {returns[kind]}: ...\n\n"
        for form, kind in switch.forms.items()
    )
