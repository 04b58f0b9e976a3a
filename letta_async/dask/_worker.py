"""Dask task that recompiles a partition on a worker, with one client per run for all its partitions."""

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

_PLUGIN_NAME: Final = "letta-async"
_IDLE_TIMEOUT: Final = 30.0
"""Time in seconds after which an idle client is closed, if the driver died without ending the run, and after which an
ended run is forgotten."""

Results = list[tuple[int, Outcome]]
"""Outcomes, each with the index of its target in the partition."""


async def run_partition(key: str, payload: Payload, partition: bytes) -> Results:
    """Recompile a partition on the worker's own event loop, and return the outcomes: some only, if the run is ended.

    Args:
        key: Name of the Dask task.
        payload: Options and parameters.
        partition: The partition's targets, pickled; no two are the same work.

    """
    run = (await _registry_of(get_worker())).run(payload)
    return await run.recompile_partition(key, payload, pickle.loads(partition))  # noqa: S301 - from the driver


async def end_run(run: str, dask_worker: Worker) -> None:
    """End a run on a worker: its partitions return the outcomes so far, and its client is closed."""
    if isinstance(registry := dask_worker.plugins.get(_PLUGIN_NAME), _RunRegistry):
        await registry.end(run)


async def _registry_of(worker: Worker) -> _RunRegistry:
    """Return a worker's registry; its first partition creates it, so other workers need not import this package."""
    registry = worker.plugins.get(_PLUGIN_NAME)
    if not isinstance(registry, _RunRegistry):
        registry = _RunRegistry()
        await worker.plugin_add(registry, name=_PLUGIN_NAME)
    return registry


@attrs.define(eq=False)
class _BatchRun:
    """State of a run on this worker: the tasks of its partitions, and the client that they share."""

    client: AsyncLetta | None = None
    ended: bool = False
    """Whether the run was ended, so that partitions return the outcomes so far."""
    tasks: dict[str, asyncio.Task[None]] = attrs.field(factory=dict[str, "asyncio.Task[None]"])
    """Tasks of the partitions in progress, by the names of their Dask tasks."""
    _closing: asyncio.Task[None] | None = attrs.field(default=None, init=False)

    async def recompile_partition(self, key: str, payload: Payload, targets: list[Target]) -> Results:
        """Recompile a partition until it is done or the run is ended, and return the outcomes.

        Raises:
            Reschedule: The worker cancelled the task, so the outcomes are not complete.

        """
        results: Results = []
        if self.ended:
            return results
        task = self.tasks[key] = asyncio.create_task(self._recompile(payload.unpack(), targets, results))
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
        indexes = {id(target): index for index, target in enumerate(targets)}
        async with aclosing(self.client.conversations.recompile_many(targets, **content["parameters"])) as outcomes:
            async for outcome in outcomes:
                outcome_to_send = attrs.evolve(outcome, target="")
                if not content["prompts"]:
                    outcome_to_send = attrs.evolve(outcome_to_send, prompt=None, diff=None)
                results.append((indexes[id(outcome.target)], outcome_to_send))

    async def stop(self) -> None:
        """Cancel the tasks, and close the client."""
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._closing is not None:
            self._closing.cancel()
        await self._close()

    async def _close_if_idle(self) -> None:
        await asyncio.sleep(_IDLE_TIMEOUT)
        if not self.tasks:
            await self._close()

    async def _close(self) -> None:
        client, self.client = self.client, None  # a later partition creates a new one
        if client is not None:
            await client.close()


class _RunRegistry(WorkerPlugin):
    """Worker plugin that holds the runs of which the worker has partitions, by name."""

    def __init__(self) -> None:
        self._runs: dict[str, _BatchRun] = {}

    def run(self, payload: Payload) -> _BatchRun:
        """Return the state of the run that a payload names; create it for the first partition."""
        return self._runs.setdefault(payload.run, _BatchRun())

    async def end(self, run: str) -> None:
        """End a run; its partitions that arrive later return no outcomes."""
        ending = self._runs.setdefault(run, _BatchRun())
        ending.ended = True
        asyncio.get_running_loop().call_later(_IDLE_TIMEOUT, self._runs.pop, run, None)
        await ending.stop()

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """Cancel the task of a partition that was released, because the driver left or died."""
        if finish == "released":
            for run in self._runs.values():
                if (task := run.tasks.get(key)) is not None:
                    task.cancel()

    async def teardown(self, worker: Worker) -> None:
        """Stop all runs when the worker closes."""
        for run in self._runs.values():
            await run.stop()
