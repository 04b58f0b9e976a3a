"""Contract tests of the client for the files of an agent, on a real server; the embedded one only scripts them."""

from __future__ import annotations

import pytest

from letta_async import AsyncLetta
from tests.contract.conftest import REAL, Story

pytestmark = pytest.mark.skipif(not REAL, reason="the embedded server has no files of its own: tests/test_calls.py")


async def test_an_agent_without_folders_has_no_files(sdk: AsyncLetta, story: Story) -> None:
    assert [file async for file in sdk.agents.files.list(story.agent_id, limit=1, is_open=False, order="asc")] == []
    assert await sdk.agents.files.list(story.agent_id, cursor="x", order_by="created_at") == []
