"""What the part `dask` brings."""

from __future__ import annotations

import unittest

from distributed import Client, LocalCluster

from letta_async import Letta
from letta_async.dask import recompile_many
from letta_async.testing import EmbeddedServer

LOOPBACK = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}


class Batch(unittest.TestCase):
    """A batch on a cluster in this process."""

    def test_conversations_are_recompiled(self) -> None:
        with EmbeddedServer() as server, Letta(base_url=server.base_url) as client:
            agent = client.agents.create(model="letta/letta-free")
            ids = [client.conversations.create(agent_id=agent.id).id for _ in range(5)]
            with (
                LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **LOOPBACK) as cluster,
                Client(cluster) as cluster_client,
            ):
                options = {"base_url": server.base_url}
                outcomes = list(recompile_many(ids, cluster_client=cluster_client, client_options=options))
        self.assertEqual({each.target: each.status for each in outcomes}, dict.fromkeys(ids, "recompiled"))
