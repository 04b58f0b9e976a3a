"""`recompile_many` on the workers of an existing Dask cluster; an extra: `pip install 'letta-async[dask]'`.

    from distributed import Client, LocalCluster

    import letta_async.dask

    with LocalCluster(dashboard_address="127.0.0.1:0") as cluster, Client(cluster) as cluster_client:
        for outcome in letta_async.dask.recompile_many(ids, cluster_client=cluster_client):
            ...

The driver splits the targets into partitions, `distributed` sends each to a worker, and the worker runs the
`recompile_many` of an `AsyncLetta` on it. Only the driver keeps track of repeated targets, the journal and progress.
"""

from __future__ import annotations

from letta_async.dask._outcome_iterator import Outcomes
from letta_async.dask._recompile_many import recompile_many

__all__ = ["Outcomes", "recompile_many"]
