"""Faults of TLS: rows 34 and 35 of the catalogue."""

from __future__ import annotations

from typing import Final

from letta_async import APIConnectionError, APITimeoutError, Timeout

from .fault import Again, Fault
from .scripts import closes, good, hears_and_says, resets, stalls_at_once
from .tls import client_context_with_certificate

__all__ = ["TLS"]


def _untrusted(tls: str, happens: str) -> Fault:
    return Fault(
        row=34,
        name=tls.replace(" ", "-"),
        happens=happens,
        script=good,
        tls=tls,
        sees=APIConnectionError,
        says=("certificate is not trusted",),
        requests=0,
    )


TLS: Final = [
    _untrusted("expired", "The server's certificate is out of date"),
    _untrusted("self-signed", "The server's certificate is signed by itself"),
    _untrusted("other host", "The server's certificate is for another host"),
    _untrusted("unknown authority", "The server's certificate is signed by an unknown authority"),
    Fault(row=35, name="trusted", happens="The server's certificate is good", script=good, tls="good"),
    Fault(
        row=35,
        name="old-tls",
        happens="The server knows only TLS 1.1 or older",
        script=good,
        tls="old",
        sees=APIConnectionError,
        says=("no secure connection could be made",),
        requests=0,
    ),
    Fault(
        row=35,
        name="handshake-closed",
        happens="The connection is closed within the TLS handshake",
        script=closes("at once"),
        scheme="https",
        sees=APIConnectionError,
        again=Again.ALL,
        requests=0,
    ),
    Fault(
        row=35,
        name="handshake-reset",
        happens="The connection is reset within the TLS handshake",
        script=resets("at once"),
        scheme="https",
        sees=APIConnectionError,
        again=Again.ALL,
        requests=0,
    ),
    Fault(
        row=35,
        name="handshake-stalls",
        happens="The TLS handshake does not get on",
        script=stalls_at_once,
        scheme="https",
        sees=APITimeoutError,
        again=Again.ALL,
        client={"timeout": Timeout(1, connect=0.1)},
        requests=0,
    ),
    Fault(
        row=35,
        name="plain-instead-of-tls",
        happens="A port that expects plain HTTP is spoken to over https",
        script=hears_and_says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        scheme="https",
        sees=APIConnectionError,
        says=("does the server speak TLS on this port?",),
        requests=0,
    ),
    Fault(
        row=35,
        name="tls-instead-of-plain",
        happens="A port that expects TLS is spoken to over http",
        script=good,
        tls="good",
        scheme="http",
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        requests=0,
    ),
    *(
        Fault(
            row=35,
            name=name.replace(",", "").replace(" ", "-"),
            happens=happens,
            script=good,
            tls=name,
            sees=APIConnectionError,
            says=words,
            requests=0,
            uvloop={"says": ()},  # the request may be on its way when the alert comes
        )
        for name, words, happens in (
            (
                "client certificate",
                ("wants a client certificate", "see ssl_context"),
                "The server demands a client certificate",
            ),
            (
                "client certificate, TLS 1.2",
                ("no secure connection",),
                "The server demands a client certificate within the handshake (TLS 1.2)",
            ),
        )
    ),
    Fault(
        row=35,
        name="client-certificate-given",
        happens="The server demands a client certificate and gets it",
        script=good,
        tls="client certificate",
        client_context=client_context_with_certificate,
    ),
]
