"""What a test sees of a batch on a cluster, and a server that holds its responses back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letta_async.testing import EmbeddedServer
from tests.cli.held import HeldServer


def statuses(outcomes: Any) -> dict[Any, str]:
    found = [(outcome.target, outcome.status) for outcome in outcomes]
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldServer]:
    with HeldServer() as running:
        monkeypatch.setenv("LETTA_BASE_URL", running.base_url)
        yield running
        running.release()


def sent(server: EmbeddedServer) -> list[str]:
    return [request.path.split("/")[3] for request in server.requests if request.path.endswith("/recompile")]
