"""What a fault is: what happens on the wire, and what a caller sees of it."""

from __future__ import annotations

import enum
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import attrs

from letta_async import APIError

from .server import Script, Server
from .tls import client_context

__all__ = ["RIGHT_ANSWER", "Again", "Fault"]

RIGHT_ANSWER = "the right answer"


class Again(enum.Enum):
    """Which calls are tried again."""

    NO = "no"
    """None."""
    REPEATABLE = "yes"
    """Those that do no harm when done twice."""
    ALL = "yes, every call"
    """Also the others, since the server cannot have acted on them."""


Place = Callable[[], AbstractContextManager[str]]


@attrs.frozen(kw_only=True)
class Fault:
    """One thing that goes wrong, and what both clients make of it."""

    row: int
    """Number in the catalogue."""
    name: str
    happens: str
    """What happens, in the words of the documentation."""
    script: Script | None = None
    """What a server does to every connection."""
    tls: str | None = None
    """The server's TLS settings, by name in `tls.CONTEXTS`."""
    scheme: str | None = None
    """The scheme by which the server is spoken to, where it is not its own."""
    place: Place | None = None
    """Where there is no server that follows a script: what makes the URL."""
    sees: type[APIError] | str = RIGHT_ANSWER
    again: Again = Again.NO
    says: tuple[str, ...] = ()
    """What the message says."""
    status: int | None = None
    tries: int | None = None
    """How many tries a repeatable call makes, where it is neither one nor all three."""
    requests: int | None = None
    """How many requests reach the server, where it is not one a try."""
    waits: tuple[float, float] | None = None
    """Bounds of each wait between tries, in seconds."""
    proxy: Script | None = None
    """What a proxy between client and server does to every connection."""
    through_closed_port: bool = False
    """Whether there should be a proxy and is none."""
    client: Mapping[str, Any] = attrs.field(factory=dict)
    """Options of the client."""
    client_context: Callable[[], ssl.SSLContext] = client_context
    check: Callable[[APIError], None] | None = None
    """What else is true of the error."""
    inspect: Callable[[Server], None] | None = None
    """What is true of what the server saw."""
    lingers: bool = False
    """Whether a task stays until the client is closed."""
    pure: Mapping[str, Any] = attrs.field(factory=dict)
    """What is otherwise with aiohttp's parser in Python."""
    uvloop: Mapping[str, Any] = attrs.field(factory=dict)
    """What is otherwise on uvloop."""

    def __str__(self) -> str:
        return f"{self.row}-{self.name}"

    @property
    def relents(self) -> bool:
        """Whether there is a server that could answer rightly."""
        return self.script is not None and (
            self.sees == RIGHT_ANSWER or (self.scheme is None and self.tls in (None, "good"))
        )
