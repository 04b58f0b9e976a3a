"""Statistics of a client: its limits, its queues and its retries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from letta_async._schema.record import Record
from letta_async.operations._operation import Traffic

if TYPE_CHECKING:
    from letta_async._http.limiter import ServerLimiters

__all__ = ["ClientStats", "TrafficStats", "client_stats"]


@attrs.frozen(kw_only=True)
class TrafficStats(Record):
    """Statistics of one class of traffic at one moment."""

    limit: int
    """Current maximum number of requests in flight."""
    in_flight: int
    """Number of requests in flight."""
    waiting: int
    """Number of requests in the queue of the limiter."""


@attrs.frozen(kw_only=True)
class ClientStats(Record):
    """Statistics of a client and its server at one moment."""

    limit: int
    """Current maximum number of requests in flight, summed over the classes of traffic in use; 0 before the first."""
    in_flight: int
    """Number of requests in flight."""
    waiting: int
    """Number of requests in the queues of the limiters."""
    retries: int
    """Number of retries since the client was created."""
    by_traffic: Mapping[Traffic, TrafficStats] = attrs.field(factory=dict[Traffic, TrafficStats], hash=False)
    """Statistics of each class of traffic in use: `quick` for ordinary calls, `model` for calls that run a model, and
    `stream` for event streams and other bodies that are read while they arrive."""


def client_stats(limiters: ServerLimiters | None, retries: int, unused_limit: int) -> ClientStats:
    """Return the statistics for a server.

    Args:
        limiters: Limiters of the server; `None` before the first request.
        retries: Number of retries of the client.
        unused_limit: Limit before the first request.

    """
    by_traffic: dict[Traffic, TrafficStats] = {
        traffic: TrafficStats(limit=limiter.limit.value, in_flight=limiter.in_flight, waiting=limiter.waiting)
        for traffic, limiter in (() if limiters is None else limiters.items())
    }
    return ClientStats(
        limit=sum(each.limit for each in by_traffic.values()) if by_traffic else unused_limit,
        in_flight=sum(each.in_flight for each in by_traffic.values()),
        waiting=sum(each.waiting for each in by_traffic.values()),
        retries=retries,
        by_traffic=by_traffic,
    )
