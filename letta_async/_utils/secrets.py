"""A string that keeps itself out of representations, and which headers hold such."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

__all__ = ["SENSITIVE", "Secret", "mask", "names_secret"]

SENSITIVE: Final = re.compile(r"authorization|cookie|key|token|secret|password", re.IGNORECASE)
"""What is in names of secrets."""


def names_secret(header: str) -> bool:
    """Tell whether the values of a header are masked wherever they are shown, by its name."""
    return SENSITIVE.search(header) is not None


class Secret(str):
    """A string whose `repr` shows nothing of it, so that no log, error or traceback with locals does either.

    It is a `str` because the HTTP library needs one; wherever that library keeps headers, the mask holds too. It cannot
    be pickled: what travels to another process should read its own environment there.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'**********'"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an API key is not pickled; let the other process read LETTA_API_KEY from its own environment")


def mask(value: Any) -> Any:
    """Make a secret of a string, and leave what is none: a wrong argument is judged, and refused, elsewhere."""
    return Secret(str.__str__(value)) if isinstance(value, str) else value
