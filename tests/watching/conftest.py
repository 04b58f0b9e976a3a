"""Fixtures of a watch in simulated time: an embedded server, and the time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from letta_async.testing import EmbeddedServer
from tests.watching.simulated import Time


@pytest.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer() as server:
        yield server


@pytest.fixture
def time() -> Time:
    return Time()
