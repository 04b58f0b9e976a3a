"""The door to a batch on a cluster: everything is checked here, before anything is submitted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator, Mapping, Sized
from contextlib import aclosing
from os import PathLike
from typing import Any, Final, Unpack

from distributed import Client

from letta_async._schema.json_values import show
from letta_async._schema.unset import UNSET, Unset
from letta_async._utils.threads import iterate_in_thread
from letta_async.batch.outcome import Progress
from letta_async.batch.targets import Target
from letta_async.client import AsyncLetta
from letta_async.dask._cluster import Cluster
from letta_async.dask._driver import LARGEST, ClusterBatch, new_run
from letta_async.dask._outcomes import Outcomes
from letta_async.dask._payload import Payload, masked_options, pickle_faults, stay_faults
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.operations.conversations import Recompile
from letta_async.resources._resource import RequestOptions
from letta_async.types.compaction import CompactionSettings

__all__ = ["recompile_many"]

_WORKERS_PART: Final = (
    "agent_id",
    "dry_run",
    "compaction_settings",
    "only_stale",
    "stop_on_error",
)
"""The parameters that concern the workers; the others are the driver's."""


def recompile_many(
    targets: Iterable[str | Recompile] | AsyncIterable[str | Recompile],
    *,
    cluster_client: Client,
    client_options: Mapping[str, Any] | None = None,
    send_secrets: bool = False,
    partition_size: int | None = None,
    prompts: bool = True,
    agent_id: str | Unset | None = UNSET,
    dry_run: bool | Unset = UNSET,
    compaction_settings: CompactionSettings | Mapping[str, Any] | Unset | None = UNSET,
    only_stale: bool = False,
    deadline: float | None = None,
    stop_on_error: bool = False,
    on_progress: Callable[[Progress], object] | None = None,
    journal: str | PathLike[str] | None = None,
    **options: Unpack[RequestOptions],
) -> Outcomes:
    """Recompile any number of conversations on the workers of a Dask cluster.

    As `AsyncLetta.conversations.recompile_many`, whose parameters not named here hold, too. The outcomes come as
    partitions are done, one for each target. What a worker had not finished when it died is done again elsewhere.

    Args:
        targets: As there. They are taken a partition at a time, no more than the cluster works on and a few ahead. An
            iterator is advanced on a thread of its own, an async iterable on the event loop of `cluster_client`.
        cluster_client: A `distributed.Client`, of either kind; it stays open. The workers need this package, too.
        client_options: What each worker makes its `AsyncLetta` with. `base_url` is found here, from these options or
            this process's environment; the rest of what they leave out, such as the API key, each worker finds in its
            own environment. `session` and `ssl_context` cannot travel. The file of `api_key_file` is read there; a
            callable `api_key` travels with `send_secrets` and is called there.
        send_secrets: Whether secrets travel: `api_key`, here from the environment if it is not in `client_options`,
            headers that tell who somebody is, and the password of a proxy. The scheduler holds them meanwhile, and only
            `tls://` keeps them from others on the way. Default: `False`, such options are refused.
        partition_size: Targets in a partition. The death of a worker costs that many a second run, and no more of them
            than that are in flight at once. Default: 200, or fewer where that would leave workers idle.
        prompts: Whether the prompts come back. Default: `True`.
        agent_id: As there.
        dry_run: As there.
        compaction_settings: As there.
        only_stale: As there; the workers find out.
        deadline: As there. The workers are told to end when it passes, and have 5 s for that.
        stop_on_error: After a failure, no further partition is cut, and that of the failure is not gone on with; the
            others that were submitted go on to their end, or to their first failure. Targets that were taken, but not
            begun, have no outcome.
        on_progress: As there; called on the thread of the event loop of `cluster_client`.
        journal: As there; the driver writes it.
        **options: As there.

    Returns:
        The outcomes, for `for` or `async for`. Going through them raises `ClusterError` when the scheduler is gone, or
        the workers cannot do the work; a run with the same journal goes on from there. A partition with which worker
        after worker dies has failed outcomes, with a `ClusterError`. `JournalError` is raised as there.

    Raises:
        InvalidArgumentError: a parameter for all targets is wrong, or cannot travel; nothing was submitted.

    """
    given = dict(locals())
    if faults := list(_faults(given)):
        raise InvalidArgumentError(faults)
    made_with = masked_options(client_options or {})
    driver = AsyncLetta(**made_with)
    made_with.pop("environment", None)
    made_with["base_url"] = driver.base_url
    if send_secrets and driver.api_key is not None and made_with.get("api_key_file") is None:
        made_with["api_key"] = driver.api_key
    if not cluster_client.asynchronous and isinstance(targets, Iterable) and not isinstance(targets, Sized):
        given["targets"] = _off_the_loop(targets, partition_size or LARGEST)
    batch = ClusterBatch(
        batch=driver.conversations._batch(given),  # pyright: ignore[reportPrivateUsage] - not for users
        cluster=Cluster(cluster_client),
        baggage=Payload.pack(new_run(), options=made_with, parameters=_for_workers(given), prompts=prompts),
        size=partition_size,
    )
    loop: Any = cluster_client.loop  # tornado's, around asyncio's
    return Outcomes(batch.run(), loop.asyncio_loop)


def _faults(given: Mapping[str, Any]) -> Iterable[ArgumentProblem]:
    """Find what is wrong with what concerns the cluster."""
    client, size = given["cluster_client"], given["partition_size"]
    made_with: Mapping[str, Any] = given["client_options"] or {}
    if not isinstance(client, Client):
        yield ArgumentProblem("cluster_client", f"{show(client)} is not a distributed.Client")
    elif client.status != "running":
        yield ArgumentProblem("cluster_client", f"is {client.status}, not running")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        yield ArgumentProblem("partition_size", f"{show(size)} is not a positive whole number, nor None")
    headers = given["options"].get("extra_headers")
    staying = list(stay_faults(made_with, headers, send_secrets=given["send_secrets"]))
    yield from staying
    if not staying:
        yield from pickle_faults("client_options.", made_with)
    yield from pickle_faults("", _for_workers(given))


def _for_workers(given: Mapping[str, Any]) -> dict[str, Any]:
    """Choose what a worker hands to the `recompile_many` of its client."""
    return {**{name: given[name] for name in _WORKERS_PART}, **given["options"]}


async def _off_the_loop(targets: Iterable[Target], size: int) -> AsyncGenerator[Target, None]:
    """Advance an iterator on a thread of its own, which may block, a partition at a time."""
    async with aclosing(iterate_in_thread(_lists(targets, size))) as lists:
        async for several in lists:
            for target in several:
                yield target


def _lists(targets: Iterable[Target], size: int) -> Iterator[list[Target]]:
    """Give targets in lists; what was taken before an error comes before it."""
    taken: list[Target] = []
    try:
        for target in targets:
            taken.append(target)
            if len(taken) == size:
                yield taken
                taken = []
    except GeneratorExit:
        raise
    except BaseException:
        yield taken
        raise
    if taken:
        yield taken
