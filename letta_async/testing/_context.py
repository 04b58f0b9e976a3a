"""Where a value stands in a request, and where problems with it are noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import attrs

from letta_async.testing._errors import Problem

__all__ = ["Reader", "ValidationContext", "is_array", "is_object"]


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a JSON value is an array."""
    return isinstance(value, list)


@attrs.frozen
class ValidationContext:
    """The place of a value in a request, and the list that problems go to."""

    loc: tuple[str | int, ...]
    problems: list[Problem]

    def at(self, *steps: str | int) -> ValidationContext:
        """Go down to a part of the value."""
        return ValidationContext(self.loc + steps, self.problems)

    def refuse(self, type: str, msg: str, value: object, **ctx: Any) -> None:
        """Note what is wrong with the value that stands here."""
        self.problems.append(Problem(type, self.loc, msg, value, ctx or None))

    def refuse_half_pair(self, value: object) -> bool:
        """Tell whether a string holds half of a surrogate pair, and note it; only plain strings may."""
        if not isinstance(value, str):
            return False
        try:
            value.encode()
        except UnicodeEncodeError:
            msg = "Input should be a valid string, unable to parse raw data as a unicode string"
            self.refuse("string_unicode", msg, value)
            return True
        return False


Reader = Callable[[Any, ValidationContext], Any]
"""Turns what arrived into what is meant, or notes a problem (what it returns then is of no use)."""
