"""Batches on calls of the test's own, and an embedded server with conversations for those on real calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from letta_async import Outcome
from letta_async.batch.runner import Batch, Call
from letta_async.errors import Attempt
from letta_async.testing import EmbeddedServer
from tests.conversations import make_conversations


def batch(targets: Any, call: Call, **options: Any) -> Batch:
    defaults: dict[str, Any] = {
        "concurrency": lambda: 8,
        "dry_run": False,
        "deadline": None,
        "stop_on_error": False,
        "on_progress": None,
        "open_journal": None,
    }
    return Batch(targets=targets, call=call, **{**defaults, **options})


async def fine(target: Any, _: list[Attempt]) -> str:
    await asyncio.sleep(0)
    return f"prompt of {target}"


async def gathered(running: Batch) -> list[Outcome]:
    return [outcome async for outcome in running.run()]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture(scope="module")
def ids(server: EmbeddedServer) -> list[str]:
    return make_conversations(server.base_url, 12)
