"""Values of options: durations such as `30s`, rates such as `30/min`, and addresses to listen on."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

import attrs
import click

__all__ = ["Listen", "duration_in_words", "is_loopback", "parse_duration", "parse_listen", "parse_rate"]

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Length of each unit of a duration, in seconds."""
_PER_MINUTE: Final = {"s": (60, 1), "sec": (60, 1), "m": (1, 1), "min": (1, 1), "h": (1, 60)}
"""Factor and divisor that make a rate one per minute."""
_LONGEST: Final = 31 * 86400.0
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?([a-z]*)", re.ASCII)
_RATE: Final = re.compile(r"(\d{1,9}) ?/ ?([a-z]+)", re.ASCII)
_PORT: Final = re.compile(r"\d{1,5}", re.ASCII)
_LAST_PORT: Final = 65535


@attrs.frozen
class Listen:
    """Address to listen on."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether the address is one of this machine alone."""
        return is_loopback(self.host)

    def url(self, port: int) -> str:
        """Return the URL of the address with the port that was taken."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{port}"


def is_loopback(host: str) -> bool:
    """Return whether a host, a name or an IP address, is reached by this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_duration(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """Return the number of seconds of a duration; without a unit it is one.

    Raises:
        BadParameter: It is none, or not within a month.

    """
    found = _DURATION.fullmatch(value.strip())
    if found is None or found[2] not in _UNITS:
        raise click.BadParameter(f"{value!r} is no duration such as 30s, 5m or 1h", context, parameter)
    seconds = float(found[1]) * _UNITS[found[2]]
    if not 0 < seconds <= _LONGEST:
        raise click.BadParameter(f"{value!r} is out of range: more than 0, at most 31d", context, parameter)
    return seconds


def parse_rate(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Return the number per minute of a rate, rounded down.

    Raises:
        BadParameter: It is none, or less than one per minute.

    """
    if value is None:
        return None
    found = _RATE.fullmatch(value.strip())
    if found is None or found[2] not in _PER_MINUTE:
        raise click.BadParameter(f"{value!r} is no rate such as 30/min, 2/s or 600/h", context, parameter)
    factor, divisor = _PER_MINUTE[found[2]]
    rate = int(found[1]) * factor // divisor
    if rate < 1:
        raise click.BadParameter(f"{value!r} is out of range: at least one a minute", context, parameter)
    return rate


def parse_listen(context: click.Context, parameter: click.Parameter, value: str | None) -> Listen | None:
    """Return the address to listen on; loopback where there is a port alone.

    Raises:
        BadParameter: It is no port, or no IP address with one.

    """
    if value is None:
        return None
    host, _, port = value.strip().rpartition(":")
    if not _PORT.fullmatch(port) or int(port) > _LAST_PORT:
        words = f"{value!r} is neither a port nor an address with one, such as 127.0.0.1:9187"
        raise click.BadParameter(words, context, parameter)
    host = {"": "127.0.0.1", "localhost": "127.0.0.1"}.get(host, host.removeprefix("[").removesuffix("]"))
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise click.BadParameter(f"{host!r} is no IP address", context, parameter) from None
    return Listen(host, int(port))


def duration_in_words(seconds: float) -> str:
    """Return a duration as it can be typed, such as `30s` or `1.5h`."""
    for unit in ("d", "h", "m"):
        if seconds >= _UNITS[unit]:
            return f"{seconds / _UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"
