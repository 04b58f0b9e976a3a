"""Secrets used in the tests, and the check that an error does not show them."""

from __future__ import annotations

import pickle
import traceback
from typing import Final

__all__ = ["COOKIE", "KEY", "PROXY_PASSWORD", "TOKEN", "assert_kept", "assert_not_told"]

KEY: Final = "sk-let-MostSecretKey"
PROXY_PASSWORD: Final = "MostSecretPassword"
COOKIE: Final = "session=MostSecretCookie"
TOKEN: Final = "MostSecretToken"

_ENCODED: Final = "c2FtOk1vc3RTZWNyZXRQYXNzd29yZA"
"""User name and password of the proxy as encoded in the header."""


def assert_not_told(*texts: str) -> None:
    assert not [text for text in texts if "MostSecret" in text or _ENCODED in text]


def assert_kept(error: BaseException) -> None:
    """Check that no representation of an error shows a secret."""
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert_not_told(shown, pickle.dumps(error).decode("latin-1"))
    link: BaseException | None = error
    while link is not None:
        assert_not_told(str(link), repr(link), repr(vars(link)))
        link = link.__cause__ or link.__context__
