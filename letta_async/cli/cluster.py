"""Recompilation on a Dask cluster, for `--dask`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from distributed import Client

from letta_async.cli.connection import Connection
from letta_async.cli.error_messages import Unreachable
from letta_async.dask import Outcomes, recompile_many

__all__ = ["on_cluster"]


@asynccontextmanager
async def on_cluster(
    address: str, connection: Connection, api_key: str | None
) -> AsyncGenerator[Callable[..., Outcomes], None]:
    """Connect to a cluster, and yield a `recompile_many` that runs on it.

    Args:
        address: Address of the scheduler.
        connection: Options of the workers' clients.
        api_key: API key to send to the workers; `None` if they use their own.

    Raises:
        Unreachable: There is no scheduler at this address.

    """
    connect: Any = Client  # its constructor has no types
    try:
        client = await connect(address, asynchronous=True)
    except (OSError, ValueError) as error:
        raise Unreachable(f"there is no Dask scheduler at {address!r}: {error}") from error
    async with client:
        options = {**connection.options(), "api_key": api_key}
        sends = api_key is not None
        yield partial(recompile_many, cluster_client=client, client_options=options, send_secrets=sends, prompts=False)
