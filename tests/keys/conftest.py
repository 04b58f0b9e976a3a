"""A server that takes one key, clients of it, and a file with another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from letta_async import AsyncLetta, Letta
from letta_async.testing import EmbeddedServer

from .source import NEW, OLD, Make


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(password=NEW) as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text(f"{OLD}\n", encoding="utf-8")
    return file


@pytest.fixture(params=[AsyncLetta, Letta])
def make(request: pytest.FixtureRequest, server: EmbeddedServer) -> Make:
    def make(**options: Any) -> Any:
        return request.param(base_url=server.base_url, **options)

    return make
