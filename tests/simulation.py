"""A server in simulated time, with workers, a queue, perhaps a wall; and a client that sends as much as it may."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable

import attrs

from letta_async._http.limit import Limit


@attrs.define
class Server:
    """Serve so many requests at once, each for as long as `seconds` draws; refuse when more than `wall` are there."""

    seconds: Callable[[random.Random], float]
    workers: Callable[[float], int]
    """How many at once, by the time."""
    wall: Callable[[float], int] | None = None


@attrs.define
class Run:
    """What came of it."""

    done: int = 0
    refused: int = 0
    in_flight: list[int] = attrs.field(factory=list[int])
    times: list[float] = attrs.field(factory=list[float])

    def rate(self, since: float, until: float) -> float:
        """Return the answers a second in a part of the run."""
        return sum(since <= time < until for time in self.times) / (until - since)


def simulate(limit: Limit, server: Server, until: float, *, seed: int = 1, most: int | None = None) -> Run:
    """Run for so many simulated seconds, with `most` requests to send at once (default: endless)."""
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
