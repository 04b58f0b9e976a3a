"""Fixtures of an embedded server, and of both clients of it in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from letta_async import AsyncLetta, Letta
from letta_async.testing import EmbeddedServer
from tests.contract.awaited import awaited

__all__ = ["sdk", "server"]


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as server:
        yield server


@pytest.fixture(params=["AsyncLetta", "Letta"])
async def sdk(request: pytest.FixtureRequest, server: EmbeddedServer) -> AsyncIterator[AsyncLetta]:
    if request.param == "AsyncLetta":
        async with AsyncLetta(base_url=server.base_url, max_retries=0) as client:
            yield client
    else:
        with Letta(base_url=server.base_url, max_retries=0) as facade:
            yield awaited(facade)
