"""What every test has: no environment of the developer's in the way, and ids that are valid."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LETTA_API_KEY", "LETTA_API_KEY_FILE", "LETTA_BASE_URL", "LETTA_CUSTOM_HEADERS", "LETTA_LOG"):
        monkeypatch.delenv(name, raising=False)
