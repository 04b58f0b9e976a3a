"""The example behind a port, and a Letta server that it talks to."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
import uvicorn

from tests.browser.letta_server import LettaServer

EXAMPLE = Path(__file__).parents[2] / "examples" / "chat_in_browser.py"


def _example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("chat_in_browser", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def letta() -> AsyncIterator[LettaServer]:
    async with LettaServer().serving() as server:
        yield server


@pytest.fixture
async def chat(letta: LettaServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Serve the example; return its address."""
    monkeypatch.setenv("LETTA_BASE_URL", letta.base_url)
    monkeypatch.setenv("AGENT_ID", "agent-00000000-0000-4000-8000-000000000000")
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(_example().app, ws="none", log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    yield "http://{}:{}".format(*listening.getsockname())
    server.should_exit = True
    await serving
    listening.close()
