"""Headers of a response with what is secret masked, as hooks see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from letta_async._http.trace import find_secrets, mask_secrets
from letta_async._utils.secret_strings import MASK, names_secret

__all__ = ["MaskedHeaders"]


class MaskedHeaders(Mapping[str, str]):
    """Headers of a response: secrets are masked, and those of its request, which the server may have echoed.

    Names are case-insensitive. A value is masked when it is read, since most are never read.
    """

    __slots__ = ("_headers", "_sent")

    def __init__(self, headers: Mapping[str, str], sent: Mapping[str, str]) -> None:
        """Wrap headers.

        Args:
            headers: Headers of the response, with case-insensitive names.
            sent: Headers of the request.

        """
        self._headers: Final = headers
        self._sent: Final = sent

    def __getitem__(self, name: str) -> str:
        value = self._headers[name]
        return MASK if names_secret(name) else mask_secrets(value, find_secrets(self._sent))

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict(self)!r}>"
