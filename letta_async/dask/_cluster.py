"""Adapter to the client of `distributed`, which the driver calls nowhere else; a lost scheduler is a `ClusterError`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final, NewType

from distributed import Client
from distributed.scheduler import KilledWorker

from letta_async.dask._payload import Payload
from letta_async.dask._worker import Results, end_run, run_partition
from letta_async.errors import ClusterError

__all__ = ["GRACE_PERIOD", "Cluster", "PartitionKilled", "SubmittedPartition"]

GRACE_PERIOD: Final = 5.0
"""Maximum time for workers to respond to the end of a run, in seconds."""

_GONE: Final = (OSError, RuntimeError)
"""Exceptions of `distributed` when the scheduler is gone; `OSError` includes its `CommClosedError`."""

SubmittedPartition = NewType("SubmittedPartition", object)
"""Future of a submitted partition."""


class PartitionKilled(Exception):
    """Several workers in a row died while they worked on a partition."""


class Cluster:
    """A Dask cluster, reached by a synchronous or asynchronous client; for use on the event loop of that client."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client  # few of its methods have annotations

    async def threads(self) -> list[int]:
        """Return the number of threads of each worker.

        Raises:
            ClusterError: The scheduler is gone.

        """
        self._refuse_if_gone()
        try:
            return list((await self._client.nthreads()).values())
        except _GONE as error:
            raise _lost_scheduler_error() from error

    def submit(self, key: str, payload: Payload, targets: bytes) -> SubmittedPartition:
        """Submit a partition to a worker.

        Args:
            key: Name of the Dask task, unique in the cluster.
            payload: Options and parameters for the worker.
            targets: The partition's targets, pickled.

        Raises:
            ClusterError: The scheduler is gone.

        """
        self._refuse_if_gone()
        try:
            return SubmittedPartition(self._client.submit(run_partition, key, payload, targets, key=key))
        except _GONE as error:
            raise _lost_scheduler_error() from error

    async def result(self, sent: SubmittedPartition) -> Results:
        """Wait for a partition, and return its results.

        Raises:
            PartitionKilled: Several workers in a row died while they worked on it.
            ClusterError: The scheduler is gone, or the worker cannot work on partitions.

        """
        future: Any = sent
        fetching: asyncio.Future[Results] = asyncio.ensure_future(future)
        fetching.add_done_callback(_retrieve_error)
        try:
            # Shielded: `Client.gather` keeps one that was cancelled, and all that come later wait for it, and fail.
            results = await asyncio.shield(fetching)
        except KilledWorker as killed:
            raise PartitionKilled(str(killed)) from None
        except Exception as error:
            if future.cancelled():
                raise _lost_scheduler_error() from error
            raise ClusterError(f"a worker cannot work on partitions: {type(error).__name__}: {error}") from error
        return results

    async def cancel(self, sent: Iterable[SubmittedPartition]) -> None:
        """Cancel partitions; those that have not started never do."""
        futures = list(sent)
        # Even an empty cancellation is broadcast to all clients, and breaks one that is just connecting.
        if futures and self._client.status == "running":
            await self._client.cancel(futures)

    async def end_run(self, run: str) -> None:
        """Tell the workers to end a run: they return the outcomes so far, and close their clients."""
        if self._client.status == "running":
            try:
                async with asyncio.timeout(GRACE_PERIOD):
                    await self._client.run(end_run, run, on_error="ignore")
            except _GONE:
                pass  # a worker that cannot be reached ends the run when it loses the scheduler

    def _refuse_if_gone(self) -> None:
        if self._client.status != "running":
            raise _lost_scheduler_error()


def _retrieve_error(done: asyncio.Future[Results]) -> None:
    """Retrieve the error of a future that may have no waiter any more; asyncio logs those never retrieved."""
    if not done.cancelled():  # pragma: no branch - cancelled only where the cluster's client ends meanwhile
        done.exception()


def _lost_scheduler_error() -> ClusterError:
    return ClusterError(
        "the cluster's scheduler is gone, or has dropped the work; what was done until then has its outcome, and with a"
        " journal the same call goes on from there"
    )
