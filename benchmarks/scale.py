"""Benchmark of cost by number: events of a stream, streams, waiting tasks, clients, and conversations of a batch.

Each figure is that of a process of its own: its processor time, and the growth of its peak of memory. A batch of
millions would take hours on a server; here every exchange is answered in the process, and all the rest is real.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import uuid
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from typing import Any, Final

import attrs

from benchmarks import calls, streaming
from benchmarks.memory import peak_kib
from benchmarks.process import Process, run_child
from benchmarks.report import Figure, Section, Table, Target, command, say
from letta_async import AsyncLetta
from letta_async._http import attempts
from letta_async._http.response_decoding import Response

__all__ = ["OURS", "SUBJECTS", "measure", "measure_cost"]

OURS: Final = "letta_async"
_OFFICIAL: Final = "letta-client, aiohttp"
_EVENTS_AT_ONCE: Final = 20
_SIMULATED: Final = Response(200, {"Content-Type": "application/json"}, json.dumps("You are an assistant.").encode())


@attrs.frozen
class Cost:
    """Cost of a number of things in a process: processor time in all, and peak memory."""

    seconds: float
    kib: int
    """Growth of the peak from before the work to its end."""


@attrs.frozen
class Subject:
    """Kind of thing whose number grows, and how it is measured."""

    name: str
    """Name of the function of the child process, and of the figure."""
    title: str
    over: str
    numbers: Sequence[int]
    short: Sequence[int]
    ways: Sequence[str] = (OURS,)
    most_official: int = 10**9
    """Largest number for the official client, which takes too much time or memory for more."""
    stub: Sequence[object] = ()
    """Arguments of the stub."""


SUBJECTS: Final = (
    Subject(
        "events",
        "a stream, by its events",
        "events",
        (100, 1_000, 10_000, 100_000, 1_000_000),
        (100, 1_000, 10_000),
        (OURS, _OFFICIAL),
        100_000,
    ),
    Subject(
        "streams",
        f"streams of {_EVENTS_AT_ONCE} events at once",
        "streams",
        (1, 10, 100, 1_000, 5_000),
        (1, 10, 100),
        (OURS, _OFFICIAL),
        1_000,
        ("--events", _EVENTS_AT_ONCE, "--pace", 0.01),
    ),
    Subject(
        "waiting",
        "recompiles that wait at once",
        "tasks",
        (10, 100, 1_000, 10_000, 100_000),
        (10, 100, 1_000),
        (OURS, _OFFICIAL),
        10_000,
        ("--prompt", 16),
    ),
    Subject(
        "clients",
        "clients in one process, each with its session and a call",
        "clients",
        (1, 10, 100, 1_000),
        (1, 10, 100),
        (OURS, _OFFICIAL),
        100,
        ("--prompt", 16),
    ),
    Subject(
        "batch",
        "a batch, simulated, by its conversations",
        "conversations",
        (1_000, 10_000, 100_000, 1_000_000, 10_000_000),
        (1_000, 10_000),
    ),
)
_MOST: Final = 1.5
"""Maximum ratio of the processor time per piece at the largest number to the least such time at a smaller one."""
_AXIS: Final = "CPU per piece, µs"


def measure(*, short: bool = False) -> Section:
    """Measure every subject at every number."""
    targets: list[Target] = []
    tables: list[Table] = []
    figures: list[Figure] = []
    for subject in SUBJECTS:
        costs = _costs(subject, subject.short if short else subject.numbers)
        targets.append(_flat(subject, costs[OURS]))
        tables.append(_table(subject, costs))
        each = {name: {n: cost.seconds / n * 1e6 for n, cost in found.items()} for name, found in costs.items()}
        figures.append(Figure(f"scale-{subject.name}", f"CPU of {subject.title}", _AXIS, each, subject.over))
    return Section(
        "How cost grows with numbers",
        "Each row is a process of its own: its processor time, and by how much its peak of memory grows from before the"
        f" work to its end. Streams have {_EVENTS_AT_ONCE} events, one per 10 ms. Tasks wait all at once, in a `gather`"
        " of `recompile`. The conversations of a batch are those of a generator, given to `recompile_many`, and their"
        " exchanges are answered in the process; the rest of a call is real. The official client is left out where it"
        " would take minutes or more than a GiB. `benchmarks.decoding` has the growth with rows.",
        targets,
        tables,
        figures,
    )


def _costs(subject: Subject, numbers: Sequence[int]) -> Mapping[str, Mapping[int, Cost]]:
    ways = [way for way in subject.ways if way == OURS or calls.has("letta_client")]
    return {
        way: {
            number: measure_cost(subject, way, number)
            for number in numbers
            if way == OURS or number <= subject.most_official
        }
        for way in ways
    }


def measure_cost(subject: Subject, way: str, number: int) -> Cost:
    """Run a measurement in its own process."""
    arguments = subject.stub or (("--events", number) if subject.name == "events" else ())
    with Process("stub", *arguments) as stub:
        cost = Cost(**json.loads(run_child("scale", subject.name, way, number, stub.url)))
    say(f"{number:,} {subject.over}, {way}: {cost.seconds:.2f} s, {cost.kib / 1024:.1f} MiB", error=True)
    return cost


def _flat(subject: Subject, costs: Mapping[int, Cost]) -> Target:
    """Return the target that a piece costs no more in a large number than in a smaller one."""
    each = [cost.seconds / number for number, cost in costs.items()]
    ratio = each[-1] / min(each[:-1])
    what = f"CPU per piece of {max(costs):,} {subject.over}, to that of the best smaller number"
    return Target(what, f"at most {_MOST:g}", f"{ratio:.2f}", ratio <= _MOST)


def _table(subject: Subject, costs: Mapping[str, Mapping[int, Cost]]) -> Table:
    columns = (subject.over, *(f"{way}: {what}" for way in costs for what in ("µs each", "MiB more")))
    rows: list[list[str]] = []
    for number in costs[OURS]:
        row = [f"{number:,}"]
        for found in costs.values():
            cost = found.get(number)
            row += ["", ""] if cost is None else [f"{cost.seconds / number * 1e6:.1f}", f"{cost.kib / 1024:.1f}"]
        rows.append(row)
    return Table(subject.title.capitalize(), columns, rows)


# --- in the process that is measured ----------------------------------------------------------------------------------


def _client(way: str, url: str) -> Any:
    if way == OURS:
        return AsyncLetta(base_url=url, api_key="key")
    official = calls.official()
    return official.AsyncLetta(base_url=url, api_key="key", http_client=official.DefaultAioHttpClient())


async def _read(client: Any) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the official client's, of the method
        stream = client.agents.messages.stream(streaming.AGENT, input="hello", stream_tokens=True)
    if isinstance(stream, Coroutine):
        stream = await stream
    count = 0
    async for _ in stream:
        count += 1
    return count


async def _events(client: Any, number: int) -> None:
    if await _read(client) != number:
        raise AssertionError("the stream had another number of events")


async def _streams(client: Any, number: int) -> None:
    if await asyncio.gather(*(_read(client) for _ in range(number))) != [_EVENTS_AT_ONCE] * number:
        raise AssertionError("a stream had another number of events")


async def _waiting(client: Any, number: int) -> None:
    await asyncio.gather(*(client.conversations.recompile(each) for each in _ids(number)))


async def _batch(client: Any, number: int) -> None:
    async def answer(*_: object) -> Response:
        await asyncio.sleep(0)
        return _SIMULATED

    exchange, attempts.exchange = attempts.exchange, answer
    try:
        done = 0
        async for outcome in client.conversations.recompile_many(_ids(number)):
            done += outcome.ok
    finally:
        attempts.exchange = exchange
    if done != number:
        raise AssertionError(f"{number - done} conversations were lost")


def _ids(count: int) -> Generator[str]:
    for number in range(count):
        yield f"conv-{uuid.UUID(int=number, version=4)}"


async def _child(name: str, way: str, number: int, url: str) -> Cost:
    work: dict[str, Callable[[Any, int], Awaitable[None]]] = {
        "events": _events,
        "streams": _streams,
        "waiting": _waiting,
        "batch": _batch,
    }
    clients = [_client(way, url)]
    await clients[0].conversations.recompile(next(_ids(1)))
    if name in ("events", "streams"):
        await _read(clients[0])  # what is imported and made once a process
    kib, began = peak_kib(), time.process_time()
    if name == "clients":
        for _ in range(number):
            clients.append(_client(way, url))
            await clients[-1].conversations.recompile(calls.CONVERSATION)
    else:
        await work[name](clients[0], number)
    cost = Cost(time.process_time() - began, peak_kib() - kib)
    for client in clients:
        await client.close()
    return cost


def main() -> None:
    """Measure and print; with `--child`, be measured."""
    if sys.argv[1:2] == ["--child"]:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--child", nargs=4, metavar=("NAME", "WAY", "NUMBER", "URL"))
        name, way, number, url = parser.parse_args().child
        say(json.dumps(attrs.asdict(asyncio.run(_child(name, way, int(number), url)))))
    else:
        command(__doc__, measure)


if __name__ == "__main__":
    main()
