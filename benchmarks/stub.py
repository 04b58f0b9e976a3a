"""Stub server that responds to every request with the same prompt, at once or with a given capacity.

A bare protocol on uvloop: about a tenth of what an aiohttp client spends on the same request. The benchmarks show that
it is not the bottleneck in two ways: by the share of a core that it took during a run, from `/proc`, and by what bare
sockets get out of it (`benchmarks.throughput` prints both).

With a service time it has so many workers: a request that finds none free waits in a queue, or is refused where the
queue has no room. A worker goes on to the next request at the instant at which the last one was due, not at which the
timer fired, so that `capacity / seconds` is exactly what it can do.

A request for an event stream gets one of `benchmarks.events` instead, without workers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import attrs

from benchmarks.events import Events
from benchmarks.process import serve

__all__ = ["Workers", "prompt"]

_REFUSALS: Final = {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


def prompt(size: int) -> str:
    """Return the prompt in a stub's responses, of a number of characters."""
    return ("You are an assistant.\n" * (size // 22 + 1))[:size]


def _response(status: str, value: object, headers: str = "") -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@attrs.define(eq=False)
class Workers:
    """Simulated workers that process a number of requests concurrently, each for a fixed time, by a plan."""

    seconds: float
    """Time that a worker needs for a request; 0 for none, without workers."""
    plan: Sequence[tuple[int, float]]
    """Capacities with their durations in seconds, from the first request on; the last one is permanent."""
    room: float | None
    """Maximum number of waiting requests, in multiples of the capacity; `None` for no maximum."""
    success: bytes
    refusal: bytes
    served: int = attrs.field(default=0, init=False)
    refused: int = attrs.field(default=0, init=False)
    most: int = attrs.field(default=0, init=False)
    """Maximum number of requests at the same time."""
    _capacity: int = attrs.field(default=0, init=False)
    _busy: int = attrs.field(default=0, init=False)
    _queue: deque[tuple[float, Connection]] = attrs.field(factory=deque[tuple[float, "Connection"]], init=False)

    def arrive(self, connection: Connection) -> None:
        """Process or queue a request, or refuse it."""
        if not self.seconds:
            self.served += 1
            connection.answer(self.success)
            return
        now = asyncio.get_running_loop().time()
        if not self._capacity:
            self._change(0)
        if self._busy >= self._capacity and self.room is not None and len(self._queue) >= self.room * self._capacity:
            self.refused += 1
            connection.answer(self.refusal)
            return
        self._queue.append((now, connection))
        self.most = max(self.most, self._busy + len(self._queue))
        self._begin(now)

    def report(self) -> dict[str, Any]:
        """Return the counts since the last report."""
        seen = {"served": self.served, "refused": self.refused, "most_at_once": self.most}
        self.served = self.refused = self.most = 0
        return seen

    def _change(self, step: int) -> None:
        """Switch to the next capacity of the plan."""
        self._capacity, seconds = self.plan[step]
        loop = asyncio.get_running_loop()
        self._begin(loop.time())
        if step + 1 < len(self.plan):
            loop.call_later(seconds, self._change, step + 1)

    def _begin(self, now: float) -> None:
        loop = asyncio.get_running_loop()
        while self._queue and self._busy < self._capacity:
            arrived, connection = self._queue.popleft()
            self._busy += 1
            due = max(now, arrived) + self.seconds
            loop.call_at(due, self._end, due, connection)

    def _end(self, due: float, connection: Connection) -> None:
        self._busy -= 1
        self.served += 1
        connection.answer(self.success)
        self._begin(due)


class Connection(asyncio.Protocol):
    """Connection that finds the end of each request and passes it to the workers, without reading its content."""

    def __init__(self, workers: Workers, events: Events) -> None:
        self._workers = workers
        self._events = events
        self._received = b""
        self._sending: Iterator[bytes] = iter(())
        """What is left of an event stream."""
        self._full = False
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Buffer data, and pass each complete request to the workers."""
        self._received += data
        while (head := self._received.find(b"\r\n\r\n")) >= 0:
            end = head + 4 + _content_length(self._received[:head])
            if len(self._received) < end:
                return
            streams = b"/stream" in self._received[: self._received.find(b"\r\n")]
            self._received = self._received[end:]
            if streams:
                self._sending = self._events.chunks()
                self._send()
            else:
                self._workers.arrive(self)

    def answer(self, response: bytes) -> None:
        """Send the response to a request."""
        if not self._transport.is_closing():
            self._transport.write(response)

    def pause_writing(self) -> None:
        """Stop sending events until the client has read what was sent."""
        self._full = True

    def resume_writing(self) -> None:
        """Go on sending events."""
        self._full = False
        if not self._events.pace:
            self._send()

    def _send(self) -> None:
        """Send chunks of an event stream: one per tick, or as many as the client takes."""
        while not self._full and not self._transport.is_closing():
            chunk = next(self._sending, None)
            if chunk is None:
                return
            self._transport.write(chunk)
            if self._events.pace:
                break
        if self._events.pace:
            asyncio.get_running_loop().call_later(self._events.pace, self._send)


def _content_length(head: bytes) -> int:
    head = head.lower()
    at = head.find(b"\r\ncontent-length:")
    return int(head[at + 17 :].partition(b"\r\n")[0]) if at >= 0 else 0


def _plan(text: str) -> list[tuple[int, float]]:
    """Parse `20` or `20x10,10x10,40`: capacities with their durations in seconds."""
    steps = [step.partition("x") for step in text.split(",")]
    return [(int(capacity), float(seconds or 0)) for capacity, _, seconds in steps]


def main() -> None:
    """Serve until the parent process ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompt", type=int, default=4096, metavar="CHARS", help="size of the prompt (4096)")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long a request takes (0)")
    parser.add_argument("--capacity", type=_plan, default=[(2**31, 0.0)], help="`20`, or a plan: 20x10,10x10,20")
    parser.add_argument(
        "--room", type=float, help="how many may wait, in capacities; further ones are refused (no bound)"
    )
    parser.add_argument("--refusal", type=int, choices=_REFUSALS, default=503, help="status of a refusal (503)")
    parser.add_argument("--retry-after", type=int, metavar="SECONDS", help="what a refusal says of coming back")
    parser.add_argument("--events", type=int, default=1000, help="number of events of an event stream (1000)")
    parser.add_argument("--per-chunk", type=int, default=1, help="number of them per chunk (1)")
    parser.add_argument("--pace", type=float, default=0.0, metavar="SECONDS", help="time between chunks (0)")
    options = parser.parse_args()
    events = Events(options.events, options.per_chunk, options.pace)
    headers = "" if options.retry_after is None else f"Retry-After: {options.retry_after}\r\n"
    workers = Workers(
        options.seconds,
        options.capacity,
        options.room,
        success=_response("200 OK", prompt(options.prompt)),
        refusal=_response(
            f"{options.refusal} {_REFUSALS[options.refusal]}", {"detail": "An unknown error occurred"}, headers
        ),
    )
    serve(lambda: Connection(workers, events), workers.report)


if __name__ == "__main__":
    main()
