"""`recompile_many` on a Dask cluster that is already there; an extra: `pip install 'letta-async[dask]'`.

    from distributed import Client, LocalCluster

    import letta_async.dask

    with LocalCluster(dashboard_address="127.0.0.1:0") as cluster, Client(cluster) as cluster_client:
        for outcome in letta_async.dask.recompile_many(ids, cluster_client=cluster_client):
            ...

The driver cuts targets into partitions, `distributed` brings each to a worker, and there it goes through the
`recompile_many` of an `AsyncLetta`. What was done is known on the driver alone: repeated targets, journal, progress.
"""

from __future__ import annotations

from letta_async.dask._outcomes import Outcomes
from letta_async.dask._recompiling import recompile_many

__all__ = ["Outcomes", "recompile_many"]
