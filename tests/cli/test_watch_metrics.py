"""Metrics of `watch` for Prometheus."""

from __future__ import annotations

import re
import signal
import socket
import urllib.request
from datetime import UTC, datetime
from unittest import mock

import pytest
from prometheus_client.parser import text_string_to_metric_families

from letta_async import APIConnectionError, Scan, WatchLockedError
from letta_async.cli.quantities import Listen
from letta_async.cli.watch_counts import WatchCounts
from letta_async.cli.watch_metrics import serving_metrics
from tests.cli.conftest import Cli
from tests.cli.held import HeldServer
from tests.cli.processes import Running
from tests.cli.stories import Story

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LOCKED = WatchLockedError("in use", owner="another", until=NOON)


def scraped(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url) as response:
        assert response.headers["Content-Type"].startswith("text/plain")
        text = response.read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name.removeprefix("letta_watch_"): sample.value for sample in samples}


def test_they_tell_what_the_scans_did(server: HeldServer, story: Story) -> None:
    options = ("watch", "--all", "-v", "--metrics", "0", "--state", ":memory:", "--every", "1h")
    with Running(*options, base_url=server.base_url, LETTA_API_KEY="s3cret-key") as running:
        running.stderr.wait_for("INFO scan: ")
        found = re.search(r"Metrics on (http://127\.0\.0\.1:\d+/metrics)\.", running.stderr.text)
        assert found
        metrics = scraped(found[1])
        assert 0 <= metrics.pop("seconds_since_last_scan") < 30
        assert metrics == {
            "scans_total": 1,
            "scan_errors_total": 0,
            "recompiled_total": 4,
            "failed_total": 0,
            "busy_total": 0,
            "requests_total": len(server.requests) - story_requests(server),
            "agents": 3,
            "pending": 0,
            "lease": 1,
        }
        with urllib.request.urlopen(found[1]) as response:
            assert "s3cret-key" not in response.read().decode()
        running.signal(signal.SIGTERM)
        assert running.end().code == 143


def story_requests(server: HeldServer) -> int:
    """Return the number of requests that told the story, before the watch."""
    return next(number for number, each in enumerate(server.requests) if each.method == "GET")


def test_seconds_since_the_last_scan_pass() -> None:
    counts, now = WatchCounts(), [NOON.timestamp()]
    with serving_metrics(Listen("127.0.0.1", 0), counts, lambda: now[0]) as url:
        assert scraped(url)["seconds_since_last_scan"] != scraped(url)["seconds_since_last_scan"], "not a number"
        counts.add(Scan(at=NOON, seconds=2, agents=5, pending=1))
        now[0] += 62
        assert scraped(url)["seconds_since_last_scan"] == 60
        counts.add(Scan(at=NOON, seconds=2, pending=7, error=APIConnectionError("no connection")))
        metrics = scraped(url)
        assert (metrics["scans_total"], metrics["scan_errors_total"], metrics["pending"]) == (2, 1, 7)
        assert (metrics["seconds_since_last_scan"], metrics["agents"], metrics["lease"]) == (60, 5, 1)
        counts.add(Scan(at=NOON, seconds=0, error=LOCKED))
        metrics = scraped(url)
        assert (metrics["scans_total"], metrics["lease"]) == (2, 0)
    with pytest.raises(OSError, match="refused"):
        scraped(url)


def test_an_address_that_is_taken_is_said_in_a_line(cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = cli("watch", "--all", "--state", ":memory:", "--metrics", str(taken.getsockname()[1]))
    assert done.code == 2
    assert "error: --metrics: cannot listen on 127.0.0.1, port " in done.stderr


def test_it_warns_when_others_can_read_them(cli: Cli, story: Story) -> None:
    done = cli("watch", "--all", "--once", "--state", ":memory:", "--metrics", "0.0.0.0:0")
    assert "warning: 0.0.0.0 is more than this machine: " in done.stderr
    assert "warning: " not in cli("watch", "--all", "--once", "--state", ":memory:", "--metrics", "[::1]:0").stderr


def test_a_missing_library_is_named(cli: Cli) -> None:
    with mock.patch("letta_async.cli.watch_command.find_spec", return_value=None):
        done = cli("watch", "--all", "--metrics", "0")
    assert done.code == 4
    assert done.stderr == "error: --metrics needs prometheus-client: pip install 'letta-async[watch]'\n"
