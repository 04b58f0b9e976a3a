"""String type that masks its value in representations, and detection of headers with secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl, urlencode

__all__ = [
    "MASK",
    "SECRET_MEMBERS",
    "SENSITIVE",
    "Secret",
    "mask",
    "mask_query",
    "mask_url_passwords",
    "names_secret",
    "names_secret_member",
]

MASK: Final = "**********"
"""Text that is shown instead of a secret."""

SENSITIVE: Final = r"(?i:auth(?![a-z]|_header)|authorization|cookie|key|token|secret|password)"
"""Pattern that the names of secrets contain. Patterns are compiled on first use, which takes longer than an import."""
_SIGNATURE: Final = r"(?i:signature|(?<![a-z])sig(?![a-z]))"
"""Pattern of the names of headers and query parameters that sign a request; a member of a body is less than that."""

SECRET_MEMBERS: Final = rf'[^"]*(?:{SENSITIVE}|environment_variables)[^"]*|env|env_vars|env_vars_json|custom_headers'
"""Pattern of the names of members of JSON objects that hold secrets; to be matched without regard to case."""
_USER_OF_URL: Final = r"(://[^/@\s\":]*:)[^/@\s\"]+(?=@)"


@lru_cache(256)  # the names in responses are always the same
def names_secret(header: str) -> bool:
    """Return whether a header or query parameter holds a secret, by its name, so that its value is never shown."""
    return re.search(f"{SENSITIVE}|{_SIGNATURE}", header) is not None


def names_secret_member(name: str) -> bool:
    """Return whether a member of a JSON object holds a secret, or a mapping of secrets, by its name."""
    return re.fullmatch(SECRET_MEMBERS, name, re.IGNORECASE) is not None


def mask_query(query: str, mask_text: Callable[[str], str] = str) -> str:
    """Return the query of a URL with the values of parameters masked that are secret by their names.

    Args:
        query: The query, percent-encoded.
        mask_text: Function that masks what is secret in the other values. Default: nothing is.

    """
    pairs = parse_qsl(query, keep_blank_values=True)
    shown = [(name, MASK if names_secret(name) else mask_text(value)) for name, value in pairs]
    return urlencode(shown, safe="*")


def mask_url_passwords(text: str) -> str:
    """Return a text with the passwords of URLs masked."""
    return re.sub(_USER_OF_URL, rf"\1{MASK}", text) if "@" in text else text


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
