"""Description of the request that an error is about, without secrets."""

from __future__ import annotations

from multidict import CIMultiDict

from letta_async._http.request import Request
from letta_async._utils.secret_strings import MASK, mask_query, names_secret
from letta_async.errors import APIError, ErrorRequest

__all__ = ["note_request"]


def note_request(error: APIError, request: Request, base_url: str) -> None:
    """Set the `request` of an error; values of headers and query parameters with names of secrets are masked.

    Args:
        error: The error.
        request: The request that it is about.
        base_url: URL of the server.

    """
    headers = CIMultiDict((name, _shown(name, value)) for name, value in request.headers.items())
    error.request = ErrorRequest(request.method, f"{base_url}{request.path}{_shown_query(request.query)}", headers)


def _shown(name: str, value: str) -> str:
    return MASK if names_secret(name) else str(value)


def _shown_query(query: str) -> str:
    if not query:
        return ""
    if not names_secret(query):
        return f"?{query}"
    return f"?{mask_query(query)}"
