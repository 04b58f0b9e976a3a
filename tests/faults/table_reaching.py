"""Faults of connecting to the server: rows 1 to 6, 29 and 30 of the catalogue."""

from __future__ import annotations

from letta_async import APIConnectionError, APITimeoutError, Timeout

from .fault import Again, Fault
from .places import (
    address_that_never_answers,
    closed_port,
    name_that_cannot_be_asked_for,
    name_that_hangs,
    name_that_is_unknown,
)
from .scripts import closes, resets

__all__ = ["REACHING"]

REACHING = [
    Fault(
        row=1,
        name="refused",
        happens="The connection is refused",
        place=closed_port,
        sees=APIConnectionError,
        again=Again.ALL,
        says=("no connection could be made",),
    ),
    Fault(
        row=2,
        name="closed-at-once",
        happens="The connection is accepted and closed before a request",
        script=closes("at once"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("connection broke",),
        requests=0,
    ),
    Fault(
        row=2,
        name="reset-at-once",
        happens="The connection is accepted and reset before a request",
        script=resets("at once"),
        sees=APIConnectionError,
        again=Again.REPEATABLE,
        says=("connection",),
        requests=0,
    ),
    Fault(
        row=3,
        name="never-accepted",
        happens="The connection is never accepted",
        place=address_that_never_answers,
        sees=APITimeoutError,
        again=Again.ALL,
        says=("no connection came about within the timeout of ",),
        client={"timeout": Timeout(1, connect=0.1)},
    ),
    Fault(
        row=5,
        name="unknown-name",
        happens="The host's name does not resolve",
        place=name_that_is_unknown,
        sees=APIConnectionError,
        says=("name does not resolve",),
    ),
    Fault(
        row=5,
        name="resolver-busy",
        happens="The resolver cannot find out just now what the host's name stands for",
        place=name_that_cannot_be_asked_for,
        sees=APIConnectionError,
        again=Again.ALL,
        says=("could not be resolved just now",),
    ),
    Fault(
        row=5,
        name="hanging-resolver",
        happens="Resolving the host's name takes too long",
        place=name_that_hangs,
        sees=APITimeoutError,
        again=Again.ALL,
        client={"timeout": Timeout(1, connect=0.1)},
        lingers=True,
    ),
]
