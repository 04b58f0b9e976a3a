"""Constraints of numbers and texts, for annotations."""

from __future__ import annotations

from typing import Annotated

import attrs

__all__ = [
    "Count",
    "Fraction",
    "Int32",
    "NulAllowed",
    "PageSize",
    "Range",
    "Seconds",
    "SmallCount",
    "TextWithNul",
]


@attrs.frozen
class Range:
    """Range of a number, both ends included; `None` leaves an end open."""

    minimum: float | None = None
    maximum: float | None = None

    def __contains__(self, number: float) -> bool:
        minimum, maximum = self.minimum, self.maximum
        return (minimum is None or number >= minimum) and (maximum is None or number <= maximum)

    def __str__(self) -> str:
        if self.maximum is None:
            return f"at least {_written(self.minimum)}"
        if self.minimum is None:
            return f"at most {_written(self.maximum)}"
        return f"from {_written(self.minimum)} to {_written(self.maximum)}"


class NulAllowed:
    """Marker of a string that may contain NUL characters: the server removes them, or stores the string as JSON."""

    __slots__ = ()


def _written(number: float | None) -> str:
    return f"{number}" if isinstance(number, int) else f"{number:g}"


Count = Annotated[int, Range(minimum=0)]
"""Whole number, zero or more."""

Int32 = Annotated[int, Range(minimum=-(2**31), maximum=2**31 - 1)]
"""Whole number of 32 bits, as most columns of the server's database hold. Seen: Letta 0.16.8 responds 500 to more."""

SmallCount = Annotated[int, Range(minimum=0, maximum=2**31 - 1)]
"""Whole number of 32 bits, zero or more."""

TextWithNul = Annotated[str, NulAllowed()]
"""Text from which Letta 0.16.8 removes NUL characters, or which it stores with them; in others they are refused."""

Seconds = Annotated[float, Range(minimum=0)]
"""Duration in seconds."""

PageSize = Annotated[int, Range(minimum=1)]
"""Maximum number of items of a page."""

Fraction = Annotated[float, Range(minimum=0, maximum=1)]
"""Number from 0 to 1, both included."""
