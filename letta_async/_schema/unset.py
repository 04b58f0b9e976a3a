"""`UNSET`, the marker for a value that was not passed, as distinct from `None`, which is sent as `null`."""

from __future__ import annotations

import enum
from typing import Final, Literal, TypeAlias

__all__ = ["NOT_GIVEN", "UNSET", "NotGiven", "Omit", "Unset", "not_given", "omit"]


class Unset(enum.Enum):
    """Type of `UNSET`: an enumeration of one member, so that type checkers narrow `X | Unset`, and pickle keeps it."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Marks a field or parameter as left out: it is not in the request, and the server's default applies."""

NotGiven: TypeAlias = Unset
Omit: TypeAlias = Unset
NOT_GIVEN: Final = UNSET
not_given: Final = UNSET
omit: Final = UNSET
# the official client's names of the two
