"""`--dask`: run the work on a cluster."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from distributed import Client

from letta_async.cli.connection import Connection
from letta_async.cli.failing import Unreachable
from letta_async.dask import Outcomes, recompile_many

__all__ = ["on_cluster"]


@asynccontextmanager
async def on_cluster(
    address: str, connection: Connection, api_key: str | None
) -> AsyncGenerator[Callable[..., Outcomes], None]:
    """Provide a `recompile_many` that works on the cluster with this scheduler.

    Args:
        address: Where the scheduler is.
        connection: What the workers' clients are made with.
        api_key: To send to the workers; `None`: they take their own.

    Raises:
        Unreachable: there is no scheduler.

    """
    connect: Any = Client  # its constructor says nothing of its parameters
    try:
        client = await connect(address, asynchronous=True)
    except (OSError, ValueError) as error:
        raise Unreachable(f"there is no Dask scheduler at {address!r}: {error}") from error
    async with client:
        options = {**connection.options(), "api_key": api_key}
        sends = api_key is not None
        yield partial(recompile_many, cluster_client=client, client_options=options, send_secrets=sends, prompts=False)
