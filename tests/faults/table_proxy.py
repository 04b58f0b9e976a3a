"""Faults of proxies: row 36 of the catalogue."""

from __future__ import annotations

from typing import Final

from letta_async import APIConnectionError, APIStatusError, InternalServerError

from .fault import Again, Fault
from .scripts import answer, closes, good, says

__all__ = ["PROXY"]


PROXY: Final = [
    Fault(row=36, name="tunnel", happens="A proxy opens a tunnel", script=good, tls="good", proxy=good),
    Fault(row=36, name="forwards", happens="A proxy forwards plain http", script=good, proxy=good, requests=0),
    Fault(
        row=36,
        name="refused",
        happens="The proxy refuses the connection",
        script=good,
        tls="good",
        proxy=None,
        through_closed_port=True,
        sees=APIConnectionError,
        again=Again.ALL,
        says=("the proxy was not reached",),
        requests=0,
    ),
    Fault(
        row=36,
        name="connect-407",
        happens="The proxy wants another password",
        script=good,
        tls="good",
        proxy=says(answer("407 Proxy Authentication Required", b"", "Proxy-Authenticate: Basic")),
        sees=APIConnectionError,
        says=("the proxy answered 407",),
        requests=0,
    ),
    Fault(
        row=36,
        name="connect-502",
        happens="The proxy does not reach the server",
        script=good,
        tls="good",
        proxy=says(answer("502 Bad Gateway", b"")),
        sees=APIConnectionError,
        again=Again.ALL,
        says=("the proxy answered 502",),
        requests=0,
    ),
    Fault(
        row=36,
        name="connect-closed",
        happens="The proxy closes instead of opening a tunnel",
        script=good,
        tls="good",
        proxy=closes("after the request"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        requests=0,
    ),
    Fault(
        row=36,
        name="connect-garbage",
        happens="The proxy does not speak HTTP",
        script=good,
        tls="good",
        proxy=says(b"I am not a proxy.\r\n\r\n", then="fin"),
        sees=APIConnectionError,
        requests=0,
    ),
    Fault(
        row=36,
        name="plain-407",
        happens="The proxy wants another password, for plain http",
        script=good,
        proxy=says(answer("407 Proxy Authentication Required", b"", "Proxy-Authenticate: Basic")),
        sees=APIStatusError,
        status=407,
        requests=0,
    ),
    Fault(
        row=36,
        name="plain-502",
        happens="The proxy does not reach the server, for plain http",
        script=good,
        proxy=says(answer("502 Bad Gateway", b"")),
        sees=InternalServerError,
        again=Again.REPEATABLE,
        status=502,
        requests=0,
    ),
]
