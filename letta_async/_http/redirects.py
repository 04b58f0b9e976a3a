"""Redirects: which ones are followed with the request and its API key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yarl import URL

from letta_async._http.error_response import printable
from letta_async._http.request import Request
from letta_async._http.translation import connection_error
from letta_async.errors import APIConnectionError

__all__ = ["redirect_target"]

_MAX_HOPS: Final = 3


def redirect_target(
    request: Request, status: int, headers: Mapping[str, str], target: URL, base_url: str, hops: int
) -> URL | None:
    """Return the URL to send the request to instead; `None` if the response is not a redirect.

    Only a 307 or 308 within the same origin is followed, with the same method and body. Any other redirect could send
    the key to another host or over plain text, or change a POST to a GET.

    Raises:
        APIConnectionError: The response is a redirect that is not followed, or a switch to another protocol.

    """

    def refuse(why: str) -> APIConnectionError:
        return connection_error(f"{why} (status {status})", request.method, request.path, base_url, APIConnectionError)

    if status == 101:
        raise refuse("the server switched to another protocol, unasked")
    if status not in (301, 302, 303, 307, 308):
        return None
    text = headers.get("Location", "").strip()
    if not text:
        raise refuse("the server redirects without saying where to")
    location = _absolute_url(text, target)
    if location is None:
        raise refuse("the server redirects to what is not a URL of HTTP")
    shown = printable(str(location.with_user(None)))[:120]
    if status not in (307, 308):
        raise refuse(f"the server redirects to {shown} in a way that would change the request; is base_url right?")
    if location.origin() != target.origin() or "@" in text.split("?", 1)[0]:
        raise refuse(f"the server redirects to {shown}; the request, and the key, go to no other origin")
    if hops >= _MAX_HOPS:
        raise refuse("the server redirects in circles")
    if not request.resendable:
        raise refuse("the server redirects, but the file was read and cannot be read again; pass one that is seekable")
    return location


def _absolute_url(text: str, target: URL) -> URL | None:
    try:
        location = target.join(URL(text, encoded=True))
        location.origin()  # fails where there is none
        location.with_user(None)  # fails where the port is no number
    except (ValueError, IndexError):  # yarl raises the latter for some hosts in brackets
        return None
    return location if location.scheme in ("http", "https") else None
