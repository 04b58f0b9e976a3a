"""Fixtures of the tests of the embedded server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from letta_async import Letta
from letta_async.testing import EmbeddedServer


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Letta]:
    """Return a client without retries, so that tests see the server's response to each request."""
    with Letta(base_url=server.base_url, max_retries=0) as client:
        yield client
