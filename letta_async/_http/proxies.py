"""Proxies named by environment variables; one that cannot be used is an error rather than ignored."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.request import getproxies, proxy_bypass

from yarl import URL

from letta_async._utils.secret_strings import Secret
from letta_async.errors import ArgumentProblem, InvalidArgumentError

__all__ = ["EnvironmentProxy", "environment_proxy"]


class EnvironmentProxy(NamedTuple):
    """Proxy that an environment variable names."""

    url: Secret
    """URL of the proxy, which may contain a password."""
    variable: str
    """Name of the variable in upper case; it may be set in lower case, or in the system's settings."""


def environment_proxy(base_url: str) -> EnvironmentProxy | None:
    """Return the HTTP proxy that the environment names for a server; `None` if it names none.

    The variables, in lower or upper case, are `http_proxy` or `https_proxy` by the server's scheme, else `all_proxy`,
    and `no_proxy`: domains with their subdomains, addresses, networks such as `10.0.0.0/8`, optionally with a port, or
    `*`.

    Raises:
        InvalidArgumentError: The environment names a proxy of another kind, such as SOCKS.

    """
    url, named = URL(base_url), {kind: Secret(value.strip()) for kind, value in getproxies().items()}
    for kind in (url.scheme, "all", "socks"):
        proxy = named.get(kind)
        if not proxy or _is_exempt(url, named.get("no", "")):
            continue
        variable = f"{kind.upper()}_PROXY"
        is_full = "://" in proxy
        scheme = proxy.partition("://")[0].lower() if is_full else "socks" if kind == "socks" else "http"
        if scheme not in ("http", "https"):
            problem = (
                f"names a proxy of the kind {scheme!r}, which cannot be used: name an http or https proxy, "
                f"exempt {url.host} by NO_PROXY, or pass a session with a connector for such a proxy"
            )
            raise InvalidArgumentError([ArgumentProblem(variable, problem)])
        return EnvironmentProxy(proxy if is_full else Secret(f"{scheme}://{proxy}"), variable)
    return None


def _is_exempt(url: URL, exempt: str) -> bool:
    host = url.host or ""
    if proxy_bypass(host) or proxy_bypass(f"{host}:{url.port}"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _exempt_networks(exempt))


def _exempt_networks(exempt: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for entry in exempt.split(","):
        try:
            networks.append(ipaddress.ip_network(entry.strip(), strict=False))
        except ValueError:
            continue
    return networks
