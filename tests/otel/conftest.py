"""Fixtures of the tests of OpenTelemetry."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from letta_async import AsyncLetta, RetryPolicy
from letta_async.testing import EmbeddedServer
from tests.otel.telemetry import Telemetry


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest_asyncio.fixture
async def client(letta_server: EmbeddedServer, telemetry: Telemetry) -> AsyncIterator[AsyncLetta]:
    policy = RetryPolicy(max_retries=1, initial_delay=0.001)
    instrumentation = telemetry.instrumentation()
    async with AsyncLetta(base_url=letta_server.base_url, instrumentation=instrumentation, retry=policy) as client:
        yield client


@pytest_asyncio.fixture
async def agent_id(client: AsyncLetta, telemetry: Telemetry) -> str:
    agent = await client.agents.create(name="a", model="letta/letta-free", embedding="letta/letta-free")
    telemetry.clear()
    return agent.id
