"""What a batch needs of `distributed`, the only place where it is called; a scheduler that is lost is one error."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final, NewType

from distributed import Client
from distributed.scheduler import KilledWorker

from letta_async.dask._payload import Payload
from letta_async.dask._worker import Results, end_run, run_partition
from letta_async.errors import ClusterError

__all__ = ["GRACE", "Cluster", "Killed", "Sent"]

GRACE: Final = 5.0
"""How long workers have for an answer that should come at once, in seconds."""

_GONE: Final = (OSError, RuntimeError)
"""What `distributed` raises where there is no scheduler any more; `OSError` includes its `CommClosedError`."""

Sent = NewType("Sent", object)
"""A partition that was submitted."""


class Killed(Exception):
    """Worker after worker died with a partition."""


class Cluster:
    """A cluster, by a client of either kind, used on the event loop of that client."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client  # few of its methods say what they take and give

    async def threads(self) -> list[int]:
        """Give the number of threads of each worker.

        Raises:
            ClusterError: the scheduler is gone.

        """
        self._refuse_if_gone()
        try:
            return list((await self._client.nthreads()).values())
        except _GONE as error:
            raise _lost() from error

    def submit(self, key: str, baggage: Payload, targets: bytes) -> Sent:
        """Have a worker work on a partition.

        Raises:
            ClusterError: the scheduler is gone.

        """
        self._refuse_if_gone()
        try:
            return Sent(self._client.submit(run_partition, key, baggage, targets, key=key))
        except _GONE as error:
            raise _lost() from error

    async def result(self, sent: Sent) -> Results:
        """Wait for a partition.

        Raises:
            Killed: worker after worker died with it.
            ClusterError: the scheduler is gone, or the worker cannot work on partitions.

        """
        future: Any = sent
        fetching: asyncio.Future[Results] = asyncio.ensure_future(future)
        fetching.add_done_callback(_ask_for_error)
        try:
            # Shielded: `Client.gather` keeps one that was cancelled, and all that come later wait for it, and fail.
            results = await asyncio.shield(fetching)
        except KilledWorker as killed:
            raise Killed(str(killed)) from None
        except Exception as error:
            if future.cancelled():
                raise _lost() from error
            raise ClusterError(f"a worker cannot work on partitions: {type(error).__name__}: {error}") from error
        return results

    async def drop(self, sent: Iterable[Sent]) -> None:
        """Drop partitions: those that were not begun never are."""
        futures = list(sent)
        # Even of none the scheduler tells all its clients, which one that just connects does not survive.
        if futures and self._client.status == "running":
            await self._client.cancel(futures)

    async def end_run(self, run: str) -> None:
        """Have the workers end a run: what they have comes back at once, and their clients are closed."""
        if self._client.status == "running":
            try:
                async with asyncio.timeout(GRACE):
                    await self._client.run(end_run, run, on_error="ignore")
            except _GONE:
                pass  # those that cannot be reached end the run when they miss the scheduler

    def _refuse_if_gone(self) -> None:
        if self._client.status != "running":
            raise _lost()


def _ask_for_error(done: asyncio.Future[Results]) -> None:
    """Ask for the error of what nobody waits for any more, lest it be logged as one that nobody asked for."""
    if not done.cancelled():  # pragma: no branch - cancelled only where the cluster's client ends meanwhile
        done.exception()


def _lost() -> ClusterError:
    return ClusterError(
        "the cluster's scheduler is gone, or has dropped the work; what was done until then has its outcome, and with a"
        " journal the same call goes on from there"
    )
