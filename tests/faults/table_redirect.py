"""Redirects: rows 31 to 33 of the catalogue."""

from __future__ import annotations

import re
from typing import Final

from letta_async import APIConnectionError

from .fault import Fault
from .scripts import redirects
from .server import Server

__all__ = ["REDIRECT"]


def _kept_method_and_body(server: Server) -> None:
    first, second = server.requests
    assert second.target == "/v2/elsewhere?x=%2F"
    assert (second.method, second.body, second.headers) == (first.method, first.body, first.headers)
    assert "authorization" in second.headers


def _refused(status: int, location: str | None, words: str, happens: str, tls: str | None = None) -> Fault:
    name = "nowhere" if location is None else re.sub(r"\W+", "-", location).strip("-") or "nothing"
    return Fault(
        row=32 if status in (307, 308) else 33,
        name=f"{status}-to-{name}{'-from-https' if tls else ''}",
        happens=f"A {status}{'' if happens.startswith(',') else ' '}{happens}",
        script=redirects(status, location),
        tls=tls,
        sees=APIConnectionError,
        says=(words, f"status {status}"),
    )


REDIRECT: Final = [
    *(
        Fault(
            row=31,
            name=f"{status}-{name}",
            happens="A 307 or 308 to the same origin: method and body are kept",
            script=redirects(status, f"{location}/v2/elsewhere?x=%2F", once=True),
            requests=2,
            inspect=_kept_method_and_body,
        )
        for status in (307, 308)
        for name, location in (("absolute", "{here}"), ("relative", ""))
    ),
    _refused(307, "{elsewhere}/v1/", "no other origin", "to another host or port"),
    _refused(308, "//{elsewhere_host}/v1/", "no other origin", "to another host or port, without a scheme"),
    _refused(307, "http://{host}/v1/", "no other origin", "from https to http", tls="good"),
    _refused(307, "file:///etc/passwd", "not a URL of HTTP", "to a file"),
    _refused(307, "http://sam:secret@{host}/v1/", "no other origin", "with a user name and password"),
    _refused(307, "http://[::1/", "not a URL of HTTP", "to what is no URL"),
    _refused(307, None, "without saying where to", "that does not say where to"),
    _refused(307, " ", "without saying where to", "to nothing"),
    Fault(
        row=32,
        name="loop",
        happens="A redirect leads to another, in a circle",
        script=redirects(307, "/v1/again"),
        sees=APIConnectionError,
        says=("redirects in circles",),
        requests=4,
    ),
    _refused(301, "{here}/v1/", "change the request", ", which would turn a POST into a GET"),
    _refused(302, "{elsewhere}/v1/", "change the request", ", likewise"),
    _refused(303, "/v1/", "change the request", ", likewise"),
]
