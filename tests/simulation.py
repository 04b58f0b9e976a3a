"""Simulation of a server with workers, a queue and possibly a hard limit, and of a client at its own limit."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable

import attrs

from letta_async._http.limit import Limit


@attrs.define
class Server:
    """Simulated server with `workers`; `seconds` draws the duration of a request, and more than `wall` are refused."""

    seconds: Callable[[random.Random], float]
    workers: Callable[[float], int]
    """Returns the number of requests processed at once, by the time."""
    wall: Callable[[float], int] | None = None


@attrs.define
class Run:
    """Result of a simulation."""

    done: int = 0
    refused: int = 0
    in_flight: list[int] = attrs.field(factory=list[int])
    times: list[float] = attrs.field(factory=list[float])

    def rate(self, since: float, until: float) -> float:
        """Return the number of responses per second in a part of the run."""
        return sum(since <= time < until for time in self.times) / (until - since)


def simulate(limit: Limit, server: Server, until: float, *, seed: int = 1, most: int | None = None) -> Run:
    """Run for a number of simulated seconds, with at most `most` requests to send at once (default: no limit)."""
    rng = random.Random(seed)
    run = Run()
    now = 0.0
    busy: list[tuple[float, float]] = []  # (when it ends, when it was sent)
    queue: deque[float] = deque()

    def flying() -> int:
        return len(busy) + len(queue)

    while now < until:
        while flying() < min(limit.value, most or limit.value):
            if server.wall is not None and flying() >= server.wall(now):
                run.refused += 1
                limit.overloaded(now, now, flying() + 1)
                break
            queue.append(now)
            while queue and len(busy) < server.workers(now):
                heapq.heappush(busy, (now + server.seconds(rng), queue.popleft()))
        if not busy:
            now += 0.001
            continue
        now, sent = heapq.heappop(busy)
        run.in_flight.append(flying() + 1)
        run.done += 1
        run.times.append(now)
        limit.answered("recompile", sent, now, flying() + 1)
        while queue and len(busy) < server.workers(now):
            heapq.heappush(busy, (now + server.seconds(rng), queue.popleft()))
    return run
