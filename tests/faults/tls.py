"""Valid and invalid certificates, and a client's context that trusts their authority."""

from __future__ import annotations

import datetime
import functools
import ssl
import warnings
from collections.abc import Callable
from typing import Final

import trustme

__all__ = ["CONTEXTS", "client_context", "client_context_with_certificate"]

_DAY: Final = datetime.timedelta(days=1)


@functools.cache
def _authority(name: str) -> trustme.CA:
    return trustme.CA(organization_name=name)


def _server_context(cert: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    return context


def _good() -> ssl.SSLContext:
    return _server_context(_authority("trusted").issue_cert("127.0.0.1"))


def _expired() -> ssl.SSLContext:
    now = datetime.datetime.now(datetime.UTC)
    return _server_context(
        _authority("trusted").issue_cert("127.0.0.1", not_before=now - 2 * _DAY, not_after=now - _DAY)
    )


def _self_signed() -> ssl.SSLContext:
    # An authority's own certificate, used as a server's.
    authority = trustme.CA(organization_name="self")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.cert_pem.tempfile() as cert, authority.private_key_pem.tempfile() as key:
        context.load_cert_chain(cert, key)
    return context


def _other_host() -> ssl.SSLContext:
    return _server_context(_authority("trusted").issue_cert("elsewhere.example"))


def _unknown_authority() -> ssl.SSLContext:
    return _server_context(_authority("unknown").issue_cert("127.0.0.1"))


def _old() -> ssl.SSLContext:
    context = _good()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def _wants_client_certificate() -> ssl.SSLContext:
    context = _good()
    context.verify_mode = ssl.CERT_REQUIRED
    _authority("trusted").configure_trust(context)
    return context


def _wants_client_certificate_early() -> ssl.SSLContext:
    context = _wants_client_certificate()
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # which says so within the handshake
    return context


CONTEXTS: Final[dict[str, Callable[[], ssl.SSLContext]]] = {
    "good": functools.cache(_good),
    "expired": functools.cache(_expired),
    "self-signed": functools.cache(_self_signed),
    "other host": functools.cache(_other_host),
    "unknown authority": functools.cache(_unknown_authority),
    "old": functools.cache(_old),
    "client certificate": functools.cache(_wants_client_certificate),
    "client certificate, TLS 1.2": functools.cache(_wants_client_certificate_early),
}
"""TLS settings of a server, by the name of their fault."""


def client_context() -> ssl.SSLContext:
    """Return a client's context that trusts only the authority of the valid certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _authority("trusted").configure_trust(context)
    return context


def client_context_with_certificate() -> ssl.SSLContext:
    context = client_context()
    _authority("trusted").issue_cert("client.example").configure_cert(context)
    return context
