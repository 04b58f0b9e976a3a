"""What a worker does with a partition: hand it to `recompile_many` of one client, which its other partitions share."""

from __future__ import annotations

import asyncio
import pickle
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

import attrs
from distributed import Reschedule, WorkerPlugin, get_worker

from letta_async.batch.outcome import Outcome
from letta_async.batch.targets import Target
from letta_async.client import AsyncLetta
from letta_async.dask._payload import Payload

if TYPE_CHECKING:
    from distributed import Worker

__all__ = ["end_run", "run_partition"]

_NAME: Final = "letta-async"
_LINGER: Final = 30.0
"""How long a client is kept for a further partition, in seconds, where a driver died without ending the run; and how
long it is remembered that a run was ended."""

Results = list[tuple[int, Outcome]]
"""Outcomes, each with the place of its target in the partition."""


async def run_partition(key: str, baggage: Payload, partition: bytes) -> Results:
    """Work on a partition, on the worker's own event loop, and give the outcomes that there are at its end.

    Args:
        key: The task's name.
        baggage: How.
        partition: The targets, pickled; no two of them are the same.

    """
    return await (await _workshop(get_worker())).run(baggage).work(key, baggage, pickle.loads(partition))  # noqa: S301 - from the driver


async def end_run(run: str, dask_worker: Worker) -> None:
    """End what a worker still has of a run: its partitions give what they have, its client is closed."""
    if isinstance(workshop := dask_worker.plugins.get(_NAME), _Workshop):
        await workshop.end(run)


async def _workshop(worker: Worker) -> _Workshop:
    """Give the worker's own, made by its first partition; workers that never have one know nothing of this package."""
    workshop = worker.plugins.get(_NAME)
    if not isinstance(workshop, _Workshop):
        workshop = _Workshop()
        await worker.plugin_add(workshop, name=_NAME)
    return workshop


@attrs.define(eq=False)
class _Run:
    """One run's part in this worker: a client, so that partitions share what it knows of the server, and tasks."""

    client: AsyncLetta | None = None
    ended: bool = False
    """Whether partitions are to give what they have."""
    tasks: dict[str, asyncio.Task[None]] = attrs.field(factory=dict[str, "asyncio.Task[None]"])
    _closing: asyncio.Task[None] | None = attrs.field(default=None, init=False)

    async def work(self, key: str, baggage: Payload, targets: list[Target]) -> Results:
        """Work on a partition until it is done, or the run has ended.

        Raises:
            Reschedule: the worker dropped it; what it has must not be taken for all.

        """
        results: Results = []
        if self.ended:
            return results
        task = self.tasks[key] = asyncio.create_task(self._recompile(baggage.unpack(), targets, results))
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            del self.tasks[key]
            if self.client is not None:
                self._closing = asyncio.create_task(self._close_if_idle())
        if not task.cancelled():
            task.result()
        elif not self.ended:
            raise Reschedule
        return results

    async def _recompile(self, content: dict[str, Any], targets: list[Target], results: Results) -> None:
        if self._closing is not None:
            self._closing.cancel()
        if self.client is None:
            self.client = AsyncLetta(**content["options"])
        places = {id(target): place for place, target in enumerate(targets)}
        async with aclosing(self.client.conversations.recompile_many(targets, **content["parameters"])) as outcomes:
            async for outcome in outcomes:
                prompt = outcome.prompt if content["prompts"] else None
                results.append((places[id(outcome.target)], attrs.evolve(outcome, target="", prompt=prompt)))

    async def stop(self) -> None:
        """Cancel what is under way, and close the client."""
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._closing is not None:
            self._closing.cancel()
        await self._close()

    async def _close_if_idle(self) -> None:
        await asyncio.sleep(_LINGER)
        if not self.tasks:
            await self._close()

    async def _close(self) -> None:
        client, self.client = self.client, None  # a further partition makes a new one
        if client is not None:
            await client.close()


class _Workshop(WorkerPlugin):
    """What a worker holds for its partitions."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def run(self, baggage: Payload) -> _Run:
        """Give what belongs to a run."""
        return self._runs.setdefault(baggage.run, _Run())

    async def end(self, run: str) -> None:
        """End a run; partitions of it that come late give nothing."""
        ending = self._runs.setdefault(run, _Run())
        ending.ended = True
        asyncio.get_running_loop().call_later(_LINGER, self._runs.pop, run, None)
        await ending.stop()

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """End a partition that nobody wants any more: the driver left, or died."""
        if finish == "released":
            for run in self._runs.values():
                if (task := run.tasks.get(key)) is not None:
                    task.cancel()

    async def teardown(self, worker: Worker) -> None:
        """End everything, with the worker."""
        for run in self._runs.values():
            await run.stop()
