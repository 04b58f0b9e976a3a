"""Spans of a batch on a Dask cluster: those of the workers belong to the trace of the driver."""

from __future__ import annotations

import pytest

pytest.importorskip("distributed")

from distributed import Client, LocalCluster
from opentelemetry import trace

from letta_async import InvalidArgumentError
from letta_async.dask import recompile_many
from letta_async.otel import OpenTelemetry, _instrumentation
from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations
from tests.dask.conftest import LOOPBACK
from tests.otel.telemetry import Telemetry


def test_workers_continue_the_trace(
    telemetry: Telemetry, letta_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", telemetry.tracer_provider)
    measured = _instrumentation._metrics_of(telemetry.meter_provider)
    monkeypatch.setattr(_instrumentation, "_global_metrics", lambda: measured)
    ids = make_conversations(letta_server.base_url, 4)
    options = {"base_url": letta_server.base_url, "instrumentation": OpenTelemetry()}
    tracer = telemetry.tracer_provider.get_tracer("test")
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, **LOOPBACK) as cluster,
        Client(cluster) as cluster_client,
    ):
        with tracer.start_as_current_span("driver") as driver:
            outcomes = recompile_many(ids, cluster_client=cluster_client, client_options=options, partition_size=2)
        assert [outcome.status for outcome in outcomes] == ["recompiled"] * 4
        refused = {**options, "instrumentation": telemetry.instrumentation()}
        with pytest.raises(InvalidArgumentError, match="client_options.instrumentation: .*providers are not pickled"):
            recompile_many(ids, cluster_client=cluster_client, client_options=refused)
    calls = [span for span in telemetry.spans if span.name != "driver"]
    assert [span.name for span in calls] == ["POST /v1/conversations/{conversation_id}/recompile"] * 4
    assert {span.parent.span_id for span in calls if span.parent} == {driver.get_span_context().span_id}
    ((found, data),) = telemetry.points("letta_async.batch.targets")
    assert (found["letta_async.status"], data.value) == ("recompiled", 4)
