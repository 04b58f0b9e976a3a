"""What the wire classes share: the numeric ranges that annotations carry, and the room for fields not known here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import attrs

__all__ = ["Count", "Fraction", "PageSize", "Range", "WireObject"]


@attrs.frozen
class Range:
    """Bounds of a number, both included; `None` leaves that side open."""

    minimum: float | None = None
    maximum: float | None = None

    def __contains__(self, number: float) -> bool:
        return (self.minimum is None or number >= self.minimum) and (self.maximum is None or number <= self.maximum)

    def __str__(self) -> str:
        if self.maximum is None:
            return f"at least {self.minimum:g}"
        if self.minimum is None:
            return f"at most {self.maximum:g}"
        return f"from {self.minimum:g} to {self.maximum:g}"


Count = Annotated[int, Range(minimum=0)]
"""A whole number of things: zero or more."""

PageSize = Annotated[int, Range(minimum=1)]
"""How many items a page holds at most."""

Fraction = Annotated[float, Range(minimum=0, maximum=1)]
"""A share of a whole: 0 to 1, both included."""


@attrs.frozen(kw_only=True)
class WireObject:
    """A JSON object of the API.

    A field defaults to `UNSET` unless the API requires it, or to `None` in what only a server sends. Making an instance
    checks nothing, so that what a newer server answers can be held; values are checked where they are sent.
    """

    extra_fields: Mapping[str, Any] = attrs.field(
        factory=dict[str, Any], hash=False, repr=lambda extra: repr(dict(extra))
    )
    """Fields of the JSON object that this version has no name for: kept when read, sent unchecked when given."""
