"""Context of the validation of a value: its location in the request, and the list of problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import attrs

from letta_async.testing._errors import Problem

__all__ = ["Reader", "ValidationContext", "is_array", "is_object"]


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Return whether a JSON value is an array."""
    return isinstance(value, list)


@attrs.frozen
class ValidationContext:
    """Location of a value in a request, and the list that its problems are added to."""

    loc: tuple[str | int, ...]
    problems: list[Problem]

    def at(self, *steps: str | int) -> ValidationContext:
        """Return the context of a part of the value."""
        return ValidationContext(self.loc + steps, self.problems)

    def refuse(self, type: str, msg: str, value: object, **ctx: Any) -> None:
        """Add a problem with the value at this location."""
        self.problems.append(Problem(type, self.loc, msg, value, ctx or None))

    def refuse_surrogate(self, value: object) -> bool:
        """Return whether a string has a lone surrogate, and add the problem; only fields of type `str` may have one."""
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
"""Converts a JSON value to the type of a field, or adds a problem to the context; the result is then meaningless."""
