"""Fixtures of every test: an environment without the developer's variables, and the chosen kind of tasks."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator

import pytest

from tests.faults.server import FarSide, Server

if os.environ.get("LETTA_TEST_TASKS") == "eager":
    assert sys.version_info >= (3, 12)
    _init = asyncio.BaseEventLoop.__init__

    def _init_eager(self: asyncio.BaseEventLoop) -> None:
        _init(self)
        self.set_task_factory(asyncio.eager_task_factory)

    asyncio.BaseEventLoop.__init__ = _init_eager  # type: ignore[method-assign]  # of all loops, `Letta`'s own included


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LETTA_API_KEY", "LETTA_API_KEY_FILE", "LETTA_BASE_URL", "LETTA_CUSTOM_HEADERS", "LETTA_LOG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def far() -> Iterator[Server]:
    """Return a server that follows the script that a test gives it."""
    side = FarSide()
    with side.server() as server:
        yield server
    side.end()
