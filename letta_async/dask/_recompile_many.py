"""The function `recompile_many`: validates all arguments before anything is submitted, and starts the driver."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator, Mapping, Sized
from contextlib import aclosing
from os import PathLike
from typing import Any

import attrs
from distributed import Client

from letta_async._http.request import CallOptions
from letta_async._schema.json_values import is_positive_integer, show
from letta_async._schema.unset import UNSET, Unset
from letta_async._utils.threads import iterate_in_thread
from letta_async.batch.targets import Target
from letta_async.client import AsyncLetta
from letta_async.config import Timeout
from letta_async.dask._cluster import Cluster
from letta_async.dask._driver import MAX_PARTITION_SIZE, ClusterBatch, new_run_name
from letta_async.dask._outcome_iterator import Outcomes
from letta_async.dask._payload import Payload, masked_options, pickle_problems, unsendable_problems
from letta_async.errors import ArgumentProblem, InvalidArgumentError
from letta_async.operations.conversations import Recompile
from letta_async.resources._prompt_batches import PromptBatches
from letta_async.resources._resource import given, options_of
from letta_async.types.batch import Progress
from letta_async.types.compaction import CompactionSettings

__all__ = ["recompile_many"]


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
    wait_if_busy: float | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    journal: str | PathLike[str] | None = None,
    extra_headers: Mapping[str, str | None] | None = None,
    extra_query: Mapping[str, object] | None = None,
    extra_body: Mapping[str, object] | None = None,
    timeout: float | Timeout | Unset | None = UNSET,
) -> Outcomes:
    """Recompile any number of conversations on the workers of a Dask cluster.

    The same batch as `AsyncLetta.conversations.recompile_many`. It yields one outcome per target, as partitions
    complete. If a worker dies, its partition runs again on another one.

    Args:
        targets: IDs of conversations, or `Recompile` objects with parameters of their own: any iterable or async
            iterable, of any length. They are taken by partitions, at most those in progress and a few ahead: an
            iterator on its own thread, an async iterable on the event loop of `cluster_client`.
        cluster_client: A `distributed.Client`, of either kind; it stays open. The workers need this package, too.
        client_options: Options with which each worker creates its `AsyncLetta`. `base_url` is resolved here, from these
            options or this process's environment; each worker takes missing ones, such as the API key, from its own
            environment. `session` and `ssl_context` cannot be sent. The file of `api_key_file` is read on the
            worker; a callable `api_key` is sent with `send_secrets` and called there. An `instrumentation` is sent if
            it can be pickled, as `letta_async.otel.OpenTelemetry()` can.
        send_secrets: Send secrets to the workers: `api_key`, here from the environment if it is not in
            `client_options`, headers with credentials, and the password of a proxy. The scheduler holds them meanwhile,
            and only `tls://` protects them in transit. Default: `False`, such options are refused.
        partition_size: Number of targets per partition, all of which may run a second time if their worker dies.
            Default: 200, or fewer if workers would be idle otherwise.
        prompts: Return the prompts. Default: `True`.
        agent_id: `agent-<uuid4>`, for each target that is `default` and names none.
        dry_run: Compile and return the prompts, but store nothing; for each target that does not set it. Server
            default: `False`.
        compaction_settings: Compaction settings of the conversations, for each target that does not set them.
        only_stale: Recompile only conversations whose prompt would change, which the workers check. Default: `False`.
        deadline: Limit on the whole batch in seconds; a target that is not done by then has a failed outcome. The
            workers have 5 s to end after it. Default: `None`, no limit.
        stop_on_error: After a failure, stop its partition and submit no further one; other submitted partitions run to
            their end or first failure. Targets that were taken, but not started, have no outcome. Default: `False`.
        wait_if_busy: Seconds to wait until a conversation has no active run, before it is recompiled; if it still has
            one then, and with 0 at once, its outcome is `busy`. Default: `None`; active runs are not looked at.
        on_progress: Function that is called with a `Progress` for each outcome, on the thread of the event loop of
            `cluster_client`; an awaitable result is awaited.
        journal: File that each outcome is appended to, as a line of JSON without prompts; the driver writes it. A run
            with the same journal skips what an earlier run has done. Default: `None`, no journal.
        extra_headers: Headers to add or replace in each request; `None` as a value removes one.
        extra_query: Query parameters to add or replace in each request.
        extra_body: Members to add or replace in the JSON body of each recompile, without validation.
        timeout: Limit on one attempt in seconds, `None` for no limit, or a `Timeout`. Default: the workers' clients'.

    Returns:
        The outcomes, for `for` or `async for`. Iterating raises `ClusterError` when the scheduler is gone, or the
        workers cannot do the work; a run with the same journal goes on from there. If several workers in a row die with
        a partition, its targets have failed outcomes, with a `ClusterError`. `JournalError` is raised when the journal
        cannot be written any more.

    Raises:
        InvalidArgumentError: A parameter for all targets is invalid, or cannot be sent to a worker; nothing was
            submitted.

    """
    parameters = given({"agent_id": agent_id, "dry_run": dry_run, "compaction_settings": compaction_settings})
    options = options_of(extra_headers, extra_query, extra_body, timeout)
    for_workers = {**parameters, "only_stale": only_stale, "stop_on_error": stop_on_error, **_non_default(options)}
    if wait_if_busy is not None:
        for_workers["wait_if_busy"] = wait_if_busy
    problems = [
        *_cluster_problems(cluster_client, partition_size),
        *_sending_problems(client_options or {}, extra_headers, for_workers, send_secrets=send_secrets),
    ]
    if problems:
        raise InvalidArgumentError(problems)
    worker_options = masked_options(client_options or {})
    driver = AsyncLetta(**worker_options)
    worker_options.pop("environment", None)
    worker_options["base_url"] = driver.base_url
    if send_secrets and driver.api_key is not None and worker_options.get("api_key_file") is None:
        worker_options["api_key"] = driver.api_key
    if not cluster_client.asynchronous and isinstance(targets, Iterable) and not isinstance(targets, Sized):
        targets = _iterate_in_thread_by_chunks(targets, partition_size or MAX_PARTITION_SIZE)
    batch = ClusterBatch(
        batch=PromptBatches(driver).batch(
            targets,
            parameters,
            options,
            only_stale=only_stale,
            deadline=deadline,
            stop_on_error=stop_on_error,
            wait_if_busy=wait_if_busy,
            on_progress=on_progress,
            journal=journal,
        ),
        cluster=Cluster(cluster_client),
        payload=Payload.pack(new_run_name(), options=worker_options, parameters=for_workers, prompts=prompts),
        partition_size=partition_size,
    )
    loop: Any = cluster_client.loop  # tornado's, around asyncio's
    return Outcomes(batch.run(), loop.asyncio_loop)


def _cluster_problems(client: object, size: object) -> Iterable[ArgumentProblem]:
    """Yield the problems of the cluster's client and of the partition size."""
    if not isinstance(client, Client):
        yield ArgumentProblem("cluster_client", f"{show(client)} is not a distributed.Client")
    elif client.status != "running":
        yield ArgumentProblem("cluster_client", f"is {client.status}, not running")
    if size is not None and not is_positive_integer(size):
        yield ArgumentProblem("partition_size", f"{show(size)} is not a positive whole number, nor None")


def _sending_problems(
    client_options: Mapping[str, Any], headers: Any, for_workers: Mapping[str, Any], *, send_secrets: bool
) -> Iterable[ArgumentProblem]:
    """Yield a problem for each argument that cannot be sent to a worker."""
    problems = list(unsendable_problems(client_options, headers, send_secrets=send_secrets))
    yield from problems
    if not problems:
        yield from pickle_problems("client_options.", client_options)
    yield from pickle_problems("", for_workers)


def _non_default(options: CallOptions) -> dict[str, Any]:
    """Return the options that differ from the default, by name."""
    fields = [field.name for field in attrs.fields(CallOptions)]
    return {name: value for name in fields if (value := getattr(options, name)) not in (None, UNSET)}


async def _iterate_in_thread_by_chunks(targets: Iterable[Target], size: int) -> AsyncGenerator[Target, None]:
    """Yield the items of an iterator that may block, advancing it on its own thread, a partition at a time."""
    async with aclosing(iterate_in_thread(_chunks(targets, size))) as chunks:
        async for chunk in chunks:
            for target in chunk:
                yield target


def _chunks(targets: Iterable[Target], size: int) -> Iterator[list[Target]]:
    """Yield targets in lists of a size; on an error, the targets taken before it are yielded first."""
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
