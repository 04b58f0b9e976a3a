"""Benchmark of turns on a real server with a model: the time to the first event, and a gather of messages.

`make real-server MODEL=1` starts such a server, whose model is a stub that replies by rule.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import aiohttp
import attrs

from benchmarks.real_gather import FIXED_NAME
from benchmarks.report import Section, Spread, Table, Target, at_most, render, say
from benchmarks.streaming import BARE, OURS
from benchmarks.turns import turns
from letta_async import AsyncLetta, LettaError

__all__ = ["SHORT", "measure"]

_FIXED: Final = (2, 4, 8, 16)
"""Fixed concurrencies to measure."""
_PAIRS: Final = 60
_AT_ONCE: Final = 32
"""Number of agents that are made or deleted at once."""
SHORT: Final[dict[str, Any]] = {"agents": 20, "rounds": 1, "pairs": 10}
"""Parameters of the short form."""

Read = Callable[[str], Awaitable[float]]
"""Function that sends a message to an agent and returns the seconds until the first event."""


@attrs.frozen
class _Run:
    """Results of a gather."""

    right: int
    asked: int
    rate: float
    """Right responses per second."""


async def measure(url: str, *, agents: int = 200, rounds: int = 3, pairs: int = _PAIRS) -> Section:
    """Measure both.

    Args:
        url: URL of the server.
        agents: Number of agents, each of which gets a message in a gather.
        rounds: Number of gathers with each concurrency.
        pairs: Number of streams of each way.

    """
    async with AsyncLetta(base_url=url, timeout=600) as client, _agents(client, agents) as ids:
        first = await _first_events(url, ids, pairs)
        runs = await _gathers(url, ids, rounds)
    return _section(first, runs, agents, rounds)


@asynccontextmanager
async def _agents(client: AsyncLetta, count: int) -> AsyncGenerator[list[str], None]:
    """Create agents that answer by the first model of the server that calls tools, and delete them in the end."""
    model = next(each.handle for each in await client.models.list() if each.handle and "gpt" in each.handle)
    say(f"making {count} agents of {model}", error=True)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def make(number: int) -> str:
        async with slots:
            agent = await client.agents.create(
                name=f"benchmark-{number}", model=model, agent_type="letta_v1_agent", include_base_tools=False
            )
            return agent.id

    async def delete(agent_id: str) -> None:
        async with slots:
            try:
                await client.agents.delete(agent_id)
            except LettaError as error:
                say(f"{agent_id} is left behind: {error}", error=True)

    made: list[str] = []
    try:
        made = await asyncio.gather(*map(make, range(count)))
        yield made
    finally:
        await asyncio.gather(*map(delete, made))


# --- the first event --------------------------------------------------------------------------------------------------


async def _first_events(url: str, ids: Sequence[str], pairs: int) -> dict[str, list[float]]:
    """Return the seconds until the first event of each stream, by way; each agent gets a message of each."""
    seconds: dict[str, list[float]] = {BARE: [], OURS: []}
    async with AsyncExitStack() as stack:
        ways: dict[str, Read] = {
            BARE: await stack.enter_async_context(_bare(url)),
            OURS: await stack.enter_async_context(_ours(url)),
        }
        for read in ways.values():
            await read(ids[0])
        for number, name in enumerate(turns(list(ways), pairs)):
            seconds[name].append(await ways[name](ids[number // 2 % len(ids)]))
    return seconds


@asynccontextmanager
async def _bare(url: str) -> AsyncGenerator[Read, None]:
    async with aiohttp.ClientSession() as session:

        async def read(agent_id: str) -> float:
            began, first, rest = time.perf_counter(), 0.0, b""
            body = {"input": "hello", "stream_tokens": True, "include_pings": False}
            async with session.post(f"{url}/v1/agents/{agent_id}/messages/stream", json=body) as response:
                async for chunk in response.content.iter_any():
                    *events, rest = (rest + chunk).split(b"\n\n")
                    if not first and events:
                        json.loads(events[0].removeprefix(b"data: "))
                        first = time.perf_counter()
            return first - began

        yield read


@asynccontextmanager
async def _ours(url: str) -> AsyncGenerator[Read, None]:
    async with AsyncLetta(base_url=url) as client:

        async def read(agent_id: str) -> float:
            began, first = time.perf_counter(), 0.0
            stream = client.agents.messages.stream(agent_id, input="hello", stream_tokens=True, include_pings=False)
            async for _ in stream:
                first = first or time.perf_counter()
            return first - began

        yield read


# --- a gather ---------------------------------------------------------------------------------------------------------


async def _gathers(url: str, ids: Sequence[str], rounds: int) -> dict[str, list[_Run]]:
    """Return the results of the gathers of each concurrency, which take turns."""
    options: dict[str, dict[str, Any]] = {OURS: {}}
    options |= {f"{FIXED_NAME}{number}": {"concurrency": number} for number in _FIXED}
    runs: dict[str, list[_Run]] = {name: [] for name in options}
    for name in turns(list(options), rounds):
        async with AsyncLetta(base_url=url, timeout=600, **options[name]) as client:
            began = time.perf_counter()
            results = await asyncio.gather(
                *(client.agents.messages.create(agent_id, input=agent_id) for agent_id in ids), return_exceptions=True
            )
            seconds = time.perf_counter() - began
        for failure in sorted({repr(result)[:100] for result in results if isinstance(result, BaseException)}):
            say(f"  {failure}", error=True)
        right = sum(
            not isinstance(result, BaseException) and agent_id in result.text
            for agent_id, result in zip(ids, results, strict=True)
        )
        runs[name].append(_Run(right, len(ids), right / seconds))
        say(f"{name}: {right} of {len(ids)} right, {right / seconds:.1f}/s", error=True)
    return runs


# --- the report -------------------------------------------------------------------------------------------------------


def _section(first: dict[str, list[float]], runs: dict[str, list[_Run]], agents: int, rounds: int) -> Section:
    ratio = Spread.of([ours / bare for ours, bare in zip(first[OURS], first[BARE], strict=True)])
    right, asked = sum(run.right for run in runs[OURS]), sum(run.asked for run in runs[OURS])
    rates = {name: Spread.of([run.rate for run in of_way]) for name, of_way in runs.items()}
    best = max((name for name in runs if name != OURS), key=lambda name: rates[name].median)
    share = rates[OURS].median / rates[best].median
    return Section(
        "Turns on a real server",
        f"A Letta server whose model is a stub that replies at once. The time to the first event is that from the call"
        f" on, over a kept connection, {len(first[OURS])} streams of each way in pairs; ratios are those within a pair."
        f" A gather sends one message to each of {agents} agents by one `asyncio.gather`, without any tuning and with"
        f" fixed concurrencies, in turn, {rounds} times each; right is an answer with the text that this agent was"
        " sent, and only those count as throughput.",
        [
            at_most("a real server: time to the first event, to bare aiohttp", 1.1, ratio),
            Target(
                f"a real server: {agents} messages by plain gather, {rounds} times",
                "all right",
                f"{right} of {asked}",
                right == asked,
            ),
            Target(
                f"a real server: their rate, to the best fixed concurrency ({best.removeprefix(FIXED_NAME)})",
                "at least 0.9",
                f"{share:.2f}",
                share >= 0.9,
            ),
        ],
        [
            Table(
                "Time to the first event",
                ("way", "ms"),
                [[name, f"{statistics.median(each) * 1e3:.1f}"] for name, each in first.items()],
            ),
            Table(
                "A gather",
                ("way", "right", "right/s"),
                [
                    [name, f"{sum(run.right for run in each)} of {sum(run.asked for run in each)}", rates[name].show(1)]
                    for name, each in runs.items()
                ],
            ),
        ],
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="where a real server with a model is, such as http://127.0.0.1:8283")
    parser.add_argument("--short", action="store_true", help="a quick form: 20 agents, once")
    options = parser.parse_args()
    say(render(asyncio.run(measure(options.url, **(SHORT if options.short else {})))))


if __name__ == "__main__":
    main()
