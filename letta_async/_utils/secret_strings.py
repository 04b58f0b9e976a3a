"""String type that masks its value in representations, and detection of headers with secrets."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, NoReturn

__all__ = ["MASK", "SENSITIVE", "Secret", "mask", "names_secret"]

MASK: Final = "**********"
"""Text that is shown instead of a secret."""

SENSITIVE: Final = re.compile(r"authorization|cookie|key|token|secret|password", re.IGNORECASE)
"""Pattern that the names of secrets contain."""


@lru_cache(256)  # the names in responses are always the same
def names_secret(header: str) -> bool:
    """Return whether a header holds a secret, by its name, so that its value is masked wherever it is shown."""
    return SENSITIVE.search(header) is not None


class Secret(str):
    """String whose `repr` is masked, so that no log, error or traceback with locals shows it.

    It is a `str` because the HTTP library needs one; the headers that the library keeps are masked as well. It cannot
    be pickled: another process should read its own environment.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an API key is not pickled; let the other process read LETTA_API_KEY from its own environment")


def mask(value: Any) -> Any:
    """Return a string as a `Secret`, and any other value unchanged: arguments are validated elsewhere."""
    return Secret(str.__str__(value)) if isinstance(value, str) else value
