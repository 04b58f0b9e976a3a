"""The class `Fault`: an event on the wire, and what a caller sees."""

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
    """Calls that are retried after a fault."""

    NO = "no"
    """No call is retried."""
    REPEATABLE = "yes"
    """Calls that are safe to repeat."""
    ALL = "yes, every call"
    """All calls, since the server cannot have processed them."""


Place = Callable[[], AbstractContextManager[str]]


@attrs.frozen(kw_only=True)
class Fault:
    """A fault, and the behaviour of both clients."""

    row: int
    """Number in the catalogue."""
    name: str
    happens: str
    """Description of the event, for the documentation."""
    script: Script | None = None
    """Behaviour of the server on every connection."""
    tls: str | None = None
    """The server's TLS settings, by name in `tls.CONTEXTS`."""
    scheme: str | None = None
    """Scheme of the URL, if it differs from the server's."""
    place: Place | None = None
    """Function that creates the URL, if there is no server that follows a script."""
    sees: type[APIError] | str = RIGHT_ANSWER
    again: Again = Again.NO
    says: tuple[str, ...] = ()
    """Pattern of the error's message."""
    status: int | None = None
    tries: int | None = None
    """Number of attempts of a repeatable call, if it is neither one nor all three."""
    requests: int | None = None
    """Number of requests that reach the server, if it is not one per attempt."""
    waits: tuple[float, float] | None = None
    """Bounds of each wait between attempts, in seconds."""
    proxy: Script | None = None
    """Behaviour of a proxy between client and server on every connection."""
    through_closed_port: bool = False
    """Whether the client's proxy is a closed port."""
    client: Mapping[str, Any] = attrs.field(factory=dict)
    """Options of the client."""
    client_context: Callable[[], ssl.SSLContext] = client_context
    check: Callable[[APIError], None] | None = None
    """Further check of the error."""
    inspect: Callable[[Server], None] | None = None
    """Check of the requests that the server received."""
    lingers: bool = False
    """Whether a task stays until the client is closed."""
    pure: Mapping[str, Any] = attrs.field(factory=dict)
    """Fields that differ with aiohttp's parser in Python."""
    uvloop: Mapping[str, Any] = attrs.field(factory=dict)
    """Fields that differ on uvloop."""

    def __str__(self) -> str:
        return f"{self.row}-{self.name}"

    @property
    def relents(self) -> bool:
        """Whether there is a server that can respond correctly after the fault."""
        return self.script is not None and (
            self.sees == RIGHT_ANSWER or (self.scheme is None and self.tls in (None, "good"))
        )
