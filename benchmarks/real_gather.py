"""Benchmark of `await asyncio.gather(*(recompile(id) for id in ids))` on a real server, with nothing tuned.

Beside it the same line with fixed concurrencies, to see what the server can do, and with the official client. Every
client talks through a relay that times the exchanges on the wire. After each run the server comes to rest, for it goes
on with what a client has given up.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import attrs
from yarl import URL

from benchmarks.calls import OFFICIAL_AIOHTTP, OFFICIAL_HTTPX
from benchmarks.process import Process
from benchmarks.quiet import Neighbours
from benchmarks.report import Section, Spread, Table, Target, render, say
from letta_async import AsyncLetta, LettaError

__all__ = ["FIXED_NAME", "SHORT", "measure"]

_FIXED: Final = (2, 3, 4, 6, 8)
SHORT: Final[dict[str, Any]] = {"calls": 100, "fixed": _FIXED[:3], "fixed_calls": 60, "rounds": 1, "patience": 0.0}
"""Parameters of the short form."""
FIXED_NAME: Final = "letta_async, concurrency="
_MEMORY: Final = "Ada lives in London."
_OURS: Final = "letta_async"
_OFFICIAL: Final = "letta-client"
_AGENTS: Final = 4
_REST_TRIES: Final = 5
_LONGEST_REST: Final = 180.0
_QUIET: Final = 0.15
"""Maximum number of cores that other programs may use before a run."""

Results = Sequence[object]
Way = Callable[[str, Sequence[str]], Awaitable[Results]]


@attrs.frozen
class Run:
    """Results of a run of one way."""

    name: str
    calls: int
    right: int
    seconds: float
    latencies: Sequence[float]
    """Durations of the successful exchanges on the wire, in seconds."""
    statuses: dict[str, int]
    most: int
    """Maximum number of requests at the server at the same time."""
    neighbours: float
    """Number of cores that other programs used meanwhile."""

    @property
    def rate(self) -> float:
        """Return the successful responses per second."""
        return self.right / self.seconds

    @property
    def p50(self) -> float:
        """Return the median latency of a request in flight; immediate refusals do not count."""
        return statistics.median(self.latencies) if self.latencies else float("inf")

    def show(self) -> str:
        """Return a line of progress."""
        return (
            f"{self.right} of {self.calls} right in {self.seconds:.1f} s, {self.rate:.2f}/s,"
            f" p50 {self.p50:.2f} s, most at once {self.most}, neighbours {self.neighbours:.2f} cores"
        )


async def measure(
    url: str,
    *,
    calls: int = 1000,
    fixed: Sequence[int] = _FIXED,
    fixed_calls: int = 300,
    rounds: int = 3,
    patience: float = 60.0,
) -> Section:
    """Run ours amid the fixed concurrencies, in rounds, and the official client's backends at the end.

    Args:
        url: URL of the server.
        calls: Number of recompiles in a gather.
        fixed: Fixed concurrencies to measure.
        fixed_calls: Number of recompiles with each fixed concurrency, which needs no time to adapt.
        rounds: Number of rounds.
        patience: Maximum time to wait before each run for the machine to be quiet, in seconds.

    """
    round_: list[tuple[str, Way, int]] = [
        (f"{FIXED_NAME}{number}", _ours(concurrency=number), fixed_calls) for number in fixed
    ]
    round_.insert(len(round_) // 2, (_OURS, _ours(), calls))
    ways = round_ * rounds + [(name, way, calls) for name, way in _official()]
    runs: list[Run] = []
    with Process("relay", url) as relay:
        async with AsyncLetta(base_url=url) as client, _conversations(client, calls) as ids:
            quiet: float | None = None
            neighbours = Neighbours(URL(url).port or 80)
            for name, way, count in ways:
                await neighbours.wait(_QUIET, patience)
                rest = await _at_rest(client, ids[0], quiet)
                quiet = rest if quiet is None else min(quiet, rest)
                runs.append(await _run(name, way, relay, ids[:count], neighbours))
                say(f"{name}: {runs[-1].show()}", error=True)
    return _section(runs, calls)


def _ours(**options: Any) -> Way:
    async def gather(url: str, ids: Sequence[str]) -> Results:
        async with AsyncLetta(base_url=url, **options) as client:
            return await asyncio.gather(*(client.conversations.recompile(i) for i in ids), return_exceptions=True)

    return gather


def _official() -> list[tuple[str, Way]]:
    """Return the official client's ways, if it is installed."""
    try:
        import letta_client  # noqa: PLC0415 - it is optional
    except ImportError:
        say("letta-client is not installed, and left out", error=True)
        return []

    def way(make_http_client: Callable[[], Any]) -> Way:
        async def gather(url: str, ids: Sequence[str]) -> Results:
            async with letta_client.AsyncLetta(base_url=url, api_key="key", http_client=make_http_client()) as client:
                return await asyncio.gather(*(client.conversations.recompile(i) for i in ids), return_exceptions=True)

        return gather

    return [
        (OFFICIAL_HTTPX, way(lambda: None)),
        (OFFICIAL_AIOHTTP, way(letta_client.DefaultAioHttpClient)),
    ]


@asynccontextmanager
async def _conversations(client: AsyncLetta, count: int) -> AsyncGenerator[list[str], None]:
    """Create conversations of a few agents, and delete them in the end."""
    body = {
        "name": "benchmark",
        "model": "letta/letta-free",
        "embedding": "letta/letta-free",
        "include_base_tools": False,
        "memory_blocks": [{"label": "human", "value": _MEMORY}],
    }
    agents: list[str] = []
    try:
        for _ in range(_AGENTS):
            agents.append((await client.post("/v1/agents/", body=body))["id"])
        say(f"making {count} conversations", error=True)
        made = await asyncio.gather(
            *(
                client.post("/v1/conversations/", body={}, extra_query={"agent_id": agents[number % len(agents)]})
                for number in range(count)
            )
        )
        yield [conversation["id"] for conversation in made]
    finally:
        for agent in agents:
            try:
                await client.delete(f"/v1/agents/{agent}", timeout=300)
            except LettaError as error:
                say(f"{agent} is left behind: {error}", error=True)


async def _at_rest(client: AsyncLetta, conversation: str, quiet: float | None) -> float:
    """Wait until the server is idle; return the duration of a recompile then."""
    began = time.monotonic()
    while True:
        latencies: list[float] = []
        for _ in range(_REST_TRIES):
            sent = time.monotonic()
            await client.conversations.recompile(conversation)
            latencies.append(time.monotonic() - sent)
        latency = statistics.median(latencies)
        if quiet is None or latency < 1.5 * quiet or time.monotonic() - began > _LONGEST_REST:
            return latency
        await asyncio.sleep(1)


async def _run(name: str, way: Way, relay: Process, ids: Sequence[str], neighbours: Neighbours) -> Run:
    relay.report()
    neighbours.cores()
    began = time.monotonic()
    results = await way(relay.url, ids)
    seconds = time.monotonic() - began
    cores = neighbours.cores()
    await asyncio.sleep(0.5)  # the relay sees the connections close
    seen = relay.report()
    for failure in sorted({f"{type(result).__name__}: {result}"[:100] for result in results if not _right(result)}):
        say(f"  {failure}", error=True)
    return Run(
        name=name,
        calls=len(ids),
        right=sum(map(_right, results)),
        seconds=seconds,
        latencies=seen["seconds"].get("200", []),
        statuses={status: len(of_status) for status, of_status in seen["seconds"].items()},
        most=seen["most_at_once"],
        neighbours=cores or 0.0,
    )


def _right(result: object) -> bool:
    return isinstance(result, str) and _MEMORY in result


def _section(runs: Sequence[Run], calls: int) -> Section:
    ways: dict[str, list[Run]] = {}
    for run in runs:
        ways.setdefault(run.name, []).append(run)
    ours = ways[_OURS]
    fixed = {name: of_way for name, of_way in ways.items() if name.startswith(FIXED_NAME)}
    official = [run for run in runs if run.name.startswith(_OFFICIAL)]
    right, asked = sum(run.right for run in ours), sum(run.calls for run in ours)
    targets = [
        Target(
            f"{calls} recompiles by plain gather, {len(ours)} times", "all right", f"{right} of {asked}", right == asked
        )
    ]
    if fixed:
        best = max(fixed, key=lambda name: _rate(fixed[name]).median)
        ratio = Spread.of([one.rate / other.rate for one, other in zip(ours, fixed[best], strict=True)])
        targets.append(
            Target(
                f"throughput, beside the best fixed concurrency ({best.removeprefix(FIXED_NAME)})",
                "at least 0.90",
                ratio.show(),
                ratio.median >= 0.9,
            )
        )
    if official:
        rate, p50 = _rate(ours).median, statistics.median(run.p50 for run in ours)
        installed, quickest = _rate(ways[OFFICIAL_HTTPX]).median, min(run.p50 for run in official)
        targets += [
            Target(
                f"throughput, beside {OFFICIAL_HTTPX}",
                "at least 2.0",
                f"{rate / installed:.2f}" if installed else "it got none right",
                rate >= 2 * installed,
            ),
            Target(
                f"p50 latency in flight, beside {_OFFICIAL}'s better backend",
                "at most 0.33",
                f"{p50 / quickest:.3f}",
                p50 <= quickest / 3,
            ),
        ]
    columns = ("way", "right", "right/s", "ours, ratio", "p50 in flight, s", "most at once", "answers", "others, cores")
    return Section(
        "A gather against a real server",
        f"{calls} conversations, each recompiled once, by one `asyncio.gather` without any tuning; beside it fixed"
        " concurrencies, in turn, in rounds; at the end the official client. Right is an answer with the memory's text"
        " in it, and only those count as throughput; the ratio is our throughput to that of the way. No client gets"
        " more out of a server than it has: the best fixed concurrency shows how much that is. Latencies are those of"
        " requests in flight that succeeded, taken by a relay on the wire; an answer `none` is a request that the"
        " client gave up. The last column says how much of the processor programs took that have no part in this.",
        targets,
        [Table("", columns, [_row(name, of_way, ours) for name, of_way in ways.items()])],
    )


def _rate(runs: Sequence[Run]) -> Spread:
    return Spread.of([run.rate for run in runs])


def _row(name: str, runs: Sequence[Run], ours: Sequence[Run]) -> list[str]:
    answers = Counter[str]()
    for run in runs:
        answers.update(run.statuses)
    rate = _rate(runs)
    return [
        name,
        f"{sum(run.right for run in runs)} of {sum(run.calls for run in runs)}",
        rate.show(),
        f"{_rate(ours).median / rate.median:.2f}" if rate.median else "",
        Spread.of([run.p50 for run in runs]).show(),
        f"{max(run.most for run in runs)}",
        ", ".join(f"{count} x {status}" for status, count in sorted(answers.items())),
        Spread.of([run.neighbours for run in runs]).show(),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="where a real server is, such as http://127.0.0.1:8283")
    parser.add_argument("--calls", type=int, default=1000, help="how many recompiles in a gather (1000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often (3)")
    parser.add_argument("--short", action="store_true", help="a quick form: 100 recompiles, once")
    parser.add_argument("--patience", type=float, default=60, help="seconds to wait for a quiet machine (60)")
    options = parser.parse_args()
    full: dict[str, Any] = {"calls": options.calls, "rounds": options.rounds, "patience": options.patience}
    say(render(asyncio.run(measure(options.url, **(SHORT if options.short else full)))))


if __name__ == "__main__":
    main()
