"""Benchmark of `propagate` on a real server: one edit of a block that the conversations of many agents show.

It counts requests and recompiles, and what a second run does, which finds nothing stale.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import MutableMapping
from typing import Final

from benchmarks.report import say
from letta_async import AsyncLetta, UpdateBlock
from letta_async.instrumentation import Call, Instrumentation

__all__ = ["measure"]

_MODEL: Final = "letta/letta-free"
_MAKERS: Final = 8
"""Number of conversations that are created at once."""


class _Requests(Instrumentation):
    """Counter of the requests, by the name of the method that sends them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def on_attempt_started(self, call: Call, headers: MutableMapping[str, str]) -> None:
        """Count an attempt."""
        is_dry_run = call.arguments.get("dry_run") is True
        self.counts[f"{call.name} (dry run)" if is_dry_run else call.name] += 1


async def measure(url: str, agents: int, conversations: int) -> None:
    """Create the agents and conversations, edit their block twice, and print what that took."""
    async with AsyncLetta(base_url=url) as client:
        block = await client.blocks.create(label="project", value="The release is on Friday.")
        made = [
            await client.agents.create(
                name=f"propagation-{number}",
                model=_MODEL,
                embedding=_MODEL,
                include_base_tools=False,
                block_ids=[block.id],
            )
            for number in range(agents)
        ]
        makers = asyncio.Semaphore(_MAKERS)

        async def converse(number: int) -> None:
            async with makers:
                await client.conversations.create(agent_id=made[number % agents].id)

        try:
            await asyncio.gather(*map(converse, range(conversations)))
            for words in ("an edit", "the same again"):
                await _propagate(url, block.id, words)
        finally:
            for agent in made:
                await client.agents.delete(agent.id)
            await client.blocks.delete(block.id)


async def _propagate(url: str, block_id: str, words: str) -> None:
    requests = _Requests()
    began = time.monotonic()
    async with AsyncLetta(base_url=url, instrumentation=requests) as client:
        change = UpdateBlock(block_id=block_id, value="The release is on Monday.")
        statuses = Counter([outcome.status async for outcome in client.propagate([change])])
    say(f"{words}: {time.monotonic() - began:.1f} s; {dict(statuses)}; {sum(requests.counts.values())} requests:")
    for name, count in requests.counts.most_common():
        say(f"  {count:5} {name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.propagation", description=__doc__)
    parser.add_argument("url", help="URL of a real server")
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--conversations", type=int, default=1000)
    given = parser.parse_args()
    asyncio.run(measure(given.url, given.agents, given.conversations))
