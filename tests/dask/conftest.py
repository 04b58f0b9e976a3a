"""Fixtures of a Dask cluster in this process, and of an embedded server with conversations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

pytest.importorskip("distributed")

from distributed import Client, LocalCluster

from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations

LOOPBACK: Final = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}
"""Options of a `LocalCluster` that make its HTTP servers listen on loopback only."""


@pytest.fixture(scope="package")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, **LOOPBACK) as running:
        yield running


@pytest.fixture
def cluster_client(cluster: LocalCluster) -> Iterator[Client]:
    """Return a client for one test; closing it also cancels what a failed test left on the cluster."""
    with Client(cluster) as client:
        yield client


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedServer]:
    """Return a server whose URL is in the environment, also for the workers, which run in this process.

    It is the test's own: requests of a batch that an earlier test left may arrive at any time.
    """
    with EmbeddedServer() as running:
        monkeypatch.setenv("LETTA_BASE_URL", running.base_url)
        yield running


@pytest.fixture
def ids(server: EmbeddedServer) -> list[str]:
    """Return the IDs of 60 conversations; the requests that created them are forgotten."""
    created = make_conversations(server.base_url, 60)
    server.requests.clear()
    return created
