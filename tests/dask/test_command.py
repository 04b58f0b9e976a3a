"""`letta-async recompile --dask`: the same command, the work on a cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from distributed import LocalCluster

from letta_async.testing import EmbeddedServer
from tests.cli.processes import run, run_here
from tests.conversations import make_conversations
from tests.dask.conftest import LOOPBACK
from tests.ids import CONVERSATION

KEY = "sk-let-secret"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    local = LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1", **LOOPBACK
    )
    with local as cluster:
        yield cluster.scheduler_address


def test_conversations_are_recompiled_on_the_cluster(address: str, tmp_path: object) -> None:
    with EmbeddedServer() as server:
        ids = make_conversations(server.base_url, 5)
        server.requests.clear()
        journal = f"{tmp_path}/journal.jsonl"
        for status in ("recompiled", "skipped"):
            command = ["recompile", *ids, CONVERSATION, "--yes", "--dask", address, "--journal", journal]
            done = run(*command, "--output", "jsonl", base_url=server.base_url)
            assert done.code == 1
            assert done.with_status(status) == set(ids)
            assert done.with_status("failed") == {CONVERSATION}
        assert [request.path.split("/")[3] for request in server.requests].count(ids[0]) == 1
        done = run(
            "recompile", *ids, "--yes", "--only-stale", "--dask", address, "--output", "jsonl", base_url=server.base_url
        )
        assert (done.code, done.with_status("unchanged")) == (0, set(ids))


def test_a_key_goes_to_the_workers_only_if_asked_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedServer(password=KEY) as server:
        command = ["recompile", CONVERSATION, "--yes", "--dask", address, "--output", "jsonl"]
        refused = run(*command, base_url=server.base_url, LETTA_API_KEY=KEY)
        assert (refused.code, refused.stdout) == (3, "")
        assert "the key comes from" in refused.stderr
        sent = run(*command, "--send-secrets", base_url=server.base_url, LETTA_API_KEY=KEY)
        assert sent.jsonl[0]["error"]["type"] == "NotFoundError"
        assert KEY not in refused.stderr + sent.stdout + sent.stderr


def test_secrets_are_sent_to_a_cluster_and_nowhere_else() -> None:
    done = run_here("recompile", CONVERSATION, "--yes", "--send-secrets")
    assert done.code == 2
    assert "--send-secrets is for --dask" in done.stderr


def test_a_scheduler_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "500ms"}):
        done = run_here(
            "recompile", CONVERSATION, "--yes", "--dask", "tcp://127.0.0.1:9", base_url="http://127.0.0.1:9"
        )
    assert done.code == 3
    assert "there is no Dask scheduler at 'tcp://127.0.0.1:9'" in done.stderr
