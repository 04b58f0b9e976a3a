"""State files that tests open themselves, as other watchers do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from letta_async.watching.state_file import StateFile

__all__ = ["HEADER", "left_open", "opened"]

HEADER = {"server": "http://localhost", "scope": "all"}
_LEFT: list[StateFile] = []


@pytest.fixture(autouse=True)
def left_open() -> Iterator[None]:
    """Close the databases that a test leaves open, as a watcher that was killed does."""
    yield
    while _LEFT:
        _LEFT.pop()._database.close()


def opened(path: str, owner: str = "me", lease: float = 60, header: Mapping[str, str] = HEADER) -> StateFile:
    file = StateFile(path, owner, lease)
    file.open(header)
    _LEFT.append(file)
    return file
